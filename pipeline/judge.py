"""Step two: standardise what landed and judge every row – a staged verdict that a commit can take up.

The staging folder carries the run id, which follows from resource, interval, landed bytes and contract alone: the same input gives the same
run, so a step that is repeated finds its own work and a commit that is repeated changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from contracts.errors import InternalError
from contracts.interval import Interval
from contracts.model import Resource, Rule
from contracts.quoting import ident, literal
from contracts.rules import MALFORMED, MALFORMED_LINE, RULE_TYPES
from expectations.conditions import code_list_table, reference_table
from expectations.verdict import counts_sql, rules_to_ask, verdict_sql
from pipeline.landing import Manifest, verify
from pipeline.reconcile import differing, held
from pipeline.scratch import scratch_path, write_atomically
from pipeline.workplace import Workplace
from transforms.standardise import standardise_sql
from warehouse.commit import QualityResult
from warehouse.engine import open_engine
from warehouse.lake import count_rows, table_exists

# Raise it when the meaning of a standardisation or a rule changes, so that a replay is a new run.
MEANING = 1
TABLE = "standardised"


@dataclass(frozen=True)
class Verdict:
    """What a commit needs to know besides the staged files. Holds counts, never a value of the data."""

    run_id: str
    manifest: str
    landing_sha256: str
    extracted: int
    outside: int
    failing: int
    warning_rows: int
    held_because: str
    added_columns: tuple[str, ...]
    quality: tuple[QualityResult, ...]


def run_id_of(resource: Resource, interval: Interval, manifest: Manifest) -> str:
    """The run's name: the same landed bytes under the same contract are the same run."""
    utc = interval.utc
    parts = (
        resource.id,
        utc.start.isoformat(),
        utc.end.isoformat(),
        manifest.sha256,
        str(manifest.bounds),
        resource.fingerprint,
        str(MEANING),
        *differing(manifest.reconciliation),
    )
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def judge(
    place: Workplace, resource: Resource, interval: Interval, manifest: Manifest, lake: duckdb.DuckDBPyConnection
) -> Verdict:
    """Stage `standardised.parquet`, `verdict.parquet` and `verdict.json`, and return the verdict.

    `lake` gives what other resources' fields hold, for rules that refer to them.
    Raises InternalError where a rule could not be evaluated, or where two counts of the same rule differ.
    """
    landed = verify(place.landing_folder(resource, interval), manifest)
    run_id = run_id_of(resource, interval, manifest)
    folder = place.staging_folder(resource, interval, run_id)
    with suppress(FileNotFoundError):
        return read_verdict(folder)
    scratch = scratch_path(folder)
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        verdict = _judge(place, resource, interval, manifest, landed, run_id, scratch, lake)
        _publish(scratch, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return verdict


def read_verdict(folder: Path) -> Verdict:
    """The verdict staged in `folder`."""
    data = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    quality = tuple(QualityResult(**entry) for entry in data.pop("quality"))
    return Verdict(**{**data, "added_columns": tuple(data["added_columns"])}, quality=quality)


def _judge(
    place: Workplace,
    resource: Resource,
    interval: Interval,
    manifest: Manifest,
    landed: Path,
    run_id: str,
    scratch: Path,
    lake: duckdb.DuckDBPyConnection,
) -> Verdict:
    from expectations.validation import validate  # imports Great Expectations: seconds, and only this step needs it

    on = place.local_day(interval)
    connection = open_engine(place.settings, place.city.timezone.key)
    try:
        extracted, malformed = _stage(connection, resource, manifest, landed, scratch)
        _prepare_lookups(connection, place, resource, lake)
        outcomes, document = validate(connection, TABLE, resource, on)
        asked = rules_to_ask(resource, {o.rule.id: o.failing for o in outcomes if o.rows == extracted - malformed})
        counted = _stage_verdict(connection, asked, on, landed if malformed else None, scratch)
        quality = tuple(
            QualityResult(
                o.rule.id,
                o.rule.type,
                o.rule.severity,
                o.rule.dimension,
                o.rows or extracted,
                o.failing,
                o.success,
                o.observed,
            )
            for o in outcomes
        )
        _compare_counts(resource, quality, counted)
        if MALFORMED in manifest.columns:
            quality = (_malformed_lines(extracted, malformed), *quality)
        failing, warning_rows = _counts(connection)
    finally:
        connection.close()
    verdict = Verdict(
        run_id=run_id, manifest=f"attempt-{manifest.attempt}.json", landing_sha256=manifest.sha256, extracted=extracted,
        outside=manifest.rows - extracted, failing=failing, warning_rows=warning_rows, held_because=held(manifest.reconciliation) or _held_because(resource, extracted, failing, quality),
        added_columns=manifest.added_columns, quality=quality,
    )  # fmt: skip
    (scratch / "verdict.json").write_text(json.dumps(asdict(verdict), ensure_ascii=False, indent=1), encoding="utf-8")
    # for Data Docs
    write_atomically(place.validation_file(resource, interval), json.dumps(document, ensure_ascii=False))
    return verdict


def _stage(
    connection: duckdb.DuckDBPyConnection, resource: Resource, manifest: Manifest, landed: Path, scratch: Path
) -> tuple[int, int]:
    """Write the standardised rows of the interval; returns how many rows of it landed, and how many of them are lines that are no records."""
    types = {
        row[0]: row[1]
        for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(landed)})").fetchall()
    }
    filtered = manifest.bounds is not None and not manifest.bounded_by_source
    sql = standardise_sql(resource, str(landed), types, manifest.bounds if filtered else None)
    target = scratch / "standardised.parquet"
    connection.execute(f"COPY ({sql}) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")
    connection.execute(f"CREATE VIEW {TABLE} AS SELECT * FROM read_parquet({literal(target)})")
    if manifest.keys_file:
        _stage_keys(connection, resource, landed.parent / manifest.keys_file, scratch)
    row = connection.execute(f"SELECT count(*) FROM {TABLE}").fetchone()
    malformed = 0
    if MALFORMED in types:
        malformed = count_rows(connection, f"read_parquet({literal(landed)}) WHERE {ident(MALFORMED)} IS NOT NULL")
    staged = (int(row[0]) if row else 0) + malformed
    if staged != manifest.rows and not filtered:
        raise InternalError(
            f"{manifest.rows} rows landed, but {staged} were standardised", where=resource.id,
            remedy="nothing was committed; report this with the landing file named in the manifest",
        )  # fmt: skip
    return staged, malformed


