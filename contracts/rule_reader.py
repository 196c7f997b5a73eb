"""The `quality` entries of a contract read into rules: type, arguments and columns checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Literal

from open_data_contract_standard.model import DataQuality, SchemaObject

from contracts.mistakes import Mistakes, did_you_mean
from contracts.model import Field, Rule
from contracts.properties import misfit
from contracts.row_condition import condition_problems
from contracts.rules import ARGUMENTS, COLUMNLESS, DIMENSIONS, RULE_TYPES, RuleType

SEVERITIES = ("error", "warning")

Problem = tuple[str, str]

# what the database reads as a date or time: with seconds where there is a time
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}:\d{2}|$)", re.ASCII)


def read_rules(table: SchemaObject, fields: Mapping[str, Field], mistakes: Mistakes) -> tuple[Rule, ...]:
    """All rules stated at the table and at its properties, in the file's order."""
    rules: list[Rule] = []
    for entry in table.quality or []:
        if rule := _read(entry, None, fields, "schema[0].quality", mistakes):
            rules.append(rule)
    for prop in table.properties or []:
        for entry in prop.quality or []:
            if rule := _read(entry, prop.name, fields, f"property {prop.name} quality", mistakes):
                rules.append(rule)
    return tuple(rules)


def pattern_problem(pattern: str) -> str:
    """Why the text is no regular expression of RE2, or the empty text. RE2 knows neither look-around nor back-references."""
    if re.search(r"\(\?(?:[=!]|<[=!])|(?<!\\)(?:\\\\)*\\[1-9]", pattern):
        return f"{pattern!r} looks around or back, which RE2 does not"
    try:
        re.compile(re.sub(r"\\p\{\^?\w+\}|\\p\w|\\x\{[0-9A-Fa-f]+\}", "a", pattern))
    except re.error as error:
        return f"{pattern!r} is no regular expression: {error}"
    return ""


def value_problem(value: Any, field: Field) -> str:
    """Why a value cannot be compared with the field, or the empty text."""
    if field.logical_type in ("integer", "number"):
        return (
            ""
            if isinstance(value, int | float) and not isinstance(value, bool)
            else f"{value!r} is no number, {field.name} is one"
        )
    if field.logical_type in ("date", "timestamp"):
        if not _MOMENT.match(str(value)) or not _is_moment(str(value)):
            return f"{value!r} is no date such as '2020-05-04', {field.name} is one"
        return ""
    return "" if isinstance(value, str) else f"{value!r} is no text, {field.name} is one: put it in quotes"


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _read(
    entry: DataQuality, owner: str | None, fields: Mapping[str, Field], place: str, mistakes: Mistakes
) -> Rule | None:
    if entry.type != "custom" or entry.engine != "greatExpectations" or not isinstance(entry.implementation, dict):
        mistakes.add(
            place,
            "not a Great Expectations rule",
            "type: custom, engine: greatExpectations, implementation: {type: …, kwargs: {…}}",
        )
        return None
    kind, stated = str(entry.implementation.get("type", "")), entry.implementation.get("kwargs") or {}
    if kind not in RULE_TYPES:
        mistakes.add(place, f"unknown rule {kind!r}", did_you_mean(kind, RULE_TYPES))
        return None
    if not isinstance(stated, dict):
        mistakes.add(place, f"kwargs of {kind} is no mapping", "kwargs: {name: value}")
        return None
    kwargs = {str(name): _plain(value) for name, value in stated.items()}
    rule_type = RULE_TYPES[kind]
    column = None if kind in COLUMNLESS else kwargs.pop("column", None) or owner
    severity: Literal["error", "warning"] = "warning" if entry.severity == "warning" else "error"
    if entry.severity is None and rule_type.only_warns:
        severity = "warning"
    dimension = entry.dimension or rule_type.dimension
    problems = [
        *_argument_problems(kind, rule_type, kwargs),
        *_column_problems(kind, rule_type, column, kwargs, fields),
        *_label_problems(kind, rule_type, entry.severity, severity, dimension),
    ]
    for what, remedy in problems:
        mistakes.add(place, what, remedy)
    if problems:
        return None
    id = entry.name or f"{column or owner or 'table'}.{rule_type.short}"
    return Rule(id, kind, column, kwargs, severity, dimension)


