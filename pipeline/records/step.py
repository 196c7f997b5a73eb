"""Step `records` of a night: what each department says of each person, firm and licence, version by version, and since when.

A version is closed when its row changes or vanishes, and never deleted: that history is a fact of its own, which no later load brings back. What is
read is only what changed since the last reading, by the lake's change feed; the whole table where the feed does not reach back or the mapping changed.
"""

from __future__ import annotations

import hashlib
from functools import partial

import duckdb

from contracts.model import Resource
from contracts.quoting import ident, literal, literals
from pipeline.calendar_table import load_calendar
from pipeline.code_lists import load_code_lists
from pipeline.digest import still_running
from pipeline.records.feeds import ChangeFeeds, changed_keys_sql
from pipeline.records.tables import GUARD, STATE, ensure_record_table, ensure_state
from pipeline.records.versions import close_and_open, find_changes, follow_key, follow_old_numbers, parts_of
from pipeline.workplace import Workplace
from transforms.unify import Entity, Feed, read_mappings
from transforms.unify.records import SCHEMA, mapped_sql
from warehouse.fates import key_text
from warehouse.lake import LAKE, commit, count_rows, current_snapshot, open_lake
from warehouse.tables import INTERVAL_COLUMN, ensure_platform

# beyond this many snapshots the state is written even though nothing changed, so that expiry never outruns it
_BEHIND = 100


def sync_records(place: Workplace, *, settled: bool = False) -> dict[str, int]:
    """Bring every entity's records up to date, one commit an entity; returns how many versions were closed or opened by table, none where none was.

    Also loads the city's code lists and calendar into the schema `reference`. Unless `settled`, nothing is done while the newest night still lacks runs.
    """
    mappings = read_mappings(place.city)
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        if not mappings.entities or (not settled and still_running(connection, place.city)):
            return {}
        counts = load_code_lists(connection, place.settings, mappings.code_lists)
        counts |= load_calendar(connection, place.settings, place.city)
        for entity in mappings.entities:
            work = partial(_sync_entity, connection, place, entity)
            changed = commit(connection, place.settings, work, f"records of {entity.name}")
            if changed:
                counts[f"{SCHEMA}.{entity.record_table}"] = changed
        return counts
    finally:
        connection.close()


def _sync_entity(connection: duckdb.DuckDBPyConnection, place: Workplace, entity: Entity) -> int:
    ensure_platform(connection)
    ensure_state(connection)
    widened = ensure_record_table(connection, entity)
    now = current_snapshot(connection)
    state = {
        resource: (mapping, snapshot)
        for resource, mapping, snapshot in connection.execute(
            f"SELECT resource, mapping, snapshot FROM {STATE} WHERE entity = ? AND resource <> ?", [entity.name, GUARD]
        ).fetchall()
    }
    present = _present(connection)
    feeds = ChangeFeeds(connection, [feed.resource for feed in entity.feeds], now)
    changed, read, behind = 0, [], []
    within = entity.key_within or ""
    if _guard(connection, entity) != within:
        changed += follow_key(connection, entity)
    for feed in entity.feeds:
        if feed.resource not in present:
            continue
        resource = place.city.resource(feed.resource)
        mapped = mapped_sql(entity, feed, present[feed.resource], key_text(resource), INTERVAL_COLUMN)
        mapping = hashlib.sha256(mapped.encode()).hexdigest()
        known, since = state.get(feed.resource, ("", -1))
        by_feed = known == mapping and not widened
        if by_feed:
            told = feeds.since(since)
            if told is not None and feed.resource not in (*told.rows, *told.shape):
                # as good as read: so the expiry of snapshots never outruns it
                behind.append((feed.resource, mapping, now - since))
                continue
            by_feed = told is not None and feed.resource not in told.shape
        if _candidates(connection, feed, resource, mapped, since, now, by_feed=by_feed):
            for within in parts_of(connection, resource, by_feed=by_feed):
                find_changes(connection, entity, resource, within, by_feed=by_feed)
                changed += close_and_open(connection, entity, resource, now)
        read.append((feed.resource, mapping))
    # a contract that is broken today says nothing about what its department says
    known_feeds = {GUARD, *place.city.broken, *(feed.resource for feed in entity.feeds)}
    for gone in sorted(set(state) - known_feeds):
        changed += _leave(connection, entity, gone, now)
    if changed and entity.old_key:
        follow_old_numbers(connection, entity)
    if read or changed or any(snapshots > _BEHIND for *_, snapshots in behind):
        seen = [(GUARD, within), *read, *((id, mapping) for id, mapping, _ in behind)]
        connection.execute(
            f"DELETE FROM {STATE} WHERE entity = ? AND resource IN ({literals(id for id, _ in seen)})", [entity.name]
        )
        values = ", ".join(f"({literals((entity.name, id, mapping))}, {now})" for id, mapping in seen)
        connection.execute(f"INSERT INTO {STATE} VALUES {values}")
    return changed


def _guard(connection: duckdb.DuckDBPyConnection, entity: Entity) -> str:
    """What the identifier was unique within when records were last read."""
    row = connection.execute(
        f"SELECT mapping FROM {STATE} WHERE entity = ? AND resource = ?", [entity.name, GUARD]
    ).fetchone()
    return str(row[0]) if row else ""


def _candidates(
    connection: duckdb.DuckDBPyConnection, feed: Feed, resource: Resource, mapped: str, since: int, now: int, *, by_feed: bool
) -> bool:  # fmt: skip
    """Make `candidate_keys` where the feed tells them and `mapped_now`, what those rows say now; False where nothing changed at all."""
    if by_feed:
        keys = changed_keys_sql(resource.department, resource.name, key_text(resource), since, now)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE candidate_keys AS {keys}")
        if not count_rows(connection, "candidate_keys"):
            return False
    if by_feed and feed.record_key:
        # restricted before it is mapped: check digits of a whole table cost more than reading it
        table = f"FROM {ident(*feed.resource.split('.', 1))}"
        few = f"{table} WHERE {key_text(resource)} IN (SELECT record_key FROM candidate_keys) AND"
        mapped = mapped.replace(f"{table} WHERE", few, 1)
    connection.execute(f"CREATE OR REPLACE TEMP VIEW mapped_now AS {mapped}")
    return True


def _leave(connection: duckdb.DuckDBPyConnection, entity: Entity, resource: str, now: int) -> int:
    """Close what a resource said that feeds the entity no longer, as of the last interval it was read for."""
    table = ident(LAKE, SCHEMA, entity.record_table)
    row = connection.execute(
        f"UPDATE {table} SET to_snapshot = {now}, valid_to = greatest(valid_from, coalesce((SELECT max(valid_from) FROM {table}), valid_from)) "
        f"WHERE resource = {literal(resource)} AND valid_to IS NULL"
    ).fetchone()
    connection.execute(f"DELETE FROM {STATE} WHERE entity = ? AND resource = ?", [entity.name, resource])
    return int(row[0]) if row else 0


def _present(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, ...]]:
    """Resource id → columns of its table."""
    rows = connection.execute(
        "SELECT table_schema || '.' || table_name, list(column_name ORDER BY ordinal_position) FROM information_schema.columns "
        "WHERE table_catalog = ? GROUP BY ALL",
        [LAKE],
    ).fetchall()
    return {id: tuple(columns) for id, columns in rows}
