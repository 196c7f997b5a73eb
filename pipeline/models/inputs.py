"""What changed in a model's inputs since its last run: nothing, rows of some values, or so much that it is rebuilt as a whole.

DuckLake's catalogue tells which tables a snapshot touched, and its change feed which rows came and went; both only as long as no snapshot in between has
expired.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from contracts.quoting import ident, literal, literals
from pipeline.models.engine import CHANGED
from transforms.models.model import Model
from warehouse.lake import LAKE

_CATALOGUE = f"__ducklake_metadata_{LAKE}"
_CHANGE = re.compile(r'([a-z_]+):("(?:[^"]|"")*"(?:\."(?:[^"]|"")*")?|\d+)')
_ROWS = {"inserted_into_table", "deleted_from_table", "inlined_insert", "inlined_delete"}
# what only moves rows from file to file
_MOVES = {"merge_adjacent", "compacted_table", "rewrite_delete"}
_FLUSHES = {"inline_flush", "flushed_inlined", "flush_inlined"}


@dataclass(frozen=True)
class Changes:
    """Names of the inputs whose rows changed, and of those that were made, dropped or altered; None of both where the past has expired."""

    rows: tuple[str, ...]
    shape: tuple[str, ...]


def changes_since(connection: duckdb.DuckDBPyConnection, names: Iterable[str], since: int, now: int) -> Changes | None:
    """What happened to these tables in the snapshots after `since` up to `now`; None where one of them has expired."""
    if since == now:
        return Changes((), ())
    found = connection.execute(
        f"SELECT s.snapshot_id, c.changes_made FROM {_CATALOGUE}.ducklake_snapshot AS s "
        f"LEFT JOIN {_CATALOGUE}.ducklake_snapshot_changes AS c USING (snapshot_id) WHERE s.snapshot_id BETWEEN {since} AND {now}"
    ).fetchall()
    if len(found) != now - since + 1:
        return None
    listed = list(names)
    # changes name a table by its number, and where it is made by its quoted name
    ids = {str(id): name for id, name, _ in _tables(connection, listed, now)}
    ids |= {ident(*name.split(".", 1)): name for name in listed}
    rows: set[str] = set()
    shape: set[str] = set()
    for snapshot, told in found:
        if snapshot == since:
            continue
        made = _CHANGE.findall(told or "")
        # moving rows out of the catalogue is told as deleting some of them too
        moved = {subject for kind, subject in made if kind in _FLUSHES}
        for kind, subject in made:
            name = ids.get(subject)
            if name is None or kind in _MOVES or subject in moved:
                continue
            (rows if kind in _ROWS else shape).add(name)
    return Changes(tuple(sorted(rows)), tuple(sorted(shape)))


def collect_values(
    connection: duckdb.DuckDBPyConnection, model: Model, changed: Iterable[str], since: int, now: int
) -> tuple[int, bool]:
    """Fill `model_changed` with the values of the increment that any changed row had before or has now; how many, and whether NULL is among them."""
    by = {i.name: i.by for i in model.inputs}
    type = next(c.type for c in model.columns if c.name == model.increment)
    selects = []
    for name in changed:
        schema, table = name.split(".", 1)
        for feed in ("insertions", "deletions"):
            source = f"ducklake_table_{feed}({literal(LAKE)}, {literal(schema)}, {literal(table)}, {since + 1}, {now})"
            selects.append(f"SELECT CAST({ident(by[name] or '')} AS {type}) AS value FROM {source}")
    union = " UNION ALL ".join(selects)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {CHANGED} AS SELECT DISTINCT value FROM ({union})")
    row = connection.execute(f"SELECT count(value), count(*) > count(value) FROM {CHANGED}").fetchone()
    count, null = (int(row[0]), bool(row[1])) if row else (0, False)
    if null:
        connection.execute(f"DELETE FROM {CHANGED} WHERE value IS NULL")
    return count, null


def held(connection: duckdb.DuckDBPyConnection, names: Iterable[str], now: int) -> dict[str, int]:
    """Those of the tables that the lake holds at the snapshot, with their numbers in the catalogue."""
    return {name: id for id, name, end in _tables(connection, names, now) if end is None or end > now}


def columns_held(connection: duckdb.DuckDBPyConnection, names: Iterable[str], now: int) -> dict[str, tuple[str, ...]]:
    """The columns of those tables that the lake holds at the snapshot."""
    ids = {id: name for name, id in held(connection, names, now).items()}
    if not ids:
        return {}
    rows = connection.execute(
        f"SELECT table_id, list(column_name ORDER BY column_order) FROM {_CATALOGUE}.ducklake_column WHERE table_id IN ({', '.join(map(str, ids))}) "
        f"AND parent_column IS NULL AND begin_snapshot <= {now} AND (end_snapshot IS NULL OR end_snapshot > {now}) GROUP BY table_id"
    ).fetchall()
    return {ids[id]: tuple(columns) for id, columns in rows}


def _tables(connection: duckdb.DuckDBPyConnection, names: Iterable[str], now: int) -> list[tuple[int, str, int | None]]:
    return connection.execute(
        f"SELECT t.table_id, s.schema_name || '.' || t.table_name AS name, t.end_snapshot FROM {_CATALOGUE}.ducklake_table AS t "
        f"JOIN {_CATALOGUE}.ducklake_schema AS s USING (schema_id) WHERE name IN ({literals(sorted(set(names)))}) AND t.begin_snapshot <= {now}"
    ).fetchall()
