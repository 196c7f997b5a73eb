"""Each rule a contract may name: a row that satisfies it, one that breaks it, one that is out of its scope – and the two counts agree."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import InternalError
from contracts.rules import RULE_TYPES
from expectations.conditions import CONDITIONS
from tests.contracts.a_resource import field, resource, rule
from tests.expectations.judged import judged

TEXT, NUMBER, DAY, AMOUNT = (
    field("code"), field("age", "integer"), field("born", "date"), field("amount", "number", physical_type="decimal(10,2)"),
)  # fmt: skip

# rule type → fields, arguments, a sound row, a bad row, a row without the value
CASES: dict[str, tuple[tuple[Any, ...], dict[str, Any], Any, Any, Any]] = {
    "expect_column_values_to_not_be_null": ((TEXT,), {}, ["a"], [None], None),
    "expect_column_values_to_be_in_set": ((TEXT,), {"value_set": ["存续", "注销"]}, ["存续"], ["未知"], [None]),
    "expect_column_values_to_be_between": ((NUMBER,), {"min_value": 0, "max_value": 130}, [130], [131], [None]),
    "expect_column_value_lengths_to_be_between": ((TEXT,), {"min_value": 2, "max_value": 3}, ["张三"], ["张"], [None]),
    "expect_column_values_to_match_pattern": ((TEXT,), {"pattern": "[A-Z]{2}[0-9]+"}, ["AB1"], ["xAB1"], [None]),
    "expect_column_values_to_be_in_code_list": ((TEXT,), {"code_list": "divisions"}, ["370203"], ["990000"], [None]),
    "expect_column_values_to_have_resident_id_check_digit": (
        (TEXT,), {}, ["11010519491231002X"], ["110105194912310021"], [None]),
    "expect_column_values_to_be_plausible_resident_id": (
        (TEXT,), {}, ["37020319491231002X"], ["37020320491231002X"], [None]),
    "expect_column_values_to_have_credit_code_check_digit": (
        (TEXT,), {}, ["91370203718038331M"], ["913702037180383310"], [None]),
    "expect_column_values_to_be_plausible_credit_code": (
        (TEXT,), {}, ["91370203718038331M"], ["91370203718038330M"], [None]),
    "expect_column_values_to_be_phone_number": ((TEXT,), {}, ["13800001111"], ["1380000111"], [None]),
    "expect_column_values_to_be_readable_text": ((TEXT,), {}, ["欧阳·锟"], ["锟斤拷"], [None]),
    "expect_column_values_to_exist_in_resource": (
        (TEXT,), {"resource": "police.resident", "field": "id"}, ["370203"], ["990000"], [None]),
    "expect_column_pair_values_a_to_be_greater_than_b": (
        (DAY, field("died", "date")), {"column_A": "died", "column_B": "born", "or_equal": True},
        [date(1950, 1, 1), date(1950, 1, 1)], [date(1950, 1, 2), date(1950, 1, 1)], [None, date(1950, 1, 1)]),
    "expect_rows_to_satisfy": ((NUMBER,), {"condition": "age % 2 = 0 OR age > 100"}, [2], [3], [None]),
}  # fmt: skip
_CODES = {"divisions": ["370203", None]}
_REFERENCES = {("police.resident", "id"): ["370203", None]}


@pytest.mark.parametrize("type", CASES)
def test_the_bad_row_is_found_and_the_sound_and_the_empty_one_are_not(type: str) -> None:
    fields, kwargs, good, bad, empty = CASES[type]
    column = (
        None
        if type in ("expect_column_pair_values_a_to_be_greater_than_b", "expect_rows_to_satisfy")
        else fields[0].name
    )
    checked = rule(type, column, id="checked", **kwargs)
    rows = [good, bad, good] if empty is None else [good, bad, empty]
    result = judged(resource(*_untyped(fields), rules=(checked,)), rows, codes=_CODES, references=_REFERENCES)
    assert result.failing("checked") == 1
    assert [row for row, _, _ in result.rows] == [2]
    assert result.outcomes["checked"].success is False


def _untyped(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    # the rule in question alone: without the castable rule that a type implies
    return fields


def test_castable_finds_the_value_that_could_not_be_read_and_not_the_one_that_is_missing() -> None:
    result = judged(resource(NUMBER), [[1], [None], [None]], uncastable={2: ["age"]})
    assert result.failing("age.castable") == 1
    assert result.broken_by(2) == ["age.castable"]
    assert result.broken_by(3) == []


def test_unique_counts_every_row_of_a_repeated_value() -> None:
    result = judged(resource(field("code", unique=True)), [["a"], ["a"], ["b"], [None], [None]])
    assert result.failing("code.unique") == 2


@pytest.mark.parametrize(("values", "bad"), [([1, 2], 3), ([1.5, 2], 3)], ids=["whole numbers", "fractions"])
def test_a_set_of_numbers_is_compared_as_numbers(values: list[Any], bad: int) -> None:
    checked = rule("expect_column_values_to_be_in_set", "amount", value_set=values)
    result = judged(resource(AMOUNT, rules=(checked,)), [[2], [bad], [None]])
    assert result.failing("amount.in_set") == 1


def test_a_missing_value_among_the_allowed_ones_hides_no_finding() -> None:
    checked = rule("expect_column_values_to_be_in_set", "code", value_set=["a"])
    assert judged(resource(TEXT, rules=(checked,)), [["a"], ["b"], [None]]).failing("code.in_set") == 1


@pytest.mark.parametrize("low", ["1900-01-01", "2000-02-29"])
def test_days_are_compared_as_days(low: str) -> None:
    checked = rule("expect_column_values_to_be_between", "born", min_value=low, max_value="2020-05-05")
    rows: list[list[Any]] = [[date(1899, 12, 31)], [date(2010, 1, 1)], [date(2020, 5, 6)], [None]]
    assert judged(resource(DAY, rules=(checked,)), rows).failing("born.between") == 2


def test_times_are_compared_in_the_city_s_zone() -> None:
    checked = rule("expect_column_values_to_be_between", "at", min_value="2020-05-05 00:00:00")
    rows = [["2020-05-05 00:00:00+08"], ["2020-05-04 23:59:59+08"]]
    assert judged(resource(field("at", "timestamp"), rules=(checked,)), rows).failing("at.between") == 1


def test_strict_limits_exclude_the_limit_itself() -> None:
    checked = rule("expect_column_values_to_be_between", "age", min_value=0, strict_min=True)
    assert judged(resource(NUMBER, rules=(checked,)), [[0], [1]]).failing("age.between") == 1


@pytest.mark.parametrize("text", ["100%", "a:b", "{2}", "it's", "a\\b", "?"])
def test_signs_that_mean_something_to_sql_are_only_signs(text: str) -> None:
    checked = (
        rule("expect_column_values_to_be_in_set", "code", value_set=[text]),
        rule("expect_rows_to_satisfy", id="same", condition="code = '" + text.replace("'", "''") + "'"),
    )
    result = judged(resource(TEXT, rules=checked), [[text], ["other"]])
    assert (result.failing("code.in_set"), result.failing("same")) == (1, 1)


def test_a_resource_that_is_not_loaded_yet_says_nothing_about_others() -> None:
    checked = rule("expect_column_values_to_exist_in_resource", "code", "warning", resource="a.b", field="c")
    nothing: tuple[list[Any], ...] = ([], [None])
    for held in nothing:
        assert (
            judged(resource(TEXT, rules=(checked,)), [["x"]], references={("a.b", "c"): held}).failing("code.reference")
            == 0
        )


@pytest.mark.parametrize("name", ["José·María", "买买提·艾力", "张锟", "Åse Bjørn", "〇一"])
def test_no_sound_name_is_called_unreadable(name: str) -> None:
    assert judged(resource(field("n", semantic_type="person_name")), [[name]]).failing("n.readable") == 0


@pytest.mark.parametrize("trace", ["锟斤拷", "张\ufffd", "å¼\xa0ä¸\x89", "JosÃ©", "\x85abc"])
def test_each_trace_of_a_wrong_decoding_is_found(trace: str) -> None:
    assert judged(resource(field("n", semantic_type="person_name")), [[trace]]).failing("n.readable") == 1


@pytest.mark.parametrize("number", ["13800001111", "053285911111", "85911111", "4001234567", "12345", "0532-85911111"])
def test_usual_telephone_numbers_pass(number: str) -> None:
    assert judged(resource(field("p", semantic_type="phone")), [[number]]).failing("p.phone") == 0


def test_table_rules_tell_the_figure_they_saw() -> None:
    rules = (
        rule("expect_table_row_count_to_be_between", min_value=3),
        rule("expect_column_mean_to_be_between", "age", min_value=0, max_value=2),
        rule("expect_column_max_to_be_between", "born", min_value="2020-05-04"),
    )
    outcomes = judged(resource(NUMBER, DAY, rules=rules), [[1, date(2020, 5, 4)], [3, date(2020, 5, 1)]]).outcomes
    seen = {id: (o.success, o.observed) for id, o in outcomes.items() if RULE_TYPES[o.rule.type].scope == "table"}
    assert seen == {
        "table.row_count": (False, "2"), "age.mean": (True, "2.0"), "born.newest": (True, "2020-05-04"),
    }  # fmt: skip


def test_an_extraction_without_rows_is_judged_without_an_error() -> None:
    rules = tuple(
        rule(
            type,
            None
            if type in ("expect_column_pair_values_a_to_be_greater_than_b", "expect_rows_to_satisfy")
            else fields[0].name,
            **kwargs,
        )
        for type, (fields, kwargs, *_) in CASES.items()
        if fields in ((TEXT,), (NUMBER,))
    )
    result = judged(resource(TEXT, NUMBER, rules=rules), [], codes=_CODES, references=_REFERENCES)
    assert all(outcome.failing == 0 and outcome.success for outcome in result.outcomes.values())


def test_a_contract_without_rules_is_judged_without_an_error() -> None:
    assert judged(resource(TEXT), [["a"]]).rows == []


def test_a_rule_that_cannot_be_evaluated_is_our_error_and_no_finding() -> None:
    checked = rule("expect_rows_to_satisfy", condition="no_such_function(age) = 1")
    with pytest.raises(InternalError) as raised:
        judged(resource(NUMBER, rules=(checked,)), [[1]])
    assert "table.condition could not be evaluated" in raised.value.what
    assert "says nothing about the department" in raised.value.remedy


def test_severity_and_dimension_reach_the_results() -> None:
    checked = (
        rule("expect_column_values_to_be_unique", "code", "warning"),
        rule("expect_column_values_to_not_be_null", "code", "error"),
    )
    result = judged(resource(TEXT, rules=checked), [["a"], ["a"], [None]])
    labels = {o.rule.id: (o.rule.severity, o.rule.dimension, o.failing) for o in result.outcomes.values()}
    assert labels == {"code.unique": ("warning", "consistency", 2), "code.not_null": ("error", "completeness", 1)}
    assert result.rows == [(1, [], ["code.unique"]), (2, [], ["code.unique"]), (3, ["code.not_null"], [])]


def test_no_result_holds_a_value_of_the_data() -> None:
    import json

    import duckdb

    from expectations.validation import validate
    from tests.expectations.judged import DAY as day

    connection = duckdb.connect()
    connection.execute("CREATE TABLE t AS SELECT 1 AS _row, 'canary-7391' AS code, NULL::VARCHAR[] AS _uncastable")
    checked = rule("expect_column_values_to_be_in_set", "code", value_set=["a"])
    _, document = validate(connection, "t", resource(TEXT, rules=(checked,)), day)
    assert "canary" not in json.dumps(document, default=str)


def test_every_row_rule_has_a_condition_and_a_case_here() -> None:
    rows = {type for type, kind in RULE_TYPES.items() if kind.scope == "row"}
    assert rows == set(CONDITIONS)
    assert rows - set(CASES) == {"expect_column_values_to_be_castable", "expect_column_values_to_be_unique"}


def test_every_rule_is_explained_in_the_docs() -> None:
    text = Path("docs/expectations.md").read_text(encoding="utf-8")
    explained = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `expect_")}
    assert explained == set(RULE_TYPES)
    for type, kind in RULE_TYPES.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| `{type}`"))
        assert f"`{kind.short}`" in line
        assert kind.dimension in line
        for argument in (*kind.required, *kind.optional):
            assert f"`{argument}`" in line, (type, argument)
