"""JSON lines: numbers as written, nested values as JSON text, and the line at fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.errors import SourceBroken
from tests.connectors.conftest import resource
from tests.connectors.reading import read_all


def read_both(folder: Path, content: bytes, **more: Any) -> tuple[pa.Table, list[dict[str, Any]]]:
    (folder / "a.jsonl").write_bytes(content)
    return read_all(resource("json_lines", {"root": str(folder)}, "a.jsonl", **more))


def read(folder: Path, content: bytes, **more: Any) -> pa.Table:
    table, faults = read_both(folder, content, **more)
    assert faults == []
    return table


def refusal(folder: Path, content: bytes, **more: Any) -> str:
    with pytest.raises(SourceBroken) as raised:
        read(folder, content, **more)
    return raised.value.what


texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=6)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.dictionaries(texts, st.none() | texts, min_size=1, max_size=4), min_size=1, max_size=5), st.booleans()
)
def test_any_texts_come_back_as_they_were_written(tmp_path: Path, rows: list[dict[str, Any]], escaped: bool) -> None:
    table = read(tmp_path, "".join(json.dumps(row, ensure_ascii=escaped) + "\n" for row in rows).encode())
    names = list(dict.fromkeys(name for row in rows for name in row))
    assert table.column_names == names
    assert table.to_pylist() == [{name: row.get(name) for name in names} for row in rows]


def test_numbers_stay_as_written_and_nested_values_are_json(tmp_path: Path) -> None:
    line = b'{"id": 370202199001011234567890, "x": 1.10, "e": 1E5, "t": true, "n": null, "deep": {"a": [1.50, "\\u503c", null, false]}}\n'
    assert read(tmp_path, line).to_pylist() == [
        {
            "id": "370202199001011234567890",
            "x": "1.10",
            "e": "1E5",
            "t": "true",
            "n": None,
            "deep": '{"a": [1.50, "值", null, false]}',
        }
    ]


def test_columns_are_those_of_all_records_in_order_of_appearance(tmp_path: Path) -> None:
    lines = b'{"b": "1"}\n' * 20_000 + b'\n{"b": "2", "a": "late"}'
    table = read(tmp_path, lines)
    assert (table.column_names, table.num_rows) == (["b", "a"], 20_001)


def test_a_column_nobody_filled_is_empty_unless_it_may_have_been_renamed(tmp_path: Path) -> None:
    more: dict[str, Any] = {"columns": ("id", "closed", "opened"), "keys": ("id",), "ignored": ("noise",)}
    assert read(tmp_path, b'{"id": "1", "noise": "x"}\n', **more).column_names == ["id", "noise", "closed", "opened"]
    assert read(tmp_path, b'{"id": "1", "closed_at": "x"}\n', **more).column_names == ["id", "closed_at"]
    assert read(tmp_path, b'{"closed": "1"}\n', **more).column_names == ["closed", "opened"]


def test_a_broken_last_line_looks_cut(tmp_path: Path) -> None:
    assert refusal(tmp_path, b'{"a": 1}\n{"a": 2').endswith("it is the last line, and the file looks cut")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": }', "Expecting value"),
        (b"3", "not a JSON object"),
        (b'{"a": NaN}', "NaN is no JSON"),
        (b'{"a": 1, "a": 2}', "a name stands twice"),
        (b'{"a": "\\ud800"}', "an escape names half of a character"),
    ],
)  # fmt: skip
def test_a_line_that_is_no_object_is_malformed_and_costs_no_other(tmp_path: Path, line: bytes, reason: str) -> None:
    table, (fault,) = read_both(tmp_path, b'{"a": 1}\n\n' + line + b'\r\n{"a": 3, "_malformed": "x"}\n')
    assert table.to_pylist() == [{"a": "1", "_malformed_2": None}, {"a": "3", "_malformed_2": "x"}]
    assert (fault["file"], fault["line"], fault["text"]) == ("a.jsonl", 3, line.decode())
    assert reason in fault["reason"]
    assert f"line 1: {reason}" in refusal(tmp_path, line + b"\n")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b'[{"a": 1},\n{"a": 2}]', "line 1: the file is a JSON array, not one object a line; state `records`"),
        (b'{"a": "\xff"}\n', "line 1: byte 0xff is no utf-8"),
        (b"\x1f\x8b\x08", "gzip archive"),
        (b"[" * 100_000, "line 1: the file is a JSON array"),
    ],
)
def test_what_is_no_file_of_json_lines_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    assert what in refusal(tmp_path, content)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.dictionaries(texts, st.none() | texts, min_size=1, max_size=4), min_size=1, max_size=5),
    st.integers(0, 3),
    st.booleans(),
)
def test_a_list_of_records_anywhere_in_a_document_comes_back(
    tmp_path: Path, rows: list[dict[str, Any]], depth: int, escaped: bool
) -> None:
    document: Any = rows
    for n in range(depth):
        document = {"before": [{"x": ["}", '"']}], f"level {n}": document, "after": {"y": "]\\"}}
    path = ".".join(f"level {n}" for n in reversed(range(depth)))
    table = read(tmp_path, json.dumps(document, ensure_ascii=escaped, indent=depth or None).encode(), records=path)
    names = list(dict.fromkeys(name for row in rows for name in row))
    assert table.to_pylist() == [{name: row.get(name) for name in names} for row in rows]


def test_a_document_of_many_pieces_is_streamed_with_numbers_as_written(tmp_path: Path) -> None:
    junk = '"junk": [' + ", ".join(f'{{"n": {n}, "t": "]}}\\""}}' for n in range(60_000)) + "]"
    rows = ", ".join(f'{{"id": {n}.10, "e": 1E{n % 9}, "t": "{"值" * (n % 50)}"}}' for n in range(40_000))
    table = read(tmp_path, f'{{{junk}, "data": {{"rows": [{rows}], "total": 40000}}}}'.encode(), records="data.rows")
    assert table.slice(39_999).to_pylist() == [{"id": "39999.10", "e": "1E3", "t": "值" * 49}]
    assert table.num_rows == 40_000


@pytest.mark.parametrize(
    ("content", "records", "what"),
    [
        (b'{"a": [\n{"x": 1}\n', "a", "line 3: a record does not end where it should"),
        (b'[{"x": 1},\n{"x": "2', "", "line 2: Unterminated string starting at; the file looks cut"),
        (b'[{"x": 1}]\n]', "", "line 2: something stands behind the document's end"),
        (b'{"a": [{"x": 1}],\n"b": {', "a", "line 2: the document does not end; the file looks cut"),
        (b'{"a": {"b": []}}', "a.c", "no list of records lies at 'a.c'"),
        (b'{"a": 3}', "a", "no list of records lies at 'a'"),
        (b"[1, 2]", "", "not a JSON object in the list"),
        (b'[{"x": }]', "", "Expecting value"),
        (b"", "", "no list of records"),
    ],
)
def test_a_document_that_is_cut_or_of_another_form_names_its_line(
    tmp_path: Path, content: bytes, records: str, what: str
) -> None:
    assert what in refusal(tmp_path, content, records=records)
