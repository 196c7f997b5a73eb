"""A million rows of each kind of files that streams: what is held at once does not grow with the file."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from connectors.registry import open_connector
from contracts.model import Resource
from tests.connectors.conftest import NIGHT, resource
from tests.connectors.dbase_writer import dbase

ROWS = 1_000_000
_MEGABYTE = 1 << 20


def _csv(path: Path) -> None:
    pacsv.write_csv(_table(), path)


def _parquet(path: Path) -> None:
    pq.write_table(_table(), path, row_group_size=100_000)


def _fixed(path: Path) -> None:
    path.write_bytes(f"{'张三' * 10:30}{'x' * 60}\n".encode() * ROWS)


def _dbase(path: Path) -> None:
    one = dbase([("a", "C", 60, 0), ("b", "C", 60, 0)], [["张三" * 10, "x" * 60]])
    header, record = one[:97], one[97:-1]
    path.write_bytes(header[:4] + ROWS.to_bytes(4, "little") + header[8:] + record * ROWS)


def _json(path: Path) -> None:
    path.write_bytes(f'{{"a": "{"张三" * 10}", "b": "{"x" * 60}"}}\n'.encode() * (ROWS // 10))


def _table() -> pa.Table:
    return pa.table({"a": pa.array(["张三" * 10] * ROWS), "b": pa.array(["x" * 60] * ROWS)})


def _resource(kind: str, folder: Path) -> Resource:
    it = (
        resource(kind, {"root": str(folder)}, "a", encoding="utf-8")
        if kind != "parquet_files"
        else resource(kind, {"root": str(folder)}, "a")
    )
    if kind == "fixed_width":
        it.source["columns"] = [{"name": "a", "start": 1, "width": 30}, {"name": "b", "start": 31, "width": 60}]
    return it


@pytest.mark.parametrize(
    ("kind", "write", "rows"),
    [("csv_files", _csv, ROWS), ("parquet_files", _parquet, ROWS), ("fixed_width", _fixed, ROWS), ("dbase_files", _dbase, ROWS), ("json_lines", _json, ROWS // 10)],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_million_rows_need_no_more_memory_than_some_batches(
    kind: str, write: object, rows: int, tmp_path: Path
) -> None:
    assert callable(write)
    write(tmp_path / "a")
    size = (tmp_path / "a").stat().st_size
    it = _resource(kind, tmp_path)
    before, highest, count = pa.total_allocated_bytes(), 0, 0
    tracemalloc.start()
    try:
        for batch in open_connector(it.system, {}).read(it, NIGHT):
            count += batch.num_rows
            highest = max(highest, pa.total_allocated_bytes() - before)
        python = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == rows
    assert highest + python < 120 * _MEGABYTE, f"{highest >> 20} + {python >> 20} MB for a file of {size >> 20} MB"
