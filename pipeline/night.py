"""The three steps of a resource's night, as Airflow and the command line call them, and the record of a failure.

Steps hand on only small paths relative to LANDBRIDGE_HOME. Time comes in as `observed_at`.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from contracts.errors import ConfigurationError, InternalError, LandbridgeError, LoadHeld
from contracts.interval import Interval
from contracts.model import Resource, SourceSystem
from contracts.origin import Origin
from pipeline.digest import rerun_command
from pipeline.extract import extract as extract_records
from pipeline.judge import judge, read_verdict, run_id_of
from pipeline.landing import Manifest, Progress, read_current
from pipeline.reconcile import refused
from pipeline.workplace import Workplace
from warehouse.commit import Load, already_committed, commit_load
from warehouse.lake import commit, open_lake, table_exists
from warehouse.reconciliations import write_reconciliation
from warehouse.runs import FAILED, HELD, RunRecord, latest_run, write_run
from warehouse.tables import ensure_platform


def extract(
    resource_id: str, interval: Interval, *, observed_at: datetime, origin: Origin = "auto",
    place: Workplace | None = None, progress: Progress | None = None, secrets: Callable[[SourceSystem], Mapping[str, str]] | None = None,
) -> str:  # fmt: skip
    """Land the interval; returns the manifest's path. `secrets` gives what the system's connection refers to besides the environment."""
    place = place or _open(resource_id)
    resource = place.city.resource(resource_id)
    found = secrets(resource.system) if secrets else {}
    manifest = extract_records(place, resource, interval, observed_at, origin, progress, found)
    folder = place.landing_folder(resource, interval)
    return str((folder / f"attempt-{manifest.attempt}.json").relative_to(place.home))


def validate(
    resource_id: str, interval: Interval, manifest: str, *, observed_at: datetime, place: Workplace | None = None
) -> str:
    """Standardise and judge what landed; returns the staging folder's path."""
    place = place or _open(resource_id)
    resource = place.city.resource(resource_id)
    landed = read_current(place.landing_folder(resource, interval))
    if landed is None:
        raise InternalError(f"no manifest {manifest}", where=resource_id, remedy="run the extract step again")
    run_id = run_id_of(resource, interval, landed)
    folder = place.staging_folder(resource, interval, run_id)
    lake = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        if _committed(lake, resource, interval, run_id) is None:
            judge(place, resource, interval, landed, lake)
    finally:
        lake.close()
    return str(folder.relative_to(place.home))


def load(
    resource_id: str, interval: Interval, verdict: str, *, observed_at: datetime, place: Workplace | None = None
) -> RunRecord:
    """Commit the staged verdict; returns the run's record, or raises LoadHeld after recording that the load is held back."""
    place = place or _open(resource_id)
    resource = place.city.resource(resource_id)
    folder = place.home / verdict
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        record = _committed(connection, resource, interval, folder.name)
        if record is None:
            try:
                record = commit_load(connection, place.settings, _load(place, resource, interval, folder, observed_at))
            except (duckdb.Error, ConfigurationError, OSError):
                # a twin of this run may have committed meanwhile and cleared the staging folder
                record = _committed(connection, resource, interval, folder.name)
                if record is None:
                    raise
    finally:
        connection.close()
    shutil.rmtree(folder, ignore_errors=True)
    if record.status == HELD:
        raise LoadHeld(
            f"held back: {record.message}",
            where=f"{resource.id} {interval.id(place.city.timezone)}, run {record.run_id}",
            remedy=f"yesterday's data stays; see the rows: landbridge explain {record.run_id}; "
            f"when {resource.department} has corrected them: {rerun_command(place.city, resource, interval)}",
        )
    return record


