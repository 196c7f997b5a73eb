"""The verdict on each row, in one pass: which rows break which rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from contracts.model import Resource, Rule
from contracts.quoting import ident, literal
from contracts.rules import RULE_TYPES
from expectations.conditions import ROW_COLUMN, breaks_sql

_COUNTED_BOTH_WAYS = frozenset(
    {
        "expect_column_values_to_not_be_null",
        "expect_column_values_to_be_in_set",
        "expect_column_values_to_be_between",
        "expect_column_value_lengths_to_be_between",
        "expect_column_values_to_be_unique",
        "expect_column_pair_values_a_to_be_greater_than_b",
    }
)


def row_rules(resource: Resource) -> tuple[Rule, ...]:
    return tuple(rule for rule in resource.rules if RULE_TYPES[rule.type].scope == "row")


def rules_to_ask(resource: Resource, failing: Mapping[str, int]) -> tuple[Rule, ...]:
    """The rules whose failing rows must be found, given how many rows fail each by Great Expectations' count.

    A rule that no row fails need not be asked again where both counts would use the same condition: identifiers and patterns are what a night's
    validation spends its time on. Rules that Great Expectations counts with SQL of its own are always asked, for there the counts check each other.
    """
    return tuple(rule for rule in row_rules(resource) if rule.type in _COUNTED_BOTH_WAYS or failing.get(rule.id, 1))


def verdict_sql(rules: Sequence[Rule], table: str, on: date) -> str:
    """SELECT of `_row`, `errors` and `warnings` (rule ids) for the rows of `table` that break any rule.

    Each condition is computed once for every row as a flag; lists are built for the few rows that fail.
    """
    if not rules:
        return f"SELECT {ROW_COLUMN}, [] :: VARCHAR[] AS errors, [] :: VARCHAR[] AS warnings FROM {ident(table)} WHERE false"
    flags = [ident(f"breaks {n}") for n in range(len(rules))]
    computed = ", ".join(f"{breaks_sql(rule, on)} AS {flag}" for rule, flag in zip(rules, flags, strict=True))

    def listed(severity: str) -> str:
        cases = ", ".join(
            f"CASE WHEN {flag} THEN {literal(rule.id)} END"
            for rule, flag in zip(rules, flags, strict=True)
            if rule.severity == severity
        )
        return f"list_filter([{cases}] :: VARCHAR[], x -> x IS NOT NULL)"

    return (
        f"SELECT {ROW_COLUMN}, {listed('error')} AS errors, {listed('warning')} AS warnings "
        f"FROM (SELECT {ROW_COLUMN}, {computed} FROM {ident(table)}) WHERE {' OR '.join(flags)}"
    )


def counts_sql(verdict_table: str) -> str:
    """SELECT of rule id and number of rows that break it, from a table made with `verdict_sql`."""
    return f"SELECT rule, count(*) FROM (SELECT unnest(list_concat(errors, warnings)) AS rule FROM {ident(verdict_table)}) GROUP BY rule"
