"""Models on DuckDB and on a Spark of several processes: the same rows, from the same snapshot of the lake.

One session for all: a driver and two executors, each a JVM of its own, as on a cluster.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from contracts.errors import ConfigurationError, InternalError
from contracts.model import Label
from contracts.settings import Settings
from pipeline.models.engine import Reading
from pipeline.models.run import city_models
from pipeline.spark.compare import compare_engines
from pipeline.spark.engine import SparkEngine
from pipeline.spark.session import spark_for, stop_spark
from tests.pipeline.engines.expressions import ROWS, TABLE, TYPES, aggregates, expressions
from tests.pipeline.engines.nights import CITY_NIGHTS, FIRST, PERSON, SECOND, THIRD
from tests.pipeline.engines.small_spark import small_spark
from tests.pipeline.model_city import AS_OF, ModelCity
from tests.postgres import Postgres
from transforms.models.model import Column, Input, Model
from warehouse.lake import current_snapshot, open_lake
from warehouse.spark_tables import lake_files

ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    home = tmp_path_factory.mktemp("two_engines")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in small_spark(home / "spark").items():
            patch.setenv(name, value)
        yield {
            "LANDBRIDGE_HOME": str(home / "var"), "LANDBRIDGE_ENGINE": "spark", "LANDBRIDGE_SPARK_MASTER": "local-cluster[2,1,512]",
            "LANDBRIDGE_SPARK_MEMORY": "512MiB",
        }  # fmt: skip
        stop_spark()


@pytest.fixture(scope="module")
def engine(environment: dict[str, str]) -> SparkEngine:
    return SparkEngine(Settings.from_environment(environment))


@pytest.fixture(scope="module")
def lake(environment: dict[str, str]) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = open_lake(Settings.from_environment(environment), timezone=ZONE)
    connection.execute("SET VARIABLE as_of = TIMESTAMPTZ '2020-05-05 02:00:00+00'")
    connection.execute("SET VARIABLE as_of_day = DATE '2020-05-04'")
    connection.execute("CREATE SCHEMA police; CREATE SCHEMA proof")
    yield connection
    connection.close()


def test_every_expression_a_model_may_hold_gives_the_same(lake: duckdb.DuckDBPyConnection, engine: SparkEngine) -> None:
    columns = ", ".join(f"{name} {type}" for name, type in TYPES.items())
    lake.execute(f"CREATE TABLE {TABLE} ({columns}); INSERT INTO {TABLE} VALUES {ROWS}")
    alone = "".join(f", {text} AS e{at}" for at, text in enumerate(expressions()))
    grouped = "".join(f", {text} AS e{at}" for at, text in enumerate(aggregates()))
    of_rows = differing(lake, engine, f"SELECT k{alone} FROM {TABLE} AS t", [TABLE])
    of_groups = differing(lake, engine, f"SELECT b IS NULL AS k{grouped} FROM {TABLE} GROUP BY b IS NULL", [TABLE])
    assert {expressions()[int(name[1:])]: values for name, values in of_rows.items()} == {}
    assert {aggregates()[int(name[1:])]: values for name, values in of_groups.items()} == {}


def test_plain_sql_gives_the_same(lake: duckdb.DuckDBPyConnection, engine: SparkEngine) -> None:
    for sql in (
        f"SELECT DISTINCT ON (b) b, k, s FROM {TABLE} ORDER BY b, i DESC, k",
        f"SELECT k, s FROM {TABLE} QUALIFY row_number() OVER (PARTITION BY b ORDER BY m DESC, k) = 1",
        f"SELECT k, d AS day FROM {TABLE} ORDER BY d DESC, k LIMIT 2",
        f"WITH o AS (SELECT k, i FROM {TABLE}), a AS (SELECT k, i FROM o WHERE i > 0) SELECT l.k, r.i FROM a AS l LEFT JOIN a AS r ON r.k = l.k + 1",
        f"WITH a AS (SELECT k, j FROM {TABLE}) SELECT l.k, r.k AS other FROM a AS l FULL JOIN {TABLE} AS r ON r.i = l.j AND r.k <> l.k",
        f"SELECT k, b FROM {TABLE} AS t SEMI JOIN {TABLE} AS o ON o.j = t.k UNION ALL SELECT i, b FROM {TABLE} EXCEPT SELECT 7, true",
        f"SELECT t.k, v.label FROM {TABLE} AS t JOIN (VALUES (true, '是'), (false, '否')) AS v (b, label) USING (b)",
        f"SELECT b, count(*) AS n FROM {TABLE} GROUP BY ALL HAVING count(*) > 1",
        f"SELECT k, (SELECT max(o.i) FROM {TABLE} AS o WHERE o.j = t.j) AS top FROM {TABLE} AS t WHERE k NOT IN (SELECT j FROM {TABLE})",
        f"SELECT k, NULL AS nothing FROM {TABLE} WHERE false",
    ):
        assert differing(lake, engine, sql, [TABLE]) == {}, sql


def test_a_table_of_many_nights_reads_the_same_at_each_of_its_snapshots(
    lake: duckdb.DuckDBPyConnection, engine: SparkEngine
) -> None:
    snapshots = [night(lake, statements) for statements in (FIRST, SECOND, THIRD)]
    files = lake_files(lake, PERSON, snapshots[-1], {"no": "BIGINT"}, _folder(lake))
    assert files.whole and files.cut and files.staged, (
        "the nights leave whole files, files with deletions and rows in the catalogue"
    )
    assert [gone for gone in files.gone if "-delete.parquet" in gone], "a delete file is read as it lies there"
    for snapshot in snapshots:
        listed = [
            row[0] for row in lake.execute(f"DESCRIBE SELECT * FROM {PERSON} AT (VERSION => {snapshot})").fetchall()
        ]
        if snapshot == snapshots[-1]:
            assert {"label", "extra", "level"} <= set(listed)
            assert differing(lake, engine, f"SELECT {', '.join(listed)} FROM {PERSON}", [PERSON], snapshot) == {}
    older = "SELECT no, born FROM police.person"
    for snapshot in snapshots[:2]:
        assert differing(lake, engine, older, [PERSON], snapshot) == {}
    night(lake, ["CALL ducklake_flush_inlined_data('lake')"])
    night(lake, ["CALL ducklake_merge_adjacent_files('lake')"])
    for snapshot in (*snapshots[1:], current_snapshot(lake)):
        assert differing(lake, engine, older, [PERSON], snapshot) == {}


def test_a_column_added_with_a_default_holds_it_in_older_rows(
    lake: duckdb.DuckDBPyConnection, engine: SparkEngine
) -> None:
    night(
        lake,
        [
            "CREATE TABLE police.post AS SELECT i AS no FROM range(100) AS r (i)",
            "ALTER TABLE police.post ADD COLUMN kind VARCHAR DEFAULT '所'",
        ],
    )
    assert differing(lake, engine, "SELECT no, kind FROM police.post", ["police.post"]) == {}


def test_nights_on_spark_and_on_duckdb_leave_the_same_tables(
    environment: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture, postgres: Postgres
) -> None:
    # the home of the session that runs already, with a lake of its own; its catalogue in PostgreSQL, the other city's in SQLite
    of_its_own = {
        "LANDBRIDGE_CATALOGUE": f"postgres:{postgres.database('spark')}",
        "LANDBRIDGE_LAKE_FILES": f"{tmp_path}/data",
    }
    cities = {
        "duckdb": ModelCity(tmp_path / "duckdb"),
        "spark": ModelCity(tmp_path / "spark", environment | of_its_own),
    }
    kinds = {}
    for statements in CITY_NIGHTS:
        for name, city in cities.items():
            city.night(statements)
            with caplog.at_level(logging.INFO, "landbridge.spark"):
                runs = city.models()
            kinds[name] = [(run.model, run.kind, run.inserted, run.deleted) for run in runs.values()]
            assert {run.engine for run in runs.values()} == {name}
        assert kinds["spark"] == kinds["duckdb"]
        assert cities["spark"].tables() == cities["duckdb"].tables()
    assert "increment" in {kind for _, kind, *_ in kinds["spark"]}
    assert compare_engines(cities["spark"].place, city_models(cities["spark"].place.city), AS_OF) == {}
    told = " ".join(record.getMessage() for record in caplog.records if record.name == "landbridge.spark")
    assert "local-cluster[2,1,512]" in told
    done = spark_for(cities["spark"].place.settings, ZONE).executors()
    assert {id for id, tasks in done.items() if tasks} == {"0", "1"}, (
        "both executors worked, the driver left the work to them"
    )


def test_a_value_that_cannot_be_cast_is_not_told_in_the_error(
    lake: duckdb.DuckDBPyConnection, engine: SparkEngine
) -> None:
    with pytest.raises(InternalError) as told:
        computed(
            lake,
            engine,
            f"SELECT CAST(s AS BIGINT) AS n FROM {TABLE}",
            [TABLE],
            current_snapshot(lake),
            {"n": "BIGINT"},
        )
    assert "市" not in str(told.value) and "CAST_INVALID_INPUT" in str(told.value)


def test_what_spark_cannot_run_is_told_with_the_models_name(
    lake: duckdb.DuckDBPyConnection, engine: SparkEngine
) -> None:
    with pytest.raises(ConfigurationError, match=r"HASH\(.*mart\.proof"):
        computed(lake, engine, f"SELECT hash(s) AS n FROM {TABLE}", [TABLE], current_snapshot(lake), {"n": "VARCHAR"})


def test_a_killed_run_leaves_no_spark_behind_and_the_next_gives_the_same_tables(tmp_path: Path) -> None:
    city = ModelCity(tmp_path)
    city.environment.update({"LANDBRIDGE_ENGINE": "spark", "LANDBRIDGE_SPARK_MASTER": "local[1]"})
    city.night(CITY_NIGHTS[0])
    told = tmp_path / "jvm"
    worker = subprocess.run(
        [sys.executable, "-m", "tests.pipeline.engines.dying", str(told)],
        env={**os.environ, **city.environment},
        check=False,
    )
    assert worker.returncode == -signal.SIGKILL
    left = list((city.root / "var" / "staging").glob(".spark~*"))
    assert left, "it was killed with its result written"
    city.environment["LANDBRIDGE_ENGINE"] = "duckdb"
    city.models()
    assert city.tables() == city.told()
    jvm = int(told.read_text())
    for _ in range(200):
        if not Path(f"/proc/{jvm}").exists():
            break
        time.sleep(0.1)
    assert not Path(f"/proc/{jvm}").exists(), "the JVM ends with the process that started it"


def night(lake: duckdb.DuckDBPyConnection, statements: Sequence[str]) -> int:
    """Run the statements, each a commit of its own; returns the snapshot."""
    for statement in statements:
        lake.execute(statement).fetchall()
    return current_snapshot(lake)


def differing(
    lake: duckdb.DuckDBPyConnection, engine: SparkEngine, sql: str, tables: Sequence[str], snapshot: int | None = None
) -> dict[str, list[tuple[object, ...]]]:
    """Column → (DuckDB's value, Spark's value), for all that are not the same row by row; nothing where the engines agree."""
    at = current_snapshot(lake) if snapshot is None else snapshot
    duck = sql
    for table in tables if snapshot is not None else ():
        duck = duck.replace(table, f"{table} AT (VERSION => {at})")
    lake.execute(f"CREATE OR REPLACE TEMP TABLE by_duckdb AS {duck}")
    types = {row[0]: row[1] for row in lake.execute("DESCRIBE temp.by_duckdb").fetchall()}
    computed(lake, engine, sql, tables, at, types)
    ways = [
        f"(FROM temp.{one} EXCEPT ALL FROM temp.{other})"
        for one, other in (("by_duckdb", "by_spark"), ("by_spark", "by_duckdb"))
    ]
    if not lake.execute(f"FROM {ways[0]} UNION ALL FROM {ways[1]}").fetchall():
        return {}
    found = {}
    key = next(iter(types))
    for name in types:
        pairs = lake.execute(
            f"SELECT d.{key}, d.{name}, s.{name} FROM temp.by_duckdb AS d FULL JOIN temp.by_spark AS s USING ({key}) WHERE d.{name} IS DISTINCT FROM s.{name}"
        ).fetchall()
        found |= {name: pairs} if pairs else {}
    return found or {"rows": []}


def computed(
    lake: duckdb.DuckDBPyConnection,
    engine: SparkEngine,
    sql: str,
    tables: Sequence[str],
    snapshot: int,
    types: dict[str, str],
) -> None:
    """What Spark computes, in the temporary table by_spark."""
    about = Label("proof", "验证")
    columns = tuple(Column(name, type, about) for name, type in types.items())
    model = Model("mart.proof", about, about, (columns[0].name,), None, tuple(map(Input, tables)), columns, sql)
    reading = Reading(model, sql, tuple(tables), snapshot, AS_OF, date(2020, 5, 4), None)
    with engine.compute(lake, reading) as [relation]:
        lake.execute(f"CREATE OR REPLACE TEMP TABLE by_spark AS FROM {relation}")


def _folder(lake: duckdb.DuckDBPyConnection) -> Path:
    (row,) = lake.execute("SELECT current_setting('temp_directory')").fetchall()
    return Path(row[0])
