"""Writing what a run of linking found: only rows that differ, inside the run's one commit."""

from __future__ import annotations

import duckdb

from contracts.quoting import ident
from pipeline.link.pairs import CHANGED, COMPARABLE, FRESH, TOUCHED
from pipeline.link.tables import alias_table, comparable_table, pair_table, record_table
from transforms.link import decide as d
from transforms.link.rules import LinkRules
from warehouse.lake import count_rows

_MOVED = "link_moved"


def apply_links(connection: duckdb.DuckDBPyConnection, rules: LinkRules, *, full: bool) -> int:
    """Write comparable rows, pairs, aliases and the records' entities; how many aliases changed. After a full run every record is looked at."""
    _apply_comparable(connection, rules, full=full)
    _apply(
        connection,
        pair_table(rules),
        d.PAIRS,
        ("left_id", "right_id"),
        ("left_id", "right_id", "weight", "probability", "other_name", "levels"),
    )
    alias, columns = alias_table(rules), "own_id, entity_id, how, weight"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_MOVED} AS SELECT DISTINCT own_id FROM ((SELECT {columns} FROM {alias} EXCEPT SELECT {columns} FROM link_alias) "
        f"UNION ALL (SELECT {columns} FROM link_alias EXCEPT SELECT {columns} FROM {alias}))"
    )
    changed = count_rows(connection, _MOVED)
    _apply(connection, alias, "link_alias", ("own_id",), ("own_id", "entity_id", "how", "weight"))
    looked_at = (
        f"SELECT DISTINCT own_id FROM {record_table(rules)}"
        if full
        else f"SELECT own_id FROM {_MOVED} UNION SELECT own_id FROM {TOUCHED}"
    )
    wanted = f"SELECT i.own_id, coalesce(a.entity_id, i.own_id) AS entity_id FROM ({looked_at}) AS i LEFT JOIN link_alias AS a ON a.own_id = i.own_id"
    connection.execute(
        f"UPDATE {record_table(rules)} AS r SET entity_id = w.entity_id FROM ({wanted}) AS w "
        "WHERE w.own_id = r.own_id AND r.entity_id IS DISTINCT FROM w.entity_id"
    )
    return changed


def _apply_comparable(connection: duckdb.DuckDBPyConnection, rules: LinkRules, *, full: bool) -> None:
    table, columns = comparable_table(rules), ("own_id", "identified", *rules.columns)
    if full:
        _apply(connection, table, COMPARABLE, ("own_id",), columns)
        return
    if not count_rows(connection, CHANGED):
        return
    among = f"WHERE own_id IN (SELECT own_id FROM {CHANGED})"
    connection.execute(f"DELETE FROM {table} {among}")
    listed = ", ".join(map(ident, columns))
    connection.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {FRESH} {among}")


def _apply(
    connection: duckdb.DuckDBPyConnection, table: str, wanted: str, key: tuple[str, ...], columns: tuple[str, ...]
) -> None:
    """Delete the rows of the table that are not wanted as they stand, then insert those that are missing."""
    listed, keys = ", ".join(map(ident, columns)), ", ".join(map(ident, key))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE link_missing AS SELECT {listed} FROM {wanted} EXCEPT SELECT {listed} FROM {table}"
    )
    stale = f"SELECT {keys} FROM (SELECT {listed} FROM {table} EXCEPT SELECT {listed} FROM {wanted})"
    if count_rows(connection, f"({stale})"):
        connection.execute(f"DELETE FROM {table} WHERE ({keys}) IN ({stale})")
    if count_rows(connection, "link_missing"):
        connection.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM link_missing")
