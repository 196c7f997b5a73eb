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
from tests.connectors.reading import read_all


def read_both(
    folder: Path, content: bytes | None = None, name: str = "a.csv", columns: tuple[str, ...] = (), **source: Any
) -> tuple[pa.Table, list[dict[str, Any]]]:
    if content is not None:
        (folder / name).write_bytes(content)
    return read_all(resource("csv_files", {"root": str(folder)}, name, columns=columns, **source))


def read(folder: Path, content: bytes | None = None, name: str = "a.csv", **more: Any) -> pa.Table:
    table, faults = read_both(folder, content, name, **more)
    assert faults == []
    return table


def malformed(folder: Path, content: bytes, **source: Any) -> list[tuple[int, str, str]]:
    return [(f["line"], f["text"], f["reason"]) for f in read_both(folder, content, **source)[1]]


def refusal(folder: Path, content: bytes, **source: Any) -> str:
    with pytest.raises(SourceBroken) as raised:
        read_both(folder, content, **source)
    assert "a.csv" in str(raised.value)
    return raised.value.what


cells = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0\x1f\x1d"), max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], str, int, bool, bool]:
    """Rows, delimiter, quoting, whether quotes are doubled or escaped, whether there is a heading."""
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6))
    delimiter = draw(st.sampled_from([",", ";", "|", "\t", "\x01", "^"]))
    return (
        rows,
        delimiter,
        draw(st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tables(),
    st.sampled_from(["utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
@example(([["\ufeff", ""], ["", ""]], ",", csv.QUOTE_MINIMAL, True, True), "utf-8", "\n")
@example(([["\r"], ['"'], [""]], ",", csv.QUOTE_ALL, True, True), "utf-8", "\n")
@example(([["\\", "\\N"]], ",", csv.QUOTE_ALL, False, True), "utf-8", "\n")
def test_any_cells_come_back_as_they_were_written(
    tmp_path: Path, table: tuple[list[list[str]], str, int, bool, bool], encoding: str, line_end: str
) -> None:
    rows, delimiter, quoting, doubled, has_heading = table
    out = io.StringIO()
    escape = None if doubled else "\\"
    # Python's writer quotes a lone line end or escape character only where all cells are quoted
    quoting = quoting if doubled and line_end == "\r\n" else csv.QUOTE_ALL
    names = [f"c{n}" for n in range(len(rows[0]))]
    writer = csv.writer(
        out, delimiter=delimiter, quoting=quoting, doublequote=doubled, escapechar=escape, lineterminator=line_end
    )  # fmt: skip
    writer.writerows([names, *rows] if has_heading else rows)
    source = {"delimiter": delimiter, "encoding": encoding, "escape": escape or "", "header": has_heading}
    found = read(tmp_path, out.getvalue().encode(encoding), columns=tuple(names), **source)
    assert [list(row.values()) for row in found.to_pylist()] == rows


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from('ab,"\n\r#'), max_size=40))
def test_two_parsers_agree_on_every_line_whatever_stands_in_it(tmp_path: Path, body: str) -> None:
    """Comments are read by Python's csv, all else by Arrow's: a comment sign that occurs nowhere must change nothing."""
    found = []
    for comment in ("", "%"):
        try:
            table, faults = read_both(tmp_path, f"x,y\n{body}".encode(), comment=comment)
            found.append((table.to_pylist(), faults))
        except SourceBroken as error:
            found.append(([], [{"refused": error.what}]))
    assert found[0] == found[1]


@pytest.mark.parametrize("delimiter", ["||", "|+|", "^|^", "§", ", "])
def test_a_delimiter_may_have_several_characters(tmp_path: Path, delimiter: str) -> None:
    lines = [["a", "b", "c"], ["1", f'"2{delimiter}2"', ""], *[["x" * 700, "值", "y"]] * 3000]
    content = "\n".join(delimiter.join(row) for row in lines).encode()
    table = read(tmp_path, content, delimiter=delimiter)
    assert table.num_rows == 3001
    assert table.slice(0, 1).to_pylist() == [{"a": "1", "b": f"2{delimiter}2", "c": ""}]
    assert table.slice(3000).to_pylist() == [{"a": "x" * 700, "b": "值", "c": "y"}]
    assert "control character" in refusal(tmp_path, content + b"\n\x1f", delimiter=delimiter)


def test_null_texts_are_null_unless_they_are_quoted(tmp_path: Path) -> None:
    content = b'a,b,c\nN/A,"N/A",-\n'
    assert read(tmp_path, content, null=["N/A", "-"]).to_pylist() == [{"a": None, "b": "N/A", "c": None}]
    assert read(tmp_path, b"a,b\nNULL,\n", null="").to_pylist() == [{"a": "NULL", "b": None}]


def test_a_database_export_with_backslashes_is_read_as_it_was_meant(tmp_path: Path) -> None:
    content = b"a\tb\n\\N\t\\\\N\n\\N\t\\N\nx\\\ty\tline\\\nbreak\n"
    table = read(tmp_path, content, delimiter="\t", quote="", escape="\\", null="\\N")
    assert table.to_pylist() == [{"a": None, "b": "\\N"}, {"a": None, "b": None}, {"a": "x\ty", "b": "line\nbreak"}]


def test_comments_are_passed_over_but_not_inside_quotes(tmp_path: Path) -> None:
    content = b'# made by\n#\na,b\n1,"x\n# y"\n# end, of\n2,3\n4\n5,6\n'
    table, faults = read_both(tmp_path, content, comment="#")
    assert table.to_pylist() == [{"a": "1", "b": "x\n# y"}, {"a": "2", "b": "3"}, {"a": "5", "b": "6"}]
    assert [(f["line"], f["text"]) for f in faults] == [(8, "4")]


def test_a_delimiter_at_the_end_of_each_line_is_no_column(tmp_path: Path) -> None:
    for heading in (b"a|b|", b"a|b"):
        table, faults = read_both(
            tmp_path, heading + b"\n1|2|\n3||\n4|5|6\n7|8\n9|9|\n", delimiter="|", trailingDelimiter=True
        )
        assert table.to_pylist() == [{"a": "1", "b": "2"}, {"a": "3", "b": ""}, {"a": "9", "b": "9"}]
        assert [(f["line"], f["reason"]) for f in faults] == [
            (4, "a value stands behind the last delimiter"), (5, "the delimiter that ends each line is missing"),
        ]  # fmt: skip


def test_without_a_heading_names_come_from_the_contract_or_are_stated(tmp_path: Path) -> None:
    assert read(tmp_path, b"1,2\n", header=False, columns=("甲", "乙")).to_pylist() == [{"甲": "1", "乙": "2"}]
    assert read(tmp_path, b"1,2\n", header=False).to_pylist() == [{"column_1": "1", "column_2": "2"}]
    assert read(tmp_path, b"", header=False, columns=("甲",)).num_rows == 0
    (tmp_path / "a.csv").write_bytes(b"1,2\n")
    it = resource("csv_files", {"root": str(tmp_path)}, "a.csv", columns=("b",))
    it.source.update(header=False, columns=["a", "b"])
    assert read_all(it)[0].to_pylist() == [{"a": "1", "b": "2"}]
    it.source.pop("header")
    with pytest.raises(ConfigurationError, match="columns are stated"):
        read_all(it)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "gb18030", "GBK", "big5", "utf-16", "UTF-16-LE", "utf-16-be", "shift_jis"]
)
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


