"""Versions of records: what a resource says now beside what it said when it was last read, and the versions that end and begin by it.

Time never runs backwards in a record: a version begins no earlier than the one before it began, whatever older interval is loaded afterwards.
"""

from __future__ import annotations

import duckdb

from contracts.model import Resource
from contracts.quoting import ident, literal
from transforms.unify import Entity
from transforms.unify.identity import own_id_sql, record_id_sql
from transforms.unify.records import SAID_FROM, SCHEMA, record_columns, said_columns
from warehouse.engine import parts_that_fit
from warehouse.fates import TOMBSTONES
from warehouse.lake import LAKE, count_rows, table_exists
from warehouse.runs import LOADED, RUNS
from warehouse.tables import of_resource

CHANGES = "record_changes"
# bytes that DuckDB works with for each record it compares, at the most seen
_WORKING_BYTES = 1_000


def parts_of(connection: duckdb.DuckDBPyConnection, resource: Resource, *, by_feed: bool) -> list[str]:
    """Conditions over `record_key` that part what is to be compared into what memory holds at once; one that is always true where one is enough.

    Counts `candidate_keys` where the feed told them, otherwise the resource's rows.
    """
    table = "candidate_keys" if by_feed else ident(LAKE, resource.department, resource.name)
    parts = parts_that_fit(connection, count_rows(connection, table) * _WORKING_BYTES)
    return [f"hash(record_key) % {parts} = {part}" for part in range(parts)] if parts > 1 else ["true"]


def find_changes(
    connection: duckdb.DuckDBPyConnection, entity: Entity, resource: Resource, within: str, *, by_feed: bool
) -> None:
    """Make the temporary table of records that differ: `record_key`, `ends` and `begins`, `at`, and what is said now.

    Reads `mapped_now`, and `candidate_keys` where the feed told them, as far as the key is `within`.
    """
    said = said_columns(entity)
    table = ident(LAKE, SCHEMA, entity.record_table)
    among = "AND record_key IN (SELECT record_key FROM candidate_keys)" if by_feed and resource.key else ""
    mine = f"resource = {literal(resource.id)} AND {within}"
    names = ", ".join(map(ident, said))
    differs = " OR ".join(f"n.{ident(c)} IS DISTINCT FROM r.{ident(c)}" for c in said)
    now = ", ".join(f"n.{ident(c)}" for c in said)
    # a row that came back begins no earlier than its last version ended; joined by the key alone, since a further condition of an outer join would
    # compare every row with every other
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {CHANGES} AS
        SELECT coalesce(n.record_key, r.record_key) AS record_key, r.record_key IS NOT NULL AS ends, n.record_key IS NOT NULL AS begins,
            CASE WHEN r.record_key IS NULL THEN greatest(n.{SAID_FROM}, l.ended) WHEN n.record_key IS NULL THEN greatest({_gone_at(resource)}, r.valid_from)
                ELSE greatest(n.{SAID_FROM}, r.valid_from) END AS at, {now}
        FROM (FROM mapped_now WHERE {within}) AS n
        FULL JOIN (SELECT record_key, {names}, valid_from FROM {table} WHERE {mine} AND valid_to IS NULL {among}) AS r USING (record_key)
        LEFT JOIN (SELECT record_key, max(valid_to) AS ended FROM {table} WHERE {mine} AND valid_to IS NOT NULL {among} GROUP BY 1) AS l
            ON l.record_key = n.record_key
        LEFT JOIN (SELECT key, max(interval_start) AS deleted FROM {TOMBSTONES} WHERE {of_resource(resource)} GROUP BY 1) AS d
            ON d.key = r.record_key
        WHERE n.record_key IS NULL OR r.record_key IS NULL OR {differs}""")


def close_and_open(connection: duckdb.DuckDBPyConnection, entity: Entity, resource: Resource, snapshot: int) -> int:
    """End and begin the versions that CHANGES tells, read from the given snapshot; returns how many. Runs inside the caller's transaction."""
    table = ident(LAKE, SCHEMA, entity.record_table)
    [(ending, beginning)] = connection.execute(
        f"SELECT count(*) FILTER (ends), count(*) FILTER (begins) FROM {CHANGES}"
    ).fetchall()
    if ending:
        connection.execute(f"""
            UPDATE {table} AS t SET valid_to = c.at, to_snapshot = {snapshot} FROM {CHANGES} AS c
            WHERE c.ends AND t.resource = {literal(resource.id)} AND t.valid_to IS NULL AND t.record_key = c.record_key""")
    if beginning:
        key = ident(entity.key)
        old = ident(entity.old_key) if entity.old_key else "NULL"
        said = ", ".join(ident(c) for c in said_columns(entity))
        # in the order of ids, so that a range of entities is read without the rest (pipeline/models/parts.py)
        id = record_id_sql(entity, resource.id, "record_key")
        alias = ""
        entity_id = "o.own_id"
        if table_exists(connection, SCHEMA, entity.alias_table):
            alias = f"LEFT JOIN {ident(LAKE, SCHEMA, entity.alias_table)} AS a ON a.own_id = o.own_id"
            entity_id = "coalesce(a.entity_id, o.own_id)"
        connection.execute(f"""
            INSERT INTO {table} ({", ".join(map(ident, record_columns(entity)))})
            SELECT o.record_id, o.own_id, {entity_id}, {literal(resource.id)}, o.record_key, {said}, o.at, NULL, {snapshot}, NULL
            FROM (SELECT *, {own_id_sql(entity, key, old, "record_id")} AS own_id FROM (SELECT *, {id} AS record_id FROM {CHANGES} WHERE begins)) AS o {alias}
            ORDER BY o.own_id""")
    return int(ending) + int(beginning)


