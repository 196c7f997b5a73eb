"""The verdict on each row, in one pass: which rows break which rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from contracts.model import Resource, Rule
from contracts.quoting import ident, literal
from contracts.rules import RULE_TYPES
from expectations.conditions import ROW_COLUMN, breaks_sql


def row_rules(resource: Resource) -> tuple[Rule, ...]:
    return tuple(rule for rule in resource.rules if RULE_TYPES[rule.type].scope == "row")


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
