"""Parquet: types stay, several files share one schema."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.registry import open_connector
from contracts.errors import SourceBroken
from tests.connectors.conftest import NIGHT, resource


def read(folder: Path) -> pa.Table:
    it = resource("parquet_files", {"root": str(folder)}, "*.parquet")
    return pa.Table.from_batches(list(open_connector(it.system, {}).read(it, NIGHT)))


def test_types_stay_and_files_may_order_columns_differently(tmp_path: Path) -> None:
    first = pa.table({"n": pa.array([1], pa.int32()), "d": pa.array([None], pa.decimal128(18, 2))})
    pq.write_table(first.replace_schema_metadata({"made": "by pandas"}), tmp_path / "1.parquet")
    pq.write_table(first.select(["d", "n"]), tmp_path / "2.parquet")
    table = read(tmp_path)
    assert table.num_rows == 2
    assert table.schema.equals(first.schema, check_metadata=True)


def test_files_with_different_schemas_are_broken(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [1]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"n": ["1"]}), tmp_path / "2.parquet")
    with pytest.raises(SourceBroken, match="n int64, n string") as raised:
        read(tmp_path)
    assert "2.parquet" in raised.value.where


@pytest.mark.parametrize("keep", [0, 3, 60])
def test_a_cut_file_is_broken(tmp_path: Path, keep: int) -> None:
    pq.write_table(pa.table({"n": list(range(100))}), tmp_path / "1.parquet")
    (tmp_path / "1.parquet").write_bytes((tmp_path / "1.parquet").read_bytes()[:keep])
    with pytest.raises(SourceBroken, match="not a whole Parquet file"):
        read(tmp_path)


def test_a_file_spoilt_in_the_middle_is_broken(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": [str(n) * 50 for n in range(5000)]}), tmp_path / "1.parquet", use_dictionary=False)
    content = bytearray((tmp_path / "1.parquet").read_bytes())
    content[100:2000] = b"\xff" * 1900
    (tmp_path / "1.parquet").write_bytes(content)
    with pytest.raises(SourceBroken, match="not a whole Parquet file"):
        read(tmp_path)


def test_nested_values_decimals_and_the_ends_of_time_stay(tmp_path: Path) -> None:
    table = pa.table({
        "list": pa.array([[{"a": 1}], None], pa.list_(pa.struct([("a", pa.int64())]))), "big": pa.array([2**64 - 1, 0], pa.uint64()),
        "money": pa.array(["1.10", "-99999999999999999999999999999999.99"], pa.string()).cast(pa.decimal128(38, 2)),
        "at": pa.array([-(2**62), 253402300799_000000], pa.timestamp("us", "Asia/Shanghai")), "bytes": pa.array([b"\0\xff", None]),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "1.parquet")
    assert read(tmp_path).equals(table)


def test_an_encrypted_file_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "1.parquet").write_bytes(b"PARE" + bytes(100) + (10).to_bytes(4, "little") + b"PARE")
    with pytest.raises(SourceBroken, match="the file is encrypted"):
        read(tmp_path)