def _stage_keys(connection: duckdb.DuckDBPyConnection, resource: Resource, landed: Path, scratch: Path) -> None:
    keys_only = replace(resource, fields=tuple(f for f in resource.fields if f.primary_key), watermark=None)
    types = {
        row[0]: row[1]
        for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(landed)})").fetchall()
    }
    sql = standardise_sql(keys_only, str(landed), types)
    connection.execute(f"COPY ({sql}) TO {literal(scratch / 'keys.parquet')} (FORMAT parquet)")


def _prepare_lookups(
    connection: duckdb.DuckDBPyConnection, place: Workplace, resource: Resource, lake: duckdb.DuckDBPyConnection
) -> None:
    """Code lists and other resources' fields as tables beside the data."""
    lists = {rule.kwargs["code_list"] for rule in resource.rules if "code_list" in rule.kwargs}
    if any(rule.type == "expect_column_values_to_be_plausible_resident_id" for rule in resource.rules):
        lists.add("divisions")
    for name in sorted(lists):
        path = place.city.code_list(name)
        connection.execute(
            f"CREATE TABLE {ident(code_list_table(name))} AS SELECT DISTINCT code FROM read_csv({literal(path)}, header = true, all_varchar = true)"
        )
    references = sorted(
        {(r.kwargs["resource"], r.kwargs["field"]) for r in resource.rules if r.type.endswith("exist_in_resource")}
    )
    if references:
        _copy_references(connection, lake, references)


