"""A small table judged twice: by Great Expectations and by the verdict's own query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from contracts.model import Resource
from contracts.quoting import ident
from contracts.types import lake_type
from expectations.conditions import code_list_table, reference_table
from expectations.validation import RuleOutcome, validate
from expectations.verdict import counts_sql, row_rules, verdict_sql

DAY = date(2020, 5, 5)
TABLE = "standardised"


@dataclass(frozen=True)
class Judgement:
    outcomes: dict[str, RuleOutcome]
    counted: dict[str, int]
    rows: list[tuple[int, list[str], list[str]]]

    def failing(self, rule: str) -> int:
        """Rows that break the rule, on which Great Expectations and the verdict agree."""
        assert self.outcomes[rule].failing == self.counted.get(rule, 0), rule
        return self.outcomes[rule].failing

    def broken_by(self, row: int) -> list[str]:
        return next((errors + warnings for number, errors, warnings in self.rows if number == row), [])


def judged(
    resource: Resource, rows: Sequence[Sequence[Any]], uncastable: dict[int, list[str]] | None = None,
    codes: dict[str, list[str | None]] | None = None, references: dict[tuple[str, str], list[Any]] | None = None,
) -> Judgement:  # fmt: skip
    """Judge the rows, whose values stand in the order of the resource's fields; `_row` counts from 1."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    columns = ", ".join(f"{ident(f.name)} {lake_type(f)}" for f in resource.fields)
    connection.execute(f"CREATE TABLE {TABLE} (_row BIGINT, {columns}, _uncastable VARCHAR[])")
    marks = ", ".join("?" for _ in range(len(resource.fields) + 2))
    for number, row in enumerate(rows, 1):
        connection.execute(f"INSERT INTO {TABLE} VALUES ({marks})", [number, *row, (uncastable or {}).get(number)])
    for name, values in (codes or {}).items():
        connection.execute(
            f"CREATE TABLE {ident(code_list_table(name))} AS SELECT unnest(?::VARCHAR[]) AS code", [values]
        )
    for (target, field), values in (references or {}).items():
        name = ident(reference_table(target, field))
        connection.execute(f"CREATE TABLE {name} AS SELECT unnest(?::VARCHAR[]) AS value", [values])
    outcomes, _ = validate(connection, TABLE, resource, DAY)
    connection.execute(f"CREATE TABLE verdict AS {verdict_sql(row_rules(resource), TABLE, DAY)}")
    counted = dict(connection.execute(counts_sql("verdict")).fetchall())
    found = connection.execute("SELECT _row, errors, warnings FROM verdict ORDER BY _row").fetchall()
    connection.close()
    return Judgement({o.rule.id: o for o in outcomes}, counted, found)
