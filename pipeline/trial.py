"""What a night of one resource would do, tried on a sample: reading is real, everything written lies in a scratch folder that is removed.

Steps come in order, and a step that fails ends the trial where those after it need it. The sample goes through the night's own standardisation and
suite; only rules about the whole table are left out, since a sample is none.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from connectors.exchange.settings import BATCH
from connectors.exchange.zone import open_zone
from connectors.protocol import Connector
from connectors.references import references, remedy_for, value_of
from connectors.registry import open_connector
from contracts.errors import LandbridgeError, SchemaDrift, SourceBroken, SourceUnavailable
from contracts.interval import Interval, newest_interval
from contracts.mistakes import Mistake
from contracts.model import ExpectedRows, Resource
from contracts.quoting import ident, literal
from contracts.rules import RULE_TYPES
from pipeline.judge import judge
from pipeline.landing import empty_manifest, land
from pipeline.trial_sample import Trial, read_span, sample_batches
from pipeline.workplace import Workplace
from transforms.standardise import standardise_sql
from transforms.standardise.drift import check_drift
from warehouse.engine import open_engine
from warehouse.lake import LAKE, open_lake_if_any


@dataclass(frozen=True)
class Finding:
    """The outcome of one step: `holds` is None for what a night would only warn of."""

    step: str
    holds: bool | None
    what: str
    remedy: str = ""


def try_out(
    place: Workplace, resource: Resource, mistakes: Collection[Mistake], rows: int, observed_at: datetime, trial: Trial
) -> Iterator[Finding]:
    """Yield the findings as they come, and fill in `trial`. `mistakes` are those of the catalogue check that concern this resource."""
    if mistakes:
        for mistake in mistakes:
            yield Finding("contract", False, f"{mistake.file}: {mistake.place}: {mistake.what}", mistake.remedy)
    else:
        yield Finding(
            "contract", True, f"{len(resource.fields)} fields, {len(resource.rules)} rules, version {resource.version}"
        )
    environ = place.settings.source_environment
    wanted = references(resource.system.connection)
    if missing := [name for name in wanted if not value_of(name, environ)]:
        yield Finding(
            "variables", False, f"not set: {', '.join(missing)}", f"{remedy_for(missing[0])} where the service runs"
        )
        return
    yield Finding("variables", True, f"{', '.join(wanted)} set" if wanted else "the connection needs none")
    with tempfile.TemporaryDirectory(prefix="landbridge-check-") as folder:
        scratch = Workplace(replace(place.settings, home=Path(folder)), place.city)
        yield from _with_source(place, scratch, resource, rows, observed_at, trial)


def _with_source(
    place: Workplace, scratch: Workplace, resource: Resource, rows: int, observed_at: datetime, trial: Trial
) -> Iterator[Finding]:
    environ = place.settings.source_environment
    night = newest_interval(resource.schedule, place.city.timezone, observed_at)
    try:
        connector = open_connector(resource.system, environ)
        first = next(read_span(connector, resource, night if resource.files_by_date else None))
    except SourceUnavailable as error:
        if not resource.files_by_date:
            yield Finding("reachable", False, _said(error), error.remedy)
            return
        # the night's file need not be there yet
        yield Finding("reachable", None, f"{error.what}; an older file is tried instead", error.remedy)
        try:
            first = next(read_span(connector, resource, None))
        except LandbridgeError as older:
            yield _refused(older)
            return
    except LandbridgeError as error:
        yield _refused(error)
        return
    else:
        yield Finding("reachable", True, f"{resource.system.id} answers")
    yield Finding("rights", True, f"{resource.physical_name} may be read")
    if BATCH in resource.source:
        yield _batch(resource, night, environ)
    try:
        drift = check_drift(resource, {field.name: str(field.type) for field in first.schema})
    except SchemaDrift as error:
        yield Finding("schema", False, error.what, error.remedy)
        return
    if drift.added:
        yield Finding("schema", None, f"columns the contract does not name: {', '.join(drift.added)}", "add them to the contract or to ignoredColumns")  # fmt: skip
    else:
        yield Finding("schema", True, f"all {len(resource.fields)} columns, and no other")
    try:
        yield from _with_sample(place, scratch, connector, resource, rows, observed_at, trial)
    except LandbridgeError as error:
        yield Finding("sample", False, _said(error), error.remedy)


def _batch(resource: Resource, night: Interval, environ: Mapping[str, str]) -> Finding:
    """What the department states of the night's batch in its exchange zone."""
    zone = open_zone(resource, environ)
    assert zone is not None
    try:
        batch = zone.batch(night)
    except SourceUnavailable as error:
        return Finding("batch", None, _said(error), error.remedy)
    except LandbridgeError as error:
        return Finding("batch", False, _said(error), error.remedy)
    stated = f"{batch.rows:,} rows" if batch.rows is not None else "no row count"
    return Finding("batch", True, f"number {batch.number} is complete: {stated}, {len(batch.files)} files stated")


