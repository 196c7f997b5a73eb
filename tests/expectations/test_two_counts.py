"""Great Expectations' count equals the verdict's for every rule type at once, on tables nobody wrote."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.rules import RULE_TYPES
from tests.contracts.a_resource import field, resource, rule
from tests.expectations.judged import judged

_SIGNS = "0129Xx男张锟 ·'\"%_{}[]\\:;$?é\ufffd\x85　"
_FIELDS = (
    field("text"), field("resident", semantic_type="resident_id"), field("firm", semantic_type="credit_code"),
    field("gender", semantic_type="gender"), field("phone", semantic_type="phone"), field("name", semantic_type="person_name", unique=True),
    field("whole", "integer", options={"minimum": -5, "maximum": 90}), field("exact", "number", physical_type="decimal(9,3)"),
    field("float", "number", options={"maximum": 0.5}), field("at", "timestamp"), field("born", "date", options={"minimum": "1990-01-01"}),
    field("select", "date", required=True), field("flag", "boolean"), field("long", options={"min_length": 2, "max_length": 4, "pattern": "[0-9X]+"}),
)  # fmt: skip
_RULES = (
    rule("expect_column_values_to_be_in_set", "text", value_set=["男", "张", "'", "%"]),
    rule("expect_column_values_to_be_in_set", "whole", value_set=[1, 2, 50]),
    rule("expect_column_values_to_be_in_set", "exact", value_set=[1, 2.5, 0.1]),
    rule("expect_column_values_to_be_between", "exact", min_value=0.1, max_value=50, strict_max=True),
    rule("expect_column_values_to_be_between", "at", min_value="2020-05-01T00:00:00+08:00"),
    rule("expect_column_values_to_be_between", "select", min_value="2000-01-01", strict_min=True),
    rule("expect_column_values_to_be_unique", "whole"),
    rule("expect_column_values_to_be_unique", "flag"),
    rule("expect_column_pair_values_a_to_be_greater_than_b", id="ordered", column_A="select", column_B="born"),
    rule("expect_column_pair_values_a_to_be_greater_than_b", id="or_equal", column_A="select", column_B="born", or_equal=True),
    rule("expect_column_values_to_be_in_code_list", "text", code_list="divisions"),
    rule("expect_column_values_to_exist_in_resource", "text", resource="a.b", field="c"),
    rule("expect_rows_to_satisfy", condition="\"select\" > born OR whole BETWEEN 1 AND 9 AND text LIKE '%张%'"),
)  # fmt: skip


def _row(random: Random) -> list[Any]:
    def text() -> str:
        return "".join(random.choices(_SIGNS, k=random.randint(0, 5)))

    day = date(1985, 1, 1) + timedelta(days=random.randint(0, 12_000))
    resident = random.choice(["11010519491231002X", "110105194912310021", "37020319991332001X", text()])
    firm = random.choice(["91370203718038331M", "91370203718038330M", "N1370203718038331M", text()])
    at = datetime(2020, 4, 30, 12, tzinfo=ZoneInfo("Asia/Shanghai")) + timedelta(hours=random.randint(0, 48))
    values: list[Any] = [
        text(), resident, firm, random.choice(["0", "1", "2", "9", "3"]), random.choice(["13800001111", "110", text()]), text(),
        random.randint(-10, 100), Decimal(random.randint(-1000, 60_000)) / 1000, random.random(), at, day,
        day + timedelta(days=random.randint(-2, 2)), random.random() < 0.5, text(),
    ]  # fmt: skip
    return [None if random.random() < 0.15 else value for value in values]


@pytest.mark.parametrize("seed", [1, 2020])
def test_both_counts_agree_for_every_rule_type(seed: int) -> None:
    random = Random(seed)
    judged_resource = resource(*_FIELDS, rules=_RULES)
    uncastable = {n: random.sample(["whole", "exact", "at", "born"], 2) for n in random.sample(range(1, 201), 20)}
    result = judged(
        judged_resource, [_row(random) for _ in range(200)], uncastable,
        codes={"divisions": ["370203", "男", None, ""]}, references={("a.b", "c"): ["张", None, "'"]},
    )  # fmt: skip
    rows = {r.id for r in judged_resource.rules if RULE_TYPES[r.type].scope == "row"}
    assert {r.type for r in judged_resource.rules} == {t for t, kind in RULE_TYPES.items() if kind.scope == "row"}
    assert all(0 < result.failing(rule) < 200 for rule in rows - {"float.castable", "select.castable", "flag.castable"})
