"""A table of the lake as a Spark DataFrame, at one snapshot: its data files without the deleted positions, and the rows the catalogue itself holds.

Columns are found in the files by field id, so that columns added or renamed later read as DuckLake reads them. What the catalogue says of the files is
checked against DuckLake's own count of rows a file: only a file whose count agrees is read with its delete file as it lies there; of any other
DuckLake gives the positions that are gone (deletions the catalogue holds, delete files with later snapshots in them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import ident, literal, literals
from warehouse.lake import LAKE

_CATALOGUE = f"__ducklake_metadata_{LAKE}"
_PLAIN = {"file_path", "pos"}
_GLOB = set("*?[]{}\\")


@dataclass(frozen=True)
class LakeFiles:
    """What one snapshot of a table is made of: files whose rows all count, files of which positions are gone, the positions, and staged rows."""

    whole: tuple[str, ...]
    cut: tuple[str, ...]
    gone: tuple[str, ...]
    staged: tuple[str, ...]


def lake_table(
    spark: Any,
    connection: duckdb.DuckDBPyConnection,
    table: str,
    snapshot: int,
    columns: Mapping[str, str],
    folder: Path,
) -> Any:
    """The table `<schema>.<name>` at that snapshot as a DataFrame of these columns (name → Spark's type); rows from the catalogue are staged in `folder`.

    Raises ConfigurationError for a lake that Spark cannot read: encrypted files, or files in an object store.
    """
    ids, with_default = _field_ids(connection, table, snapshot)
    if with_default & columns.keys():
        # older files lack the column and the default stands in the catalogue only
        path = _stage(connection, table, snapshot, columns, "", folder / "whole.parquet")
        files = LakeFiles((), (), (), (path,))
    else:
        files = lake_files(connection, table, snapshot, columns, folder)
    by_id, by_name = _schema(columns, ids), _schema(columns, {})
    parts = []
    if files.whole:
        parts.append(spark.read.schema(by_id).parquet(*files.whole))
    if files.cut:
        # names of files are unique in a lake, and unlike paths written the same by everyone
        gone = spark.read.schema("file_path STRING, pos BIGINT").parquet(*files.gone).selectExpr(
            "regexp_extract(file_path, '[^/]+$', 0) AS __file", "pos AS __row")  # fmt: skip
        rows = (
            spark.read.schema(by_id)
            .parquet(*files.cut)
            .selectExpr("*", "_metadata.file_name AS __file", "_metadata.row_index AS __row")
        )
        parts.append(rows.join(gone, ["__file", "__row"], "left_anti").drop("__file", "__row"))
    if files.staged or not parts:
        parts.append(
            spark.read.schema(by_name).parquet(*files.staged) if files.staged else spark.createDataFrame([], by_name)
        )
    made = parts[0]
    for further in parts[1:]:
        made = made.unionByName(further)
    return made


def lake_files(
    connection: duckdb.DuckDBPyConnection, table: str, snapshot: int, columns: Mapping[str, str], folder: Path
) -> LakeFiles:
    """Where the rows of that snapshot lie; what no file holds as it is goes into Parquet files in `folder`."""
    schema, name = table.split(".", 1)
    listed = connection.execute(
        f"SELECT data_file, delete_file, data_file_encryption_key IS NOT NULL FROM ducklake_list_files({literal(LAKE)}, {literal(name)}, "
        f"schema => {literal(schema)}, snapshot_version => {snapshot})"
    ).fetchall()
    deletes = {data: delete for data, delete, _ in listed}
    _refuse(table, [*deletes, *filter(None, deletes.values())], any(encrypted for *_, encrypted in listed))
    rows = dict(
        connection.execute(f"SELECT filename, count(*) FROM {_at(table, snapshot)} GROUP BY filename").fetchall()
    )
    stored = _stored(connection, [*deletes, *filter(None, deletes.values())])
    plain = _plain_deletes(connection, [delete for delete in deletes.values() if delete])
    whole, cut, gone, unclear = [], [], [], []
    for data, delete in deletes.items():
        left = rows.get(data, 0)
        if left == stored[data]:
            whole.append(data)
        elif delete in plain and left == stored[data] - stored[delete]:
            cut.append(data)
            gone.append(delete)
        elif left:
            unclear.append(data)
    if unclear:
        cut += unclear
        gone.append(_positions_gone(connection, table, snapshot, unclear, folder / "gone.parquet"))
    staged = []
    if inlined := sorted(rows.keys() - deletes.keys()):
        condition = f"WHERE filename IN ({literals(inlined)})"
        staged.append(_stage(connection, table, snapshot, columns, condition, folder / "inlined.parquet"))
    return LakeFiles(tuple(whole), tuple(cut), tuple(gone), tuple(staged))


def _at(table: str, snapshot: int) -> str:
    return f"{ident(LAKE, *table.split('.', 1))} AT (VERSION => {snapshot})"


def _refuse(table: str, files: Sequence[str], encrypted: bool) -> None:
    if encrypted:
        raise ConfigurationError(
            "the lake's files are encrypted, which Spark cannot read", where=table, remedy="LANDBRIDGE_ENGINE=duckdb"
        )
    for file in files:
        if "://" in file:
            raise ConfigurationError(
                f"the lake's files lie in an object store ({file.split('://')[0]}), which Spark reads only with Hadoop's own driver, not installed here",
                where=table,
                remedy="keep the lake in a folder that all machines share, or LANDBRIDGE_ENGINE=duckdb",
            )
        if _GLOB & set(file):
            raise ConfigurationError(
                "the path of the lake's files has one of * ? [ ] { } \\, which Spark takes for a pattern",
                where=file,
                remedy="move the lake",
            )


def _stored(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> dict[str, int]:
    """Rows that the files say they hold."""
    if not files:
        return {}
    sql = f"SELECT file_name, num_rows FROM parquet_file_metadata([{literals(files)}])"
    return {file: int(rows) for file, rows in connection.execute(sql).fetchall()}


def _plain_deletes(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> set[str]:
    """Delete files that hold nothing but positions: every one of them counts."""
    if not files:
        return set()
    sql = f"SELECT file_name, list(name) FROM parquet_schema([{literals(files)}]) WHERE type IS NOT NULL GROUP BY file_name"
    return {file for file, names in connection.execute(sql).fetchall() if set(names) == _PLAIN}


def _positions_gone(
    connection: duckdb.DuckDBPyConnection, table: str, snapshot: int, files: Sequence[str], path: Path
) -> str:
    listed = literals(files)
    sql = f"""SELECT f.filename AS file_path, f.file_row_number AS pos
        FROM read_parquet([{listed}], filename => true, file_row_number => true, union_by_name => true) AS f
        ANTI JOIN (SELECT filename, file_row_number FROM {_at(table, snapshot)} WHERE filename IN ({listed})) AS l
        ON f.filename = l.filename AND f.file_row_number = l.file_row_number"""
    connection.execute(f"COPY ({sql}) TO {literal(path)} (FORMAT parquet)")
    return str(path)


def _stage(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    snapshot: int,
    columns: Mapping[str, str],
    condition: str,
    path: Path,
) -> str:
    listed = ", ".join(map(ident, columns))
    connection.execute(
        f"COPY (SELECT {listed} FROM {_at(table, snapshot)} {condition}) TO {literal(path)} (FORMAT parquet)"
    )
    return str(path)


def _field_ids(connection: duckdb.DuckDBPyConnection, table: str, snapshot: int) -> tuple[dict[str, int], set[str]]:
    """Column → field id in the files, and the columns that were added with a default."""
    schema, name = table.split(".", 1)
    valid = " AND ".join(
        f"{t}.begin_snapshot <= {snapshot} AND coalesce({t}.end_snapshot > {snapshot}, true)" for t in ("s", "t", "c")
    )
    rows = connection.execute(
        f"""SELECT c.column_name, c.column_id, c.initial_default FROM {_CATALOGUE}.ducklake_column AS c
        JOIN {_CATALOGUE}.ducklake_table AS t USING (table_id) JOIN {_CATALOGUE}.ducklake_schema AS s USING (schema_id)
        WHERE s.schema_name = ? AND t.table_name = ? AND c.parent_column IS NULL AND {valid}""",
        [schema, name],
    ).fetchall()
    return {column: int(id) for column, id, _ in rows}, {
        column for column, _, default in rows if default not in (None, "NULL")
    }


def _schema(columns: Mapping[str, str], ids: Mapping[str, int]) -> Any:
    from pyspark.sql.types import StructField, StructType, _parse_datatype_string

    return StructType([
        StructField(name, _parse_datatype_string(type), True, {"parquet.field.id": ids[name]} if name in ids else {})
        for name, type in columns.items()
    ])  # fmt: skip
