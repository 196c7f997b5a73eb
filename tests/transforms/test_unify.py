"""Small tables in, unified people and firms out: the source department's word first, and every value that lost is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from contracts.catalogue import City, load_city
from contracts.errors import ConfigurationError
from contracts.model import Label
from contracts.types import lake_type
from tests.contracts.a_resource import field, resource
from transforms.unify import build_sql, check_mappings, read_mappings

_RESIDENT = resource(
    field("resident_id", semantic_type="resident_id", primary_key=True), field("name"), field("born", "date"), field("phone"),
    name="resident", fingerprint="r1",
)  # fmt: skip
_STUDENT = resource(
    field("student_no", primary_key=True), field("id_no", semantic_type="resident_id"), field("name"), field("born", "date"), field("phone"),
    department="education", name="student", fingerprint="s1",
)  # fmt: skip
_FIRM = resource(
    field("credit_code", semantic_type="credit_code", primary_key=True), field("name"), department="market", name="firm", fingerprint="f1"
)  # fmt: skip

_YAML = """
entities:
  person:
    label: {zh: 自然人, en: Person}
    key: resident_id
    resources: {police.resident: resident_id, education.student: id_no}
    attributes:
      name: {label: {zh: 姓名, en: Name}, from: [police.resident.name, education.student.name]}
      born: {label: {zh: 出生日期, en: Born}, from: [police.resident.born, education.student.born]}
      phone: {label: {zh: 电话, en: Phone}, from: [education.student.phone, police.resident.phone]}
  legal_entity:
    label: {zh: 法人, en: Legal entity}
    key: credit_code
    resources: {market.firm: credit_code}
    attributes:
      name: {from: [market.firm.name]}
