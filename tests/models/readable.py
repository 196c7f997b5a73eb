"""A mart's test as one reads it: tables in and out as text, a column a word, `-` for nothing.

`given(model, {input: table})` computes the sample city's model; `shows(rows, table)` compares the columns that the table names, in the order of the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any

from tests.models.small_tables import SmallTables
from tests.small_city import ROOT

WEEK = """
    day        | working
    2020-04-27 | true
    2020-04-28 | true
    2020-04-29 | true
    2020-04-30 | true
    2020-05-01 | false
    2020-05-02 | false
    2020-05-03 | false
    2020-05-04 | false
    2020-05-05 | false
    2020-05-06 | true
    2020-05-07 | true
    2020-05-08 | true
    2020-05-09 | true
    2020-05-10 | false
    2020-05-11 | true
"""
"""The calendar around the holiday of May 2020."""


@cache
def qingdao() -> SmallTables:
    """The sample city, read once."""
    return SmallTables(ROOT / "cities" / "qingdao")


def given(model: str, inputs: Mapping[str, str], day: str = "2020-05-06") -> list[dict[str, Any]]:
    """The model's rows as of the end of that day."""
    rows = {name: _parsed(text) for name, text in inputs.items()}
    after = date.fromisoformat(day) + timedelta(days=1)
    return qingdao().rows(model, rows, f"{after}T02:00:00+08:00")


def working_days(text: str = WEEK) -> str:
    """`mart.working_day` of a calendar, as a table in."""
    rows = given("mart.working_day", {"reference.calendar": text})
    return "\n".join(["day | working | nth", *(f"{r['day']} | {_text(r['working'])} | {r['nth']}" for r in rows)])


def shows(rows: list[dict[str, Any]], expected: str) -> None:
    """Assert that the rows' named columns are these."""
    wanted = [[cell.strip() for cell in line.split("|")] for line in expected.strip().splitlines()]
    names = wanted[0]
    assert [names, *([_text(row[name]) for name in names] for row in rows)] == wanted


def _parsed(text: str) -> list[dict[str, str | None]]:
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return [{n: None if cell == "-" else cell for n, cell in zip(lines[0], line, strict=True)} for line in lines[1:]]


def _text(value: Any) -> str:
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
