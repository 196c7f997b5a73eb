"""Whether DuckDB and Spark give the same rows for the same models at the same snapshot of the lake."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from contracts.quoting import ident
from pipeline.models.engine import DuckDbEngine, ModelEngine
from pipeline.models.plan import plan_run
from pipeline.models.reading import reading_of, set_instant
from pipeline.spark.engine import SparkEngine
from pipeline.workplace import Workplace
from transforms.models.model import Model
from warehouse.lake import count_rows, open_lake


@dataclass(frozen=True)
class Comparison:
    """Rows of one model on each engine, and how many of them the other one does not have (rows counted as often as they stand)."""

    rows_duckdb: int
    rows_spark: int
    only_duckdb: int
    only_spark: int


def compare_engines(place: Workplace, models: Iterable[Model], as_of: datetime) -> dict[str, Comparison]:
    """Compute every model on both engines as a full rebuild, and return those that differ: nothing where all rows are equal.

    The models' inputs must have been made before. Nothing is written. Raises as `pipeline.models.run.run_model` does.
    """
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    set_instant(connection, place, as_of)
    engines: tuple[ModelEngine, ModelEngine] = (DuckDbEngine(), SparkEngine(place.settings))
    try:
        compared = {model.name: _compare(connection, place, model, as_of, engines) for model in models}
    finally:
        connection.close()
    return {name: found for name, found in compared.items() if found.only_duckdb or found.only_spark}


def _compare(
    connection: duckdb.DuckDBPyConnection,
    place: Workplace,
    model: Model,
    as_of: datetime,
    engines: Sequence[ModelEngine],
) -> Comparison:
    connection.execute("BEGIN TRANSACTION")
    try:
        plan = plan_run(connection, model, as_of, full=True)
        reading = reading_of(connection, place, model, plan, as_of)
        for engine in engines:
            with engine.compute(connection, reading) as relations:
                union = " UNION ALL ".join(f"FROM {relation}" for relation in relations)
                connection.execute(f"CREATE OR REPLACE TEMP TABLE {_table(engine)} AS {union}")
    finally:
        connection.execute("COMMIT")  # of temporary tables
    left, right = (_table(engine) for engine in engines)
    return Comparison(
        count_rows(connection, left), count_rows(connection, right), count_rows(connection, f"(FROM {left} EXCEPT ALL FROM {right})"),
        count_rows(connection, f"(FROM {right} EXCEPT ALL FROM {left})"),
    )  # fmt: skip


def _table(engine: ModelEngine) -> str:
    return f"temp.{ident('compared_' + engine.name)}"
