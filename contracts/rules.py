"""The quality rules a contract may name, and those that follow from its fields by themselves.

Rules are data here: name, arguments, severity, dimension. What they mean in SQL and in Great Expectations is the business of
`expectations`. Dimensions are the six of GB/T 36344-2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.model import Field, Rule, Severity

DIMENSIONS = ("conformity", "completeness", "accuracy", "consistency", "timeliness", "accessibility")

MALFORMED_LINE = "malformed_line"
"""Id of the rule that a line breaks which is no record of its table; the connector finds it, before any contract's rule is asked."""

MALFORMED = "_malformed"
"""Column in which such lines come: JSON text with `file`, `line`, `text` and `reason`, NULL for a record."""

SEMANTIC_TYPES = ("resident_id", "credit_code", "division_code", "gender", "phone", "person_name")


@dataclass(frozen=True)
class RuleType:
    """One expectation: the short word in rule ids, the arguments it takes, and whether it judges a row or the whole table.

    `one_of`: at least one of these arguments must stand. `types`: logical types of the columns it can judge. `only_warns`: an error of this
    rule could refuse a valid record, so it may not quarantine.
    """

    short: str
    dimension: str
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    scope: str = "row"
    one_of: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    only_warns: bool = False


_LIMITS = ("min_value", "max_value")
_TEXT, _NUMBERS = ("string",), ("integer", "number")
_ORDERED = (*_NUMBERS, "date", "timestamp")

RULE_TYPES: dict[str, RuleType] = {
    "expect_column_values_to_not_be_null": RuleType("not_null", "completeness"),
    "expect_column_values_to_be_in_set": RuleType("in_set", "conformity", ("value_set",), types=(*_TEXT, *_NUMBERS)),
    "expect_column_values_to_be_between": RuleType(
        "between", "accuracy", (), (*_LIMITS, "strict_min", "strict_max"), one_of=_LIMITS, types=_ORDERED
    ),
    "expect_column_value_lengths_to_be_between": RuleType(
        "length", "conformity", (), _LIMITS, one_of=_LIMITS, types=_TEXT
    ),
    "expect_column_values_to_be_unique": RuleType("unique", "consistency"),
    "expect_column_pair_values_a_to_be_greater_than_b": RuleType(
        "ordered", "consistency", ("column_A", "column_B"), ("or_equal",), ("column_A", "column_B")
    ),
    "expect_column_values_to_be_castable": RuleType("castable", "conformity"),
    "expect_column_values_to_match_pattern": RuleType("pattern", "conformity", ("pattern",), types=_TEXT),
    "expect_column_values_to_be_in_code_list": RuleType("in_code_list", "conformity", ("code_list",), types=_TEXT),
    "expect_column_values_to_have_resident_id_check_digit": RuleType("check_digit", "accuracy", types=_TEXT),
    "expect_column_values_to_be_plausible_resident_id": RuleType("plausible", "accuracy", types=_TEXT, only_warns=True),
    "expect_column_values_to_have_credit_code_check_digit": RuleType("check_digit", "accuracy", types=_TEXT),
    "expect_column_values_to_be_plausible_credit_code": RuleType("plausible", "accuracy", types=_TEXT, only_warns=True),
    "expect_column_values_to_be_phone_number": RuleType("phone", "conformity", types=_TEXT),
    "expect_column_values_to_be_readable_text": RuleType("readable", "accuracy", types=_TEXT),
    "expect_column_values_to_exist_in_resource": RuleType(
        "reference", "consistency", ("resource", "field"), only_warns=True
    ),
    "expect_rows_to_satisfy": RuleType("condition", "consistency", ("condition",)),
    "expect_table_row_count_to_be_between": RuleType(
        "row_count", "completeness", (), _LIMITS, scope="table", one_of=_LIMITS
    ),
    "expect_column_max_to_be_between": RuleType(
        "newest", "timeliness", (), _LIMITS, scope="table", one_of=_LIMITS, types=_ORDERED
    ),
    "expect_column_mean_to_be_between": RuleType(
        "mean", "accuracy", (), _LIMITS, scope="table", one_of=_LIMITS, types=_NUMBERS
    ),
}

# JSON schema of each argument
ARGUMENTS: dict[str, dict[str, Any]] = {
    "value_set": {"type": "array", "minItems": 1, "items": {"type": ["string", "number"]}},
    "min_value": {"type": ["number", "string"]},
    "max_value": {"type": ["number", "string"]},
    "strict_min": {"type": "boolean"},
    "strict_max": {"type": "boolean"},
    "or_equal": {"type": "boolean"},
    "column_A": {"type": "string"},
    "column_B": {"type": "string"},
    "pattern": {"type": "string", "minLength": 1},
    "code_list": {"type": "string", "minLength": 1},
    "resource": {"type": "string", "minLength": 1},
    "field": {"type": "string", "minLength": 1},
    "condition": {"type": "string", "minLength": 1},
}

# rules over columns named in their arguments, or over no column at all
COLUMNLESS = {
    "expect_column_pair_values_a_to_be_greater_than_b",
    "expect_rows_to_satisfy",
    "expect_table_row_count_to_be_between",
}

_OPTIONS = {
    "minimum": ("expect_column_values_to_be_between", "min_value"),
    "maximum": ("expect_column_values_to_be_between", "max_value"),
    "min_length": ("expect_column_value_lengths_to_be_between", "min_value"),
    "max_length": ("expect_column_value_lengths_to_be_between", "max_value"),
    "pattern": ("expect_column_values_to_match_pattern", "pattern"),
}

OPTION_NAMES = {
    "minimum": "minimum",
    "maximum": "maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
}


def implied_rules(field: Field) -> tuple[Rule, ...]:
    """The rules that a field's type, key, options and semantic type bring with them, in a fixed order."""
    name = field.name
    rules: list[Rule] = []
    if field.logical_type != "string":
        rules.append(_rule(f"{name}.castable", "expect_column_values_to_be_castable", name))
    if field.required or field.primary_key:
        rules.append(_rule(f"{name}.not_null", "expect_column_values_to_not_be_null", name))
    if field.unique and not field.primary_key:
        rules.append(_rule(f"{name}.unique", "expect_column_values_to_be_unique", name, severity="warning"))
    for option, (kind, argument) in _OPTIONS.items():
        if option in field.options:
            rules.append(_rule(f"{name}.{option}", kind, name, {argument: field.options[option]}))
    rules.extend(_semantic_rules(field))
    return tuple(rules)


def _semantic_rules(field: Field) -> list[Rule]:
    name = field.name
    match field.semantic_type:
        case "resident_id" | "credit_code" as kind:
            return [
                _rule(f"{name}.check_digit", f"expect_column_values_to_have_{kind}_check_digit", name),
                _rule(f"{name}.plausible", f"expect_column_values_to_be_plausible_{kind}", name, severity="warning"),
            ]
        case "gender":
            codes = {"value_set": ["0", "1", "2", "9"]}
            return [_rule(f"{name}.in_code_list", "expect_column_values_to_be_in_set", name, codes)]
        case "phone":
            return [_rule(f"{name}.phone", "expect_column_values_to_be_phone_number", name, severity="warning")]
        case "person_name":
            return [_rule(f"{name}.readable", "expect_column_values_to_be_readable_text", name)]
        case _:
            return []


def _rule(
    id: str, type: str, column: str, kwargs: dict[str, Any] | None = None, *, severity: Severity = "error"
) -> Rule:
    return Rule(id, type, column, kwargs or {}, severity, RULE_TYPES[type].dimension)
