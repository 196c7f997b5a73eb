"""The SQL of a model: tables put in another's place, and where each column comes from."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from contracts.errors import ConfigurationError
from tests.transforms.models.written import FIRM, INDUSTRY, TABLES, write
from transforms.models import field_lineage, read_models
from transforms.models.inputs import restricted
from transforms.models.lineage import FieldOf, origins
from transforms.models.sql_text import parse, tables_named, with_tables

_SQL = """-- unified.person stands in this comment too
WITH x AS (SELECT a FROM unified.person WHERE a <> 'unified.person'), person AS (SELECT 1 AS a)
SELECT x.a, (SELECT count(*) FROM unified.person AS p WHERE p.a = x.a) AS n, "中文" FROM x JOIN "mart"."two words" AS q USING (a) JOIN person USING (a)
UNION ALL SELECT person.a, 2, 'x' FROM unified.person ORDER BY 1"""


def test_tables_are_told_from_names_of_with_and_from_texts() -> None:
    assert [t.name for t in tables_named(parse(_SQL))] == [
        "unified.person",
        "unified.person",
        "mart.two words",
        "unified.person",
    ]


def test_only_the_tables_are_replaced_and_keep_the_name_they_go_by() -> None:
    replaced = with_tables(_SQL, {"unified.person": "SELECT 7 AS a"})
    assert replaced.count("(SELECT 7 AS a)") == 3
    back = replaced.replace('(SELECT 7 AS a) AS "person"', "unified.person").replace(
        "(SELECT 7 AS a)", "unified.person"
    )
    assert back == _SQL
    assert with_tables(_SQL, {}) == _SQL


def test_a_restricted_input_holds_the_rows_of_the_values_alone_and_null_where_it_is_one() -> None:
    connection = duckdb.connect()
    connection.execute(
        "CREATE SCHEMA a; CREATE TABLE a.t AS SELECT * FROM (VALUES ('x', 1), ('y', 2), (NULL, 3)) AS v(k, n)"
    )
    connection.execute("CREATE TABLE changed AS SELECT 'x' AS value")
    for null, wanted in ((False, [(1,)]), (True, [(1,), (3,)])):
        sql = with_tables("SELECT t.n FROM a.t ORDER BY t.n", {"a.t": restricted("a.t", "k", "changed", null=null)})
        assert connection.execute(sql).fetchall() == wanted


def test_lineage_leads_through_two_models_to_the_fields_and_not_to_what_only_joins_rows(tmp_path: Path) -> None:
    models = read_models(write(tmp_path, firm=FIRM, industry=INDUSTRY))
    lineage = field_lineage(models, TABLES)

    def ends(column: str) -> list[str]:
        return [str(f) for f in origins(lineage, FieldOf("mart.industry", column))]

    assert lineage[FieldOf("mart.industry", "employees")] == (FieldOf("mart.firm", "employees"),)
    assert ends("employees") == ["market.firm.men", "market.firm.women"]
    assert ends("industry") == ["reference.industries.name"]
    assert ends("firms") == []
    assert set(lineage) == {FieldOf(m.name, c.name) for m in models for c in m.columns}


def test_lineage_knows_columns_without_a_table_s_name_in_front_and_unions(tmp_path: Path) -> None:
    text = FIRM.replace("f.credit_code AS firm_id, i.name", "credit_code AS firm_id, name").replace(
        "f.men + f.women", "men"
    )
    text = text.rstrip() + "\nUNION ALL SELECT credit_code, industry_code, women FROM market.firm\n"
    lineage = field_lineage(read_models(write(tmp_path, firm=text)), TABLES)
    assert [str(f) for f in lineage[FieldOf("mart.firm", "industry")]] == [
        "market.firm.industry_code",
        "reference.industries.name",
    ]
    assert [str(f) for f in lineage[FieldOf("mart.firm", "employees")]] == ["market.firm.men", "market.firm.women"]


def test_a_column_that_is_not_there_is_told_with_the_file(tmp_path: Path) -> None:
    models = read_models(write(tmp_path, firm=FIRM.replace("f.men + f.women", "f.man")))
    with pytest.raises(ConfigurationError, match="man") as caught:
        field_lineage(models, TABLES)
    assert caught.value.where.endswith("firm.sql")
