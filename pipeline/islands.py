"""The night's look for information islands: every night once, in one commit, from what its loads left in the lake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import duckdb

from contracts.catalogue import City
from pipeline.city_steps import STEPS, fingerprint, once
from pipeline.workplace import Workplace
from sharing.islands import store
from sharing.islands.rules import read_island_rules
from sharing.islands.same_item import Item
from sharing.islands.store import islands_exist, open_on_sql
from sharing.ledger.store import EVENTS, ledger_exists
from sharing.loads import last_loads
from transforms.unify import read_mappings
from warehouse.lake import commit, table_exists
from warehouse.tables import ensure_platform

STEP = "islands"


def find_islands(
    connection: duckdb.DuckDBPyConnection, place: Workplace, nights: Sequence[datetime], newest: datetime | None
) -> list[str]:
    """Look for islands as of each night that is newer than the last one looked at, and as of the city's `newest` again where its inputs changed.

    Nights before are past: what was found then stands, whatever is told of them later. Returns a line for the log. Raises ConfigurationError for a
    mistake in the policy's `islands`, or a register that lacks a field.
    """
    city, rules = place.city, read_island_rules(place.city)
    items, said = given_items(city), []
    done = _newest_done(connection)
    for night in nights:
        if done is not None and night <= done and night != newest:
            continue

        def work(night: datetime = night) -> tuple[int, int]:
            return store.record(connection, city, rules, items, night, _newest_done(connection, before=night))

        def attempt(night: datetime = night, work: Callable[[], tuple[int, int]] = work) -> tuple[int, int] | None:
            ensure_platform(connection)
            if (done := _newest_done(connection)) is not None and done > night:
                return None
            return once(connection, STEP, night, _inputs(connection, place, rules, items, night), work)

        found = commit(connection, place.settings, attempt, f"islands {night.isoformat()}")
        if found and any(found):
            said.append(f"{night.astimezone(city.timezone).date()} {found[0]} new, {found[1]} closed")
    return [f"islands: {', '.join(said)}"] if said else []


def given_items(city: City) -> list[Item]:
    """Every attribute of the city's unified entities with the field in which its source department gives it."""
    items = []
    for entity in read_mappings(city).entities:
        keys = {feed.resource: feed.key for feed in entity.feeds}
        for attribute in entity.attributes:
            source = attribute.sources[0] if attribute.sources else None
            if source is not None and source.field and (key := keys.get(source.resource)):
                name = f"{entity.name}.{attribute.name}"
                items.append(Item(name, attribute.label, source.resource, key, source.field))
    return items


def island_lines(connection: duckdb.DuckDBPyConnection, city: City, night: datetime) -> list[str]:
    """What the night that ended then brought of islands, a paragraph of the digest; empty where nothing is new and nothing was closed."""
    if not islands_exist(connection):
        return []
    day = night.astimezone(city.timezone).date()
    new = connection.execute(
        f"SELECT owner, island_id, name FROM ({open_on_sql(day)}) WHERE found_on = ? ORDER BY requests DESC, owner, island_id", [day]
    ).fetchall()  # fmt: skip
    row = connection.execute("SELECT count(*) FROM sharing.islands WHERE closed_on = ?", [day]).fetchone()
    closed = row[0] if row else 0
    if not new and not closed:
        return []
    head = ["", f"ISLANDS  信息孤岛 {len(new)} new, {closed} closed: landbridge islands"]
    told = [f"  {city.departments[o].name if o in city.departments else o}: {id} {name}" for o, id, name in new[:_MOST]]
    return [*head, *told, *([f"  … {len(new) - _MOST} more"] if len(new) > _MOST else [])]


# new islands that the digest names one by one
_MOST = 10


def _newest_done(connection: duckdb.DuckDBPyConnection, before: datetime | None = None) -> datetime | None:
    if not table_exists(connection, "ops", "city_steps"):
        return None
    earlier = "AND as_of < ?" if before else ""
    row = connection.execute(
        f"SELECT max(as_of) FROM {STEPS} WHERE step = ? {earlier}", [STEP, before] if before else [STEP]
    ).fetchone()
    return row[0] if row else None


def _inputs(
    connection: duckdb.DuckDBPyConnection, place: Workplace, rules: object, items: Sequence[Item], night: datetime
) -> str:
    """What the islands of a night follow from: its loads, the contracts, the rules, who gives what, and the ledger's newest entry that bears on it."""
    loads = last_loads(connection, place.city.resources.values(), night.isoformat()) if table_exists(connection, "ops", "runs") else {}  # fmt: skip
    entry = None
    if ledger_exists(connection):
        sql = f"SELECT max(number) FROM {EVENTS} WHERE occurred_at <= ? OR kind = 'retracted'"
        entry = connection.execute(sql, [night]).fetchone()
    contracts = sorted(r.fingerprint for r in place.city.resources.values())
    runs = sorted((load.run_id, load.snapshot) for load in loads.values())
    return fingerprint([runs, contracts, repr(rules), repr(items), entry])
