"""The one-transaction commit of a load: rows, quarantine, quality results and run record – all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from contracts.interval import Interval
from contracts.model import Resource
from contracts.quoting import literal
from contracts.settings import Settings
from warehouse import fates, lake, quarantine, tables
from warehouse.reconciliations import Reconciliation, write_reconciliation
from warehouse.runs import HELD, LOADED, QUALITY, RunRecord, latest_run, newest_loaded_start, write_run


@dataclass(frozen=True)
class QualityResult:
    """One line of `ops.quality_results`."""

    rule: str
    expectation: str
    severity: str
    dimension: str
    rows: int
    failing: int
    success: bool
    observed: str | None


@dataclass(frozen=True)
class Load:
    """All that a commit needs. Paths are Parquet files: `landing` as extracted, `standardised` (`_row`, fields), `verdict` (`_row`, `errors`,
    `warnings` of failing rows), `keys` (the whole source's keys under business names, where deletions show by absence).
    `outside` counts landed rows whose watermark lies outside the interval."""

    resource: Resource
    interval: Interval
    run_id: str
    landing: Path
    standardised: Path
    verdict: Path
    keys: Path | None
    quality: Sequence[QualityResult]
    warnings: int
    outside: int
    held_because: str
    message: str
    landing_name: str
    landing_sha256: str
    started_at: datetime
    finished_at: datetime
    reconciliation: Reconciliation | None = None


def commit_load(connection: duckdb.DuckDBPyConnection, settings: Settings, load: Load) -> RunRecord:
    """Commit the load, or the record of its being held; the same load committed again changes nothing.

    Raises LakeBusy after too many conflicts and InternalError when the rows do not add up; nothing is committed then.
    """
    _open_files(connection, load)
    status = HELD if load.held_because else LOADED
    message = f"{load.resource.id} {load.interval.start.isoformat()} {status} run {load.run_id}"
    return lake.commit(connection, settings, lambda: _work(connection, load), message)


def already_committed(
    connection: duckdb.DuckDBPyConnection, resource: Resource, interval: Interval, run_id: str
) -> RunRecord | None:
    """The run's record where it is the newest attempt at its interval and reached its end."""
    last = latest_run(connection, resource, interval)
    return last if last is not None and last.run_id == run_id and last.status in (LOADED, HELD) else None


def _open_files(connection: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Temporary relations over the staged files."""
    quarantine.open_failing(connection, load.resource, load.standardised, load.verdict, load.landing)
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {fates.CANDIDATES} AS SELECT * EXCLUDE (_uncastable) FROM read_parquet({literal(load.standardised)}) "
        f"WHERE _row NOT IN (SELECT _row FROM {quarantine.FAILING})"
    )


def _work(connection: duckdb.DuckDBPyConnection, load: Load) -> RunRecord:
    tables.ensure_platform(connection)
    table = tables.ensure_table(connection, load.resource)
    if done := already_committed(connection, load.resource, load.interval, load.run_id):
        return done
    last = latest_run(connection, load.resource, load.interval)
    resource, interval = load.resource, load.interval
    record = RunRecord(
        run_id=load.run_id, attempt=last.attempt + 1 if last else 1, department=resource.department, resource=resource.name,
        interval_start=interval.start, interval_end=interval.end, status=HELD if load.held_because else LOADED,
        load_mode=resource.load_mode, extracted=lake.count_rows(connection, f"read_parquet({literal(load.landing)})") - load.outside, accepted=0,
        quarantined=0, replaced=0, held=0, deleted=0, outside=load.outside, warnings=load.warnings,
        contract_version=resource.version, contract_fingerprint=resource.fingerprint,
        landing=load.landing_name, landing_sha256=load.landing_sha256, error="LoadHeld" if load.held_because else "",
        message=load.held_because or load.message, remedy="", started_at=load.started_at, finished_at=load.finished_at,
    )  # fmt: skip
    newest_start = newest_loaded_start(connection, resource)
    newest = newest_start is None or newest_start <= interval.start
    settled = quarantine.supersede_failing(connection, resource, table, interval.start, newest)
    if not load.held_because:
        record = _write_rows(connection, load, table, record, newest)
    quarantined = quarantine.write_quarantine(
        connection, resource, interval.start, load.run_id, held=bool(load.held_because), newest=newest
    )
    record = replace(record, quarantined=quarantined, replaced=record.replaced + settled)
    if load.held_because:
        record = replace(record, held=record.extracted - quarantined - settled)
    _write_quality(connection, load)
    write_reconciliation(connection, resource, interval, load.run_id, load.reconciliation)
    _write_state(connection, load)
    write_run(connection, record)
    return record


def _write_rows(
    connection: duckdb.DuckDBPyConnection, load: Load, table: str, record: RunRecord, newest: bool
) -> RunRecord:
    resource, start = load.resource, load.interval.start
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {fates.FATES} (_row BIGINT, fate VARCHAR)")
    deleted = 0
    if resource.key:
        _decide(connection, fates.duplicates_sql(resource))
    if resource.load_mode == "append":
        connection.execute(f"DELETE FROM {table} WHERE {tables.INTERVAL_COLUMN} = ?", [start])
    elif resource.load_mode == "snapshot" and not newest:
        _decide(
            connection,
            f"SELECT _row, 'superseded' AS fate FROM {fates.CANDIDATES} WHERE _row NOT IN (SELECT _row FROM {fates.FATES})",
        )
    elif resource.load_mode == "snapshot" and not resource.key:
        connection.execute(f"DELETE FROM {table}")
    else:
        deleted = _merge(connection, load, table, newest)
    before = lake.count_rows(connection, table)
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (_row), TIMESTAMPTZ {literal(start.isoformat())} AS {tables.INTERVAL_COLUMN}, "
        f"{literal(load.run_id)} AS {tables.RUN_COLUMN} FROM {fates.CANDIDATES} WHERE _row NOT IN (SELECT _row FROM {fates.FATES})"
    )
    written = lake.count_rows(connection, table) - before
    counted = dict(connection.execute(f"SELECT fate, count(*) FROM {fates.FATES} GROUP BY fate").fetchall())
    return replace(
        record, accepted=written + counted.get("unchanged", 0), deleted=deleted,
        replaced=sum(counted.get(fate, 0) for fate in ("duplicate", "tombstone", "superseded")),
    )  # fmt: skip


def _merge(connection: duckdb.DuckDBPyConnection, load: Load, table: str, newest: bool) -> int:
    """Decide which rows are written, make room for them, delete what the source deleted; returns how many rows left the lake."""
    resource, start = load.resource, load.interval.start
    columns = fates.key_columns(resource)
    holds_rows = lake.count_rows(connection, table) > 0
    if holds_rows or lake.count_rows(connection, f"{fates.TOMBSTONES} WHERE {tables.of_resource(resource)}"):
        _decide(connection, fates.superseded_sql(resource, table, start, newest))
    if resource.deletions and resource.deletions.mode == "tombstone":
        _decide(connection, fates.tombstones_sql(resource))
    if holds_rows:
        _decide(connection, fates.unchanged_sql(resource, table))
        present = f"SELECT {columns} FROM {fates.CANDIDATES} WHERE _row NOT IN (SELECT _row FROM {fates.FATES})"
        connection.execute(f"DELETE FROM {table} WHERE ({columns}) IN ({present})")
    if holds_rows and lake.count_rows(connection, quarantine.FAILING):
        # a row this very interval accepted in an earlier attempt and refuses now is no longer in the lake
        refused = f"SELECT key FROM {quarantine.FAILING} WHERE key NOT IN (SELECT {fates.key_text(resource)} FROM {fates.CANDIDATES})"
        connection.execute(
            f"DELETE FROM {table} WHERE {tables.INTERVAL_COLUMN} = ? AND {fates.key_text(resource)} IN ({refused})",
            [start],
        )
    return _delete_gone(connection, load, table, newest)


def _delete_gone(connection: duckdb.DuckDBPyConnection, load: Load, table: str, newest: bool) -> int:
    """Delete the keys that the source deleted and remember them; returns how many rows left the lake."""
    resource, start = load.resource, f"TIMESTAMPTZ {literal(load.interval.start.isoformat())}"
    mine = tables.of_resource(resource)
    if lake.count_rows(connection, f"{fates.TOMBSTONES} WHERE {mine}"):
        connection.execute(f"""
            DELETE FROM {fates.TOMBSTONES} WHERE {mine} AND interval_start <= {start} AND key IN (
                SELECT {fates.key_text(resource)} FROM {fates.CANDIDATES}
                WHERE _row NOT IN (SELECT _row FROM {fates.FATES} WHERE fate IN ('tombstone', 'superseded', 'duplicate')))""")
    gone = fates.gone_sql(resource, table, start, newest, load.keys, load.standardised)
    if not gone or (fates.by_absence(resource) and quarantine.malformed_lines(connection)):
        # the line that is no record may hold the very key that seems to be missing
        return 0
    connection.execute(f"CREATE OR REPLACE TEMP TABLE gone AS {gone}")
    connection.execute(f"""
        INSERT INTO {fates.TOMBSTONES}
        SELECT DISTINCT {literal(resource.department)}, {literal(resource.name)}, key, {start}, {literal(load.run_id)}
        FROM gone WHERE key NOT IN (SELECT key FROM {fates.TOMBSTONES} WHERE {mine})""")
    before = lake.count_rows(connection, table)
    if lake.count_rows(connection, "gone"):
        connection.execute(f"DELETE FROM {table} WHERE {fates.key_text(resource)} IN (SELECT key FROM gone)")
    return before - lake.count_rows(connection, table)


def _decide(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(f"INSERT INTO {fates.FATES} {sql}")


def _write_quality(connection: duckdb.DuckDBPyConnection, load: Load) -> None:
    connection.execute(f"DELETE FROM {QUALITY} WHERE run_id = ?", [load.run_id])
    resource, start = load.resource, load.interval.start
    if load.quality:
        connection.executemany(
            f"INSERT INTO {QUALITY} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                [load.run_id, resource.department, resource.name, start, q.rule, q.expectation, q.severity, q.dimension, q.rows, q.failing, q.success, q.observed]
                for q in load.quality
            ],
        )  # fmt: skip


def _write_state(connection: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Replace the resource's one state row: a commit of the same resource that ran meanwhile makes this one fail and run again."""
    mine = [load.resource.department, load.resource.name]
    connection.execute(f"DELETE FROM {tables.STATE} WHERE department = ? AND resource = ?", mine)
    connection.execute(f"INSERT INTO {tables.STATE} VALUES (?, ?, ?, ?)", [*mine, load.run_id, load.interval.start])
