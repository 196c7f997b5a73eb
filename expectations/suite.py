"""A resource's contract as a Great Expectations suite."""

from __future__ import annotations

from datetime import date
from typing import Any

from expectations.gx import gx

# isort: split
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.registry import get_expectation_impl

from contracts.model import Resource, Rule
from expectations import classes  # noqa: F401  (registers our own expectation types)
from expectations.conditions import carrier_column, full_kwargs

_PAIR = "expect_column_pair_values_a_to_be_greater_than_b"
ROW_COUNT_MINIMUM, ROW_COUNT_MAXIMUM = "table.expected_rows_min", "table.expected_rows_max"


def rules_of(resource: Resource) -> tuple[Rule, ...]:
    """The contract's rules and, at the end, its expected row counts: the minimum holds the load, the maximum warns."""
    kind, expected = "expect_table_row_count_to_be_between", resource.expected_rows
    rules = list(resource.rules)
    if expected.min is not None:
        rules.append(Rule(ROW_COUNT_MINIMUM, kind, None, {"min_value": expected.min}, "error", "completeness"))
    if expected.max is not None:
        rules.append(Rule(ROW_COUNT_MAXIMUM, kind, None, {"max_value": expected.max}, "warning", "completeness"))
    return tuple(rules)


def build_suite(resource: Resource, on: date) -> gx.ExpectationSuite:
    """The suite whose expectations carry the rule's id in `meta`; `on` is the local day on which dates are judged."""
    return gx.ExpectationSuite(name=resource.id, expectations=[_expectation(rule, on) for rule in rules_of(resource)])


def _expectation(rule: Rule, on: date) -> Any:
    kwargs: dict[str, Any] = full_kwargs(rule, on)
    column = carrier_column(rule)
    if column is not None:
        kwargs["column"] = column
    if rule.type == _PAIR:
        kwargs.setdefault("ignore_row_if", "either_value_is_missing")
    return get_expectation_impl(rule.type)(
        **kwargs,
        severity=FailureSeverity.CRITICAL if rule.severity == "error" else FailureSeverity.WARNING,
        meta={"rule": rule.id, "dimension": rule.dimension},
    )
