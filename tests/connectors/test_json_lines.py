"""JSON lines: numbers as written, nested values as JSON text, and the line at fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.registry import open_connector
from contracts.errors import SourceBroken
from tests.connectors.conftest import NIGHT, resource


def read(folder: Path, content: bytes, **more: Any) -> pa.Table:
    (folder / "a.jsonl").write_bytes(content)
    it = resource("json_lines", {"root": str(folder)}, "a.jsonl", **more)
    return pa.Table.from_batches(list(open_connector(it.system, {}).read(it, NIGHT)))


def refusal(folder: Path, content: bytes) -> str:
    with pytest.raises(SourceBroken) as raised:
        read(folder, content)
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
    ("content", "what"),
    [
        (b'{"a": 1}\n{"a": }\n{"a": 3}\n', "line 2: Expecting value"),
        (b'[{"a": 1},\n{"a": 2}]', "line 1: the file is a JSON array"),
        (b'{"a": 1}\n3\n', "line 2: not a JSON object"),
        (b'{"a": NaN}\n', "line 1: NaN is no JSON"),
        (b'{"a": 1, "a": 2}\n', "line 1: a name stands twice"),
        (b'{"a": "\\ud800"}\n', "line 1: an escape names half of a character"),
        (b'{"a": "\xff"}\n', "line 1: byte 0xff is no utf-8"),
        (b"\x1f\x8b\x08", "gzip archive"),
        (b"[" * 100_000, "line 1: the file is a JSON array"),
    ],
)  # fmt: skip
def test_what_is_no_json_line_names_its_line(tmp_path: Path, content: bytes, what: str) -> None:
    assert what in refusal(tmp_path, content)