def _refused(error: LandbridgeError) -> Finding:
    """An answer that is a refusal shows at least that somebody answers."""
    step = {SourceUnavailable: "reachable", SourceBroken: "reading", SchemaDrift: "schema"}.get(type(error), "rights")
    return Finding(step, False, _said(error), error.remedy)


def _said(error: LandbridgeError) -> str:
    return f"{error.what} [{error.where}]" if error.where else error.what


def _with_sample(
    place: Workplace,
    scratch: Workplace,
    connector: Connector,
    resource: Resource,
    rows: int,
    observed_at: datetime,
    trial: Trial,
) -> Iterator[Finding]:
    night = newest_interval(resource.schedule, place.city.timezone, observed_at)
    row_rules = tuple(rule for rule in resource.rules if RULE_TYPES[rule.type].scope == "row")
    tried = replace(resource, rules=row_rules, expected_rows=ExpectedRows(None, None))
    batches = sample_batches(place, connector, resource, rows, observed_at, trial)
    folder = scratch.landing_folder(tried, night)
    manifest = land(folder, empty_manifest(tried, night, observed_at, None, connector.bounds_rows), batches)
    trial.rows = manifest.rows
    if resource.watermark:
        yield _watermark(scratch, resource, folder / manifest.file, observed_at)
    lake = _lake(place)
    try:
        trial.verdict = judge(scratch, tried, night, manifest, lake)
    finally:
        lake.close()
    yield _judged(resource, trial)


def _watermark(scratch: Workplace, resource: Resource, landed: Path, observed_at: datetime) -> Finding:
    """Whether the watermark can be read in the sample, and does not run ahead of the clock."""
    assert resource.watermark is not None
    name = resource.watermark.column
    connection = open_engine(scratch.settings, scratch.city.timezone.key)
    try:
        types = {
            r[0]: r[1] for r in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(landed)})").fetchall()
        }
        row = connection.execute(
            f"SELECT count(*), count({ident(name)}), count(*) FILTER ({ident(name)} > CAST($now AS TIMESTAMPTZ)), CAST(max({ident(name)}) AS VARCHAR) "
            f"FROM ({standardise_sql(resource, str(landed), types)})",
            {"now": (observed_at + timedelta(days=1)).isoformat()},
        ).fetchone()
    finally:
        connection.close()
    total, filled, ahead, newest = row or (0, 0, 0, None)
    if total and not filled:
        return Finding(
            "watermark",
            False,
            f"{name} is empty or no time in all {total:,} rows of the sample",
            "correct the watermark's column",
        )
    if ahead:
        return Finding(
            "watermark",
            None,
            f"{name} is in the future in {ahead:,} of {total:,} rows",
            "ask the department about its clock",
        )
    if filled < total:
        return Finding(
            "watermark",
            None,
            f"{name} is empty in {total - filled:,} of {total:,} rows; these come with every interval",
            "ask the department to fill it",
        )
    return Finding("watermark", True, f"{name} is filled, newest {newest}" if total else f"{name}; the sample is empty")


def _judged(resource: Resource, trial: Trial) -> Finding:
    verdict, taken = trial.verdict, "the whole source" if trial.is_whole else "a sample"
    assert verdict is not None
    if not trial.rows:
        return Finding("sample", None, "no rows to judge", "see whether the source should be empty")
    share = verdict.failing / trial.rows
    figures = f"{trial.rows:,} rows, {taken}: {verdict.failing:,} would go to quarantine ({share:.1%}), {verdict.warning_rows:,} have warnings"
    minimum = resource.expected_rows.min
    if trial.is_whole and minimum is not None and trial.rows < minimum:
        return Finding(
            "sample",
            False,
            f"{figures}; expectedRows asks for {minimum:,}: a night would be held back",
            "ask the department, or lower min",
        )
    if verdict.held_because:
        return Finding(
            "sample",
            False,
            f"{figures}; a night would be held back: {verdict.held_because}",
            "correct the contract's rule, or ask the department",
        )
    return Finding("sample", True, figures)


def _lake(place: Workplace) -> duckdb.DuckDBPyConnection:
    """The lake to look references up in; an empty stand-in before the first load."""
    if lake := open_lake_if_any(place.settings, place.city.timezone.key):
        return lake
    connection = duckdb.connect()
    connection.execute(f"ATTACH ':memory:' AS {ident(LAKE)}")
    return connection
