"""Running a resource's suite with Great Expectations inside one DuckDB connection."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
from duckdb_engine import ConnectionWrapper

from contracts.errors import InternalError
from contracts.model import Resource, Rule
from contracts.quoting import literal
from expectations.gx import gx
from expectations.suite import build_suite, rules_of


@dataclass(frozen=True)
class RuleOutcome:
    """What one rule found: `rows` judged, `failing` among them; for a table rule `observed` is the figure itself."""

    rule: Rule
    rows: int
    failing: int
    success: bool
    observed: str | None


class _SharedConnection(ConnectionWrapper):
    """A cursor of the one DuckDB instance; validation only reads, so a transaction would have nothing to do."""

    def begin(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...


def validate(
    connection: duckdb.DuckDBPyConnection, table: str, resource: Resource, on: date
) -> tuple[list[RuleOutcome], dict[str, Any]]:
    """Judge `table` of `connection` by the resource's suite: an outcome a rule, and Great Expectations' own result for Data Docs.

    Neither holds a value of the data. Raises InternalError where a rule could not be evaluated: that says nothing of the data.
    """
    for name in ("great_expectations", "tqdm"):
        logging.getLogger(name).setLevel(logging.ERROR)
    context: Any = gx.get_context(mode="ephemeral")  # its fluent methods are made at run time
    context.variables.progress_bars = {"globally": False}
    # without a creator each query would open an empty database of its own
    source = context.data_sources.add_sql(
        "lake",
        connection_string="duckdb:///:memory:",
        kwargs={"creator": lambda: _SharedConnection(_cursor(connection))},
    )
    preparer = source.get_execution_engine().engine.dialect.identifier_preparer
    # SQLAlchemy quotes only the words it takes for reserved; a field may be called `at` or `position`
    preparer.reserved_words = preparer.reserved_words | {field.name for field in resource.fields}
    asset = source.add_table_asset(resource.id, table_name=table)
    batch = asset.add_batch_definition_whole_table(resource.id).get_batch()
    result = batch.validate(
        build_suite(resource, on), result_format={"result_format": "BASIC", "partial_unexpected_count": 0}
    )
    rules = {rule.id: rule for rule in rules_of(resource)}
    outcomes = [_outcome(rules[entry.expectation_config.meta["rule"]], entry, resource) for entry in result.results]
    return outcomes, result.to_json_dict()


def _cursor(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A cursor in the connection's own zone: DuckDB gives each cursor the machine's."""
    zone = connection.execute("SELECT current_setting('TimeZone')").fetchone()
    cursor = connection.cursor()
    cursor.execute(f"SET TimeZone = {literal(zone[0] if zone else 'UTC')}")
    return cursor


def _outcome(rule: Rule, entry: Any, resource: Resource) -> RuleOutcome:
    problem = _exception(entry.exception_info)
    if problem:
        raise InternalError(
            f"rule {rule.id} could not be evaluated: {problem}",
            where=resource.id,
            remedy="correct the rule in the contract; if it is right, report this: it says nothing about the department's data",
        )
    figures = entry.result
    observed = figures.get("observed_value")
    return RuleOutcome(
        rule, int(figures.get("element_count") or 0), int(figures.get("unexpected_count") or 0), bool(entry.success),
        None if observed is None else str(observed),
    )  # fmt: skip


def _exception(info: Mapping[str, Any] | None) -> str:
    """The message of the exception behind a result; it stands flat, or one a metric."""
    if not info:
        return ""
    if "raised_exception" in info:
        return str(info.get("exception_message")) if info["raised_exception"] else ""
    return next((text for value in info.values() if isinstance(value, Mapping) and (text := _exception(value))), "")
