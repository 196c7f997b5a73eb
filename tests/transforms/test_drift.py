"""Drift: a new column warns, a missing or impossible one stops the resource and names both sides."""

from __future__ import annotations

import pytest

from contracts.errors import SchemaDrift
from tests.contracts.a_resource import field, resource
from transforms.standardise.drift import check_drift

ABOUT = resource(
    field("name", physical_name="姓名"), field("born", "date", physical_name="出生日期"), ignored_columns=("备注",)
)


def test_a_column_nobody_promised_is_returned_and_an_ignored_one_is_not() -> None:
    assert check_drift(ABOUT, ["姓名", "出生日期", "备注", "民族"]).added == ("民族",)


def test_a_missing_column_names_the_field_and_what_it_may_be_called_now() -> None:
    with pytest.raises(SchemaDrift) as raised:
        check_drift(ABOUT, ["姓名", "出生日期2"])
    assert "'出生日期' (field born)" in raised.value.what
    assert "did you mean 出生日期2?" in raised.value.remedy
    assert raised.value.where == "police.resident, files: residents"


@pytest.mark.parametrize("type", ["bool", "time64[us]", "list<item: string>", "struct<a: int64>", "binary"])
def test_a_type_that_no_row_can_fit_is_drift(type: str) -> None:
    with pytest.raises(SchemaDrift) as raised:
        check_drift(ABOUT, {"姓名": "string", "出生日期": type})
    assert f"'出生日期' is {type} (field born, in the contract date)" in raised.value.what


@pytest.mark.parametrize("type", ["string", "date32[day]", "timestamp[us, tz=UTC]", "int64", "double", "null"])
def test_a_type_that_rows_may_fit_is_left_to_the_rules(type: str) -> None:
    assert check_drift(ABOUT, {"姓名": "string", "出生日期": type}).added == ()
