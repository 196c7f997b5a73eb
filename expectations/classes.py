"""Our own expectation classes: the names contracts use, counted inside DuckDB with the conditions of `conditions`.

Great Expectations has no regular expressions, identifiers or code lists for the DuckDB dialect; each class here is an ordinary column map
expectation whose metric is that condition.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

import expectations.gx  # noqa: F401  (the way the package is imported, before any part of it)

# isort: split
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)

from contracts.quoting import ident
from expectations.conditions import CONDITIONS


def _metric(expectation: str, *keys: str) -> str:
    """Register the metric of one expectation type and return its name."""
    name = f"column_values.landbridge.{expectation.removeprefix('expect_')}"

    def _sqlalchemy(cls: type, column: Any, **kwargs: Any) -> Any:
        condition = CONDITIONS[expectation](ident(column.name), {key: kwargs.get(key) for key in keys})
        # a NULL condition is no finding, as in the verdict
        return sa.literal_column(f"coalesce(({condition}), true)", type_=sa.Boolean)

    partial = column_condition_partial(engine=SqlAlchemyExecutionEngine)(_sqlalchemy)
    type(
        f"Metric{expectation}",
        (ColumnMapMetricProvider,),
        {"condition_metric_name": name, "condition_value_keys": keys, "_sqlalchemy": partial, "__module__": __name__},
    )
    return name


class ExpectColumnValuesToBeCastable(ColumnMapExpectation):
    """值可按契约类型读取: the source's value can be read as the type the contract gives `field`."""

    map_metric = _metric("expect_column_values_to_be_castable", "field")
    success_keys = ("field", "mostly")
    field: str


class ExpectColumnValuesToMatchPattern(ColumnMapExpectation):
    """值符合格式: the whole value matches a regular expression (RE2)."""

    map_metric = _metric("expect_column_values_to_match_pattern", "pattern")
    success_keys = ("pattern", "mostly")
    pattern: str


class ExpectColumnValuesToBeInCodeList(ColumnMapExpectation):
    """值属于标准代码集: the value is a code of the city's code list, of any year."""

    map_metric = _metric("expect_column_values_to_be_in_code_list", "code_list")
    success_keys = ("code_list", "mostly")
    code_list: str


class ExpectColumnValuesToHaveResidentIdCheckDigit(ColumnMapExpectation):
    """公民身份号码校验位正确 (GB 11643-1999): shape and check character of a resident id."""

    map_metric = _metric("expect_column_values_to_have_resident_id_check_digit")


class ExpectColumnValuesToBePlausibleResidentId(ColumnMapExpectation):
    """公民身份号码可信: a real birth date not after `on`, and a division of any year."""

    map_metric = _metric("expect_column_values_to_be_plausible_resident_id", "on")
    success_keys = ("on", "mostly")
    on: str


class ExpectColumnValuesToHaveCreditCodeCheckDigit(ColumnMapExpectation):
    """统一社会信用代码校验位正确 (GB 32100-2015): shape and check character of a credit code."""

    map_metric = _metric("expect_column_values_to_have_credit_code_check_digit")


class ExpectColumnValuesToBePlausibleCreditCode(ColumnMapExpectation):
    """组织机构代码校验位正确 (GB 11714-1997): the organisation code inside a credit code has its own right check character."""

    map_metric = _metric("expect_column_values_to_be_plausible_credit_code")


class ExpectColumnValuesToBePhoneNumber(ColumnMapExpectation):
    """电话号码: a Chinese mobile number, land line or service number."""

    map_metric = _metric("expect_column_values_to_be_phone_number")


class ExpectColumnValuesToBeReadableText(ColumnMapExpectation):
    """文字无乱码: no trace of a wrong decoding."""

    map_metric = _metric("expect_column_values_to_be_readable_text")


class ExpectColumnValuesToExistInResource(ColumnMapExpectation):
    """跨资源引用: the value exists in `field` of another `resource`; only ever a warning."""

    map_metric = _metric("expect_column_values_to_exist_in_resource", "resource", "field")
    success_keys = ("resource", "field", "mostly")
    resource: str
    field: str


class ExpectRowsToSatisfy(ColumnMapExpectation):
    """行条件: a DuckDB condition over the row's fields holds; NULL counts as holding."""

    map_metric = _metric("expect_rows_to_satisfy", "condition")
    success_keys = ("condition", "mostly")
    condition: str
