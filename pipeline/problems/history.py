"""Since when each problem row is on its department's list: remembered in the lake by digests, without keys or values."""

from __future__ import annotations

from datetime import date

import duckdb

from contracts.quoting import ident, literal
from pipeline.workplace import Workplace
from warehouse.lake import LAKE, commit, table_exists
from warehouse.quarantine import QUARANTINE

SEEN = ident(LAKE, "ops", "problem_rows")
_COMMENT = "问题数据首次发现日 since when each open problem row is on its department's list, by a digest of its key"
# known by its key; without one by its values
_IDENTITY = "md5(coalesce(q.key, CAST(q.original AS VARCHAR)))"
TOLD_RULES = """list_filter(q.rules, x -> NOT (ends_with(x, '.not_null') AND list_contains(q.rules, replace(x, '.not_null', '.castable'))))"""
"""SQL of a row's broken rules under the alias `q`, as they are told: a value that cannot be read is not empty as well, though it reads as nothing."""
_OPEN = f"SELECT DISTINCT q.department, q.resource, {_IDENTITY} AS identity, unnest({TOLD_RULES}) AS rule FROM {QUARANTINE} AS q"
_ROW = "department, resource, identity, rule"


def remember(connection: duckdb.DuckDBPyConnection, place: Workplace, day: date) -> None:
    """Note the rows that are open for the first time on that local day, and forget those that are open no more; nothing is written where none is."""

    def work() -> None:
        if not table_exists(connection, "ops", "problem_rows"):
            connection.execute(
                f"CREATE TABLE {SEEN} (department VARCHAR, resource VARCHAR, identity VARCHAR, rule VARCHAR, first_seen DATE)"
            )
            connection.execute(f"COMMENT ON TABLE {SEEN} IS {literal(_COMMENT)}")
        connection.execute(f"DELETE FROM {SEEN} WHERE ({_ROW}) NOT IN (SELECT ({_ROW}) FROM ({_OPEN}))")
        connection.execute(
            f"INSERT INTO {SEEN} SELECT {_ROW}, DATE {literal(day)} FROM ({_OPEN}) WHERE ({_ROW}) NOT IN (SELECT ({_ROW}) FROM {SEEN})"
        )

    if _has_changed(connection):
        commit(connection, place.settings, work, f"problem rows {day}")


def first_seen_sql(connection: duckdb.DuckDBPyConnection) -> str:
    """SQL of a map rule → local day over the columns of the quarantine under the alias `q`; empty where nothing was remembered yet."""
    if not table_exists(connection, "ops", "problem_rows"):
        return "CAST(MAP {} AS MAP(VARCHAR, DATE))"
    mine = f"s.department = q.department AND s.resource = q.resource AND s.identity = {_IDENTITY}"
    return f"(SELECT map_from_entries(list((s.rule, s.first_seen))) FROM {SEEN} AS s WHERE {mine})"


def _has_changed(connection: duckdb.DuckDBPyConnection) -> bool:
    if not table_exists(connection, "ops", "problem_rows"):
        return connection.execute(f"SELECT 1 FROM ({_OPEN}) LIMIT 1").fetchone() is not None
    seen = f"SELECT {_ROW} FROM {SEEN}"
    open_ = f"SELECT {_ROW} FROM ({_OPEN})"
    found = connection.execute(f"SELECT 1 FROM (({seen} EXCEPT {open_}) UNION ALL ({open_} EXCEPT {seen})) LIMIT 1")
    return found.fetchone() is not None
