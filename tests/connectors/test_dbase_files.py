"""dBase: types as text, records that are marked as deleted, memo files, and the encoding that must come from somewhere."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from contracts.errors import ConfigurationError, SourceBroken
from tests.connectors.conftest import resource
from tests.connectors.dbase_writer import dbase
from tests.connectors.reading import read_all


def read(folder: Path, content: bytes | None = None, **source: Any) -> pa.Table:
    if content is not None:
        (folder / "a.dbf").write_bytes(content)
    return read_all(resource("dbase_files", {"root": str(folder)}, "*.dbf", **source))[0]


def test_values_of_every_type_are_text_and_exact(tmp_path: Path) -> None:
    columns = [
        ("c", "C", 10, 0),
        ("n", "N", 20, 5),
        ("d", "D", 8, 0),
        ("l", "L", 1, 0),
        ("i", "I", 4, 0),
        ("b", "B", 8, 0),
        ("y", "Y", 8, 0),
        ("t", "T", 8, 0),
    ]
    noon = struct.pack("<ii", 2458974, 43_200_000)
    rows: list[list[str | bytes]] = [
        [
            " 张三\0",
            "12345678901.10000",
            "20200504",
            "T",
            struct.pack("<i", -7),
            struct.pack("<d", 0.1),
            struct.pack("<q", 12345),
            noon,
        ],
        ["", "", "", "?", struct.pack("<i", 0), struct.pack("<d", -2.0), struct.pack("<q", -1), bytes(8)],
        ["x", "*****", "20209999", "n", struct.pack("<i", 1), struct.pack("<d", 1e300), struct.pack("<q", 0), bytes(8)],
    ]
    table = read(tmp_path, dbase(columns, rows, encoding="gb18030"), encoding="gbk")
    assert [list(row.values()) for row in table.to_pylist()] == [
        ["张三", "12345678901.10000", "2020-05-04", "true", "-7", "0.1", "1.2345", "2020-05-04 12:00:00"],
        ["", None, None, None, "0", "-2.0", "-0.0001", None],
        ["x", "*****", "2020-99-99", "false", "1", "1e+300", "0.0000", None],
    ]


def test_records_marked_as_deleted_are_none(tmp_path: Path) -> None:
    content = dbase([("c", "C", 3, 0)], [["a"], ["b"], ["c"]], deleted={0, 2})
    assert read(tmp_path, content, encoding="utf-8")["c"].to_pylist() == ["b"]


def test_the_encoding_is_the_files_own_or_must_be_stated(tmp_path: Path) -> None:
    columns, rows = [("姓名", "C", 8, 0)], [["张三"]]
    assert read(tmp_path, dbase(columns, rows, encoding="gbk", language=0x4D)).to_pylist() == [{"姓名": "张三"}]
    with pytest.raises(ConfigurationError, match="does not say its encoding"):
        read(tmp_path, dbase(columns, rows, encoding="gbk"))
    with pytest.raises(SourceBroken, match="no utf-8"):
        read(tmp_path, dbase(columns, rows, encoding="gbk"), encoding="utf-8")


@pytest.mark.parametrize("kind", ["dBase III", "dBase IV", "FoxPro"])
def test_long_texts_lie_in_a_file_beside(tmp_path: Path, kind: str) -> None:
    text = "很长\r\n的文字" * 100
    packed = text.encode("gb18030")
    suffix, header, entry, pointer = {
        "dBase III": (".dbt", b"".ljust(512, b"\0"), packed + b"\x1a\x1a", b"         1"),
        "dBase IV": (".DBT", (bytes(20) + struct.pack("<H", 512)).ljust(512, b"\0"), b"\xff\xff\x08\0" + struct.pack("<I", len(packed) + 8) + packed, b"         1"),
        "FoxPro": (".fpt", struct.pack(">IHH", 9, 0, 64).ljust(512, b"\0"), struct.pack(">II", 1, len(packed)) + packed, struct.pack("<i", 8)),
    }[kind]  # fmt: skip
    content = dbase([("m", "M", len(pointer), 0)], [[pointer], [b"\0" * 4 if kind == "FoxPro" else b""]])
    with pytest.raises(SourceBroken, match=r"memo file .* is not there"):
        read(tmp_path, content, encoding="gb18030")
    (tmp_path / f"a{suffix}").write_bytes(header + entry)
    assert read(tmp_path, encoding="gb18030")["m"].to_pylist() == [text, None]
    (tmp_path / f"a{suffix}").write_bytes((header + entry)[:700])
    if kind != "dBase III":
        with pytest.raises(SourceBroken, match="memo file looks cut"):
            read(tmp_path, encoding="gb18030")


@pytest.mark.parametrize(
    ("cut", "what"),
    [(-5, "holds 1 of 2 records; the file looks cut"), (20, "not a dBase file"), (40, "header contradicts")],
)
def test_what_is_no_whole_file_is_refused(tmp_path: Path, cut: int, what: str) -> None:
    with pytest.raises(SourceBroken, match=what):
        read(tmp_path, dbase([("c", "C", 9, 0)], [["a"], ["b"]])[:cut], encoding="utf-8")
