"""The catalogue's nouns as frozen values: Department, SourceSystem, Resource, Field, Rule."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from contracts.errors import ConfigurationError
from contracts.interval import Interval

Severity = Literal["error", "warning"]
LoadMode = Literal["append", "merge", "snapshot"]


@dataclass(frozen=True)
class Label:
    """A name in both languages."""

    en: str
    zh: str

    def __str__(self) -> str:
        return f"{self.zh} {self.en}" if self.zh != self.en else self.en


_BOTH = re.compile(r"\s*(.*[\u3400-\u9fff）】》”])\s+([A-Za-z].*?)\s*")
_HAN = re.compile(r"[\u3400-\u9fff]")


def parted(text: str) -> Label:
    """A name as a contract writes it: in both languages one after the other, `证照编号 Licence number`, or in one. Chinese alone has no English part."""
    both = _BOTH.fullmatch(text)
    if both:
        return Label(both[2], both[1])
    return Label("" if _HAN.search(text) else text, text)


@dataclass(frozen=True)
class Department:
    """A department; `division` is the GB/T 2260 code of the area it governs, empty where it is not told."""

    id: str
    name: Label
    credit_code: str
    contact: str
    division: str = ""


@dataclass(frozen=True)
class SourceSystem:
    """An information system of a department; `connection` may hold `${NAME}` references, never secrets."""

    id: str
    department: str
    name: Label
    connector: str
    connection: dict[str, Any]
    pool_slots: int = 1


@dataclass(frozen=True)
class Rule:
    """One quality rule. `type` is a Great Expectations name, `dimension` one of GB/T 36344-2018's six."""

    id: str
    type: str
    column: str | None
    kwargs: dict[str, Any]
    severity: Severity
    dimension: str


@dataclass(frozen=True)
class Field:
    """One column. `label` is its business name, Chinese where the contract gives one; `label_en` the English one, empty where it gives none."""

    name: str
    physical_name: str
    label: str
    description: str
    logical_type: str
    physical_type: str | None = None
    primary_key: bool = False
    required: bool = False
    unique: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    semantic_type: str | None = None
    classification: str | None = None
    lookups: dict[str, str | None] = field(default_factory=dict)
    null_values: tuple[str, ...] = ()
    label_en: str = ""

    @property
    def comment(self) -> str:
        """What the column's comment in the lake says: the name in both languages, and the description."""
        name = str(Label(self.label_en or self.label, self.label))
        return ". ".join(part for part in (name, self.description) if part)


@dataclass(frozen=True)
class Watermark:
    """The column that bounds an increment, and how far back a run looks for late rows."""

    column: str
    lookback: timedelta


@dataclass(frozen=True)
class Deletions:
    """How deletions at the source are known: a tombstone value in a column, or a key's absence from a whole extraction."""

    mode: Literal["tombstone", "absence"]
    column: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExpectedRows:
    min: int | None
    max: int | None


@dataclass(frozen=True)
class Resource:
    """One table or file set under one contract; `fingerprint` is the SHA-256 of the contract file's meaning."""

    department: str
    name: str
    version: str
    fingerprint: str
    label: str
    description: str
    owner: str
    system: SourceSystem
    physical_name: str
    source: dict[str, Any]
    fields: tuple[Field, ...]
    rules: tuple[Rule, ...]
    load_mode: LoadMode
    schedule: str
    cycle: timedelta
    latency: timedelta
    share_type: str
    resource_code: str
    watermark: Watermark | None = None
    deletions: Deletions | None = None
    ignored_columns: tuple[str, ...] = ()
    quarantine_limit: float = 0.05
    expected_rows: ExpectedRows = ExpectedRows(None, None)
    share_condition: str | None = None
    legal_ground: dict[str, str] | None = None
    base: str | None = None
    role: str | None = None
    share_way: str = ""
    format: str = ""
    label_en: str = ""

    @property
    def id(self) -> str:
        return f"{self.department}.{self.name}"

    @property
    def comment(self) -> str:
        """What the table's comment in the lake says: the name in both languages, and the description."""
        return f"{Label(self.label_en or self.label, self.label)}. {self.description}".strip()

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.fields if f.primary_key)

    def field(self, name: str) -> Field:
        """The field of that business name; ConfigurationError where the contract has none."""
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise ConfigurationError(
            f"no field {name!r}", where=self.id, remedy=f"fields: {', '.join(f.name for f in self.fields)}"
        )

    def watermark_bounds(self, interval: Interval) -> tuple[str, datetime, datetime] | None:
        """Physical column and half-open bounds `[start - lookback, end)` of an increment; None without a watermark."""
        if self.watermark is None:
            return None
        column = self.field(self.watermark.column).physical_name
        return column, interval.start - self.watermark.lookback, interval.end

    @property
    def files_by_date(self) -> bool:
        """Whether each interval has a file of its own, named by its date."""
        return "{date}" in self.physical_name

    @property
    def has_history(self) -> bool:
        """Whether an interval of the past can be extracted again from the source itself."""
        return self.watermark is not None or self.files_by_date
