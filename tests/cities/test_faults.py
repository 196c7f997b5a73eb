"""The injected faults against the platform's own eyes: every extraction breaks exactly the rules that the truth states, and no others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cities.qingdao.generator.sources import switch
from cities.qingdao.generator.world import FIRST_START, NIGHTS
from connectors.registry import open_connector
from contracts.catalogue import City
from contracts.errors import LandbridgeError
from contracts.interval import Interval
from contracts.model import Resource
from contracts.quoting import ident, literal
from expectations.conditions import code_list_table, reference_table
from expectations.verdict import row_rules, verdict_sql
from tests.cities.conftest import TOKEN, Sample
from transforms.standardise import standardise_sql
from transforms.standardise.drift import check_drift


@pytest.fixture
def engine(qingdao: City) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    for name, path in qingdao.code_lists.items():
        connection.execute(
            f"CREATE TABLE {ident(code_list_table(name))} AS SELECT code FROM read_csv({literal(path)}, all_varchar = true)"
        )
    for resource in qingdao.resources.values():
        for rule in resource.rules:
            if "resource" in rule.kwargs:
                table = ident(reference_table(rule.kwargs["resource"], rule.kwargs["field"]))
                connection.execute(f"CREATE TABLE IF NOT EXISTS {table} (value VARCHAR)")
    yield connection
    connection.close()


@pytest.mark.parametrize("night", NIGHTS)
def test_each_extraction_breaks_exactly_the_stated_rules(
    night: int, sample: Sample, qingdao: City, api_port: int, engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    expected = json.loads((sample.folder / "truth" / "expected.json").read_text(encoding="utf-8"))[f"night-{night}"]
    switch(sample.folder, night)
    environ = {
        "LANDBRIDGE_SOURCES": str(sample.folder / "current"), "LANDBRIDGE_SAMPLE_API_PORT": str(api_port), "LANDBRIDGE_SAMPLE_API_TOKEN": TOKEN,
    }  # fmt: skip
    try:
        found = {
            id: outcome(engine, r, night, environ, tmp_path / f"{id}.parquet") for id, r in qingdao.resources.items()
        }
    finally:
        switch(sample.folder, 1)
    stated = {
        id: {k: e[k] for k in ("extracted", "quarantined", "quarantined_by_rule")}
        for id, e in expected.items()
        if e["status"] != "failed"
    }
    stated |= {id: {"error": e["error"]} for id, e in expected.items() if e["status"] == "failed"}
    assert found == stated


def outcome(
    engine: duckdb.DuckDBPyConnection, resource: Resource, night: int, environ: dict[str, str], landed: Path
) -> dict[str, Any]:
    """What an extraction of the night brings: rows, rows that fail, and how many break each error-level rule – or the error's class."""
    interval = Interval(FIRST_START + timedelta(days=night - 1), FIRST_START + timedelta(days=night))
    lookback = resource.watermark.lookback if resource.watermark else timedelta(0)
    # the first load reads the whole history
    span = (
        interval
        if night > 1 or resource.files_by_date
        else Interval(FIRST_START - timedelta(days=30_000), interval.end)
    )
    try:
        batches = list(open_connector(resource.system, environ).read(resource, span))
        check_drift(resource, batches[0].schema.names)
    except LandbridgeError as error:
        return {"error": type(error).__name__}
    pq.write_table(pa.Table.from_batches(batches), landed)
    types = {
        row[0]: row[1] for row in engine.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(landed)})").fetchall()
    }
    bounds = None
    if resource.watermark is not None and not resource.files_by_date:
        bounds = ((span.start - lookback).isoformat(), span.end.isoformat())
    engine.execute(f"CREATE OR REPLACE TABLE rows AS {standardise_sql(resource, str(landed), types, bounds)}")
    engine.execute(
        f"CREATE OR REPLACE TABLE verdict AS {verdict_sql(row_rules(resource), 'rows', interval.end.date())}"
    )
    extracted = engine.execute("SELECT count(*) FROM rows").fetchall()[0][0]
    failing = engine.execute("SELECT count(*) FROM verdict WHERE len(errors) > 0").fetchall()[0][0]
    by_rule = dict(
        engine.execute(
            "SELECT rule, count(*) FROM (SELECT unnest(errors) AS rule FROM verdict) GROUP BY rule"
        ).fetchall()
    )
    return {"extracted": extracted, "quarantined": failing, "quarantined_by_rule": by_rule}
