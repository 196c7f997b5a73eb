"""Keeping the lake small: small files merged, snapshots expired that nobody cites, files removed that no snapshot needs.

DuckLake (issue 1472) loses a DELETE in silence when a snapshot newer than an open transaction's expires. Two rules keep that from happening: a
snapshot younger than `YOUNGEST` never expires, nor one that is not older than every transaction open meanwhile. With a SQLite catalogue no
transaction is open at all: the lock of all commits is held.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from contracts.errors import ConfigurationError, LakeBusy
from contracts.quoting import literal
from contracts.settings import Settings
from warehouse.lake import LAKE, single_writer
from warehouse.runs import LOADED

YOUNGEST = timedelta(days=1)
_RUN = re.compile(rf" {LOADED} run (\S+)$")


@dataclass(frozen=True)
class Snapshot:
    """One version of the lake; `run` is the load that made it, if a load did."""

    id: int
    at: datetime
    run: str | None


@dataclass(frozen=True)
class Upkeep:
    """What maintenance did, or with `dry_run` would do. Bytes are of the files the newest snapshot needs, and on disk where that is local."""

    snapshots: int
    expired: tuple[int, ...]
    cited: int
    merged_files: int
    removed_files: int
    bytes_before: int
    bytes_after: int
    disk_before: int | None
    disk_after: int | None


def maintain(
    connection: duckdb.DuckDBPyConnection, settings: Settings, cited: Collection[int], before: datetime, now: datetime, *, dry_run: bool = False,
) -> Upkeep:  # fmt: skip
    """Merge, expire and clean up; snapshots older than `before` expire unless `cited` or newest.

    A load's snapshot stays with all later ones of the same run: a run's snapshot is found by counting them from the newest. Files go once
    nothing has needed them for `YOUNGEST`. Raises ConfigurationError where `before` is too near to `now`, LakeBusy where another transaction
    has been open since before that.
    """
    if before > now - YOUNGEST:
        raise ConfigurationError(
            f"snapshots may expire once they are {YOUNGEST.days} day old, not sooner",
            where="--older-than",
            remedy="an open transaction may still need a younger one",
        )
    with single_writer(settings):
        snapshots = snapshots_of(connection)  # read to its end, which closes whatever this connection had open
        _refuse_while_others_write(settings, before)
        expired = expirable(snapshots, cited, before)
        size, disk = _live_bytes(connection), _disk_bytes(settings)
        merged = removed = 0
        if not dry_run:
            connection.execute(f"CALL ducklake_flush_inlined_data({literal(LAKE)})")
            merged = len(connection.execute(f"CALL ducklake_merge_adjacent_files({literal(LAKE)})").fetchall())
            if expired:
                versions = ", ".join(map(str, expired))
                connection.execute(f"CALL ducklake_expire_snapshots({literal(LAKE)}, versions => [{versions}])")
            until = f"older_than => TIMESTAMPTZ {literal((now - YOUNGEST).isoformat())}"
            for call in ("ducklake_cleanup_old_files", "ducklake_delete_orphaned_files"):
                removed += len(connection.execute(f"CALL {call}({literal(LAKE)}, {until})").fetchall())
        return Upkeep(
            len(snapshots), expired, len(set(cited) & {s.id for s in snapshots}), merged, removed, size, _live_bytes(connection), disk,
            _disk_bytes(settings),
        )  # fmt: skip


def snapshots_of(connection: duckdb.DuckDBPyConnection) -> list[Snapshot]:
    """Every snapshot the lake still holds, oldest first."""
    rows = connection.execute(
        f"SELECT snapshot_id, snapshot_time, commit_message FROM ducklake_snapshots({literal(LAKE)}) ORDER BY 1"
    ).fetchall()
    found = []
    for id, at, message in rows:
        told = _RUN.search(message or "")
        found.append(Snapshot(int(id), at, told.group(1) if told else None))
    return found


def expirable(snapshots: Iterable[Snapshot], cited: Collection[int], before: datetime) -> tuple[int, ...]:
    """The snapshots that nothing needs: older than `before`, not the newest, not cited, and not a later load of a run whose load stays."""
    listed = list(snapshots)
    newest = max((s.id for s in listed), default=-1)
    stays = {s.id for s in listed if s.id == newest or s.id in cited or s.at >= before}
    first_kept: dict[str, int] = {}
    for s in listed:
        if s.run is not None and s.id in stays:
            first_kept[s.run] = min(s.id, first_kept.get(s.run, s.id))
    return tuple(
        s.id for s in listed if s.id not in stays and not (s.run in first_kept and s.id > first_kept[s.run or ""])
    )


def last_load_snapshots(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """The snapshot of the newest load of every run that is the last of its resource: what its table is judged by."""
    snapshots = snapshots_of(connection)
    runs = connection.execute(
        "SELECT arg_max(run_id, (interval_end, attempt)) FROM ops.runs WHERE status = ? GROUP BY department, resource",
        [LOADED],
    ).fetchall()
    last = {row[0] for row in runs}
    return {s.id for s in snapshots if s.run in last}


def _refuse_while_others_write(settings: Settings, before: datetime) -> None:
    """LakeBusy where a transaction of another process is older than what is to stay; only PostgreSQL lets one be open meanwhile."""
    kind, _, place = settings.catalogue.partition(":")
    if kind != "postgres":
        return
    import psycopg

    with psycopg.connect(place, autocommit=True) as catalogue:
        row = catalogue.execute(
            "SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        ).fetchone()
    if row and row[0] is not None and row[0] <= before:
        raise LakeBusy(
            f"a transaction has been open since {row[0].isoformat(timespec='seconds')}",
            where="the catalogue's PostgreSQL",
            remedy="end it, or keep more days: snapshots it may still need would expire",
        )


def _live_bytes(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute(
        f"SELECT coalesce(sum(file_size_bytes + delete_file_size_bytes), 0) FROM ducklake_table_info({literal(LAKE)})"
    ).fetchone()
    return int(row[0]) if row else 0


def _disk_bytes(settings: Settings) -> int | None:
    folder = Path(settings.lake_files)
    if "://" in settings.lake_files or not folder.is_dir():
        return None
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
