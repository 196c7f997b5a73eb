"""The marts filled: one night's rows of each replaced from its verdicts and rates."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb

from contracts.catalogue import City
from contracts.quoting import ident, literal
from sharing.calendar import read_calendar
from sharing.clock import load_rules
from sharing.policy import read_policy
from sharing.reasons import EXCLUSIONS, REASONS
from sharing.report.computed import Computation, computations, rows_sql
from sharing.report.mart_tables import MARTS, RATE_BY_DAY, STAGES, Mart
from warehouse.lake import LAKE, table_exists

# an answer that the bureau overruled is none, and one that is one of the others no consent
_NOT_ANSWERED = ("not_answered", "papers_incomplete", "answer_overdue")
_NOT_GRANTED = ("refused_without_ground", "refusal_unconfirmed", "not_digitised", "withdrawn_too_late")


def refresh(connection: duckdb.DuckDBPyConnection, city: City, as_of: datetime) -> None:
    """Replace the marts' rows of that instant, and what the next instant says of its change; runs inside the caller's transaction.

    Nothing happens where no rate was computed as of the instant.
    """
    known = computations(connection)
    place = next((n for n, found in enumerate(known) if found.as_of == as_of), None)
    if place is None:
        return
    policy, calendar = read_policy(city.folder), read_calendar(city)
    load_rules(connection, calendar, policy)
    codes = ", ".join(
        f"({literal(r.code)}, {r.condition}, {literal(r.zh)}, {literal(r.en)}, {literal(r.actor)})"
        for r in [*EXCLUSIONS.values(), *REASONS.values()]
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE mart_codes AS SELECT * FROM (VALUES {codes}) AS c (code, condition, zh, en, role)"
    )
    for mart in MARTS:
        _ensure(connection, mart)
    _replace(connection, city, policy.goal, known, place, MARTS)
    if place + 1 < len(known):
        _replace(connection, city, policy.goal, known, place + 1, tuple(m for m in MARTS if m.name == "mart_changes"))


def filled(connection: duckdb.DuckDBPyConnection) -> list[Computation]:
    """The computations whose marts are there, oldest first: all but those of a version that had none."""
    if not table_exists(connection, "sharing", RATE_BY_DAY.name):
        return []
    table = ident(LAKE, "sharing", RATE_BY_DAY.name)
    rows = connection.execute(f"SELECT DISTINCT as_of FROM {table} WHERE scope = 'city'").fetchall()
    instants = {as_of for (as_of,) in rows}
    return [found for found in computations(connection) if found.as_of in instants]


def _replace(
    connection: duckdb.DuckDBPyConnection, city: City, goal: float | None, known: list[Computation], place: int,
    marts: tuple[Mart, ...],
) -> None:  # fmt: skip
    found, before = known[place], known[place - 1] if place else None
    for table in ("verdicts", "rates"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {ident(f'mart_{table}')} AS {rows_sql(table, found.as_of)}")
    earlier = rows_sql("verdicts", before.as_of if before else None)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE mart_before AS {earlier}")
    values = _values(city, goal, found, before)
    for mart in marts:
        table = ident(LAKE, "sharing", mart.name)
        connection.execute(f"DELETE FROM {table} WHERE as_of = {_instant(found.as_of)}")
        rows = re.sub(r"\$(\w+)", lambda name: values[name[1]], mart.sql)
        connection.execute(
            f"INSERT INTO {table} BY NAME SELECT {_instant(found.as_of)} AS as_of, {_instant(found.known_at)} AS known_at, * FROM ({rows})"
        )


def _values(city: City, goal: float | None, found: Computation, before: Computation | None) -> dict[str, str]:
    """What stands for each `$name` of a mart's query."""
    zone: ZoneInfo = city.timezone
    return {
        "day": f"DATE {literal(found.day(zone))}",
        "goal": f"CAST({goal if goal is not None else 'NULL'} AS DOUBLE)",
        "zone": literal(zone.key),
        "bureau": literal(city.bureau),
        "before": _instant(before.as_of if before else None),
        "stages": f"[{', '.join(map(literal, STAGES))}]",
        "not_answered": f"[{', '.join(map(literal, _NOT_ANSWERED))}]",
        "not_granted": f"[{', '.join(map(literal, _NOT_GRANTED))}]",
    }


def _instant(at: datetime | None) -> str:
    return f"TIMESTAMPTZ {literal(at.isoformat())}" if at else "CAST(NULL AS TIMESTAMPTZ)"


def _ensure(connection: duckdb.DuckDBPyConnection, mart: Mart) -> None:
    if table_exists(connection, "sharing", mart.name):
        return
    columns = {
        "as_of": ("TIMESTAMPTZ", "截至时间 the instant judged"),
        "known_at": ("TIMESTAMPTZ", "已知截至 what was known by then; empty: all the lake held"),
        **mart.columns,
    }
    table = ident(LAKE, "sharing", mart.name)
    listed = ", ".join(f"{ident(name)} {kind}" for name, (kind, _) in columns.items())
    connection.execute(f"CREATE TABLE {table} ({listed})")
    connection.execute(f"COMMENT ON TABLE {table} IS {literal(mart.comment)}")
    for name, (_, text) in columns.items():
        connection.execute(f"COMMENT ON COLUMN {table}.{ident(name)} IS {literal(text)}")
