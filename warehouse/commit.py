"""The one-transaction commit of a load: rows, quarantine, quality results and run record – all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from contracts.errors import InternalError
from contracts.interval import Interval
from contracts.model import Resource
from contracts.quoting import ident, literal
from contracts.settings import Settings
from warehouse import fates, lake, tables
from warehouse.runs import HELD, LOADED, QUALITY, RunRecord, latest_run, newest_loaded_start, write_run

QUARANTINE = ident(lake.LAKE, "quarantine", "rows")


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
    `warnings` of failing rows), `keys` (the whole source's keys under business names, where deletions show by absence)."""

    resource: Resource
    interval: Interval
    run_id: str
    landing: Path
    standardised: Path
    verdict: Path
    keys: Path | None
    quality: Sequence[QualityResult]
    warnings: int
    held_because: str
    message: str
    landing_name: str
    landing_sha256: str
    started_at: datetime
    finished_at: datetime


def commit_load(connection: duckdb.DuckDBPyConnection, settings: Settings, load: Load) -> RunRecord:
    """Commit the load, or the record of its being held; the same load committed again changes nothing.

    Raises LakeBusy after too many conflicts and InternalError when the rows do not add up; nothing is committed then.
    """
    _open_files(connection, load)
    message = f"{load.resource.id} {load.interval.start.isoformat()} {HELD if load.held_because else LOADED}"
    return lake.commit(connection, settings, lambda: _work(connection, load), message)


def already_committed(
    connection: duckdb.DuckDBPyConnection, resource: Resource, interval: Interval, run_id: str
) -> RunRecord | None:
    """The run's record where it is the newest attempt at its interval and reached its end."""
    last = latest_run(connection, resource, interval)
    return last if last is not None and last.run_id == run_id and last.status in (LOADED, HELD) else None


def _open_files(connection: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Temporary relations over the staged files. `memory` because the lake is the catalogue in use."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE verdict AS SELECT * FROM read_parquet({literal(load.verdict)}) WHERE len(errors) > 0"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {fates.CANDIDATES} AS SELECT * EXCLUDE (_uncastable) FROM read_parquet({literal(load.standardised)}) "
        "WHERE _row NOT IN (SELECT _row FROM verdict)"
    )
    if load.keys is not None:
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW {fates.KEYS} AS SELECT * FROM read_parquet({literal(load.keys)})"
        )


def _work(connection: duckdb.DuckDBPyConnection, load: Load) -> RunRecord:
    tables.ensure_platform(connection)
    table = tables.ensure_table(connection, load.resource)
    if done := already_committed(connection, load.resource, load.interval, load.run_id):
        return done
    last = latest_run(connection, load.resource, load.interval)
    resource, interval = load.resource, load.interval
    extracted = _count(connection, f"read_parquet({literal(load.standardised)})")
    record = RunRecord(
        run_id=load.run_id, attempt=last.attempt + 1 if last else 1, department=resource.department, resource=resource.name,
        interval_start=interval.start, interval_end=interval.end, status=HELD if load.held_because else LOADED,
        load_mode=resource.load_mode, extracted=extracted, accepted=0, quarantined=_count(connection, "verdict"), replaced=0,
        held=0, deleted=0, warnings=load.warnings, contract_version=resource.version, contract_fingerprint=resource.fingerprint,
        landing=load.landing_name, landing_sha256=load.landing_sha256, error="LoadHeld" if load.held_because else "",
        message=load.held_because or load.message, remedy="", started_at=load.started_at, finished_at=load.finished_at,
    )  # fmt: skip
    if load.held_because:
        record = replace(record, held=extracted - record.quarantined)
    else:
        record = _write_rows(connection, load, table, record)
    _write_quarantine(connection, load)
    _write_quality(connection, load)
    _write_state(connection, load)
    write_run(connection, record)
    return record


def _write_rows(connection: duckdb.DuckDBPyConnection, load: Load, table: str, record: RunRecord) -> RunRecord:
    resource, start = load.resource, load.interval.start
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {fates.FATES} (_row BIGINT, fate VARCHAR)")
    newest_start = newest_loaded_start(connection, resource)
    newest = newest_start is None or newest_start <= start
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
    connection.execute(
        f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (_row), TIMESTAMPTZ {literal(start.isoformat())} AS {tables.INTERVAL_COLUMN}, "
        f"{literal(load.run_id)} AS {tables.RUN_COLUMN} FROM {fates.CANDIDATES} WHERE _row NOT IN (SELECT _row FROM {fates.FATES})"
    )
    counted = dict(connection.execute(f"SELECT fate, count(*) FROM {fates.FATES} GROUP BY fate").fetchall())
    written = _count(
        connection, f"{table} WHERE {tables.INTERVAL_COLUMN} = ? AND {tables.RUN_COLUMN} = ?", [start, load.run_id]
    )
    return replace(
        record, accepted=written + counted.get("unchanged", 0), deleted=deleted,
        replaced=sum(counted.get(fate, 0) for fate in ("duplicate", "tombstone", "superseded")),
    )  # fmt: skip


