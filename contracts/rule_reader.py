"""The `quality` entries of a contract read into rules: type, arguments and columns checked."""

from __future__ import annotations

from typing import Any

from open_data_contract_standard.model import DataQuality, SchemaObject

from contracts.mistakes import Mistakes, did_you_mean
from contracts.model import Rule
from contracts.rules import COLUMNLESS, DIMENSIONS, RULE_TYPES

SEVERITIES = ("error", "warning")


def read_rules(table: SchemaObject, columns: set[str], mistakes: Mistakes) -> tuple[Rule, ...]:
    """All rules stated at the table and at its properties, in the file's order."""
    rules: list[Rule] = []
    for entry in table.quality or []:
        if rule := _read(entry, None, columns, "schema[0].quality", mistakes):
            rules.append(rule)
    for prop in table.properties or []:
        for entry in prop.quality or []:
            if rule := _read(entry, prop.name, columns, f"property {prop.name} quality", mistakes):
                rules.append(rule)
    return tuple(rules)


def _read(entry: DataQuality, owner: str | None, columns: set[str], place: str, mistakes: Mistakes) -> Rule | None:
    before = len(mistakes.found)
    if entry.type != "custom" or entry.engine != "greatExpectations" or not isinstance(entry.implementation, dict):
        mistakes.add(
            place,
            "not a Great Expectations rule",
            "type: custom, engine: greatExpectations, implementation: {type: …, kwargs: {…}}",
        )
        return None
    kind = str(entry.implementation.get("type", ""))
    kwargs: dict[str, Any] = dict(entry.implementation.get("kwargs") or {})
    if kind not in RULE_TYPES:
        mistakes.add(place, f"unknown rule {kind!r}", did_you_mean(kind, RULE_TYPES))
        return None
    rule_type = RULE_TYPES[kind]
    column = None if kind in COLUMNLESS else kwargs.pop("column", None) or owner
    if kind not in COLUMNLESS and column is None:
        mistakes.add(place, f"{kind} names no column", "write it at a property, or give `column`")
    for name in [column, *(kwargs.get(argument) for argument in rule_type.columns)]:
        if name is not None and name not in columns:
            mistakes.add(place, f"{kind} is about a missing field {name!r}", did_you_mean(str(name), columns))
    for name in rule_type.required:
        if name not in kwargs:
            mistakes.add(place, f"{kind} lacks {name}", f"kwargs: {{{name}: …}}")
    for name in sorted(set(kwargs) - set(rule_type.required) - set(rule_type.optional)):
        mistakes.add(place, f"{kind} takes no {name!r}", did_you_mean(name, rule_type.required + rule_type.optional))
    severity, dimension = entry.severity or "error", entry.dimension or rule_type.dimension
    if severity not in SEVERITIES:
        mistakes.add(place, f"unknown severity {severity!r}", did_you_mean(severity, SEVERITIES))
    if dimension not in DIMENSIONS:
        mistakes.add(place, f"unknown dimension {dimension!r}", did_you_mean(dimension, DIMENSIONS))
    if len(mistakes.found) > before:
        return None
    subject = column or ("table" if kind in COLUMNLESS else owner)
    id = entry.name or f"{subject}.{rule_type.short}"
    return Rule(id, kind, column, kwargs, "error" if severity == "error" else "warning", dimension)
