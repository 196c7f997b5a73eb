"""`ops.catalogue`: the catalogue as it was last read from the city folder, for analysts."""

from __future__ import annotations

from pipeline.city_steps import fingerprint, once
from pipeline.workplace import Workplace
from warehouse.lake import commit, open_lake
from warehouse.tables import ensure_platform


def record_catalogue(place: Workplace) -> int:
    """Write the catalogue as read from the city folder into `ops.catalogue`; returns how many resources stand in it."""
    connection = open_lake(place.settings, timezone=place.city.timezone.key)

    def work() -> int:
        connection.execute("DELETE FROM ops.catalogue")
        rows = [
            [
                r.department, r.name, r.label, r.description, r.owner, r.system.id, r.system.connector, r.load_mode, r.share_type,
                r.resource_code, r.cycle.total_seconds() / 3600, len(r.fields), r.version, r.fingerprint,
            ]
            for r in place.city.resources.values()
        ]  # fmt: skip
        connection.executemany(f"INSERT INTO ops.catalogue VALUES ({', '.join('?' * 14)})", rows)
        return len(rows)

    def attempt(inputs: str) -> None:
        ensure_platform(connection)
        once(connection, "catalogue", None, inputs, work)

    try:
        inputs = fingerprint(sorted(r.fingerprint for r in place.city.resources.values()))
        commit(connection, place.settings, lambda: attempt(inputs), "catalogue")
        return len(place.city.resources)
    finally:
        connection.close()