def test_characters_of_four_bytes_survive_the_edges_of_buffers(tmp_path: Path) -> None:
    cells = ["㐀𠀀x" * 77 + str(n) for n in range(9000)]
    content = "a,b\n" + "".join(f"{cell},{n}\n" for n, cell in enumerate(cells))
    for shift in range(3):
        table = read(tmp_path, ("x" * shift + content).encode("gb18030"), encoding="gb18030")
        assert table.column(0).to_pylist() == cells


def test_a_wrong_number_of_cells_is_malformed_with_its_line_though_cells_hold_line_breaks(tmp_path: Path) -> None:
    content = b'a,b\n"x\ny\n",2\n\n1,2,3\n4,5\r\n"p\nq"\r7,8\r9,9'
    assert malformed(tmp_path, content) == [
        (6, "1,2,3", "3 cells where the heading has 2"), (8, '"p\nq"', "1 cell where the heading has 2"),
    ]  # fmt: skip
    assert read_both(tmp_path, content)[0]["b"].to_pylist() == ["2", "5", "8", "9"]


def test_a_malformed_line_costs_no_other_of_many(tmp_path: Path) -> None:
    lines = [f"{n},{'x' * 90}" for n in range(200_000)]
    for n in (0, 70_000, 199_998):
        lines[n] = f"{n}"
    table, faults = read_both(tmp_path, ("a,b\n" + "\n".join(lines) + "\n").encode())
    assert table.num_rows == 199_997
    assert [(f["line"], f["text"], f["file"]) for f in faults] == [
        (n + 2, str(n), "a.csv") for n in (0, 70_000, 199_998)
    ]


def test_a_file_of_which_most_lines_are_malformed_is_no_table(tmp_path: Path) -> None:
    content = b"a,b\n" + b"1,2\n" * 3 + b"1;2;3\n" * 4
    assert refusal(tmp_path, content) == "line 5: 1 cell where the heading has 2; so 4 of 7 lines are no records"
    assert len(malformed(tmp_path, content + b"1,2\n")) == 4


def test_the_value_at_fault_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(SourceBroken) as raised:
        read(tmp_path, b"a,b\n370202199001011234\n")
    assert "370202" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_lines_above_the_heading_are_skipped_and_still_counted(tmp_path: Path) -> None:
    content = b"Report of the day\n\na,b\n1,2\n"
    assert read(tmp_path, content, skipRows=2).num_rows == 1
    assert malformed(tmp_path, content + b"1\n2,3\n", skipRows=2)[0][0] == 5


def test_a_short_last_line_without_an_end_looks_cut(tmp_path: Path) -> None:
    assert (
        refusal(tmp_path, b"a,b\n1,2\n3")
        == "line 3: 1 cell where the heading has 2; it is the last line, and the file looks cut"
    )
    assert malformed(tmp_path, b"a,b\n1,2\n3\n") == [(3, "3", "1 cell where the heading has 2")]


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
    assert problems(delimiter="ab") and problems(quote="ab") and problems(skipRows=-1) and problems(skipRows="1")
    assert not problems(encoding="UTF-8", delimiter="\t", quote="'", skipRows=1)
