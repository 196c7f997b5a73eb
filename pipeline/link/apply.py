"""Writing what a run of linking found: only rows that differ, inside the run's one commit."""

from __future__ import annotations

import duckdb

from contracts.quoting import ident
from pipeline.link.comparable import CHANGED, COMPARABLE, FRESH, TOUCHED
from pipeline.link.decide import ALIAS, REACHED
from pipeline.link.pairs import SCORED
from pipeline.link.tables import alias_table, comparable_table, pair_table, record_table
from transforms.link.rules import LinkRules
from warehouse.lake import count_rows

_MOVED = "link_moved"
_ALIAS = ("own_id", "entity_id", "how", "weight")


def apply_links(connection: duckdb.DuckDBPyConnection, rules: LinkRules, *, anew: bool, reached: bool) -> int:
    """Write comparable rows, pairs, aliases and the records' entities; how many aliases changed.

    `anew` says that COMPARABLE and SCORED stand for all that is stored, not for CHANGED own ids alone; `reached` that ALIAS holds those REACHED alone.
    """
    _apply_comparable(connection, rules, anew=anew)
    among = "" if anew else f"(left_id IN (FROM {CHANGED}) OR right_id IN (FROM {CHANGED}))"
    columns = ("left_id", "right_id", "weight", "probability", "other_name", "levels")
    _apply(connection, pair_table(rules), SCORED, ("left_id", "right_id"), columns, among)
    among = f"own_id IN (FROM {REACHED})" if reached else ""
    alias, listed = alias_table(rules), ", ".join(_ALIAS)
    stored = f"SELECT {listed} FROM {alias}{f' WHERE {among}' if among else ''}"
    wanted = f"SELECT {listed} FROM {ALIAS}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_MOVED} AS SELECT DISTINCT own_id FROM (({stored} EXCEPT {wanted}) UNION ALL ({wanted} EXCEPT {stored}))"
    )
    changed = count_rows(connection, _MOVED)
    _apply(connection, alias, ALIAS, ("own_id",), _ALIAS, among)
    _apply_entities(connection, rules, anew=anew)
    return changed


def _apply_comparable(connection: duckdb.DuckDBPyConnection, rules: LinkRules, *, anew: bool) -> None:
    table, columns = comparable_table(rules), ("own_id", "identified", *rules.columns)
    if anew:
        _apply(connection, table, COMPARABLE, ("own_id",), columns, "")
    elif count_rows(connection, CHANGED):
        # each of them is known to differ
        listed = ", ".join(map(ident, columns))
        connection.execute(f"DELETE FROM {table} WHERE own_id IN (FROM {CHANGED})")
        connection.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {FRESH} SEMI JOIN {CHANGED} USING (own_id)")  # fmt: skip


def _apply_entities(connection: duckdb.DuckDBPyConnection, rules: LinkRules, *, anew: bool) -> None:
    """Set the entity of records whose alias or whose own row changed, or of all of them."""
    records = record_table(rules)
    among = "" if anew else f"AND r.own_id IN (SELECT own_id FROM {_MOVED} UNION SELECT own_id FROM {TOUCHED})"
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE link_entity AS SELECT DISTINCT r.own_id, coalesce(a.entity_id, r.own_id) AS entity_id "
        f"FROM {records} AS r LEFT JOIN {alias_table(rules)} AS a ON a.own_id = r.own_id WHERE r.entity_id IS DISTINCT FROM coalesce(a.entity_id, r.own_id) {among}"
    )
    if count_rows(connection, "link_entity"):
        connection.execute(
            f"UPDATE {records} AS r SET entity_id = e.entity_id FROM link_entity AS e WHERE e.own_id = r.own_id "
            "AND r.entity_id IS DISTINCT FROM e.entity_id"
        )


def _apply(
    connection: duckdb.DuckDBPyConnection, table: str, wanted: str, key: tuple[str, ...], columns: tuple[str, ...], among: str
) -> None:  # fmt: skip
    """Delete the rows of the table, or of those `among` them, that are not wanted as they stand, then insert those that are missing."""
    listed, keys = ", ".join(map(ident, columns)), ", ".join(map(ident, key))
    stored = f"SELECT {listed} FROM {table}{f' WHERE {among}' if among else ''}"
    if not count_rows(connection, f"({stored} LIMIT 1)"):
        connection.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM {wanted}")
        return
    connection.execute(f"CREATE OR REPLACE TEMP TABLE link_missing AS SELECT {listed} FROM {wanted} EXCEPT {stored}")
    stale = f"SELECT {keys} FROM ({stored} EXCEPT SELECT {listed} FROM {wanted})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE link_stale AS {stale}")
    if count_rows(connection, "link_stale"):
        connection.execute(f"DELETE FROM {table} WHERE ({keys}) IN (FROM link_stale)")
    if count_rows(connection, "link_missing"):
        connection.execute(f"INSERT INTO {table} ({listed}) SELECT {listed} FROM link_missing")
