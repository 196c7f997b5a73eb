"""The islands as they stood on a day, for a command, a page or a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from contracts.quoting import literal
from sharing.islands.store import ISLANDS, islands_exist, open_on_sql

_COLUMNS = "island_id, kind, subject, name, owner, requests, evidence, check_sql, remedy_zh, remedy_en, law, found_on, last_seen_on, closed_on"


@dataclass(frozen=True)
class Island:
    """One finding; `evidence` is JSON text, `closed_on` None while it is open."""

    island_id: str
    kind: str
    subject: str
    name: str
    owner: str
    requests: int
    evidence: str
    check_sql: str
    remedy_zh: str
    remedy_en: str
    law: str
    found_on: date
    last_seen_on: date
    closed_on: date | None


def open_islands(
    connection: duckdb.DuckDBPyConnection, day: date, kind: str | None = None, department: str | None = None
) -> list[Island]:
    """The islands open at the end of a day: by owner – whose islands touch most requests first – then by requests; none where none was looked for."""
    if not islands_exist(connection):
        return []
    condition = " AND ".join(
        f"{name} = {literal(value)}" for name, value in (("kind", kind), ("owner", department)) if value
    )
    rows = connection.execute(f"""
        SELECT {_COLUMNS} FROM ({open_on_sql(day)}) WHERE {condition or "true"}
        ORDER BY sum(requests) OVER (PARTITION BY owner) DESC, owner, requests DESC, kind, subject""").fetchall()
    return [Island(*row) for row in rows]


def episodes(connection: duckdb.DuckDBPyConnection, island_id: str) -> list[Island]:
    """Every time the island was found, with its newest evidence of that time; oldest first."""
    if not islands_exist(connection):
        return []
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM {ISLANDS} WHERE island_id = ? "
        "QUALIFY row_number() OVER (PARTITION BY found_on ORDER BY since_on DESC) = 1 ORDER BY found_on",
        [island_id],
    ).fetchall()
    return [Island(*row) for row in rows]


def counts(connection: duckdb.DuckDBPyConnection, day: date, field: str) -> list[dict[str, Any]]:
    """How many islands were open at the end of a day, by `kind` or `owner`: count, new on that day, requests; most first."""
    if field not in ("kind", "owner"):
        raise ValueError(field)
    if not islands_exist(connection):
        return []
    at = f"DATE {literal(day.isoformat())}"
    rows = connection.execute(f"""
        SELECT {field}, count(*) AS islands, count(*) FILTER (found_on = {at}) AS new, CAST(sum(requests) AS BIGINT) AS requests
        FROM ({open_on_sql(day)}) GROUP BY 1 ORDER BY islands DESC, 1""").fetchall()
    return [dict(zip((field, "islands", "new", "requests"), row, strict=True)) for row in rows]


def nights_looked(connection: duckdb.DuckDBPyConnection) -> Sequence[date]:
    """Days on whose nights islands were looked for and something was found or closed, oldest first."""
    if not islands_exist(connection):
        return []
    sql = f"SELECT DISTINCT unnest([since_on, last_seen_on, until_on]) AS day FROM {ISLANDS} ORDER BY day"
    return [row[0] for row in connection.execute(sql).fetchall() if row[0] is not None]
