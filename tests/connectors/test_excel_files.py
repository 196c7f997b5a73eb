"""Workbooks: title rows, merged headings, and cells as people see them."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
import xlwt
from xlwt.CompoundDoc import XlsDoc

from connectors.registry import check_settings, open_connector
from contracts.errors import SourceBroken
from tests.connectors.conftest import NIGHT, resource
from tests.connectors.reading import read_all


def read(folder: Path, **source: Any) -> pa.Table:
    it = resource("excel_files", {"root": str(folder)}, "*.xlsx", **source)
    return pa.Table.from_batches(list(open_connector(it.system, {}).read(it, NIGHT)))


def book(folder: Path, *rows: list[Any], merged: tuple[str, ...] = (), title: str = "Sheet") -> Any:
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    for cells in merged:
        made.active.merge_cells(cells)
    made.save(folder / "a.xlsx")
    return made


def test_cells_are_text_as_people_see_them(tmp_path: Path) -> None:
    cells = [
        3,
        1.5,
        0.1 + 0.2,
        1e-7,
        1e15,
        date(2020, 5, 4),
        datetime(2020, 5, 4, 8, 30),
        time(8, 30),
        True,
        "007",
        None,
    ]
    book(tmp_path, [f"c{n}" for n in range(len(cells))], cells)
    assert list(read(tmp_path).to_pylist()[0].values()) == [
        "3", "1.5", "0.3", "0.0000001", "1000000000000000", "2020-05-04", "2020-05-04 08:30:00", "08:30:00", "true", "007", None,
    ]  # fmt: skip


def test_merged_headings_below_a_title_are_joined(tmp_path: Path) -> None:
    book(
        tmp_path,
        ["宗地登记表 2020"],
        ["编号", "坐落", None, "面积", None],
        [None, "街道", "门牌", "面积", "单位"],
        ["1", "香港中路", "8", 99, "㎡"],
        merged=("A1:E1", "A2:A3", "B2:C2", "D2:E2"),
    )
    table = read(tmp_path, headerRow=2, headerRows=2)
    assert table.to_pylist() == [
        {"编号": "1", "坐落/街道": "香港中路", "坐落/门牌": "8", "面积": "99", "面积/单位": "㎡"}
    ]


def test_empty_rows_and_the_empty_margin_are_no_data(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    for place, value in {"B3": "a", "D3": "b", "B4": "1", "B6": "2", "C6": "beside", "A90": " ", "Z99": ""}.items():
        made.active[place] = value
    made.save(tmp_path / "a.xlsx")
    table = read(tmp_path, headerRow=3)
    assert table.column_names == ["column_1", "a", "column_3", "b"]
    assert table["a"].to_pylist() == ["1", "2", None]


def test_a_sheet_is_chosen_by_name_or_number(tmp_path: Path) -> None:
    made = book(tmp_path, ["a"], ["first"], title="一")
    second = made.create_sheet("二")
    second.append(["a"])
    second.append(["second"])
    made.save(tmp_path / "a.xlsx")
    assert read(tmp_path)["a"].to_pylist() == ["first"]
    assert read(tmp_path, sheet="二")["a"].to_pylist() == read(tmp_path, sheet=2)["a"].to_pylist() == ["second"]
    with pytest.raises(SourceBroken, match=r"no sheet '三'.*known: 一, 二"):
        read(tmp_path, sheet="三")
    with pytest.raises(SourceBroken, match="no sheet 3"):
        read(tmp_path, sheet=3)


def test_workbooks_of_the_older_format_are_read_alike(tmp_path: Path) -> None:
    made = xlwt.Workbook()
    sheet = made.add_sheet("一")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    for n, (name, value) in enumerate(
        {"n": 3, "id": "370202199001011234", "f": 1.10, "b": True, "t": "值\n😀", "big": 1e17}.items()
    ):
        sheet.write(1, n, name)
        sheet.write(2, n, value)
    sheet.write(1, 6, "d")
    sheet.write(2, 6, date(2020, 5, 4), day)
    sheet.write_merge(0, 0, 0, 6, "title")
    made.save(str(tmp_path / "a.xls"))
    it = resource("excel_files", {"root": str(tmp_path)}, "a.xls", headerRow=2)
    assert read_all(it)[0].to_pylist() == [
        {"n": "3", "id": "370202199001011234", "f": "1.1", "b": "true", "t": "值\n😀", "big": "100000000000000000", "d": "2020-05-04"}
    ]  # fmt: skip


def test_codes_keep_their_zeros_and_errors_are_null(tmp_path: Path) -> None:
    made = book(tmp_path, ["code", "id", "error", "formula"], ["000123", "1E5", "x", "y"])
    made.active["C2"] = "#N/A"
    made.active["C2"].data_type = "e"
    made.save(tmp_path / "a.xlsx")
    assert read(tmp_path).to_pylist() == [{"code": "000123", "id": "1E5", "error": None, "formula": "y"}]


def test_a_workbook_with_a_password_is_named_as_such(tmp_path: Path) -> None:
    XlsDoc().save(str(tmp_path / "a.xlsx"), bytes(5000))
    content = bytearray((tmp_path / "a.xlsx").read_bytes())
    # an encrypted workbook is a compound document with a stream of this name: name, then its length in bytes
    place, name = content.index("Workbook".encode("utf-16-le")), "EncryptedPackage\0".encode("utf-16-le")
    content[place : place + len(name)] = name
    content[place + 64] = len(name)
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(SourceBroken, match="has a password"):
        read(tmp_path)


def test_the_sheet_that_is_listed_is_the_first_that_is_shown_and_holds_a_table(tmp_path: Path) -> None:
    made = book(tmp_path, ["hidden", "b"], ["1", "2"])
    made.create_sheet("empty")
    shown = made.create_sheet("登记")
    for row in (["登记表"], [], ["a", "b", "c"], [1, "x", None]):
        shown.append(row)
    made["Sheet"].sheet_state = "hidden"
    made.active = 1
    made.save(tmp_path / "登记_20200504.xlsx")
    (tmp_path / "a.xlsx").unlink()
    (listed,) = open_connector(resource("excel_files", {"root": str(tmp_path)}, "x").system, {}).resources()
    assert (listed.physical_name, dict(listed.source)) == ("登记_{date}.xlsx", {"sheet": "登记", "headerRow": 3})


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<html><table><tr><td>1</td></tr></table></html>", "HTML page"),
        (b"a,b\n1,2\n", "not a whole Excel workbook"),
        (b"", "not a whole"),
    ],
)
def test_what_is_no_workbook_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(SourceBroken, match=what):
        read(tmp_path)


def test_a_cut_workbook_is_broken(tmp_path: Path) -> None:
    book(tmp_path, ["a"], ["1"])
    whole = (tmp_path / "a.xlsx").read_bytes()
    (tmp_path / "a.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceBroken, match="not a whole Excel workbook"):
        read(tmp_path)


def test_a_workbook_beyond_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    book(tmp_path, ["a"], *[["值" * 100 + str(n)] for n in range(5000)])
    with pytest.raises(SourceBroken, match=r"too large.*at most 1.*CSV or Parquet"):
        read(tmp_path, maxMegabytes=1)


def test_a_heading_that_is_not_there_is_named(tmp_path: Path) -> None:
    book(tmp_path, ["a"], ["1"])
    with pytest.raises(SourceBroken, match="row 5 holds no heading"):
        read(tmp_path, headerRow=5)


def test_settings_are_checked() -> None:
    it = resource("excel_files", {"root": "x"}, "a.xlsx", headerRow=0, sheet=0, maxMegabytes="many")
    assert len(check_settings(it)) == 3
