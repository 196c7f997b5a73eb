"""CSV as departments deliver it: strict decoding, exact places of faults, nothing guessed."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from connectors.registry import check_settings, open_connector
from contracts.errors import ConfigurationError, SourceBroken, SourceUnavailable
from tests.connectors.conftest import NIGHT, resource


def read(
    folder: Path, content: bytes | None = None, name: str = "a.csv", columns: tuple[str, ...] = (), **source: Any
) -> pa.Table:
    if content is not None:
        (folder / name).write_bytes(content)
    it = resource("csv_files", {"root": str(folder)}, name, columns=columns, **source)
    return pa.Table.from_batches(list(open_connector(it.system, {}).read(it, NIGHT)))


def refusal(folder: Path, content: bytes, **source: Any) -> str:
    with pytest.raises(SourceBroken) as raised:
        read(folder, content, **source)
    assert "a.csv" in str(raised.value)
    return raised.value.what


cells = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=6)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), max_size=6)),
    st.sampled_from(",;|\t"),
    st.booleans(),
)
@example([["\ufeff", ""], ["", ""]], ",", False)
@example([["\r"], ['"'], [""]], ",", True)
def test_any_cells_come_back_as_they_were_written(
    tmp_path: Path, rows: list[list[str]], delimiter: str, all_quoted: bool
) -> None:
    out = io.StringIO()
    width = len(rows[0]) if rows else 2
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL)
    writer.writerows([[f"c{n}" for n in range(width)], *rows])
    table = read(tmp_path, out.getvalue().encode(), delimiter=delimiter)
    assert [list(row.values()) for row in table.to_pylist()] == rows


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "GBK", "big5", "utf-16"])
def test_every_stated_encoding_is_decoded(tmp_path: Path, encoding: str) -> None:
    table = read(tmp_path, "姓名,年齡\n張三,41\n".encode(encoding), encoding=encoding)
    assert table.to_pylist() == [{"姓名": "張三", "年齡": "41"}]


def test_heading_is_trimmed_of_blanks_and_byte_order_mark(tmp_path: Path) -> None:
    assert read(tmp_path, b"\xef\xbb\xbf id , name\xe3\x80\x80\r\n1,2\r\n").column_names == ["id", "name"]


def test_unnamed_and_doubled_columns_are_told_apart(tmp_path: Path) -> None:
    assert read(tmp_path, b"a,b,a,,\n1,2,3,4,5\n").column_names == ["a", "b", "a_2", "column_4", "column_5"]


def test_a_doubled_column_that_the_contract_loads_is_refused(tmp_path: Path) -> None:
    assert "'a' stands 2 times" in refusal(tmp_path, b"a,b,a\n1,2,3\n", columns=("a",))


def test_a_bad_byte_names_its_line(tmp_path: Path) -> None:
    assert refusal(tmp_path, b"a,b\n" + b"1,2\n" * 121 + b"3,\xff\n4,5\n") == "line 123: byte 0xff is no utf-8"


def test_a_character_cut_at_the_end_looks_cut(tmp_path: Path) -> None:
    assert refusal(tmp_path, "a\n张".encode()[:-1]) == "line 2: byte 0xe5 is no utf-8, and the file looks cut there"


def test_a_wrong_number_of_cells_names_its_line_though_cells_hold_line_breaks(tmp_path: Path) -> None:
    what = refusal(tmp_path, b'a,b\n"x\ny\n",2\n\n1,2,3\n4,5\n')
    assert what == "line 6: 3 cells where the heading has 2"


def test_the_value_at_fault_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(SourceBroken) as raised:
        read(tmp_path, b"a,b\n1,2\n370202199001011234\n4,5\n")
    assert "370202" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


def test_lines_above_the_heading_are_skipped_and_still_counted(tmp_path: Path) -> None:
    content = b"Report of the day\n\na,b\n1,2\n"
    assert read(tmp_path, content, skipRows=2).num_rows == 1
    assert refusal(tmp_path, content + b"1\n2,3\n", skipRows=2).startswith("line 5: 1 cell where")


@pytest.mark.parametrize("end", ["1,2\n3", "1,2\n3\n"])
def test_a_short_last_line_looks_cut(tmp_path: Path, end: str) -> None:
    assert (
        refusal(tmp_path, f"a,b\n{end}".encode())
        == "line 3: 1 cell where the heading has 2; it is the last line, and the file looks cut"
    )


def test_a_quote_that_is_never_closed_looks_cut(tmp_path: Path) -> None:
    assert (
        refusal(tmp_path, b'a,b\n1,2\n3,"four')
        == "line 3: a quote opened in this record is never closed; the file looks cut"
    )


def test_a_stray_quote_inside_a_cell_is_data(tmp_path: Path) -> None:
    assert read(tmp_path, b'a,b\n1,5" pipe\n').to_pylist() == [{"a": "1", "b": '5" pipe'}]


def test_without_quoting_a_quote_is_data(tmp_path: Path) -> None:
    assert read(tmp_path, b'a|b\n"1|2"\n', quote="", delimiter="|").to_pylist() == [{"a": '"1', "b": '2"'}]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"<!DOCTYPE html><html>502</html>", "an HTML page"),
        (b"PK\x03\x04rest", "zip archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "older office document"),
        (b"", "no heading"),
        (b"a,b\n1,\x002\n", "line 2: not a table: it holds NUL bytes"),
    ],
)
def test_what_is_no_table_is_named(tmp_path: Path, content: bytes, what: str) -> None:
    assert what in refusal(tmp_path, content)


def test_utf8_under_another_stated_encoding_is_recognised(tmp_path: Path) -> None:
    assert "byte order mark of utf-8" in refusal(tmp_path, "\ufeff姓名\n".encode(), encoding="gb18030")
    assert "is UTF-8" in refusal(tmp_path, "姓名,住址\n王小明,青岛市市南区香港中路\n".encode(), encoding="gb18030")


def test_broken_text_that_is_valid_is_data(tmp_path: Path) -> None:
    assert read(tmp_path, "a\n寮犱笁�\n".encode()).to_pylist() == [{"a": "寮犱笁�"}]


def test_files_of_one_interval_may_order_columns_differently_but_not_differ(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes(b"a,b\n1,2\n")
    (tmp_path / "2.csv").write_bytes(b"b,a\n4,3\n")
    assert read(tmp_path, name="*.csv").to_pylist() == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    (tmp_path / "3.csv").write_bytes(b"a,c\n1,2\n")
    with pytest.raises(SourceBroken, match=r"'b', 'c' stands in only one"):
        read(tmp_path, name="*.csv")


def test_date_in_the_pattern_is_the_local_day_of_the_interval(tmp_path: Path) -> None:
    (tmp_path / "m_20200504.csv").write_bytes(b"a\n1\n")
    (tmp_path / "m_20200505.csv").write_bytes(b"a\n2\n")
    assert read(tmp_path, name="m_{date}.csv")["a"].to_pylist() == ["1"]
    it = resource("csv_files", {"root": str(tmp_path)}, "m_{date}.csv")
    assert sum(batch.num_rows for batch in open_connector(it.system, {}).read(it, None)) == 2


def test_files_that_are_no_deliveries_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".a.csv").write_bytes(b"x")
    (tmp_path / "~$a.csv").write_bytes(b"x")
    with pytest.raises(SourceUnavailable, match=r"no file \*.csv has been delivered"):
        read(tmp_path, name="*.csv")


def test_a_pattern_cannot_leave_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="leaves the folder"):
        read(tmp_path, name="../*.csv")


def test_a_file_that_grows_meanwhile_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a\n" + b"1\n" * 3)
    it = resource("csv_files", {"root": str(tmp_path)}, "a.csv")
    batches = open_connector(it.system, {}).read(it, NIGHT)
    next(batches)
    with (tmp_path / "a.csv").open("ab") as file:
        file.write(b"2\n")
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        list(batches)


def test_settings_are_checked() -> None:
    def problems(**source: Any) -> list[str]:
        return check_settings(resource("csv_files", {"root": "x"}, "a.csv", **source))

    assert "did you mean gb18030" in problems(encoding="gb18300")[0]
    assert problems(delimiter=",,") and problems(quote="ab") and problems(skipRows=-1) and problems(skipRows="1")
    assert not problems(encoding="UTF-8", delimiter="\t", quote="'", skipRows=1)