def record_failure(
    resource_id: str, interval: Interval, error: BaseException, *, observed_at: datetime, place: Workplace | None = None
) -> RunRecord | None:
    """Record that this attempt failed for good; None where the load was held, which has its record already."""
    if isinstance(error, LoadHeld):
        return None
    place = place or _open(resource_id)
    resource = place.city.resources.get(resource_id)
    if resource is None:
        return None  # a broken contract has no run: `catalogue check` speaks for it
    kind, message, remedy = type(error).__name__, str(error), ""
    if isinstance(error, LandbridgeError):
        message, remedy = error.what, error.remedy
    difference = refused(place.landing_folder(resource, interval), error)
    connection = open_lake(place.settings, timezone=place.city.timezone.key)

    def work() -> RunRecord:
        ensure_platform(connection)
        last = latest_run(connection, resource, interval)
        attempt = last.attempt + 1 if last else 1
        name = f"{resource.id}|{interval.utc.start.isoformat()}|{attempt}|{kind}|{message}"
        record = RunRecord(
            run_id=hashlib.sha256(name.encode()).hexdigest()[:16], attempt=attempt, department=resource.department,
            resource=resource.name, interval_start=interval.start, interval_end=interval.end, status=FAILED,
            load_mode=resource.load_mode, extracted=0, accepted=0, quarantined=0, replaced=0, held=0, deleted=0, outside=0, warnings=0,
            contract_version=resource.version, contract_fingerprint=resource.fingerprint, landing="", landing_sha256="",
            error=kind, message=message, remedy=remedy, started_at=observed_at, finished_at=observed_at,
        )  # fmt: skip
        write_run(connection, record)
        write_reconciliation(connection, resource, interval, record.run_id, difference)
        return record

    try:
        return commit(connection, place.settings, work, f"{resource.id} failed: {kind}")
    finally:
        connection.close()


def run_resource(
    place: Workplace, resource: Resource, interval: Interval, observed_at: datetime, origin: Origin = "auto",
    progress: Progress | None = None,
) -> RunRecord:  # fmt: skip
    """All three steps in one process; a failure is recorded and raised."""
    try:
        manifest = extract(
            resource.id, interval, observed_at=observed_at, origin=origin, place=place, progress=progress
        )
        verdict = validate(resource.id, interval, manifest, observed_at=observed_at, place=place)
        return load(resource.id, interval, verdict, observed_at=observed_at, place=place)
    except Exception as error:
        record_failure(resource.id, interval, error, observed_at=observed_at, place=place)
        raise


def _open(resource_id: str) -> Workplace:
    department = resource_id.partition(".")[0]
    return Workplace.open(department)


def _load(place: Workplace, resource: Resource, interval: Interval, folder: Path, observed_at: datetime) -> Load:
    if not (folder / "verdict.json").exists():
        raise ConfigurationError(
            f"nothing is staged under {folder.name}", where=resource.id,
            remedy=f"the steps before must run first: {rerun_command(place.city, resource, interval)}",
        )  # fmt: skip
    verdict = read_verdict(folder)
    landing = place.landing_folder(resource, interval)
    manifest = read_current(landing)
    if manifest is None or manifest.sha256 != verdict.landing_sha256:
        raise ConfigurationError(
            "the interval was extracted again after this verdict", where=resource.id,
            remedy=f"judge the new extraction: {rerun_command(place.city, resource, interval)}",
        )  # fmt: skip
    keys = folder / "keys.parquet"
    return Load(
        resource=resource, interval=interval, run_id=verdict.run_id, landing=landing / manifest.file,
        standardised=folder / "standardised.parquet", verdict=folder / "verdict.parquet", keys=keys if keys.exists() else None,
        quality=verdict.quality, warnings=verdict.warning_rows, outside=verdict.outside, held_because=verdict.held_because,
        message="; ".join(filter(None, [_batch_text(manifest), _added_text(verdict.added_columns), *manifest.notes])), reconciliation=manifest.reconciliation,
        landing_name=str((landing / verdict.manifest).relative_to(place.home)), landing_sha256=verdict.landing_sha256,
        started_at=datetime.fromisoformat(manifest.extracted_at), finished_at=observed_at,
    )  # fmt: skip


def _batch_text(manifest: Manifest) -> str:
    return manifest.reconciliation.message if manifest.reconciliation else ""


def _added_text(columns: tuple[str, ...]) -> str:
    return f"the source has new columns that are not loaded: {', '.join(columns)}" if columns else ""


def _committed(
    connection: duckdb.DuckDBPyConnection, resource: Resource, interval: Interval, run_id: str
) -> RunRecord | None:
    return (
        already_committed(connection, resource, interval, run_id) if table_exists(connection, "ops", "runs") else None
    )
