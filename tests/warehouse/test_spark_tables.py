"""What Spark is told of a table's files, put together again by DuckDB as Spark would: the rows of the table, after any history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import ConfigurationError
from contracts.quoting import literals
from contracts.settings import Settings
from warehouse.engine import open_engine
from warehouse.lake import current_snapshot, open_lake
from warehouse.spark_tables import LakeFiles, lake_files

COLUMNS = {"no": "BIGINT", "word": "STRING"}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    home = tmp_path_factory.mktemp("lake")
    connection = open_lake(Settings.from_environment({"LANDBRIDGE_HOME": str(home)}))
    connection.execute("CREATE SCHEMA city")
    yield connection
    connection.close()


# few rows stay in the catalogue, many become a file; the same for deletions
_CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("insert"), st.integers(0, 60), st.sampled_from([3, 40])),
        st.tuples(st.just("delete"), st.integers(0, 60), st.sampled_from([2, 30])),
        st.tuples(st.just("update"), st.integers(0, 60), st.sampled_from([2, 30])),
        st.tuples(st.sampled_from(["flush", "merge"]), st.just(0), st.just(0)),
    ),
    min_size=2, max_size=6,
)  # fmt: skip


@given(_CHANGES)
@settings(max_examples=8)
def test_files_positions_and_staged_rows_make_the_table_at_every_snapshot(
    lake: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, int, int]]
) -> None:
    lake.execute("CREATE OR REPLACE TABLE city.word (no BIGINT, word VARCHAR)")
    snapshots = [current_snapshot(lake)]
    for kind, first, many in changes:
        lake.execute(_statement(kind, first, many)).fetchall()
        snapshots.append(current_snapshot(lake))
    for snapshot in snapshots:
        folder = tmp_path_factory.mktemp("staging")
        files = lake_files(lake, "city.word", snapshot, COLUMNS, folder)
        expected = lake.execute(f"SELECT no, word FROM city.word AT (VERSION => {snapshot}) ORDER BY ALL").fetchall()
        assert _put_together(files) == expected


def _statement(kind: str, first: int, many: int) -> str:
    condition = f"no BETWEEN {first} AND {first + many}"
    return {
        "insert": f"INSERT INTO city.word SELECT i, '字' || i FROM range({first}, {first + many}) AS r (i)",
        "delete": f"DELETE FROM city.word WHERE {condition}",
        "update": f"UPDATE city.word SET word = word || '改' WHERE {condition}",
        "flush": "CALL ducklake_flush_inlined_data('lake')",
        "merge": "CALL ducklake_merge_adjacent_files('lake')",
    }[kind]


def _put_together(files: LakeFiles) -> list[tuple[object, ...]]:
    parts = ["SELECT CAST(NULL AS BIGINT) AS no, CAST(NULL AS VARCHAR) AS word WHERE false"]
    if whole := (*files.whole, *files.staged):
        parts.append(f"SELECT no, word FROM read_parquet([{literals(whole)}], union_by_name => true)")
    if files.cut:
        parts.append(f"""SELECT no, word FROM read_parquet([{literals(files.cut)}], filename => true, file_row_number => true, union_by_name => true) AS f
            WHERE (f.filename, f.file_row_number) NOT IN (SELECT (file_path, pos) FROM read_parquet([{literals(files.gone)}]))""")
    return duckdb.sql(f"{' UNION ALL '.join(parts)} ORDER BY ALL").fetchall()


def test_an_encrypted_lake_is_refused(tmp_path: Path) -> None:
    connection = open_engine(Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path)}), extensions=["ducklake"])
    connection.execute("SET force_mbedtls_unsafe = 'true'")  # a test's file may be sealed badly
    connection.execute(f"ATTACH 'ducklake:{tmp_path}/sealed.ducklake' AS lake (DATA_PATH '{tmp_path}/data', ENCRYPTED)")
    connection.execute(
        "USE lake; CREATE SCHEMA city; CREATE TABLE city.word AS SELECT i AS no, '' AS word FROM range(100) AS r (i)"
    )
    with pytest.raises(ConfigurationError, match=r"encrypted.*city\.word"):
        lake_files(connection, "city.word", current_snapshot(connection), COLUMNS, tmp_path)
