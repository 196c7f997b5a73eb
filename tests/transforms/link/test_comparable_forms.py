"""What two people write differently and mean the same becomes one form, and what differs stays apart."""

from __future__ import annotations

from datetime import date

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.link.comparable import SUCCESSORS, comparable_sql
from transforms.link.marks import date_sql, gender_sql, phone_sql
from transforms.link.rules import Compared, LinkRules
from transforms.link.sounds import SOUNDS, sounds_table
from transforms.link.text import compared_text_sql, simplified_forms

_DIVISIONS = ("山东省", "青岛市", "市南区", "黄岛区", "~山东", "~青岛")
PLAIN = duckdb.connect()
_RULES = LinkRules(
    "person", "id",
    (Compared("name", "name"), Compared("address", "address"), Compared("division", "division"), Compared("born", "date"), Compared("phone", "phone", ("a.b",))),
)  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.register(SOUNDS, sounds_table())
    made.execute(f"CREATE TABLE {SUCCESSORS} AS SELECT '370205' AS code, '370203' AS successor")
    return made


def one(connection: duckdb.DuckDBPyConnection, sql: str, value: object) -> str | None:
    row = connection.execute(f"SELECT {sql} FROM (SELECT ? AS value)", [value]).fetchone()
    assert row is not None
    return row[0]


def comparable(connection: duckdb.DuckDBPyConnection, **values: object) -> dict[str, object]:
    """The comparable row of one record."""
    given = {"name": None, "address": None, "division": None, "born": None, "phone": None} | values
    connection.execute(
        "CREATE OR REPLACE TABLE record AS SELECT 'r' AS record_id, 'r' AS own_id, 'a.b' AS resource, CAST(? AS VARCHAR) AS name, CAST(? AS VARCHAR) AS address, "
        "CAST(? AS VARCHAR) AS division, CAST(? AS VARCHAR) AS born, CAST(? AS VARCHAR) AS phone, TIMESTAMPTZ '2020-01-01' AS valid_from, "
        "CAST(NULL AS TIMESTAMPTZ) AS valid_to, 1 AS from_snapshot",
        [given[k] for k in ("name", "address", "division", "born", "phone")],
    )
    found = connection.execute(comparable_sql(_RULES, "record", _DIVISIONS))
    names = [column[0] for column in found.description]
    row = found.fetchone()
    assert row is not None
    return dict(zip(names, row, strict=True))


@settings(max_examples=25)
@given(st.text(max_size=30))
def test_a_compared_text_is_compared_as_it_stands_and_holds_letters_and_digits_alone(text: str) -> None:
    once = one(PLAIN, compared_text_sql("value"), text)
    assert once is None or once == one(PLAIN, compared_text_sql("value"), once)
    assert once is None or all(c.isalnum() or not c.isascii() for c in once)


@settings(max_examples=25)
@given(
    st.integers(10_000_000_000, 19_999_999_999),
    st.sampled_from(["{}", "+86{}", "0086 {}", "86-{}", "（{}）", "{} "]),
    st.booleans(),
)
def test_a_mobile_number_is_one_however_it_is_written(number: int, form: str, wide: bool) -> None:
    written = form.format(number)
    written = written.translate({ord("0") + n: chr(0xFF10 + n) for n in range(10)}) if wide else written
    assert one(PLAIN, phone_sql("value"), written) == str(number)


@settings(max_examples=25)
@given(
    st.dates(date(1900, 1, 1), date(2030, 1, 1)),
    st.sampled_from(
        [
            "{0:%Y-%m-%d}",
            "{0:%Y%m%d}",
            "{0.year}/{0.month}/{0.day}",
            "{0.year}年{0.month}月{0.day}日",
            "{0:%Y-%m-%d} 00:00:00",
        ]
    ),
)
def test_a_date_is_one_however_it_is_written(day: date, form: str) -> None:
    assert one(PLAIN, date_sql("value"), form.format(day)) == f"{day:%Y%m%d}"


@pytest.mark.parametrize(
    ("written", "read"), [("1980", "1980"), ("1980年5月", "198005"), ("unknown", None), ("", None)]
)
def test_a_date_known_in_part_keeps_what_is_known(
    connection: duckdb.DuckDBPyConnection, written: str, read: str | None
) -> None:
    assert one(connection, date_sql("value"), written) == read