"""


def _city(folder: Path, text: str = _YAML) -> City:
    (folder / "unified.yaml").write_text(text, encoding="utf-8")
    return City(
        id="testville", name=Label("Testville", "试验市"), folder=folder, timezone=ZoneInfo("Asia/Shanghai"), schedule="0 2 * * *",
        start=date(2020, 5, 4), end=None, calendar_from=None, calendar_to=None, departments={}, systems={},
        resources={r.id: r for r in (_RESIDENT, _STUDENT, _FIRM)}, broken={}, mistakes=(),
    )  # fmt: skip


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    connection.execute("CREATE SCHEMA unified")
    for about in (_RESIDENT, _STUDENT, _FIRM):
        columns = ", ".join(f"{f.name} {lake_type(f)}" for f in about.fields)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {about.department}")
        connection.execute(
            f"CREATE TABLE {about.department}.{about.name} ({columns}, _interval_start TIMESTAMPTZ, _run_id VARCHAR)"
        )
    yield connection
    connection.close()


_ALL = {r.id: tuple(f.name for f in r.fields) for r in (_RESIDENT, _STUDENT, _FIRM)}


def _unify(city: City, lake: duckdb.DuckDBPyConnection, present: dict[str, tuple[str, ...]] = _ALL) -> None:
    for statement in build_sql(read_mappings(city), present):
        lake.execute(f"CREATE OR REPLACE TABLE {statement.schema}.{statement.table} AS {statement.sql}")
        for column, comment in statement.column_comments.items():
            lake.execute(
                f"COMMENT ON COLUMN {statement.schema}.{statement.table}.{column} IS '{comment.replace(chr(39), '')}'"
            )


def _add(lake: duckdb.DuckDBPyConnection, table: str, *rows: tuple[Any, ...], night: int = 4) -> None:
    for row in rows:
        marks = ", ".join("?" for _ in row)
        lake.execute(
            f"INSERT INTO {table} VALUES ({marks}, TIMESTAMPTZ '2020-05-0{night} 02:00:00+08', 'run')", list(row)
        )


def _people(lake: duckdb.DuckDBPyConnection, columns: str = "resident_id, name, name_source") -> list[tuple[Any, ...]]:
    return lake.execute(f"SELECT {columns} FROM unified.person ORDER BY resident_id").fetchall()


def _conflicts(lake: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    columns = "entity, key, attribute, resource_a, value_a, resource_b, value_b, reason"
    return lake.execute(f"SELECT {columns} FROM unified.conflict ORDER BY ALL").fetchall()


def test_the_source_department_s_value_counts_and_the_other_one_is_a_conflict(tmp_path: Path, lake: Any) -> None:
    _add(lake, "police.resident", ("A", "张三", date(2010, 1, 1), None))
    _add(lake, "education.student", ("s1", "A", "张山", date(2010, 1, 1), "138"), night=5)
    _unify(_city(tmp_path), lake)
    assert _people(lake, "resident_id, name, name_source, born_source, phone, phone_source, resources, resource_count") == [
        ("A", "张三", "police.resident", "police.resident", "138", "education.student", ["education.student", "police.resident"], 2)
    ]  # fmt: skip
    assert _conflicts(lake) == [
        ("person", "A", "name", "police.resident", "张三", "education.student", "张山", "priority")
    ]  # fmt: skip


def test_where_the_first_has_no_value_the_next_one_s_counts_without_a_conflict(tmp_path: Path, lake: Any) -> None:
    _add(lake, "police.resident", ("A", None, None, "110"))
    _add(
        lake,
        "education.student",
        ("s1", "A", "张三", None, None),
        ("s2", "B", "李四", None, None),
        ("s3", None, "无名", None, None),
    )
    _unify(_city(tmp_path), lake)
    assert _people(lake) == [("A", "张三", "education.student"), ("B", "李四", "education.student")]
    assert _people(lake, "phone, phone_source, born, born_source") == [
        ("110", "police.resident", None, None),
        (None,) * 4,
    ]
    assert _conflicts(lake) == []


def test_within_a_resource_the_newest_interval_counts_and_then_the_greatest_value(tmp_path: Path, lake: Any) -> None:
    _add(lake, "education.student", ("s1", "A", "旧名", None, None), night=4)
    _add(
        lake,
        "education.student",
        ("s2", "A", "新名", None, None),
        ("s3", "B", "b", None, None),
        ("s4", "B", "c", None, None),
        night=5,
    )
    _add(lake, "education.student", ("s5", "A", None, None, "139"), night=6)
    _unify(_city(tmp_path), lake)
    assert _people(lake) == [("A", "新名", "education.student"), ("B", "c", "education.student")]
    assert [(row[1], row[4], row[6], row[7]) for row in _conflicts(lake)] == [
        ("A", "新名", "旧名", "recency"),
        ("B", "c", "b", "order"),
    ]


def test_a_conflict_tells_when_each_side_last_said_so(tmp_path: Path, lake: Any) -> None:
    _add(lake, "police.resident", ("A", "张三", None, None), night=4)
    _add(lake, "education.student", ("s1", "A", "张山", None, None), night=5)
    _add(lake, "education.student", ("s2", "A", "张山", None, None), night=6)
    _unify(_city(tmp_path), lake)
    row = lake.execute("SELECT day(interval_a), day(interval_b), count(*) OVER () FROM unified.conflict").fetchall()
    assert row == [(4, 6, 1)]


def test_a_resource_or_column_not_loaded_yet_is_left_out_and_the_tables_keep_their_columns(
    tmp_path: Path, lake: Any
) -> None:
    _add(lake, "education.student", ("s1", "A", "张三", date(2010, 1, 1), "138"))
    city = _city(tmp_path)
    _unify(city, lake)
    whole = [lake.execute(f"DESCRIBE unified.{table}").fetchall() for table in ("person", "legal_entity", "conflict")]
    _unify(city, lake, {"education.student": ("student_no", "id_no", "name")})
    assert _people(lake, "name, born, phone, phone_source") == [("张三", None, None, None)]
    _unify(city, lake, {})
    assert _people(lake) == _conflicts(lake) == []
    assert [
        lake.execute(f"DESCRIBE unified.{table}").fetchall() for table in ("person", "legal_entity", "conflict")
    ] == whole


def test_the_content_follows_from_the_rows_and_not_from_their_order(tmp_path: Path, lake: Any) -> None:
    rows = [(f"s{n}", "AB"[n % 2], f"name {n % 3}", None, None) for n in range(12)]
    city, seen = _city(tmp_path), set()
    for order in (rows, rows[::-1], rows[5:] + rows[:5]):
        lake.execute("DELETE FROM education.student")
        _add(lake, "education.student", *order)
        _unify(city, lake)
        seen.add((tuple(_people(lake)), tuple(_conflicts(lake))))
    assert len(seen) == 1


def test_every_column_is_described_in_both_languages(tmp_path: Path, lake: Any) -> None:
    for statement in build_sql(read_mappings(_city(tmp_path)), _ALL):
        described = lake.execute(f"DESCRIBE {statement.sql}").fetchall() if statement.table != "conflict" else []
        assert {row[0] for row in described} <= set(statement.column_comments)
        for column, comment in statement.column_comments.items():
            if statement.table != "legal_entity":
                assert any("一" <= sign <= "鿿" for sign in comment) and any(
                    sign.isascii() and sign.isalpha() for sign in comment
                ), column


@pytest.mark.parametrize(
    ("old", "new", "place", "what", "remedy"),
    [
        ("police.resident: resident_id", "police.residents: resident_id", "person.resources.police.residents", "no resource", "police.resident"),
        ("education.student: id_no", "education.student: id_nr", "person.resources.education.student", "has no field 'id_nr'", "id_no"),
        ("education.student: id_no", "education.student: student_no", "person.resources.education.student", "not declared as resident_id", "semanticType"),
        ("police.resident.name, ", "police.resident.nam, ", "person.attributes.name.from police.resident.nam", "no field 'nam'", "name"),
        ("[market.firm.name]", "[police.resident.name]", "legal_entity.attributes.name.from police.resident.name", "no resource of this entity", "market.firm"),
        ("[market.firm.name]", "market.firm.name", "legal_entity.attributes.name", "names no source", "source department first"),
        ("education.student.born]", "education.student.name]", "person.attributes.born.from education.student.name", "is VARCHAR, the attribute DATE", "one type"),
        ("[market.firm.name]", "[market.firm.name, market.firm.name]", "legal_entity.attributes.name.from market.firm.name", "stands twice", "remove"),
        ("key: credit_code", "key: Credit Code", "legal_entity.key", "is 'Credit Code'", "resident_id"),
        ("    key: credit_code", "    kee: credit_code", "legal_entity.kee", "unknown word", "key"),
        ("      phone: {label", "      resources: {label", "person.attributes.resources", "no name for a column", "resource_count"),
        ("      phone: {label", "      name_source: {label", "person.attributes.name_source", "another column", "rename"),
        ("entities:", "entitys:", "entities", "is missing", "entities:"),
    ],
)  # fmt: skip
def test_a_mistake_comes_with_its_place_and_remedy(
    tmp_path: Path, old: str, new: str, place: str, what: str, remedy: str
) -> None:
    city = _city(tmp_path, _YAML.replace(old, new, 1))
    found = next(m for m in check_mappings(city) if m.place == place)
    assert what in found.what and remedy in found.remedy and found.file == "unified.yaml"
    with pytest.raises(ConfigurationError, match=r"unified\.yaml has"):
        read_mappings(city)


def test_a_broken_contract_leaves_its_resource_out_and_stops_nobody_else(tmp_path: Path) -> None:
    city = _city(tmp_path)
    broken = replace(city, resources={r.id: r for r in (_STUDENT, _FIRM)}, broken={"police.resident": ()})
    assert read_mappings(broken).resources == ("education.student", "market.firm")


def test_the_fingerprint_follows_the_mapping_and_the_contracts_it_rests_on(tmp_path: Path) -> None:
    city = _city(tmp_path)
    first = read_mappings(city).fingerprint
    assert read_mappings(city).fingerprint == first
    changed = replace(city, resources={**city.resources, "market.firm": replace(_FIRM, fingerprint="f2")})
    assert read_mappings(changed).fingerprint != first
    assert read_mappings(_city(tmp_path, _YAML.replace("Born", "Date of birth"))).fingerprint != first


def test_a_city_without_the_file_unifies_nothing(tmp_path: Path) -> None:
    city = _city(tmp_path)
    (tmp_path / "unified.yaml").unlink()
    assert build_sql(read_mappings(city), _ALL) == []


def test_the_sample_city_s_mappings_have_no_mistake_and_give_sql_that_runs() -> None:
    city = load_city(Path("cities/qingdao").absolute())
    assert check_mappings(city) == []
    mappings = read_mappings(city)
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA unified")
    for about in (city.resource(id) for id in mappings.resources):
        columns = ", ".join(f'"{f.name}" {lake_type(f)}' for f in about.fields)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {about.department}")
        connection.execute(f"CREATE TABLE {about.department}.{about.name} ({columns}, _interval_start TIMESTAMPTZ)")
    present = {id: tuple(f.name for f in city.resource(id).fields) for id in mappings.resources}
    for statement in build_sql(mappings, present):
        connection.execute(f"CREATE TABLE {statement.schema}.{statement.table} AS {statement.sql}")
        made = {row[0] for row in connection.execute(f"DESCRIBE {statement.schema}.{statement.table}").fetchall()}
        assert made == set(statement.column_comments)
    connection.close()
