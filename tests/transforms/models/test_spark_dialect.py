"""What passes to Spark and what is refused, told without a Spark; that both give the same is shown in tests/pipeline/engines."""

from __future__ import annotations

import duckdb
import pytest

from contracts.errors import ConfigurationError
from tests.pipeline.engines.expressions import TABLE, TYPES, aggregates, expressions
from transforms.models.spark_dialect import spark_mistakes, to_spark
from transforms.models.spark_patterns import java_pattern
from transforms.models.spark_types import can_hold

COLUMNS = {TABLE: {**TYPES, "list": "VARCHAR[]"}}
VALUES = {"as_of": "2020-05-06T18:00:00+00:00", "as_of_day": "2020-05-06"}

REFUSED = {
    "hash(s)": "HASH",
    "list(s)": "ARRAY_AGG",
    "any_value(s)": "ANY_VALUE",
    "arg_max(s, k)": "ARG_MAX",
    "mode(s)": "MODE",
    "random()": "RANDOM|RAND",
    "current_date": "CURRENT_DATE",
    "date_sub('year', d, d)": "DATE_SUB",
    "date_diff('week', d, d)": "counted differently",
    "ts - ts": "subtracted to an interval",
    "INTERVAL 1 MONTH": "only after",
    "d + INTERVAL (k) DAY": "plain number",
    "CAST(x AS VARCHAR)": "looks different as a text",
    "'at ' || ts": "looks different as a text",
    "CAST(s AS TIMESTAMPTZ)": "read as instants differently",
    "CAST(s AS BOOLEAN)": "a cast to BOOLEAN",
    "CAST(s AS VARCHAR[])": "a cast to",
    "m // 2": "whole numbers only",
    "round(x, k)": "plain number",
    "substr(s, 0, 2)": "before the first",
    "left(s, -1)": "other end",
    "split_part(s, '', 1)": "not written out",
    r"regexp_matches(s, '\p{Han}')": "regular expression",
    r"regexp_matches(s, '\bx')": "regular expression",
    "regexp_matches(s, '(?i)x')": "regular expression",
    "regexp_matches(s, '[[:alpha:]]')": "regular expression",
    "regexp_matches(s, c)": "pattern is computed",
    "regexp_replace(s, 'x', 'y', 'gi')": "options",
    "string_agg(s, ',')": "order of the values",
    "string_agg(DISTINCT s, ',' ORDER BY k)": "order of something else",
    "strftime(d, '%a')": "format",
    "s SIMILAR TO 'x'": "SIMILAR",
    "median(m)": "median",
    "zz": "zz",
    "list": r"VARCHAR\[\]",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_differs_is_refused_with_the_models_name_and_a_remedy(text: str) -> None:
    with pytest.raises(ConfigurationError, match=REFUSED[text]) as told:
        to_spark(f"SELECT {text} AS x FROM {TABLE}", COLUMNS, VALUES, "mart.firm")
    assert told.value.where == "mart.firm"
    assert told.value.remedy


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (f"SELECT DISTINCT ON (s) s, k FROM {TABLE}", "left open"),
        (f"SELECT k FROM {TABLE} LIMIT 3", "left open"),
        (f"SELECT cases.k FROM {TABLE} ASOF JOIN {TABLE} AS o USING (ts)", "no join"),
        ("WITH RECURSIVE r AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM r WHERE a < 5) SELECT a FROM r", "recursion"),
        (f"SELECT k FROM {TABLE} USING SAMPLE 10", "both engines|Spark has nothing"),
        (f"SELECT sum(DISTINCT k) AS n, string_agg(s, ',' ORDER BY k) AS l FROM {TABLE}", "DISTINCT beside"),
    ],
)
def test_a_select_whose_rows_are_left_open_is_refused(sql: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        to_spark(sql, COLUMNS, VALUES, "mart.firm")


def test_every_mistake_of_a_select_is_told_at_once() -> None:
    found = spark_mistakes(
        f"SELECT hash(s) AS a, list(s) AS b, x || '' AS c FROM {TABLE} GROUP BY ALL", COLUMNS, "mart.firm"
    )
    assert len(found) == 3


def test_tables_become_views_and_variables_become_literals() -> None:
    written = to_spark(
        f"SELECT cases.k FROM {TABLE} WHERE proof.cases.ts <= getvariable('as_of')", COLUMNS, VALUES, "mart.firm"
    )
    assert written.views == {"proof__cases": TABLE}
    assert "getvariable" not in written.sql.lower()
    assert "2020-05-06T18:00:00+00:00" in written.sql


def test_a_name_of_with_is_no_table() -> None:
    written = to_spark(f"WITH cases AS (SELECT k FROM {TABLE}) SELECT k FROM cases", COLUMNS, VALUES, "mart.firm")
    assert written.views == {"proof__cases": TABLE}


def test_a_part_of_with_that_is_read_twice_is_computed_once() -> None:
    sql = f"WITH a AS (SELECT k FROM {TABLE}), b AS (SELECT k FROM a), c AS (SELECT l.k FROM b AS l JOIN b AS r USING (k)) SELECT k FROM c"
    written = to_spark(sql, COLUMNS, VALUES, "mart.firm")
    ((view, step),) = written.steps
    assert view == "with__0"
    assert "proof__cases" in step
    assert written.sql.count("`with__0`") == 2


def test_types_are_those_that_duckdb_finds() -> None:
    """Rounding, joining texts and casts go by the type of their operand: one that is told wrongly would change values."""
    duck = duckdb.connect()
    columns = ", ".join(f"{name} {type}" for name, type in TYPES.items())
    duck.execute(f"CREATE SCHEMA proof; CREATE TABLE {TABLE} ({columns})")
    duck.execute(
        "SET VARIABLE as_of = TIMESTAMPTZ '2020-05-06 18:00:00+00'; SET VARIABLE as_of_day = DATE '2020-05-06'"
    )
    wrong = {}
    for text in (*expressions(), *aggregates()):
        ((_, type, *_),) = duck.execute(f"DESCRIBE SELECT {text} AS x FROM {TABLE} AS t").fetchall()
        if type in ("HUGEINT", "TINYINT") or not can_hold(type):
            type = "BIGINT"
        # to_text refuses what prints otherwise, so that a DOUBLE taken for a DECIMAL, or the other way, shows here
        prints = not spark_mistakes(f"SELECT CAST({text} AS VARCHAR) AS x FROM {TABLE} AS t", COLUMNS, "x")
        if prints != (type.split("(")[0] in ("VARCHAR", "BIGINT", "INTEGER", "DECIMAL", "DATE", "BOOLEAN")):
            wrong[text] = type
    assert wrong == {}


@pytest.mark.parametrize(
    ("pattern", "java"),
    [
        (r"^\d{6}$", r"(?d)^\d{6}\z"),
        (r"[^[a&b]", r"(?d)[^\[a\&b]"),
        (r"\s+", r"(?d)[\t\n\f\r ]+"),
        (r"[\s-]", r"(?d)[\t\n\f\r -]"),
    ],
)
def test_a_pattern_is_written_for_java(pattern: str, java: str) -> None:
    assert java_pattern(pattern) == java
