"""Manifests in three forms and in any department's words: the same batch, or a reason why it is none."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.exchange.manifest import read_manifest
from connectors.exchange.tables import number_order
from connectors.exchange.zone import Batch, StatedFile
from contracts.errors import SourceBroken

TWO = (StatedFile("a.csv", 2, "ab" * 16, "md5"), StatedFile("in/b.csv", 1, "cd" * 32, "sm3"))


def batch(text: str, form: str = "json", sums: dict[str, str] | None = None, **names: str) -> Batch:
    return read_manifest(text.encode(), form, names, "sha256", "zone/x").batch("x", sums or {})


def test_json_csv_and_properties_say_the_same() -> None:
    document = {
        "head": {"no": "7"}, "list": [
            {"name": "a.csv", "rows": 2, "md5": "AB" * 16}, {"name": "in\\b.csv", "rows": "1", "checksum": "cd" * 32, "algorithm": "SM3"},
        ], "rows": 3, "total": 1.10,
    }  # fmt: skip
    found = batch(json.dumps(document), sums={"amount": "total"}, batch="head.no", files="list")
    assert found == Batch("7", "x", 3, TWO, {"amount": Decimal("1.1")})
    table = f"name,rows,checksum,PCH,total\na.csv,2,md5:{'ab' * 16},7,1\nin/b.csv,1,sm3:{'cd' * 32},7,1\n"
    assert batch(table, "csv", {"amount": "total"}, batch="PCH") == Batch("7", "x", None, TWO, {"amount": Decimal(2)})
    flat = f"\ufeff# one file\nbatch = 7\n\nname=a.csv\nrows=2\nmd5={'ab' * 16}\nnote=a=b\n"
    assert batch(flat, "properties") == Batch("7", "x", 2, TWO[:1])
    assert batch(json.dumps({"batch": 7, "name": "a.csv"})) == Batch(
        "7", "x", None, (StatedFile("a.csv", None, "", ""),)
    )


@pytest.mark.parametrize(
    ("text", "form", "what"),
    [
        ("{", "json", "is no json"),
        ("[]", "json", "is no json"),
        ('{"batch": 1, "files": []}', "json", "names no files"),
        ('{"batch": 1, "files": ["a.csv"]}', "json", "is no json"),
        ('{"files": [{"name": "a.csv"}]}', "json", "states no batch number under 'batch'"),
        ('{"batch": 1, "files": [{"rows": 1}]}', "json", "names no file of the folder under 'name'"),
        ('{"batch": 1, "files": [{"name": "../a.csv"}]}', "json", "names no file of the folder"),
        ('{"batch": 1, "files": [{"name": "/etc/passwd"}]}', "json", "names no file of the folder"),
        ('{"batch": 1, "files": [{"name": "a.csv", "rows": -1}]}', "json", "states no whole number under 'rows'"),
        ('{"batch": 1, "files": [{"name": "a.csv", "rows": 1.5}]}', "json", "states no whole number under 'rows'"),
        ('{"batch": 1, "files": [{"name": "a.csv"}, {"name": "a.csv"}]}', "json", "names a file twice"),
        ('{"batch": 1, "files": [{"name": "a.csv", "checksum": "crc:1"}]}', "json", "unknown checksum 'crc'"),
        ("name,batch\na.csv,1\nb.csv,2\n", "csv", "is no csv"),
        ("name,batch\na.csv\n", "csv", "is no csv"),
        ("name,batch\na.csv,1,x\n", "csv", "is no csv"),
        ("", "csv", "names no files"),
        ("batch 7", "properties", "is no properties"),
        ("batch=7\nbatch=8", "properties", "is no properties"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_reason(text: str, form: str, what: str) -> None:
    with pytest.raises(SourceBroken, match=what) as raised:
        batch(text, form)
    assert raised.value.where == "zone/x"


@pytest.mark.parametrize("total", ["many", "NaN", "Infinity", "", None])
def test_a_control_sum_that_is_no_number_is_refused(total: str | None) -> None:
    with pytest.raises(SourceBroken, match="states no number under 'total'"):
        batch(json.dumps({"batch": 1, "name": "a.csv", "total": total}), sums={"amount": "total"})


@given(st.binary(max_size=200), st.sampled_from(["json", "csv", "properties"]))
def test_no_bytes_make_anything_but_a_batch_or_a_refusal(data: bytes, form: str) -> None:
    try:
        found = read_manifest(data, form, {}, "sha256", "x").batch("x", {"amount": "total"})
    except SourceBroken:
        return
    assert found.number and found.files


@given(st.integers(0, 10**12), st.integers(1, 10**6), st.sampled_from(["", "2020-", "B"]))
def test_numbers_are_ordered_as_numbers(number: int, more: int, head: str) -> None:
    assert number_order(f"{head}{number}") < number_order(f"{head}{number + more}")
