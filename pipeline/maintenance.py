"""The lake's upkeep for a whole city: sharing says which snapshots evidence cites, the warehouse expires the others."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline.workplace import Workplace
from sharing.published import cited_snapshots
from warehouse.lake import open_lake, table_exists
from warehouse.maintenance import Upkeep, last_load_snapshots
from warehouse.maintenance import maintain as maintain_lake

KEEP_DAYS = 90


def maintain(place: Workplace, observed_at: datetime, keep_days: int = KEEP_DAYS, *, dry_run: bool = False) -> Upkeep:
    """Merge small files, expire what is older than `keep_days` and cited by nothing, and remove files no snapshot needs."""
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        cited = cited_snapshots(connection)
        if table_exists(connection, "ops", "runs"):
            cited |= last_load_snapshots(connection)
        before = observed_at - timedelta(days=keep_days)
        return maintain_lake(connection, place.settings, cited, before, observed_at, dry_run=dry_run)
    finally:
        connection.close()


def told(upkeep: Upkeep, dry_run: bool) -> str:
    """One line for a log or a terminal."""
    done = "would expire" if dry_run else "expired"
    disk = "" if upkeep.disk_before is None else f"; on disk {upkeep.disk_before:,} → {upkeep.disk_after:,} bytes"
    return (
        f"{done} {len(upkeep.expired):,} of {upkeep.snapshots:,} snapshots ({upkeep.cited:,} are cited), merged into {upkeep.merged_files:,} "
        f"files, removed {upkeep.removed_files:,} files; newest snapshot {upkeep.bytes_before:,} → {upkeep.bytes_after:,} bytes{disk}"
    )