def _plain(value: Any) -> Any:
    """YAML reads 2020-05-04 as a date; rules hold text."""
    return value.isoformat() if isinstance(value, date) else value


def _argument_problems(kind: str, rule_type: RuleType, kwargs: dict[str, Any]) -> Iterator[Problem]:
    known = rule_type.required + rule_type.optional
    for name in rule_type.required:
        if name not in kwargs:
            yield f"{kind} lacks {name}", f"kwargs: {{{name}: …}}"
    if rule_type.one_of and not set(rule_type.one_of) & set(kwargs):
        yield f"{kind} has no limit", f"kwargs: {{{rule_type.one_of[0]}: …}}"
    for name, value in kwargs.items():
        if name not in known:
            yield f"{kind} takes no {name!r}", did_you_mean(name, known) if known else "it takes no arguments"
        elif problem := misfit(value, ARGUMENTS[name]):
            yield f"{name} of {kind}: {problem}", "see docs/expectations.md"
        elif name == "pattern" and (problem := pattern_problem(value)):
            yield problem, "see RE2's syntax"


def _column_problems(
    kind: str, rule_type: RuleType, column: Any, kwargs: dict[str, Any], fields: Mapping[str, Field]
) -> Iterator[Problem]:
    if column is None and kind not in COLUMNLESS:
        yield f"{kind} names no column", "write it at a property, or give `column`"
    named = [column, *(kwargs.get(argument) for argument in rule_type.columns)]
    for name in [name for name in named if name is not None]:
        if name not in fields:
            yield f"{kind} is about a missing field {name!r}", did_you_mean(str(name), fields)
        elif rule_type.types and fields[name].logical_type not in rule_type.types:
            yield (
                f"{kind} cannot judge {name}, which is {fields[name].logical_type}",
                f"for {', '.join(rule_type.types)}",
            )
    if isinstance(kwargs.get("condition"), str):
        yield from ((f"condition: {what}", remedy) for what, remedy in condition_problems(kwargs["condition"], fields))
    yield from _limit_problems(kind, fields.get(column) if isinstance(column, str) else None, kwargs)


def _limit_problems(kind: str, field: Field | None, kwargs: dict[str, Any]) -> Iterator[Problem]:
    limits = [kwargs[name] for name in ("min_value", "max_value") if kwargs.get(name) is not None]
    counts = kind in ("expect_table_row_count_to_be_between", "expect_column_value_lengths_to_be_between")
    values = kwargs["value_set"] if isinstance(kwargs.get("value_set"), list) else []
    for value in [*limits, *values]:
        if counts and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            yield f"{kind} counts, and {value!r} is no count", "a whole number from 0"
        elif not counts and field is not None and (problem := value_problem(value, field)):
            yield problem, "write the value as the field's logicalType says"
    if len(limits) == 2 and isinstance(limits[0], type(limits[1])) and limits[0] > limits[1]:
        yield f"{kind}: nothing lies between {limits[0]!r} and {limits[1]!r}", "min_value first"


def _label_problems(
    kind: str, rule_type: RuleType, stated: str | None, severity: str, dimension: str
) -> Iterator[Problem]:
    if stated is not None and stated not in SEVERITIES:
        yield f"unknown severity {stated!r}", did_you_mean(stated, SEVERITIES)
    elif severity == "error" and rule_type.only_warns:
        yield (
            f"{kind} may only warn",
            "severity: warning; a sound record must not be refused for what another register lacks",
        )
    if dimension not in DIMENSIONS:
        yield f"unknown dimension {dimension!r}", did_you_mean(dimension, DIMENSIONS)