def follow_old_numbers(connection: duckdb.DuckDBPyConnection, entity: Entity) -> None:
    """Give records that have only an old number the identifier that took its place, where exactly one record tells it; take it back where none does.

    Which entity a record belongs to is no part of what its source says: no version ends by it.
    """
    table = ident(LAKE, SCHEMA, entity.record_table)
    key, old = ident(entity.key), ident(entity.old_key or "")
    alias = ""
    entity_id = "own_now"
    if table_exists(connection, SCHEMA, entity.alias_table):
        alias = f"LEFT JOIN {ident(LAKE, SCHEMA, entity.alias_table)} AS a ON a.own_id = own_now"
        entity_id = "coalesce(a.entity_id, own_now)"
    own = own_id_sql(entity, f"t.{key}", f"t.{old}", "t.record_id", "n.resolved")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE moved_records AS
        WITH numbers AS (
            SELECT {old} AS number, CASE WHEN min({key}) = max({key}) THEN min({key}) END AS resolved FROM {table}
            WHERE valid_to IS NULL AND {key} IS NOT NULL AND {old} IS NOT NULL GROUP BY 1),
        meant AS (
            SELECT DISTINCT t.record_id, t.own_id, t.{old} AS number, {own} AS own_now FROM {table} AS t LEFT JOIN numbers AS n ON n.number = t.{old}
            WHERE t.{key} IS NULL AND t.{old} IS NOT NULL)
        SELECT record_id, number, own_now, {entity_id} AS entity_now FROM meant {alias} WHERE meant.own_id <> own_now""")
    if count_rows(connection, "moved_records"):
        connection.execute(f"""
            UPDATE {table} AS t SET own_id = m.own_now, entity_id = m.entity_now FROM moved_records AS m
            WHERE t.record_id = m.record_id AND t.{key} IS NULL AND t.{old} = m.number""")


def follow_key(connection: duckdb.DuckDBPyConnection, entity: Entity) -> int:
    """Give all versions the own ids that follow from what makes an identifier today; returns how many had another."""
    table = ident(LAKE, SCHEMA, entity.record_table)
    own = own_id_sql(entity, ident(entity.key), "NULL", "record_id")
    row = connection.execute(f"UPDATE {table} SET own_id = {own}, entity_id = {own} WHERE own_id <> {own}").fetchone()
    return int(row[0]) if row else 0


def _gone_at(resource: Resource) -> str:
    """SQL of the interval as of which a row is gone: that of its deletion, or the newest that was loaded."""
    newest = f"(SELECT max(interval_start) FROM {RUNS} WHERE {of_resource(resource)} AND status = {literal(LOADED)})"
    return f"coalesce(d.deleted, {newest})"
