"""Rules in words, for the people who correct the rows: what a broken rule asks, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.model import Resource, Rule
from contracts.rules import MALFORMED_LINE
from sharing.corrections.disputed_rows import MISSING

CHALLENGED = "challenged"
"""Stands for a rule where a value passes them all and was challenged all the same."""

DIMENSIONS = {
    "conformity": "规范性 conformity", "completeness": "完整性 completeness", "accuracy": "准确性 accuracy",
    "consistency": "一致性 consistency", "timeliness": "时效性 timeliness", "accessibility": "可访问性 accessibility",
}  # fmt: skip


def _limits(kwargs: dict[str, Any]) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is None or high is None:
        return f"不小于 at least {low}" if high is None else f"不大于 at most {high}"
    return f"{low} – {high}"


_WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "expect_column_values_to_not_be_null": lambda _: "不能为空 must not be empty",
    "expect_column_values_to_be_in_set": lambda k: f"须为 must be one of: {', '.join(map(str, k['value_set'][:12]))}",
    "expect_column_values_to_be_between": lambda k: f"取值范围 must lie within: {_limits(k)}",
    "expect_column_value_lengths_to_be_between": lambda k: f"长度范围 its length must lie within: {_limits(k)}",
    "expect_column_values_to_be_unique": lambda _: "不能重复 must not occur twice",
    "expect_column_pair_values_a_to_be_greater_than_b": lambda k: (
        f"{k['column_A']} 须晚于或大于 must come after {k['column_B']}"
    ),
    "expect_column_values_to_be_castable": lambda _: "不能按类型读取 cannot be read as the field's type",
    "expect_column_values_to_match_pattern": lambda k: f"格式须为 must match {k['pattern']}",
    "expect_column_values_to_be_in_code_list": lambda k: f"须属于代码集 must be a code of the list {k['code_list']}",
    "expect_column_values_to_have_resident_id_check_digit": lambda _: (
        "公民身份号码校验位 shape and check digit of a resident id (GB 11643)"
    ),
    "expect_column_values_to_have_credit_code_check_digit": lambda _: (
        "统一社会信用代码校验位 shape and check digit of a credit code (GB 32100)"
    ),
    "expect_column_values_to_be_phone_number": lambda _: "须为电话号码 must be a telephone number",
    "expect_column_values_to_be_readable_text": lambda _: "文字乱码 text was decoded wrongly",
    "expect_rows_to_satisfy": lambda k: f"须满足条件 the row must satisfy: {k['condition']}",
}


def in_words(rule: Rule | None, id: str, resource: Resource | None = None) -> str:
    """What the rule asks, fields of the resource by their labels; the rule's id where the contract has it no more."""
    if id == MALFORMED_LINE:
        return "不是完整记录 the line is no record of the table"
    if id == MISSING:
        return "应有而缺失 the row is said to be missing"
    if id == CHALLENGED:
        return "被提出校核 the value was challenged"
    if rule is None or rule.type not in _WORDS:
        return id
    labels = {f.name: f.label or f.name for f in resource.fields} if resource else {}
    named = {k: labels.get(v, v) if k in ("column_A", "column_B") else v for k, v in rule.kwargs.items()}
    return _WORDS[rule.type](named)
