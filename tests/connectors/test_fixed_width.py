"""Columns at fixed places, counted in characters or in bytes of the file's encoding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.registry import check_settings
from contracts.errors import ConfigurationError, SourceBroken
from tests.connectors.conftest import resource
from tests.connectors.reading import read_all

COLUMNS = (
    {"name": "编号", "start": 1, "width": 3},
    {"name": "姓名", "start": 4, "width": 6},
    {"name": "年", "start": 10, "width": 2},
)


def read_both(
    folder: Path, content: bytes, columns: Any = COLUMNS, **source: Any
) -> tuple[pa.Table, list[dict[str, Any]]]:
    (folder / "a.txt").write_bytes(content)
    it = resource("fixed_width", {"root": str(folder)}, "a.txt", **source)
    it.source["columns"] = list(columns)
    return read_all(it)


cells = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), max_size=8)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=6)),
    st.sampled_from(["gb18030", "utf-8"]), st.booleans(), st.sampled_from(["\r\n", "\n", "\r"]), st.booleans(), st.booleans(),
)  # fmt: skip
def test_any_cells_come_back_as_they_were_written(
    tmp_path: Path,
    rows: list[list[str]],
    encoding: str,
    in_bytes: bool,
    line_end: str,
    is_ended: bool,
    to_the_right: bool,
) -> None:
    width = 40

    def padded(cell: str) -> str:
        blanks = " " * (width - len(cell.encode(encoding) if in_bytes else cell))
        return blanks + cell if to_the_right else cell + blanks

    content = line_end.join("".join(map(padded, row)) for row in rows) + (line_end if is_ended else "")
    columns = [{"name": f"c{n}", "start": 1 + n * width, "width": width} for n in range(len(rows[0]))]
    table, faults = read_both(
        tmp_path, content.encode(encoding), columns, encoding=encoding, unit="bytes" if in_bytes else "characters"
    )
    assert faults == []
    assert [list(row.values()) for row in table.to_pylist()] == rows


def test_bytes_and_characters_are_not_the_same(tmp_path: Path) -> None:
    content = "001张三  67\n002李四丰68\n".encode("gbk")
    in_bytes = read_both(tmp_path, content, encoding="gbk", unit="bytes")[0]
    assert in_bytes.to_pylist() == [
        {"编号": "001", "姓名": "张三", "年": "67"},
        {"编号": "002", "姓名": "李四丰", "年": "68"},
    ]
    with pytest.raises(SourceBroken, match="so 2 of 2 lines are no records"):
        read_both(tmp_path, content, encoding="gbk")


def test_lines_that_do_not_fit_are_malformed_and_cost_no_other(tmp_path: Path) -> None:
    lines = ["title", "", "001张三  67", "002李四", "003王五  68 x", "004 赵六 69 ", "", "0061李四丰1", "007周八  71"]
    content = "\r\n".join(lines).encode("gb18030")
    table, faults = read_both(tmp_path, content, encoding="gb18030", unit="bytes", skipRows=1)
    assert table["编号"].to_pylist() == ["001", "004", "007"]
    assert [(f["line"], f["text"], f["reason"]) for f in faults] == [
        (4, "002李四", "too short: 7 bytes where the columns take 11"),
        (5, "003王五  68 x", "text goes on behind the last column, which ends at 11"),
        (8, "0061李四丰1", "the column '姓名' cuts a character in two"),
    ]


def test_a_file_that_is_cut_or_in_another_encoding_is_refused(tmp_path: Path) -> None:
    whole = "001张三  67\n002李四  68"
    with pytest.raises(SourceBroken, match=r"line 2: too short.*the file looks cut"):
        read_both(tmp_path, whole[:-1].encode("gbk"), encoding="gbk", unit="bytes")
    with pytest.raises(SourceBroken, match="line 1: byte 0xd5 is no utf-8"):
        read_both(tmp_path, whole.encode("gbk"), unit="bytes")
    with pytest.raises(SourceBroken, match=r"line 2: .*NUL"):
        read_both(tmp_path, whole.replace("李", "\0\0").encode("gbk"), encoding="gbk", unit="bytes")
    with pytest.raises(ConfigurationError, match="not counted in bytes"):
        read_both(tmp_path, whole.encode("utf-16"), encoding="utf-16", unit="bytes")


def test_numbers_of_lines_hold_beyond_the_first_block(tmp_path: Path) -> None:
    for unit, line in (("bytes", "{:03}张三  67"), ("characters", "{:03}张三    67")):
        lines = [line.format(n % 1000) for n in range(500_000)]
        lines[450_000] = "bad"
        table, faults = read_both(tmp_path, "\r\n".join(lines).encode("gbk"), encoding="gbk", unit=unit, skipRows=2)
        assert (table.num_rows, [f["line"] for f in faults]) == (499_997, [450_001])
        assert table["编号"][449_998].as_py() == "001"


def test_settings_are_checked() -> None:
    it = resource("fixed_width", {"root": "x"}, "a.txt", unit="words")
    it.source["columns"] = [{"name": "a", "start": 0, "width": 1}]
    assert len(check_settings(it)) == 2
