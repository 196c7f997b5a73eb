"""What is drafted, before it is written: fields and rules with the reasons that speak for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors.protocol import SourceTable
from contracts.model import ExpectedRows, Field, LoadMode, Resource, Rule, Severity, SourceSystem, Watermark
from contracts.rules import RULE_TYPES, implied_rules


@dataclass
class DraftRule:
    """A rule that is suggested; `judged` and `failing` are measured on the sample."""

    type: str
    kwargs: dict[str, Any]
    severity: Severity = "warning"
    name: str | None = None
    judged: int = 0
    failing: int = 0

    @property
    def dimension(self) -> str:
        return RULE_TYPES[self.type].dimension

    def as_rule(self, column: str | None) -> Rule:
        id = self.name or f"{column or 'table'}.{RULE_TYPES[self.type].short}"
        return Rule(id, self.type, column, self.kwargs, self.severity, self.dimension)


@dataclass
class DraftField:
    """A column of the source as a field; `notes` become comments above it."""

    name: str
    physical_name: str
    label: str
    description: str = ""
    logical_type: str = "string"
    physical_type: str | None = None
    required: bool = False
    primary_key: bool = False
    semantic_type: str | None = None
    classification: str = "internal"
    null_values: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    rules: list[DraftRule] = field(default_factory=list)

    def as_field(self) -> Field:
        return Field(
            name=self.name, physical_name=self.physical_name, label=self.label, description=self.description,
            logical_type=self.logical_type, physical_type=self.physical_type, primary_key=self.primary_key, required=self.required,
            semantic_type=self.semantic_type, classification=self.classification, null_values=self.null_values,
        )  # fmt: skip


@dataclass
class Draft:
    """One resource as it is suggested. `open_points` are what only a person can decide; `code_lists` are files proposed beside the contract."""

    department: str
    name: str
    label: str
    system: SourceSystem
    table: SourceTable
    rows: int
    is_whole: bool
    fields: list[DraftField]
    malformed: int = 0
    ignored: dict[str, str] = field(default_factory=dict)
    rules: list[DraftRule] = field(default_factory=list)
    load_mode: LoadMode = "snapshot"
    load_reason: str = ""
    watermark: Watermark | None = None
    expected_rows: ExpectedRows = field(default_factory=lambda: ExpectedRows(None, None))
    expected_reason: str = ""
    key_note: str = ""
    quarantine_limit: float = 0.05
    code_lists: dict[str, list[str]] = field(default_factory=dict)
    open_points: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"{self.department}.{self.name}"

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(f.name for f in self.fields if f.primary_key)

    def as_resource(self) -> Resource:
        """The contract's meaning, as far as standardising and judging need it."""
        fields = tuple(f.as_field() for f in self.fields)
        rules = [rule for f in fields for rule in implied_rules(f)]
        rules += [rule.as_rule(f.name) for f in self.fields for rule in f.rules]
        rules += [rule.as_rule(None) for rule in self.rules]
        return Resource(
            department=self.department, name=self.name, version="0.1.0", fingerprint="", label=self.label, description="", owner="",
            system=self.system, physical_name=self.table.physical_name, source=dict(self.table.source), fields=fields, rules=tuple(rules),
            load_mode=self.load_mode, schedule="0 2 * * *", cycle=timedelta(days=1), latency=timedelta(hours=12), share_type="conditional",
            resource_code="", watermark=self.watermark, quarantine_limit=self.quarantine_limit,
        )  # fmt: skip


def unread_resource(system: SourceSystem, department: str, name: str, table: SourceTable) -> Resource:
    """A resource without fields: enough for a connector to read the whole table as it is."""
    return Draft(department, name, name, system, table, 0, True, []).as_resource()
