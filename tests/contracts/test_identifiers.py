"""National identifiers: the rule in Python and the rule in SQL say the same of every number, sound, random or mutilated."""

from __future__ import annotations

import doctest
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from contracts.identifiers import credit_code, resident_id
from transforms.standardise.values import semantic_sql

ON = date(2020, 5, 5)
DIVISIONS = {"110105", "370200", "370203", "370282", "130503"}
_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.fixture(scope="module")
def sql() -> Iterator[Callable[[str, str], object]]:
    connection = duckdb.connect()
    connection.execute("CREATE TABLE divisions AS SELECT unnest(?) AS code", [sorted(DIVISIONS)])

    def ask(expression: str, number: str) -> object:
        row = connection.execute(f"SELECT {expression} FROM (SELECT ?::VARCHAR AS n)", [number]).fetchone()
        return row[0] if row else None

    yield ask
    connection.close()


def _resident(division: str, born: date, order: int) -> str:
    body = f"{division}{born:%Y%m%d}{order:03d}"
    return body + mod_11_2.calc_check_digit(body)


_RESIDENTS = st.builds(
    _resident, st.sampled_from([*sorted(DIVISIONS), "370201", "110120", "810000", "990001"]),
    st.dates(date(1880, 1, 1), date(2040, 1, 1)), st.integers(0, 999),
)  # fmt: skip


def _firm(start: str, division: int, organisation: str) -> str:
    from stdnum.cn import uscc

    body = f"{start}1{division:06d}{organisation}"
    return body + uscc.calc_check_digit(body)


_FIRMS = st.builds(_firm, st.sampled_from("159ANY"), st.integers(0, 999_999), st.text(_LETTERS, min_size=9, max_size=9))


@st.composite
def _spoiled(draw: st.DrawFn, sound: st.SearchStrategy[str]) -> str:
    """A sound number with one sign changed, dropped, doubled or swapped with its neighbour – or left alone."""
    number = draw(sound)
    place = draw(st.integers(0, len(number) - 2))
    sign = draw(st.sampled_from("0123456789XIOSVZabcx１Ｘ -甲'"))
    return draw(
        st.sampled_from(
            [
                number, number[:place] + sign + number[place + 1 :], number[:place] + number[place + 1 :],
                number[: place + 1] + number[place:], number[:place] + number[place + 1] + number[place] + number[place + 2 :], number.lower(),
            ]
        )
    )  # fmt: skip


_ANYTHING = st.one_of(
    st.text(max_size=20), st.text("0123456789X", min_size=15, max_size=19), st.text(_LETTERS, min_size=18, max_size=18)
)


@settings(max_examples=300, deadline=None)
@given(number=st.one_of(_spoiled(_RESIDENTS), _ANYTHING))
def test_both_say_the_same_of_a_resident_id(sql: Callable[[str, str], object], number: str) -> None:
    number = number.replace("\x00", "").encode("utf-8", "replace").decode()
    assert resident_id.has_check_digit(number) == bool(sql(resident_id.has_check_digit_sql("n"), number))
    if resident_id.has_check_digit(number):
        there = sql(resident_id.is_plausible_sql("n", "SELECT code FROM divisions", f"DATE '{ON}'"), number)
        assert resident_id.is_plausible(number, DIVISIONS, ON) == there


@settings(max_examples=300, deadline=None)
@given(number=st.one_of(_spoiled(_FIRMS), _ANYTHING))
def test_both_say_the_same_of_a_credit_code(sql: Callable[[str, str], object], number: str) -> None:
    number = number.replace("\x00", "").encode("utf-8", "replace").decode()
    assert credit_code.has_check_digit(number) == bool(sql(credit_code.has_check_digit_sql("n"), number))
    if credit_code.has_check_digit(number):
        assert credit_code.is_plausible(number) == sql(credit_code.is_plausible_sql("n"), number)


@settings(max_examples=200, deadline=None)
@given(number=_ANYTHING)
def test_compacting_twice_is_compacting_once(number: str) -> None:
    for rule in (resident_id, credit_code):
        assert rule.compact(rule.compact(number)) == rule.compact(number)


@settings(max_examples=150, deadline=None)
@given(number=_RESIDENTS, blanks=st.lists(st.sampled_from(["", " ", "-", "\t"]), min_size=18, max_size=18))
def test_blanks_hyphens_and_width_never_change_the_number(
    sql: Callable[[str, str], object], number: str, blanks: list[str]
) -> None:
    from tests.contracts.a_resource import field
    from transforms.standardise.text import plain_text_sql

    wide = "".join(chr(ord(sign) + 0xFEE0) + blank for sign, blank in zip(number, blanks, strict=True)).lower()
    assert resident_id.compact(wide) == number
    clean = plain_text_sql("n", field("n", semantic_type="resident_id"))
    assert sql(semantic_sql(f"({clean})", "resident_id"), wide) == number


@settings(max_examples=150, deadline=None)
@given(
    division=st.sampled_from(sorted(DIVISIONS)),
    born=st.dates(date(1900, 1, 1), date(1999, 12, 31)),
    order=st.integers(0, 999),
)
def test_a_number_of_fifteen_digits_is_widened_the_same_way(
    sql: Callable[[str, str], object], division: str, born: date, order: int
) -> None:
    old = f"{division}{born:%y%m%d}{order:03d}"
    widened = resident_id.compact(old)
    assert widened == sql(resident_id.widen_sql("n"), old) == _resident(division, born, order)
    assert resident_id.has_check_digit(widened)


@settings(max_examples=100, deadline=None)
@given(number=_RESIDENTS, place=st.integers(0, 16), step=st.integers(1, 9))
def test_no_single_wrong_digit_keeps_the_check_digit(number: str, place: int, step: int) -> None:
    wrong = str((int(number[place]) + step) % 10)
    assert not resident_id.has_check_digit(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize(
    ("number", "plausible"),
    [
        (_resident("370203", date(1949, 12, 31), 2), True),  # a county that did not exist when the person was born
        (_resident("810000", date(1990, 1, 1), 1), True),  # a resident of Hong Kong
        (_resident("370201", date(1990, 1, 1), 1), True),  # 市辖区 of a known city
        (_resident("110120", date(1990, 1, 1), 1), False),  # 市区 of a city that stands in no list
        (_resident("370203", ON, 1), True), (_resident("370203", ON + timedelta(days=1), 1), False),
        (_resident("370203", date(1890, 5, 5), 1), True), (_resident("370203", date(1889, 12, 31), 1), False),
        ("370203199002300011", False),
    ],
)  # fmt: skip
def test_a_resident_id_is_plausible_by_date_and_by_a_division_of_any_year(number: str, plausible: bool) -> None:
    assert resident_id.is_plausible(number, DIVISIONS, ON) is plausible


@pytest.mark.parametrize("start", ["1", "9", "A", "N", "Y"])
def test_every_registering_authority_of_the_standard_may_begin_a_credit_code(start: str) -> None:
    assert credit_code.has_check_digit(_firm(start, 370203, "718038331"))


@pytest.mark.parametrize("number", ["", "9137", "91370203718038331M甲"])
def test_what_is_no_number_at_all_is_neither_right_nor_an_error(number: str) -> None:
    assert not credit_code.has_check_digit(number) and not resident_id.has_check_digit(number)
    assert credit_code.is_plausible(number) is False
    assert resident_id.is_plausible(number, DIVISIONS, ON) is False


@pytest.mark.parametrize("module", [resident_id, credit_code])
def test_the_examples_in_the_docs_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
