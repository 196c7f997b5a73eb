"""The national guide's fields, codes and words."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from contracts.catalogue import load_city
from sharing.standards.described import Span
from sharing.standards.national import COLUMNS, national, national_csv, parts_of
from tests.sharing.rate_city import QINGDAO


def test_every_resource_is_one_entry_with_the_guide_s_codes() -> None:
    city = load_city(QINGDAO)
    entries = national(city)
    assert len(entries) == len(city.resources) and all(tuple(entry) == COLUMNS for entry in entries)
    for entry in entries:
        assert len(entry["类代码"]) == 1 and len(entry["项代码"]) == 2 and len(entry["目代码"]) == 3
        assert entry["共享类型"] in "123" and entry["更新周期"][0] in "1234567"
        assert (
            entry["信息资源名称"]
            and entry["信息资源提供方"]
            and len(entry["提供方代码"]) == 18
            and entry["信息资源摘要"]
        )
        assert entry["共享条件"] or entry["共享类型"] == "1"
        assert {item["类型"] for item in entry["信息项"]} <= set("CNILDT")


def test_one_entry_in_full() -> None:
    at = datetime(2020, 5, 4, 18, 10, tzinfo=UTC)
    entry = next(
        e
        for e in national(load_city(QINGDAO), {"tax.taxpayer": Span(at, at, at, at)})
        if e["信息资源提供方"].endswith("税务局")
    )
    assert entry["发布日期"] == "2020-05-05", "the day is the city's"
    assert (entry["更新周期"], entry["是否向社会开放"], entry["关联资源代码"]) == ("2 每日", "否", "")


def test_the_csv_holds_the_same_and_opens_in_a_spreadsheet() -> None:
    entries = national(load_city(QINGDAO))
    text = national_csv(entries)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert text.startswith("\ufeff") and [row["信息资源代码"] for row in rows] == [e["信息资源代码"] for e in entries]
    assert rows[0]["信息项"].count("(") == len(entries[0]["信息项"])


@pytest.mark.parametrize(
    ("code", "parts"),
    [("31305101/000001", ("3", "13", "051", "01")), ("3070000/1", ("3", "07", "000", "0")), ("307000/12", ("3", "07", "000", ""))],
)  # fmt: skip
def test_a_code_is_parted_into_class_item_heading_and_subheading(code: str, parts: tuple[str, ...]) -> None:
    assert parts_of(code) == parts
