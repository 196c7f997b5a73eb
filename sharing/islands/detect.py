"""Every island of a city as of an instant, found anew from the lake: what `store` then compares with what was known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import duckdb

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.model import Resource
from sharing.islands import entries, holdings, papers, projects, registers, same_item, systems
from sharing.islands.ground import COLUMNS, Ground, prepare
from sharing.islands.rules import IslandRules
from sharing.ledger.store import ledger_exists

FOUND = "island_found"


def detect(
    connection: duckdb.DuckDBPyConnection, city: City, rules: IslandRules, items: Sequence[same_item.Item], as_of: datetime
) -> Ground:  # fmt: skip
    """Make the temporary table `island_found`, one row a finding as of an aware instant; nothing of the lake is written.

    Raises ConfigurationError where a register lacks a field, and HistoryUnavailable where the lake no longer holds a load's snapshot.
    """
    if as_of.tzinfo is None:
        raise ConfigurationError("as_of needs a zone", where=str(as_of), remedy="2020-05-05T02:10:00+08:00")
    known = registers.registers_of(city)
    ground = prepare(connection, city, rules, as_of)
    same_item.make_sketches(connection, ground, items)
    found = [entries.no_data_sql(ground), entries.zombies_sql(ground), same_item.same_items_sql(ground)]
    in_registers: tuple[tuple[str, Callable[[Ground, Resource], str]], ...] = (
        (registers.PROJECTS, projects.projects_sql),
        (registers.SYSTEMS, systems.systems_sql),
        (registers.SYSTEMS, systems.entries_sql),
        (registers.GUIDE, papers.papers_sql),
        (registers.HOLDINGS, lambda g, r: holdings.holdings_sql(g, r, ledger_exists(connection))),
    )
    for role, sql in in_registers:
        if (register := known.get(role)) is not None and register.id in ground.loads:
            found.append(sql(ground, register))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {FOUND} AS {' UNION ALL '.join(f'SELECT {COLUMNS} FROM ({sql})' for sql in found)}"
    )
    return ground
