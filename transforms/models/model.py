"""What a model is: a table of the lake made by one SELECT from other tables, with its columns, key and inputs declared."""

from __future__ import annotations

import hashlib
import json
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path

from contracts.model import Label

SCHEMAS = ("unified", "mart")


@dataclass(frozen=True)
class Input:
    """A table the model reads; `by` is its column that carries the value of the model's increment column."""

    name: str
    by: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of the model, in the order in which the SELECT gives it; `type` is DuckDB's name."""

    name: str
    type: str
    label: Label


@dataclass(frozen=True)
class Model:
    """A model: `key` identifies a row (unique, never null), `increment` is the column by which its rows are rebuilt.

    `sql` is one SELECT in DuckDB's dialect; `path` is the file it was read from, None where it was compiled from mappings.
    """

    name: str
    label: Label
    description: Label
    key: tuple[str, ...]
    increment: str | None
    inputs: tuple[Input, ...]
    columns: tuple[Column, ...]
    sql: str
    path: Path | None = None

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    @property
    def table(self) -> str:
        return self.name.partition(".")[2]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of its meaning: all it declares, labels among it since they stand in the lake as comments, and its SQL."""
        meaning = [
            self.name, astuple(self.label), astuple(self.description), self.key, self.increment, [astuple(i) for i in self.inputs],
            [astuple(c) for c in self.columns], self.sql.strip(),
        ]  # fmt: skip
        return hashlib.sha256(json.dumps(meaning, ensure_ascii=False).encode()).hexdigest()