def _merge(connection: duckdb.DuckDBPyConnection, load: Load, table: str, newest: bool) -> int:
    """Decide which rows are written, make room for them, delete what the source deleted; returns how many rows left the lake."""
    resource, start = load.resource, load.interval.start
    mine = f"department = {literal(resource.department)} AND resource = {literal(resource.name)}"
    connection.execute(f"DELETE FROM {fates.TOMBSTONES} WHERE {mine} AND interval_start = ?", [start])
    if resource.deletions and resource.deletions.mode == "tombstone":
        _decide(connection, fates.tombstones_sql(resource))
    if _count(connection, table):
        _decide(connection, fates.superseded_sql(resource, table, start, newest))
        _decide(connection, fates.unchanged_sql(resource, table))
    present = f"SELECT {fates.key_columns(resource)} FROM {fates.CANDIDATES} WHERE _row NOT IN (SELECT _row FROM {fates.FATES})"
    connection.execute(f"DELETE FROM {table} WHERE ({fates.key_columns(resource)}) IN ({present})")
    gone = _deleted_keys_sql(load, table, newest)
    # a row this very interval accepted in an earlier attempt and refuses now is no longer in the lake
    refused = f"SELECT {fates.key_columns(resource)} FROM read_parquet({literal(load.standardised)}) WHERE _row IN (SELECT _row FROM verdict)"
    connection.execute(
        f"DELETE FROM {table} WHERE {tables.INTERVAL_COLUMN} = ? AND ({fates.key_columns(resource)}) IN ({refused})",
        [start],
    )
    if not gone:
        return 0
    connection.execute(f"CREATE OR REPLACE TEMP TABLE gone AS {gone}")
    connection.execute(
        f"INSERT INTO {fates.TOMBSTONES} SELECT {literal(resource.department)}, {literal(resource.name)}, {fates.key_text(resource)}, "
        f"TIMESTAMPTZ {literal(start.isoformat())}, {literal(load.run_id)} FROM gone"
    )
    before = _count(connection, table)
    connection.execute(
        f"DELETE FROM {table} WHERE ({fates.key_columns(resource)}) IN (SELECT {fates.key_columns(resource)} FROM gone)"
    )
    return before - _count(connection, table)


def _deleted_keys_sql(load: Load, table: str, newest: bool) -> str:
    """SELECT of the keys that the source deleted, empty text where this load cannot tell."""
    resource = load.resource
    columns = fates.key_columns(resource)
    if resource.deletions and resource.deletions.mode == "tombstone":
        return f"SELECT {columns} FROM {fates.CANDIDATES} WHERE _row IN (SELECT _row FROM {fates.FATES} WHERE fate = 'tombstone')"
    whole = resource.load_mode == "snapshot" or (
        resource.deletions is not None and resource.deletions.mode == "absence"
    )
    if not (whole and newest):
        return ""
    # a key whose row is in quarantine is at the source all the same
    seen = fates.KEYS if load.keys is not None else f"read_parquet({literal(load.standardised)})"
    return f"SELECT {fates.key_columns(resource, 't.')} FROM {table} AS t ANTI JOIN {seen} AS k ON {fates.same_key(resource, 't', 'k')}"


def _decide(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    connection.execute(f"INSERT INTO {fates.FATES} {sql}")


def _write_quarantine(connection: duckdb.DuckDBPyConnection, load: Load) -> None:
    resource, start = load.resource, load.interval.start
    # a held attempt does not touch what an earlier, loaded attempt put into quarantine
    scope = "true" if not load.held_because else f"run_id = {literal(load.run_id)}"
    connection.execute(
        f"DELETE FROM {QUARANTINE} WHERE department = ? AND resource = ? AND interval_start = ? AND {scope}",
        [resource.department, resource.name, start],
    )
    key = fates.key_text(resource, "s.") if resource.key else "NULL"
    connection.execute(
        f"""INSERT INTO {QUARANTINE}
        SELECT {literal(load.run_id)}, {literal(resource.department)}, {literal(resource.name)},
               TIMESTAMPTZ {literal(start.isoformat())}, s._row, {key}, v.errors, to_json(l.original)
        FROM verdict AS v
        JOIN read_parquet({literal(load.standardised)}) AS s USING (_row)
        JOIN (SELECT file_row_number + 1 AS _row, r AS original FROM read_parquet({literal(load.landing)}, file_row_number = true) AS r) AS l
             USING (_row)"""
    )
    written = _count(connection, f"{QUARANTINE} WHERE run_id = ?", [load.run_id])
    failing = _count(connection, "verdict")
    if written != failing:
        raise InternalError(f"{failing} rows fail but {written} reached the quarantine", where=resource.id)


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


def _count(connection: duckdb.DuckDBPyConnection, relation: str, parameters: list[object] | None = None) -> int:
    row = connection.execute(f"SELECT count(*) FROM {relation}", parameters or []).fetchone()
    return int(row[0]) if row else 0
