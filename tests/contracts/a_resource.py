"""Resources written in one line, for the tests of the rooms that take a Resource and no file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contracts.model import Field, Label, Resource, Rule, SourceSystem
from contracts.rules import RULE_TYPES, implied_rules

SYSTEM = SourceSystem("files", "police", Label("Drop folder", "交换目录"), "csv_files", {"root": "/nowhere"})


def field(name: str, logical_type: str = "string", **facts: Any) -> Field:
    """A field; `physical_name` is its name unless it is given."""
    facts = {"physical_name": name, "label": name, "description": "", **facts}
    return Field(name=name, logical_type=logical_type, **facts)


def rule(type: str, column: str | None = None, severity: str = "error", id: str | None = None, **kwargs: Any) -> Rule:
    """A rule of that type, with its own dimension."""
    kind = RULE_TYPES[type]
    return Rule(id or f"{column or 'table'}.{kind.short}", type, column, kwargs, severity, kind.dimension)  # type: ignore[arg-type]


def resource(*fields: Field, rules: tuple[Rule, ...] = (), **facts: Any) -> Resource:
    """A resource of these fields, with the rules they imply before the ones given."""
    implied = tuple(r for f in fields for r in implied_rules(f))
    known: dict[str, Any] = {
        "department": "police", "name": "resident", "version": "1.0.0", "fingerprint": "f", "label": "Residents",
        "description": "One row a person.", "owner": "somebody", "system": SYSTEM, "physical_name": "residents", "source": {},
        "load_mode": "merge", "schedule": "0 2 * * *", "cycle": timedelta(days=1), "latency": timedelta(hours=12),
        "share_type": "unconditional", "resource_code": "3061000/1", **facts,
    }  # fmt: skip
    return Resource(fields=fields, rules=implied + rules, **known)
