"""What the generator planted beside what a night finds: islands of the whole sample city, as a list of what differs."""

from __future__ import annotations

from pathlib import Path

from cities.qingdao.generator.islands import read_planted
from pipeline.digest import city_nights
from pipeline.islands import find_islands
from pipeline.workplace import Workplace
from sharing.islands.read import open_islands
from sharing.ledger.store import ledger_exists
from sharing.register import register_load, register_of
from sharing.register_import import import_register
from warehouse.lake import commit, open_lake


def differences(place: Workplace, sources: Path) -> list[str]:
    """Look for islands as of the newest night of a lake that holds the sample made in `sources`, and say what was planted and not found, or found only.

    Imports the request register where no night of sharing did: requests blocked by paper, and items that come by sharing, stand in the ledger.
    """
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        newest = city_nights(connection, place.city)[-1].end
        if not ledger_exists(connection):
            load = register_load(connection, register_of(place.city), newest.isoformat(), None)
            commit(
                connection, place.settings, lambda: import_register(connection, place.city, load, newest), "register"
            )
        find_islands(connection, place, [newest], newest)
        day = newest.astimezone(place.city.timezone).date()
        found = {(island.kind, island.subject, island.owner) for island in open_islands(connection, day)}
    finally:
        connection.close()
    planted = read_planted(sources / "truth")
    missing = [f"not found: {' '.join(island)}" for island in sorted(planted - found)]
    return missing + [f"never planted: {' '.join(island)}" for island in sorted(found - planted)]
