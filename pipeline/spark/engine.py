"""Models computed by Spark: it reads the lake's files at the run's snapshot and writes the result to a staging folder, which DuckDB then reads.

Nothing is written to the lake here. What a killed run leaves lies in the scratch folder of its process and goes with the next session.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from contracts.errors import ConfigurationError, InternalError
from contracts.quoting import ident, literal
from contracts.settings import Settings
from pipeline.models.engine import CHANGED, Reading
from pipeline.spark.session import Spark, spark_for
from transforms.models.spark_dialect import to_spark
from transforms.models.spark_types import can_hold, spark_type
from warehouse.lake import LAKE
from warehouse.spark_tables import lake_table

log = logging.getLogger("landbridge.spark")


class SparkEngine:
    """The SELECT in Spark's dialect, computed by the session of the process."""

    name = "spark"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @contextmanager
    def compute(self, connection: duckdb.DuckDBPyConnection, reading: Reading) -> Iterator[Sequence[str]]:
        """The result in staging files, in the model's order and types; they go when the context ends.

        Raises ConfigurationError for SQL that Spark cannot run with an equal result, a lake it cannot read, or where it is not installed.
        """
        columns_of = {table: _columns(connection, table) for table in (*reading.tables, CHANGED)}
        variables = {"as_of": reading.as_of.isoformat(), "as_of_day": reading.as_of_day.isoformat()}
        written = to_spark(reading.sql, columns_of, variables, reading.model.name)
        row = connection.execute("SELECT current_setting('TimeZone')").fetchone()
        spark = spark_for(self._settings, str(row[0]) if row else "UTC")
        folder = spark.folder / f"run-{next(spark.runs)}"
        folder.mkdir()
        before = spark.executors()
        try:
            for view, table in written.views.items():
                _make_view(spark, connection, reading, view, table, columns_of[table], folder / view)
            for view, sql in written.steps:
                # with its schema, or Spark starts a job to learn it
                schema = _write(spark, sql, reading, folder / view)
                spark.session.read.schema(schema).parquet(str(folder / view)).createOrReplaceTempView(view)
            _write(spark, written.sql, reading, folder / "result")
            _log(spark, before, reading)
            result, increment = _result(reading, folder / "result"), reading.model.increment or ""
            yield [f"(SELECT * FROM {result} WHERE {values.holds(increment)})" for values in reading.ranges]
        finally:
            for view in (*written.views, *dict(written.steps)):
                spark.session.catalog.dropTempView(view)
            shutil.rmtree(folder, ignore_errors=True)


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    if table == CHANGED:
        rows = connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND database_name = 'temp' ORDER BY column_index",
            [CHANGED],
        ).fetchall()
        return dict(rows)
    rows = connection.execute(f"DESCRIBE {ident(LAKE, *table.split('.', 1))}").fetchall()
    return {row[0]: row[1] for row in rows}


def _make_view(
    spark: Spark,
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    view: str,
    table: str,
    columns: Mapping[str, str],
    folder: Path,
) -> None:
    folder.mkdir()
    held = {name: spark_type(type) for name, type in columns.items() if can_hold(type)}
    if table == CHANGED:
        path = folder / "changed.parquet"
        connection.execute(f"COPY {ident(CHANGED)} TO {literal(path)} (FORMAT parquet)")
        frame = spark.session.read.parquet(str(path))
    else:
        frame = lake_table(spark.session, connection, table, reading.snapshot, held, folder)
    frame.createOrReplaceTempView(view)


def _write(spark: Spark, sql: str, reading: Reading, folder: Path) -> Any:
    """Write what the SELECT gives; returns its schema."""
    from py4j.protocol import Py4JError
    from pyspark.errors import AnalysisException, ParseException, PySparkException

    try:
        frame = spark.session.sql(sql)
        plain = frame.select(*map(_plain, frame.schema.fields))
        plain.write.parquet(str(folder))
        return plain.schema
    except (ParseException, AnalysisException) as error:
        raise ConfigurationError(
            f"Spark cannot run the SELECT: {_first_line(error)}",
            where=reading.model.name,
            remedy="say it in plainer SQL (docs/spark.md)",
        ) from error
    except (PySparkException, Py4JError) as error:
        # its condition only: the message cites values of rows
        condition = error.getCondition() if isinstance(error, PySparkException) else type(error).__name__
        raise InternalError(
            f"Spark failed: {condition}",
            where=reading.model.name,
            remedy="LANDBRIDGE_ENGINE=duckdb says more of a value that cannot be cast",
        ) from None


def _plain(field: Any) -> Any:
    """The column as it can be written: without the field id of the lake's column it was made from, which two may share."""
    from pyspark.sql.functions import col
    from pyspark.sql.types import NullType

    column = col(_tick(field.name))
    # a column of nothing but NULL has no type of its own, and Parquet no place for it
    return (column.cast("string") if isinstance(field.dataType, NullType) else column).alias(field.name, metadata={})


def _result(reading: Reading, folder: Path) -> str:
    listed = ", ".join(f"CAST({ident(c.name)} AS {c.type}) AS {ident(c.name)}" for c in reading.model.columns)
    return f"(SELECT {listed} FROM read_parquet({literal(folder / '*.parquet')}))"


def _log(spark: Spark, before: Mapping[str, int], reading: Reading) -> None:
    done = {id: tasks - before.get(id, 0) for id, tasks in spark.executors().items()}
    told = ", ".join(f"{id} ({tasks} tasks)" for id, tasks in sorted(done.items()) if tasks)
    log.info(
        "%s: computed by Spark %s at %s, executors %s", reading.model.name, spark.session.version, spark.master, told
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300]


def _tick(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
