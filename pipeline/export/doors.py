"""The analyst's connection: the lake's tables under their own names, masked, read as of one state of the lake."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import duckdb

from contracts.errors import ConfigurationError, HistoryUnavailable
from contracts.quoting import literal
from pipeline.dictionary import described
from pipeline.dictionary.entries import ColumnEntry
from pipeline.export.views import exportable, make_views
from pipeline.models.reading import set_instant
from pipeline.workplace import Workplace
from sharing.delivery.pseudonym import SECRET, keyed, requester_key
from warehouse.lake import LAKE, open_lake, table_exists, tables_of
from warehouse.runs import LOADED, RUNS

READER = "analysts"
"""The requester that analysts' pseudonyms are made for: one for one value in all that is exported, and none of any department's."""


@dataclass(frozen=True)
class Door:
    """An open connection and what was masked on it; `has_key` says whether pseudonyms could be made."""

    connection: duckdb.DuckDBPyConnection
    masked: tuple[ColumnEntry, ...]
    has_key: bool


def masked_lake(place: Workplace | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in which `schema.table` is each table of the lake, masked: `masked_lake().sql("…").df()`. The caller closes it.

    Pseudonyms are not made here, for whoever holds the connection could read their key: what would be one is empty. Raises as `opened_door` does.
    """
    place = place or Workplace.open()
    connection = open_lake(place.settings, read_only=True, timezone=place.city.timezone.key)
    try:
        _furnish(connection, place, None, None, masked=True, has_key=False)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def opened_door(
    place: Workplace, tables: Iterable[str], as_of: datetime | None = None, *, masked: bool = True
) -> Iterator[Door]:
    """The lake read-only with a view of each of these tables, `as_of` and `as_of_day` set, and pseudonyms made where the secret is set.

    ConfigurationError where there is no lake or no such table; HistoryUnavailable where `as_of` lies before the lake's oldest state.
    """
    connection = open_lake(place.settings, read_only=True, timezone=place.city.timezone.key)
    try:
        key = requester_key(os.environ, READER) if masked and os.environ.get(SECRET) else None
        with keyed(connection, key):
            hidden = _furnish(connection, place, tables, as_of, masked=masked, has_key=key is not None)
            yield Door(connection, tuple(hidden), key is not None)
    finally:
        connection.close()


def _furnish(
    connection: duckdb.DuckDBPyConnection, place: Workplace, tables: Iterable[str] | None, as_of: datetime | None, *, masked: bool, has_key: bool
) -> list[ColumnEntry]:  # fmt: skip
    # a name in a query is a table of the lake, never a variable of the program around it
    connection.execute("SET python_enable_replacements = false")
    wanted = [f"{schema}.{table}" for schema, table in tables_of(connection)] if tables is None else list(tables)
    entries = described(place.city, wanted)
    if tables is None:
        wanted = [name for name in wanted if exportable(name, entries)]
    snapshot = None if as_of is None else snapshot_as_of(connection, as_of)
    hidden = make_views(connection, entries, wanted, snapshot, masked=masked, keyed=has_key)
    _set_variables(connection, place, as_of)
    return hidden


def snapshot_as_of(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> int:
    """The lake as it stood before the first load of an interval that ended after `as_of`: what was known of the nights up to then.

    Nights loaded later for earlier intervals are not in it, as they were not then. HistoryUnavailable where that state has expired or never was.
    """
    oldest, newest = _range(connection)
    if not table_exists(connection, "ops", "runs"):
        raise HistoryUnavailable("nothing has been loaded yet", remedy="landbridge run")
    row = connection.execute(
        f"""SELECT min(s.snapshot_id) FROM ducklake_snapshots({literal(LAKE)}) AS s JOIN {RUNS} AS r
            ON r.run_id = regexp_extract(s.commit_message, ' {LOADED} run (\\S+)$', 1)
            WHERE r.status = {literal(LOADED)} AND r.interval_end > TIMESTAMPTZ {literal(as_of.isoformat())}"""
    ).fetchone()
    found = newest if row is None or row[0] is None else int(row[0]) - 1
    if found < oldest or _nothing_by(connection, as_of):
        raise HistoryUnavailable(f"the lake holds no state as of {as_of.isoformat()}", remedy="a later --as-of")
    return found


def _nothing_by(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> bool:
    row = connection.execute(
        f"SELECT count(*) FROM {RUNS} WHERE status = {literal(LOADED)} AND interval_end <= TIMESTAMPTZ {literal(as_of.isoformat())}"
    ).fetchone()
    return row is None or row[0] == 0


def _range(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = connection.execute(
        f"SELECT min(snapshot_id), max(snapshot_id) FROM ducklake_snapshots({literal(LAKE)})"
    ).fetchone()
    if row is None or row[0] is None:
        raise ConfigurationError("the lake is empty", remedy="landbridge run")
    return int(row[0]), int(row[1])


def _set_variables(connection: duckdb.DuckDBPyConnection, place: Workplace, as_of: datetime | None) -> None:
    """Queries of the dictionary's models can be typed as they stand: the end of the newest night, or what was asked for."""
    instant = as_of
    if instant is None and table_exists(connection, "ops", "runs"):
        row = connection.execute(f"SELECT max(interval_end) FROM {RUNS} WHERE status = {literal(LOADED)}").fetchone()
        instant = row[0] if row else None
    if instant is not None:
        set_instant(connection, place, instant)
