"""What other tools do with the same table: extract it and write it, without a rule. Run by the interpreter of `.venv/rivals` (rivals.lock), which knows nothing of Landbridge.

    .venv/rivals/bin/python benchmarks/rivals.py TOOL SOURCE WHERE FOLDER [--since INSTANT] [--keep]

Each tool is used as its documentation says a large table is read, with its fastest backend. Prints seconds, imports included, and the rows that lie at the target.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

CHUNK = 100_000
TABLE, KEY, WATERMARK = "licence", "证照编号", "更新时间"
DATABASES = ("postgresql", "mariadb")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("tool", "source", "where", "folder"):
        parser.add_argument(name)
    parser.add_argument("--since", type=datetime.fromisoformat, help="merge what changed from this instant on")
    options = parser.parse_args()
    started = time.monotonic()
    folder = Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    if options.tool in ("duckdb-read", "duckdb-copy"):
        rows = _duckdb(options.tool, options.source, options.where, folder)
    elif options.tool == "pandas":
        rows = _pandas(options.source, options.where, folder)
    else:
        rows = _dlt(options.tool.removeprefix("dlt-"), options.source, options.where, folder, options.since)
    print(f"{time.monotonic() - started:.3f} {rows}")


def _duckdb(tool: str, source: str, where: str, folder: Path) -> int:
    """DuckDB with the threads and memory that Landbridge gives it: every value read and let go, or copied to Parquet."""
    import duckdb

    connection = duckdb.connect(config={"memory_limit": "1GiB", "threads": 2, "temp_directory": str(folder)})
    if source == "gb18030":
        # DuckDB's extension `encodings` loses letters where its blocks meet: the file then fails, or is read wrong
        decoder = subprocess.Popen(["iconv", "-f", "GB18030", "-t", "UTF-8", where], stdout=subprocess.PIPE)
        assert decoder.stdout is not None
        where = f"/dev/fd/{decoder.stdout.fileno()}"
    table = f"read_parquet('{where}')" if source == "parquet" else f"read_csv('{where}')"
    if tool == "duckdb-read":
        return sum(batch.num_rows for batch in connection.execute(f"FROM {table}").to_arrow_reader(CHUNK))
    target = f"{folder / 'copy.parquet'}"
    options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
    return int(connection.execute(f"COPY (FROM {table}) TO '{target}' ({options})").fetchall()[0][0])


def _pandas(source: str, where: str, folder: Path) -> int:
    """Chunk by chunk into one Parquet file."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer, rows = None, 0
    for frame in _frames(source, where):
        table = pa.Table.from_pandas(frame, writer.schema if writer else None, preserve_index=False)
        writer = writer or pq.ParquetWriter(
            folder / "pandas.parquet", table.schema, compression="zstd", compression_level=1
        )
        writer.write_table(table)
        rows += table.num_rows
    assert writer is not None
    writer.close()
    return rows


def _frames(source: str, where: str) -> Iterator[Any]:
    import pandas as pd

    if source in DATABASES:
        import sqlalchemy as sa

        driver = {"postgresql": "postgresql+psycopg", "mariadb": "mysql+pymysql"}[source]
        engine = sa.create_engine(f"{driver}://{where.partition('://')[2]}")
        with engine.connect().execution_options(stream_results=True, max_row_buffer=CHUNK) as connection:
            yield from pd.read_sql(sa.text(f"SELECT * FROM {TABLE}"), connection, chunksize=CHUNK)
    elif source == "parquet":
        import pyarrow.parquet as pq

        # pandas itself cannot read Parquet in parts
        for batch in pq.ParquetFile(where).iter_batches(CHUNK):
            yield batch.to_pandas(types_mapper=pd.ArrowDtype)
    else:
        codes = dict.fromkeys((KEY, "公民身份号码", "电话", "行政区划", "统一社会信用代码", "备注"), "str")
        encoding = "gb18030" if source == "gb18030" else "utf-8"
        yield from pd.read_csv(where, chunksize=CHUNK, encoding=encoding, dtype=codes)


