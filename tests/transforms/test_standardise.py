"""Every usual way of writing a value becomes the one the contract promises; what cannot be read is kept for the quarantine, never guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contracts.a_resource import field, resource
from tests.transforms.standardised import standardise, value, values

DAY = date(2020, 5, 4)


@pytest.mark.parametrize(
    "text",
    [
        "2020-05-04", "2020-5-4", "2020/05/04", "2020/5/4", "2020.5.4", "20200504", "2020年5月4日", "2020年05月04日", "２０２０－０５－０４",
        " 2020-05-04\t", "\u3000２０２０年５月４日\u3000", "2020-05-04 00:00:00", "2020-05-04T23:59:59", "2020-05-04 00:00:00.000",
        "2020/5/4 9:05", "2020年5月4日 10时20分", "2020年5月4日10时20分30秒", "2020-05-03T16:00:00Z", "2020-05-04 23:59:59+08:00", "20200504235959",
    ],
)  # fmt: skip
def test_a_day_is_read_in_each_usual_form(text: str) -> None:
    assert value(text, "date") == DAY


@pytest.mark.parametrize(
    "text", ["2020-02-30", "20-05-04", "20205-05-04", "2020-13-01", "4.5.2020", "05/04/2020", "2020年5月", "2020", "五月四日", "2020050", "43955", "0", "2020/5/129:30"]
)  # fmt: skip
def test_what_is_no_day_is_kept_as_it_came_and_never_guessed(text: str) -> None:
    assert value(text, "date") is ...


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2020-05-04 10:00:00", 2), ("2020-05-04T10:00", 2), ("2020/5/4 10:00", 2), ("20200504100000", 2), ("2020年5月4日10时00分", 2),
        ("2020-05-04 10:00:00Z", 10), ("2020-05-04T10:00:00+00:00", 10), ("2020-05-04T10:00+0800", 2), ("2020-05-04 10:00:00 +08", 2),
        ("2020-05-04 10:00:00.000000", 2),
    ],
)  # fmt: skip
def test_a_time_without_a_zone_is_the_city_s(text: str, hour: int) -> None:
    assert value(text, "timestamp") == datetime(2020, 5, 4, hour, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2020-05-04 25:00:00", "2020-05-04 10:61", "10:00:00", "yesterday"])
def test_what_is_no_time_is_kept(text: str) -> None:
    assert value(text, "timestamp") is ...


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234,567.89", "1234567.89"), ("１２３．４５", "123.45"), ("-0.50", "-0.50"), (".5", "0.50"), ("7", "7"), ("7.", "7"),
        ("12.3400000", "12.34"), ("+8", "8"), ("１，２３４", "1234"),
    ],
)  # fmt: skip
def test_a_number_is_read_with_separators_and_in_full_width(text: str, number: str) -> None:
    assert value(text, "number", physical_type="decimal(18,2)") == Decimal(number)


@pytest.mark.parametrize(
    "text",
    [
        "1.239",
        "0.001",
        "1,2",
        "1,23,456",
        "12,5",
        "1e3",
        "1_000",
        "5000万",
        "￥5",
        "5%",
        "nan",
        "inf",
        "0x10",
        "--1",
        "1-",
        "十",
    ],
)
def test_no_digit_is_rounded_away_and_no_separator_guessed(text: str) -> None:
    assert value(text, "number", physical_type="decimal(18,2)") is ...


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999", "1_000", "0x1F", ".", "1,2"])
def test_no_double_is_made_of_what_is_no_number(text: str) -> None:
    assert value(text, "number") is ...


def test_a_double_takes_an_exponent_and_a_whole_number_no_fraction() -> None:
    assert value("1.5e3", "number") == 1500.0
    assert values(field("n", "integer"), ["12", "12.0", "1,200", "12.5", "99999999999999999999"]) == [
        12,
        12,
        1200,
        ...,
        ...,
    ]


def test_typed_sources_lose_no_digit_either() -> None:
    exact = {"physical_type": "decimal(18,2)"}
    assert value(Decimal("1.239"), "number", pa.decimal128(10, 3), **exact) is ...
    assert value(Decimal("1.230"), "number", pa.decimal128(10, 3), **exact) == Decimal("1.23")
    assert value(Decimal("1.5"), "integer", pa.decimal128(10, 1)) is ...
    assert value(1.239, "number", pa.float64(), **exact) is ...
    assert value(0.1 + 0.2, "number", pa.float64(), **exact) == Decimal("0.30")
    assert value(12.34, "number", pa.float32(), **exact) == Decimal("12.34")
    assert value(float("nan"), "integer", pa.float64()) is ...
    assert value(3.0, "integer", pa.float64()) == 3


def test_a_typed_source_is_read_in_the_forms_a_text_is() -> None:
    assert value(20200504, "date", pa.int64()) == DAY
    assert value(20200504.0, "date", pa.float64()) == DAY
    assert value(1, "boolean", pa.int64()) is True
    assert value(datetime(2020, 5, 4, 1), "date", pa.timestamp("us")) == DAY
    assert value(datetime(2020, 5, 4, 10), "timestamp", pa.timestamp("us")) == datetime(2020, 5, 4, 2, tzinfo=UTC)
    assert value(370203.0, "string", pa.float64()) == "370203"
    assert value(0.25, "string", pa.float64()) == "0.25"
    assert value(True, "date", pa.bool_()) is ...


@pytest.mark.parametrize(
    ("text", "truth"),
    [("是", True), ("否", False), ("Y", True), ("0", False), ("TRUE", True), ("有", True), ("２", ...), ("也许", ...)],
)
def test_yes_and_no_in_words(text: str, truth: Any) -> None:
    assert value(text, "boolean") is truth


def test_blanks_of_every_width_are_trimmed_and_nothing_is_nothing() -> None:
    name = field("f")
    assert values(name, [" a ", "\ta\r\n", "\u3000张三\u00a0", "\ufeff张", "", "  ", "\u3000", None]) == [
        "a",
        "a",
        "张三",
        "张",
        None,
        None,
        None,
        None,
    ]


def test_running_text_keeps_its_punctuation_and_codes_do_not() -> None:
    assert value("青岛（市南）ＡＢ１２，路") == "青岛（市南）AB12，路"
    assert value("３７０２０３", semantic_type="division_code") == "370203"
    assert value("９１３７０２０３７１８０３８３３１ｍ", semantic_type="credit_code") == "91370203718038331M"


def test_null_words_of_the_contract_mean_nothing_in_any_width() -> None:
    about = field("f", null_values=("N/A", "无", "ＮＵＬＬ"))
    assert values(about, ["N/A", " 无 ", "NULL", "ＮＵＬＬ", "n/a"]) == [None, None, None, None, "n/a"]
    assert values(field("f", "date", null_values=("00000000",)), ["00000000", "20200504"]) == [None, DAY]


def test_lookups_repair_known_dirt_after_trimming_and_in_any_width() -> None:
    about = field(
        "f", lookups={"青岛市市南区": "370202", "３７０２０５": "370203", "-": None}, semantic_type="division_code"
    )
    assert values(about, [" 青岛市市南区", "370205", "３７０２０５", "-", "370211"]) == [
        "370202",
        "370203",
        "370203",
        None,
        "370211",
    ]
    assert values(field("f", "integer", lookups={"多": "99"}), ["多", "3"]) == [99, 3]
    assert values(field("f", "integer", lookups={"-1": None}), [-1, 3], pa.int64()) == [None, 3]


@pytest.mark.parametrize(
    ("kind", "text", "standard"),
    [
        ("resident_id", " 11010519491231002x", "11010519491231002X"), ("resident_id", "１１０１０５１９４９１２３１００２ｘ", "11010519491231002X"),
        ("resident_id", "130503670401001", "130503196704010016"), ("resident_id", "1101-0519491231002X", "11010519491231002X"),
        ("resident_id", "something", "SOMETHING"), ("credit_code", "9137 0203-718038331m", "91370203718038331M"),
        ("gender", "男", "1"), ("gender", "female", "2"), ("gender", "F", "2"), ("gender", "未说明的性别", "9"), ("gender", "?", "?"),
        ("phone", "+86 138-0000-1111", "13800001111"), ("phone", "0086 532 85911111", "053285911111"), ("phone", "（0532）85911111", "053285911111"),
        ("phone", "8613800001111", "13800001111"), ("phone", "86123456", "86123456"),
        ("person_name", "买买提•艾力", "买买提·艾力"), ("person_name", "Li\u3000  Lei", "Li Lei"), ("person_name", "张0", "张0"),
    ],
)  # fmt: skip
def test_identifiers_codes_and_names_take_their_standard_form(kind: str, text: str, standard: str) -> None:
    assert value(text, semantic_type=kind) == standard


def test_rows_are_numbered_as_landed_and_hostile_column_names_are_only_names() -> None:
    names = ["_row", "select", "姓 名", 'a"b', "1st", "😀", "Typed"]
    fields = tuple(field(f"f{n}", physical_name=name) for n, name in enumerate(names))
    rows = standardise(resource(*fields), {name: pa.array([f"{name}1", f"{name}2"]) for name in names})
    assert [row["_row"] for row in rows] == [1, 2]
    assert [row["f0"] for row in rows] == ["_row1", "_row2"]
    assert rows[1]["f3"] == 'a"b2'


def test_fields_may_swap_the_names_of_the_source() -> None:
    about = resource(field("a", physical_name="b"), field("b", physical_name="a"))
    assert standardise(about, {"a": pa.array(["1"]), "b": pa.array(["2"])}) == [
        {"_row": 1, "a": "2", "b": "1", "_uncastable": None}
    ]


def test_every_unreadable_field_of_a_row_is_named() -> None:
    about = resource(field("n", "integer"), field("d", "date"), field("t"))
    rows = standardise(about, {"n": pa.array(["x", "1"]), "d": pa.array(["y", None]), "t": pa.array(["z", "z"])})
    assert [row["_uncastable"] for row in rows] == [["n", "d"], None]


def test_bounds_keep_what_lies_inside_and_what_cannot_be_read() -> None:
    from datetime import timedelta

    from contracts.model import Watermark

    about = resource(field("at", "timestamp"), watermark=Watermark("at", timedelta(0)))
    given = ["2020-05-03 23:59:59", "2020-05-04 00:00:00", "2020-05-04 23:59:59", "2020-05-05 00:00:00", "soon", None]
    rows = standardise(about, {"at": pa.array(given)}, ("2020-05-04T00:00:00+08:00", "2020-05-05T00:00:00+08:00"))
    assert [row["_row"] for row in rows] == [2, 3, 5, 6]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(max_size=12), min_size=1, max_size=30))
def test_any_text_is_read_or_kept_and_never_breaks_the_query(texts: list[str]) -> None:
    clean = [t.encode("utf-8", "replace").decode().replace("\x00", "") for t in texts]
    kinds = ("integer", "number", "date", "timestamp", "boolean", "string")
    about = resource(
        *(field(kind, kind, physical_name="f") for kind in kinds),
        field("exact", "number", physical_name="f", physical_type="decimal(9,2)"),
    )
    rows = standardise(about, {"f": pa.array(clean)})
    assert len(rows) == len(clean)
    for row in rows:
        for kind in (*kinds[:5], "exact"):
            # a text that says something is a value or a finding, one that says nothing is neither
            assert (row["string"] is None) == (row[kind] is None and kind not in (row["_uncastable"] or []))


@settings(max_examples=60, deadline=None)
@given(
    st.dates(min_value=date(1000, 1, 1), max_value=date(2999, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%Y.%m.%d"]),
)
def test_every_day_is_read_back_from_every_form(day: date, form: str) -> None:
    assert value(day.strftime(form), "date") == day


@settings(max_examples=60, deadline=None)
@given(st.decimals(min_value=-(10**13), max_value=10**13, places=2))
def test_every_exact_number_is_read_back_to_the_last_digit(number: Decimal) -> None:
    forms = [f"{number}", f"{number:,}", f" {number}0 "]
    assert values(field("n", "number", physical_type="decimal(18,2)"), forms) == [number] * 3