@pytest.mark.parametrize(("written", "read"), [("男", "1"), ("2", "2"), ("f", "2"), ("0", None), ("未说明", None)])
def test_gender_that_is_not_stated_says_nothing(
    connection: duckdb.DuckDBPyConnection, written: str, read: str | None
) -> None:
    assert one(connection, gender_sql("value"), written) == read


@pytest.mark.parametrize("written", ["张伟", "張偉", " 张 伟 ", "张·伟"])
def test_a_name_is_one_in_traditional_characters_with_blanks_and_with_dots(
    connection: duckdb.DuckDBPyConnection, written: str
) -> None:
    assert comparable(connection, name=written)["name"] == "张伟"


def test_no_simplified_character_would_be_changed_again() -> None:
    traditional, simplified = simplified_forms()
    assert len(traditional) == len(simplified) == len(set(traditional)) > 2500
    assert {"張": "张", "偉": "伟", "號": "号"}.items() <= dict(zip(traditional, simplified, strict=True)).items()
    assert not set(simplified) & set(traditional)


def test_names_typed_by_ear_sound_alike_and_begin_with_one_surname(connection: duckdb.DuckDBPyConnection) -> None:
    first, second, other = (comparable(connection, name=name) for name in ("张伟", "章玮", "张薇红"))
    assert first["name_sound"] == second["name_sound"] != other["name_sound"]
    assert first["name_key"] == second["name_key"] == other["name_key"] == "ZHANG-"
    assert comparable(connection, name="欧阳明")["name_key"] == "OU-YANG-"
    assert comparable(connection, name="西安")["name_sound"] != comparable(connection, name="先")["name_sound"]
    assert comparable(connection, name="吕")["name_sound"] != comparable(connection, name="路")["name_sound"]
    assert comparable(connection, name="O'Brien")["name_key"] == "OBR"


@pytest.mark.parametrize(
    "written",
    [
        "山东省青岛市市南区香港中路1号2号楼301户", "市南区香港中路1号2号楼301户", "香港中路1号2号楼301户", "山东青岛市市南区香港中路１号２号樓301",
        "中国山东省青岛市市南区香港中路1-2-301", " 青岛市 市南区 香港中路1号 2号楼 301户",
    ],
)  # fmt: skip
def test_an_address_is_one_with_and_without_divisions_and_units(
    connection: duckdb.DuckDBPyConnection, written: str
) -> None:
    found = comparable(connection, address=written)
    assert (found["address"], found["address_street"], found["address_numbers"]) == (
        "香港中路 1-2-301",
        "香港中路",
        "1-2-301",
    )


@pytest.mark.parametrize(
    ("written", "street", "numbers"),
    [
        ("青岛路5号", "青岛路", "5"),
        ("黄岛区延安3路12号", "延安三路", "12"),
        ("6 Tullaroop Street", "TULLAROOPSTREET", "6"),
        ("青岛市", None, None),
    ],
)
def test_a_street_named_like_a_division_stays_a_street(
    connection: duckdb.DuckDBPyConnection, written: str, street: str | None, numbers: str | None
) -> None:
    found = comparable(connection, address=written)
    assert (found["address_street"], found["address_numbers"]) == (street, numbers)


def test_a_division_that_is_gone_counts_as_its_successor(connection: duckdb.DuckDBPyConnection) -> None:
    assert comparable(connection, division="370205")["division"] == "370203"


def test_the_best_value_is_the_newest_in_force_of_the_first_resource(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        CREATE OR REPLACE TABLE record AS SELECT record_id, 'me' AS own_id, resource, '王' AS name, NULL AS address, NULL AS division, NULL AS born, phone,
            CAST(since AS TIMESTAMPTZ) AS valid_from, CAST(until AS TIMESTAMPTZ) AS valid_to, 1 AS from_snapshot
        FROM (VALUES ('1', 'c.d', '1111111', '2020-01-03', NULL), ('2', 'a.b', '2222222', '2020-01-01', NULL), ('3', 'a.b', '3333333', '2020-01-02', NULL),
            ('4', 'a.b', '4444444', '2020-01-04', '2020-01-05')) AS v(record_id, resource, phone, since, until)""")
    assert connection.execute(f"SELECT identified, phone FROM ({comparable_sql(_RULES, 'record', ())})").fetchall() == [
        (True, "3333333")
    ]
