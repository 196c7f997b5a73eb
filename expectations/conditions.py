"""What each row-level rule means: a DuckDB condition that is false for a row that breaks it, and true or NULL otherwise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from contracts.errors import ConfigurationError
from contracts.identifiers import credit_code, resident_id
from contracts.model import Rule
from contracts.quoting import ident, literal
from contracts.rules import RULE_TYPES

ROW_COLUMN = "_row"
UNCASTABLE_COLUMN = "_uncastable"
DIVISIONS = "divisions"

Condition = Callable[[str, dict[str, Any]], str]


def code_list_table(name: str) -> str:
    """Name of the temporary table that holds a code list while rules are evaluated."""
    return f"_code_list_{name}"


def reference_table(resource: str, field: str) -> str:
    """Name of the temporary table that holds the values of another resource's field while rules are evaluated."""
    return f"_reference_{resource}.{field}"


def _codes(name: str) -> str:
    return f"SELECT code FROM {ident(code_list_table(name))} WHERE code IS NOT NULL"


def _exists_in(column: str, kwargs: dict[str, Any]) -> str:
    """A resource that is not loaded yet, or holds nothing, says nothing about others."""
    values = f"SELECT value FROM {ident(reference_table(kwargs['resource'], kwargs['field']))} WHERE value IS NOT NULL"
    return f"{column} IN ({values}) OR NOT EXISTS ({values})"


def _in_set(column: str, kwargs: dict[str, Any]) -> str:
    # a NULL among the values would make every answer unknown
    values = [_constant(value) for value in kwargs["value_set"] if value is not None]
    return f"{column} IN ({', '.join(values)})" if values else "false"


def _between(column: str, kwargs: dict[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    tests = []
    if low is not None:
        tests.append(f"{column} {'>' if kwargs.get('strict_min') else '>='} {_constant(low)}")
    if high is not None:
        tests.append(f"{column} {'<' if kwargs.get('strict_max') else '<='} {_constant(high)}")
    return " AND ".join(tests) or "true"


def _constant(value: Any) -> str:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else literal(value)


def _ordered(_: str, kwargs: dict[str, Any]) -> str:
    return f"{ident(kwargs['column_A'])} {'>=' if kwargs.get('or_equal') else '>'} {ident(kwargs['column_B'])}"


def _unique(column: str, _: dict[str, Any]) -> str:
    return f"{column} IS NULL OR count(*) OVER (PARTITION BY {column}) = 1"


# U+FFFD and what GBK and UTF-8 make of it, control characters, and UTF-8 read as Latin-1. Each sign alone may be right: 锟 stands in
# names, é· in José·María; only chains that no sound text holds count.
_MOJIBAKE = (
    "[\\x{FFFD}\\x{0080}-\\x{009F}\\x{0000}-\\x{0008}]|锟斤|斤拷|ï¿½|â€"
    "|[\\x{00E0}-\\x{00EF}][\\x{0080}-\\x{00BF}]{2}|[\\x{00C2}\\x{00C3}][\\x{0080}-\\x{00B6}\\x{00B8}-\\x{00BF}]"
)


def _readable(column: str, _: dict[str, Any]) -> str:
    """No trace of a wrong decoding."""
    return f"NOT regexp_matches({column}, '{_MOJIBAKE}')"


_PHONE = "1[0-9]{10}|(0[0-9]{2,3}-?)?[2-9][0-9]{6,7}([-#][0-9]{1,6})?|[48]00[0-9]{7}|1[0-9]{4}"

CONDITIONS: dict[str, Condition] = {
    "expect_column_values_to_not_be_null": lambda c, _: f"{c} IS NOT NULL",
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_be_between": _between,
    "expect_column_value_lengths_to_be_between": lambda c, k: _between(f"length({c})", k),
    "expect_column_values_to_be_unique": _unique,
    "expect_column_pair_values_a_to_be_greater_than_b": _ordered,
    "expect_column_values_to_be_castable": lambda _, k: (
        f"NOT list_contains({UNCASTABLE_COLUMN}, {literal(k['field'])})"
    ),
    "expect_column_values_to_match_pattern": lambda c, k: f"regexp_full_match({c}, {literal(k['pattern'])})",
    "expect_column_values_to_be_in_code_list": lambda c, k: f"{c} IN ({_codes(k['code_list'])})",
    "expect_column_values_to_have_resident_id_check_digit": lambda c, _: (
        f"coalesce({resident_id.has_check_digit_sql(c)}, false)"
    ),
    "expect_column_values_to_be_plausible_resident_id": lambda c, k: resident_id.is_plausible_sql(
        c, _codes(DIVISIONS), f"DATE {literal(k['on'])}"
    ),
    "expect_column_values_to_have_credit_code_check_digit": lambda c, _: (
        f"coalesce({credit_code.has_check_digit_sql(c)}, false)"
    ),
    "expect_column_values_to_be_plausible_credit_code": lambda c, _: credit_code.is_plausible_sql(c),
    "expect_column_values_to_be_phone_number": lambda c, _: f"regexp_full_match({c}, {literal(_PHONE)})",
    "expect_column_values_to_be_readable_text": _readable,
    "expect_column_values_to_exist_in_resource": _exists_in,
    "expect_rows_to_satisfy": lambda _, k: f"coalesce({k['condition']}, true)",
}

# Rules whose own kwargs name no real column: Great Expectations needs one that is never null where the rule applies.
_CARRIERS = {"expect_column_values_to_be_castable": UNCASTABLE_COLUMN, "expect_rows_to_satisfy": ROW_COLUMN}


def carrier_column(rule: Rule) -> str | None:
    """The column Great Expectations counts on: nulls in it are out of the rule's scope."""
    return _CARRIERS.get(rule.type, rule.column)


def full_kwargs(rule: Rule, on: date) -> dict[str, Any]:
    """The rule's arguments with what the run adds: the day against which dates are judged, and the field of a cast."""
    kwargs = dict(rule.kwargs)
    if rule.type == "expect_column_values_to_be_castable":
        kwargs["field"] = rule.column
    if rule.type == "expect_column_values_to_be_plausible_resident_id":
        kwargs["on"] = on.isoformat()
    return kwargs


def breaks_sql(rule: Rule, on: date) -> str:
    """Condition that is true for exactly the rows that break the row-level rule."""
    if RULE_TYPES[rule.type].scope != "row":
        raise ConfigurationError(f"{rule.id} judges a table, not a row")
    carrier = carrier_column(rule)
    holds = CONDITIONS[rule.type](ident(rule.column) if rule.column else "", full_kwargs(rule, on))
    if rule.type == "expect_column_values_to_not_be_null" or carrier is None:
        # a NULL condition is no finding
        return f"NOT coalesce({holds}, true)"
    return f"({ident(carrier)} IS NOT NULL AND NOT coalesce({holds}, true))"