def _dlt(backend: str, source: str, where: str, folder: Path, since: datetime | None) -> int:
    """`dlt run` into Parquet files of the filesystem destination, or, with the backend `merge`, into DuckDB."""
    # columns keep their names, nothing asks the network, and no identifier is added to the rows
    os.environ |= {
        "SCHEMA__NAMING": "direct", "RUNTIME__DLTHUB_TELEMETRY": "false", "DESTINATION__FILESYSTEM__BUCKET_URL": (folder / "files").as_uri(),
        "DLT_DATA_DIR": str(folder / "dlt"), "RUNTIME__LOG_LEVEL": "ERROR",
    }  # fmt: skip
    import dlt

    is_merge = backend == "merge"
    target: Any = dlt.destinations.duckdb(str(folder / "dlt.duckdb")) if is_merge else "filesystem"
    pipeline = dlt.pipeline(
        "benchmark", destination=target, dataset_name="lake", pipelines_dir=str(folder / "pipelines")
    )
    resource = _resource("connectorx" if is_merge else backend, source, where, since)
    how = "merge" if since else "replace"
    pipeline.run(resource, write_disposition=how, loader_file_format="parquet")  # type: ignore[call-overload]
    if is_merge:
        import duckdb

        with duckdb.connect(str(folder / "dlt.duckdb"), read_only=True) as connection:
            return int(connection.execute(f"SELECT count(*) FROM lake.{TABLE}").fetchall()[0][0])
    import pyarrow.parquet as pq

    return sum(pq.ParquetFile(path).metadata.num_rows for path in folder.glob(f"files/lake/{TABLE}/*.parquet"))


def _resource(backend: str, source: str, where: str, since: datetime | None) -> Any:
    import dlt

    if backend == "adbc":
        return dlt.resource(_adbc(where), name=TABLE)
    if source in DATABASES:
        from dlt.sources.sql_database import sql_table

        drivers = {"postgresql": "postgresql+psycopg2", "mariadb": "mysql+pymysql"}
        more: dict[str, Any] = {}
        if backend == "connectorx":
            more["backend_kwargs"] = {
                "return_type": "arrow_stream",
                "conn": f"{'mysql' if source == 'mariadb' else 'postgresql'}://{where.partition('://')[2]}",
            }
        if since:
            more |= {"incremental": dlt.sources.incremental(f"'{WATERMARK}'", initial_value=since), "primary_key": KEY}
        return sql_table(
            f"{drivers[source]}://{where.partition('://')[2]}", TABLE, backend=backend, chunk_size=CHUNK, **more
        )
    from dlt.sources.filesystem import readers

    files = readers(bucket_url=Path(where).parent.as_uri(), file_glob=Path(where).name)
    if source == "parquet":
        return files.read_parquet(chunksize=CHUNK, use_pyarrow=True).with_name(TABLE)
    if source == "csv":
        return files.read_csv_duckdb(chunk_size=CHUNK, use_pyarrow=True).with_name(TABLE)
    # dlt's own reader of this encoding makes a dictionary of each row; Arrow's batches are its faster way in
    return dlt.resource(_arrow_csv(where), name=TABLE)


def _adbc(where: str) -> Iterator[Any]:
    import adbc_driver_postgresql.dbapi as dbapi

    # ADBC gives a numeric as text of a type of its own
    columns = "证照编号, 公民身份号码, 姓名, 性别, 出生日期, 电话, 住址, 行政区划, 统一社会信用代码, 企业名称, 类型, 发证日期, 有效期至, 费用::float8, 面积, 人数, 是否有效, 状态, 更新时间, 备注"
    with dbapi.connect(where) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {TABLE}")
        yield from cursor.fetch_record_batch()


def _arrow_csv(where: str) -> Iterator[Any]:
    import pyarrow.csv

    yield from pyarrow.csv.open_csv(
        where, read_options=pyarrow.csv.ReadOptions(encoding="gb18030", block_size=16 << 20)
    )


if __name__ == "__main__":
    main()