def _copy_references(
    connection: duckdb.DuckDBPyConnection, lake: duckdb.DuckDBPyConnection, references: list[tuple[str, str]]
) -> None:
    """What the lake holds now; a resource not loaded yet holds nothing, which a warning may say."""
    for resource, field in references:
        department, _, name = resource.partition(".")
        values = None
        if table_exists(lake, department, name):
            values = lake.execute(
                f"SELECT DISTINCT {ident(field)} AS value FROM {ident('lake', department, name)}"
            ).to_arrow_reader()  # streamed: the values may be many
        source = "values" if values is not None else "(SELECT CAST(NULL AS VARCHAR) AS value)"
        connection.execute(f"CREATE TABLE {ident(reference_table(resource, field))} AS SELECT * FROM {source}")


def _stage_verdict(
    connection: duckdb.DuckDBPyConnection, rules: Sequence[Rule], on: date, with_malformed: Path | None, scratch: Path
) -> dict[str, int]:
    connection.execute(f"CREATE TABLE verdict AS {verdict_sql(rules, TABLE, on)}")
    if with_malformed:
        connection.execute(
            f"INSERT INTO verdict SELECT file_row_number + 1, [{literal(MALFORMED_LINE)}], [] "
            f"FROM read_parquet({literal(with_malformed)}, file_row_number = true) WHERE {ident(MALFORMED)} IS NOT NULL"
        )
    connection.execute(f"COPY verdict TO {literal(scratch / 'verdict.parquet')} (FORMAT parquet)")
    return dict(connection.execute(counts_sql("verdict")).fetchall())


def _malformed_lines(extracted: int, malformed: int) -> QualityResult:
    return QualityResult(
        MALFORMED_LINE, MALFORMED_LINE, "error", "conformity", extracted, malformed, malformed == 0, observed=None
    )


def _counts(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    row = connection.execute(
        "SELECT count(*) FILTER (len(errors) > 0), count(*) FILTER (len(warnings) > 0) FROM verdict"
    ).fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _compare_counts(resource: Resource, quality: tuple[QualityResult, ...], counted: dict[str, int]) -> None:
    """Great Expectations and the verdict count the same rule in different queries: they must agree."""
    for result in quality:
        if _judges_rows(result) and result.failing != counted.get(result.rule, 0):
            raise InternalError(
                f"rule {result.rule}: Great Expectations counts {result.failing} failing rows, the verdict {counted.get(result.rule, 0)}",
                where=resource.id,
                remedy="nothing was committed; report this rule",
            )


def _judges_rows(result: QualityResult) -> bool:
    return result.rule == MALFORMED_LINE or RULE_TYPES[result.expectation].scope == "row"


def _held_because(resource: Resource, extracted: int, failing: int, quality: tuple[QualityResult, ...]) -> str:
    """Why the whole load is held back; the empty text where it is not."""
    for result in quality:
        if result.severity == "error" and not _judges_rows(result) and not result.success:
            return f"{result.rule} fails: {result.observed} observed, {_bounds_text(resource, result.rule)}"
    if extracted and failing / extracted > resource.quarantine_limit:
        worst = max((q for q in quality if q.severity == "error" and _judges_rows(q)), key=lambda q: q.failing)
        return (
            f"{failing / extracted:.1%} of rows fail ({failing:,} of {extracted:,}), limit {resource.quarantine_limit:.1%}; "
            f"most: {worst.rule}, {worst.failing:,} rows"
        )
    return ""


def _bounds_text(resource: Resource, rule_id: str) -> str:
    from expectations.suite import rules_of

    kwargs: dict[str, Any] = next((r.kwargs for r in rules_of(resource) if r.id == rule_id), {})
    return ", ".join(f"{name.replace('_value', '')} {value}" for name, value in kwargs.items())


def _publish(scratch: Path, folder: Path) -> None:
    """Give the staged work its final name. A twin of this run may have been quicker, its work being the same – or may just have committed and cleared it."""
    for turn in range(3):
        try:
            scratch.rename(folder)
            return
        except OSError:
            if (folder / "verdict.json").exists():
                return
            if turn == 2:
                raise
