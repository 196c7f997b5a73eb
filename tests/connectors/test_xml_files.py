"""XML: children and attributes as columns, nothing fetched, nothing expanded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connectors.registry import check_settings, open_connector
from contracts.errors import SourceBroken
from tests.connectors.conftest import NIGHT, resource


def read(folder: Path, content: str | bytes, **more: Any) -> pa.Table:
    (folder / "a.xml").write_bytes(content.encode() if isinstance(content, str) else content)
    it = resource("xml_files", {"root": str(folder)}, "a.xml", **{"record": "r", **more})
    return pa.Table.from_batches(list(open_connector(it.system, {}).read(it, NIGHT)))


def refusal(folder: Path, content: str | bytes, **more: Any) -> str:
    with pytest.raises(SourceBroken) as raised:
        read(folder, content, **more)
    assert "a.xml" in raised.value.where
    return str(raised.value)


def test_children_and_attributes_are_columns(tmp_path: Path) -> None:
    content = (
        '<t xmlns="urn:x"><head><n>1</n></head><r id="7"><a code="c">甲</a><b/></r><list><r><a>2</a></r></list></t>'
    )
    assert read(tmp_path, content).to_pylist() == [
        {"@id": "7", "a@code": "c", "a": "甲", "b": ""}, {"@id": None, "a@code": None, "a": "2", "b": None},
    ]  # fmt: skip


def test_nothing_a_record_holds_vanishes(tmp_path: Path) -> None:
    nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    content = f"<t><r>loose<p>1</p><p>2</p><d><x>3</x></d><c><![CDATA[<&>]]></c><n {nil}/><!-- note --></r></t>"
    row = read(tmp_path, content).to_pylist()[0]
    assert row == {"#text": "loose", "p": '["1", "2"]', "d": "<d><x>3</x></d>", "c": "<&>", "n": None}


def test_a_record_inside_a_record_is_part_of_it(tmp_path: Path) -> None:
    assert read(tmp_path, "<t><r><r>1</r></r></t>").to_pylist() == [{"r": "1"}]


def test_the_file_states_its_encoding(tmp_path: Path) -> None:
    content = '<?xml version="1.0" encoding="GB18030"?><t><r><名>张三</名></r></t>'
    assert read(tmp_path, content.encode("gb18030")).to_pylist() == [{"名": "张三"}]


def test_a_cut_file_names_its_line(tmp_path: Path) -> None:
    assert "line 3: an element is not closed; the file looks cut" in refusal(tmp_path, "<t>\n<r><a>1</a></r>\n<r><a>2")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('<!DOCTYPE t [<!ENTITY x "xx">]><t><r><a>&x;</a></r></t>', "DOCTYPE"),
        ('<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]><t><r><a>&x;</a></r></t>', "DOCTYPE"),
        ("<!DOCTYPE html><html><body>502</body></html>", "HTML page"),
        ("", "the file is empty or no XML"),
        ("a,b\n1,2\n", "line 1: "),
        ("<t><r><a>1</b></r></t>", "closed under another name"),
        (b"<t><r><a>\xff</a></r></t>", "line 1: "),
    ],
)
def test_what_is_refused_is_named(tmp_path: Path, content: str | bytes, what: str) -> None:
    assert what in refusal(tmp_path, content)


def test_records_under_another_name_do_not_vanish(tmp_path: Path) -> None:
    said = refusal(tmp_path, "<t><row><a>1</a></row></t>", columns=("a",), record="rows")
    assert "no element 'rows', but the contract's columns lie in 'row'" in said


def test_record_is_required() -> None:
    assert check_settings(resource("xml_files", {"root": "x"}, "a.xml")) == ["source: record is missing"]
