"""A suggestion is made only where it can be said honestly, and every one of them would pass."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.model import Field
from pipeline.problems.suggested_fixes import suggestions
from pipeline.proposals import Codes, proposals
from tests.small_city import SmallCity

CODES = Codes(("370202", "370211", "A0101"), {"市南区": "370202", "黄岛区": "370211"})


@pytest.mark.parametrize(
    ("field", "value", "suggested"),
    [
        (Field("x", "x", "", "", "date"), "2020年5月4日", []),
        (Field("x", "x", "", "", "date"), "二〇二〇年五月四日", ["2020-05-04"]),
        (Field("x", "x", "", "", "date"), "13/05/2020", ["2020-05-13"]),
        (Field("x", "x", "", "", "date"), "04/05/2020", []),
        (Field("x", "x", "", "", "date"), "43955", ["2020-05-04"]),
        (Field("x", "x", "", "", "number"), "¥1,234.50 元", ["1234.50"]),
        (Field("x", "x", "", "", "integer"), "12.00", ["12"]),
        (Field("x", "x", "", "", "string", semantic_type="phone"), "138-1234 5678", ["13812345678"]),
    ],
)  # fmt: skip
def test_what_can_be_read_of_a_value_is_proposed(field: Field, value: str, suggested: list[str]) -> None:
    spelt = {value.casefold(), value.upper(), value.lower(), value.replace(" ", "")}
    found = [text for text in proposals(field, value) if text not in spelt]
    assert set(suggested) <= set(found) if suggested else found == []


def test_a_proposal_that_would_be_refused_again_is_not_made(city: SmallCity) -> None:
    resource = city.place.city.resource("tax.taxpayer")
    landed = [{"tax_no": "1", "amount": "12元"}, {"tax_no": "2", "amount": "-12元"}, {"tax_no": "3", "amount": "some"}]
    broken = [["amount.castable"]] * 3
    assert suggestions(city.place, resource, landed, broken, date(2020, 5, 5)) == {(0, "amount.castable"): "12"}


@pytest.mark.parametrize(
    ("value", "first"),
    [
        ("市南区", "370202"),
        ("黄岛区 ", "370211"),
        ("370202000000", "370202"),
        ("a0101", "A0101"),
        ("370203", None),
        ("A0102", None),
    ],
)
def test_a_code_is_found_by_its_name_and_never_because_it_resembles_another(value: str, first: str | None) -> None:
    field = Field("x", "x", "", "", "string")
    found = [text for text in proposals(field, value, CODES) if text in CODES.codes]
    assert found == ([first] if first else [])


@given(
    st.text(max_size=30),
    st.sampled_from(["string", "date", "timestamp", "integer", "number", "boolean"]),
    st.sampled_from([None, "resident_id", "credit_code", "phone"]),
)
def test_whatever_stands_there_proposals_are_other_texts(value: str, logical: str, semantic: str | None) -> None:
    found = proposals(Field("x", "x", "", "", logical, semantic_type=semantic), value, CODES)
    assert value not in found and all(found) and len(found) == len(set(found))
