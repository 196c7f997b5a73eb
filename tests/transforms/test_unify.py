"""Versions of records in, the unified city out: whose word counts, since when, what was known on a day, and who contradicts whom."""

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
from contracts.identifiers import registration_no
from contracts.model import Label
from pipeline.models.tables import known_tables
from tests.contracts.a_resource import field, resource
from transforms.models import check_models
from transforms.unify import Mappings, check_mappings, entity_models, read_mappings
from transforms.unify.records import record_columns

_RESIDENT = resource(
    field("resident_id", semantic_type="resident_id", primary_key=True), field("name"), field("born", "date"), field("phone"),
    name="resident", fingerprint="r1",
)  # fmt: skip
_STUDENT = resource(
    field("student_no", primary_key=True), field("id_no", semantic_type="resident_id"), field("name"), field("born", "date"), field("phone"),
    department="education", name="student", fingerprint="s1",
)  # fmt: skip
_FIRM = resource(
    field("credit_code", semantic_type="credit_code", primary_key=True), field("name"), field("seat"),
    department="market", name="firm", fingerprint="f1",
)  # fmt: skip
_TAX = resource(
    field("credit_code", semantic_type="credit_code", primary_key=True), field("name"), field("seat"),
    department="tax", name="payer", fingerprint="t1",
)  # fmt: skip

_YAML = """
division: {code_list: divisions, home: "370200"}
entities:
  person:
    label: {zh: 自然人, en: Person}
    key: resident_id
    resources: {police.resident: resident_id, education.student: id_no}
    attributes:
      name: {label: {zh: 姓名, en: Name}, from: [police.resident.name, education.student.name]}
      born: {label: {zh: 出生日期, en: Born}, from: [police.resident.born, education.student.born]}
      phone: {label: {zh: 电话, en: Phone}, from: [education.student.phone, police.resident.phone]}
    link: {whatever: linking makes of it}
  legal_entity:
    label: {zh: 法人, en: Legal entity}
    key: credit_code
    resources: {market.firm: credit_code, tax.payer: credit_code}
    attributes:
      name: {label: {zh: 名称, en: Name}, from: [market.firm.name, tax.payer.name], compare: text}
      seat: {label: {zh: 住所, en: Seat}, from: [market.firm.seat, tax.payer.seat], compare: address}
"""
_DIVISIONS = """code,name,valid_from,valid_to,successor
370000,山东省,1981-01-01,,
370200,青岛市,1981-01-01,,
370202,市南区,1981-01-01,,
120110,东郊区,1981-01-01,1992-01-01,
120110,东丽区,1992-01-01,,
370222,即墨县,1981-01-01,1989-01-01,379013
379013,即墨市,1989-01-01,1990-01-01,370282
370282,即墨市,1990-01-01,2017-01-01,370215
370215,即墨区,2017-01-01,,
370206,沧口区,1983-01-01,1994-01-01,370205;370213
"""


def _city(folder: Path, text: str = _YAML) -> City:
    (folder / "unified.yaml").write_text(text, encoding="utf-8")
    (folder / "divisions.csv").write_text(_DIVISIONS, encoding="utf-8")
    return City(
        id="testville", name=Label("Testville", "试验市"), folder=folder, timezone=ZoneInfo("Asia/Shanghai"), schedule="0 2 * * *",
        start=date(2020, 5, 4), end=None, calendar_from=None, calendar_to=None, departments={}, systems={},
        resources={r.id: r for r in (_RESIDENT, _STUDENT, _FIRM, _TAX)}, broken={}, mistakes=(),
        code_lists={"divisions": folder / "divisions.csv"},
    )  # fmt: skip


class Records:
    """Tables of records, filled by hand, and the models over them."""

    def __init__(self, mappings: Mappings, folder: Path) -> None:
        self.mappings, self.connection = mappings, duckdb.connect()
        self.connection.execute("SET TimeZone = 'Asia/Shanghai'; CREATE SCHEMA unified; CREATE SCHEMA reference")
        for entity in mappings.entities:
            columns = ", ".join(f"{name} {type}" for name, (type, _) in record_columns(entity).items())
            self.connection.execute(f"CREATE TABLE unified.{entity.record_table} ({columns})")
        self.connection.execute(
            f"CREATE TABLE reference.divisions AS FROM read_csv('{folder}/divisions.csv', types = {{'code': 'VARCHAR', 'successor': 'VARCHAR'}})"
        )

    def say(
        self, resource: str, entity_id: str, since: int, until: int | None = None, row: str = "1", **said: Any
    ) -> None:
        """What a row of a resource says of an entity from one night of May on, until another."""
        kind = "legal_entity" if resource in ("market.firm", "tax.payer") else "person"
        at = [None if night is None else f"2020-05-{night:02d} 02:00:00+08" for night in (since, until)]
        told = {
            "record_id": f"{resource}|{row}", "own_id": entity_id, "entity_id": entity_id, "resource": resource, "record_key": row, **said,
            "valid_from": at[0], "valid_to": at[1], "from_snapshot": since, "to_snapshot": until,
        }  # fmt: skip
        marks = ", ".join("?" for _ in told)
        self.connection.execute(
            f"INSERT INTO unified.{kind}_record ({', '.join(told)}) VALUES ({marks})", list(told.values())
        )

    def make(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        """Make the models anew and read one of them."""
        models = {m.table: m for m in entity_models(self.mappings)}
        for model in models.values():
            if model.table != "conflict":
                self.connection.execute(f"CREATE OR REPLACE TABLE {model.name} AS {model.sql}")
        self.connection.execute(f"CREATE OR REPLACE TABLE unified.conflict AS {models['conflict'].sql}")
        for model in models.values():
            made = self.connection.execute(f"DESCRIBE {model.name}").fetchall()
            assert [(row[0], row[1]) for row in made] == [(c.name, c.type) for c in model.columns], model.name
            keys = ", ".join(model.key)
            assert (
                self.connection.execute(f"SELECT {keys} FROM {model.name} GROUP BY ALL HAVING count(*) > 1").fetchall()
                == []
            )
        return self.connection.execute(f"SELECT {columns} FROM unified.{table} ORDER BY ALL").fetchall()

    def conflicts(self) -> list[tuple[Any, ...]]:
        return self.make("conflict", "entity_id, attribute, resource_a, value_a, resource_b, value_b, rows_b, reason")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = Records(read_mappings(_city(tmp_path)), tmp_path)
    yield made
    made.connection.close()


def test_the_source_department_s_value_counts_and_the_other_one_is_a_conflict(records: Records) -> None:
    records.say("police.resident", "A", 4, resident_id="1", name="张三", born=date(2010, 1, 1))
    records.say("education.student", "A", 5, resident_id="1", name="张山", born=date(2010, 1, 1), phone="138")
    person = "person_id, resident_id, name, name_source, day(name_since), name_snapshot, born_source, phone, phone_source, resources, resource_count"
    assert records.make("person", person) == [
        ("A", "1", "张三", "police.resident", 4, 4, "police.resident", "138", "education.student", "education.student,police.resident", 2)
    ]  # fmt: skip
    assert records.conflicts() == [("A", "name", "police.resident", "张三", "education.student", "张山", 1, "priority")]


def test_where_the_first_has_no_value_the_next_one_s_counts_without_a_conflict(records: Records) -> None:
    records.say("police.resident", "A", 4, phone="110")
    records.say("education.student", "A", 4, name="张三")
    records.say("education.student", "B", 4, row="2", name="李四")
    assert records.make("person", "person_id, name, name_source, phone, born") == [
        ("A", "张三", "education.student", "110", None),
        ("B", "李四", "education.student", None, None),
    ]
    assert records.conflicts() == []


def test_within_a_resource_the_newest_counts_and_of_equals_a_fixed_one(records: Records) -> None:
    records.say("education.student", "A", 4, row="1", name="旧名")
    records.say("education.student", "A", 5, row="2", name="新名")
    records.say("education.student", "A", 5, row="3", name="新名")
    records.say("education.student", "A", 6, row="4", phone="139")
    for row, name in (("5", "b"), ("6", "c"), ("7", "c")):
        records.say("education.student", "B", 5, row=row, name=name)
    assert records.make("person", "person_id, name, phone") == [("A", "新名", "139"), ("B", "b", None)]
    assert [(c[0], c[3], c[5], c[6], c[7]) for c in records.conflicts()] == [
        ("A", "新名", "旧名", 1, "recency"),
        ("B", "b", "c", 2, "order"),
    ]


def test_what_is_written_otherwise_is_no_conflict_where_the_attribute_says_how_to_compare(records: Records) -> None:
    pairs = {
        "A": ("青岛（海）贸易有限公司", "青岛(海) 贸易有限公司", "山东省青岛市市南区香港中路1号", "香港中路１号"),
        "B": ("ABC 公司", "ａｂｃ公司", "市南区香港中路1-2号", "青岛市香港中路12号"),
        "C": ("甲公司", "乙公司", "市南区香港中路1号", "市南区香港中路2号"),
    }
    for id, (name, other, seat, other_seat) in pairs.items():
        records.say("market.firm", id, 4, row=id, name=name, seat=seat)
        records.say("tax.payer", id, 4, row=id, name=other, seat=other_seat)
    assert [(c[0], c[1]) for c in records.conflicts()] == [("C", "name"), ("C", "seat")]


def _history(records: Records, attribute: str) -> list[tuple[Any, ...]]:
    found = records.make("person_history", "entity_id, attribute, day(valid_from), day(valid_to), value, source")
    return [row[2:] for row in found if row[1] == attribute]


def test_history_tells_what_was_known_on_a_day(records: Records) -> None:
    records.say("education.student", "A", 4, 9, name="张山")
    records.say("police.resident", "A", 6, 8, name="张三")
    records.say("police.resident", "A", 8, 8, name="never for a night")
    records.say("police.resident", "A", 8, 12, name="张山")
    records.say("education.student", "A", 15, name="张珊")
    assert _history(records, "name") == [
        (4, 6, "张山", "education.student"),
        (6, 8, "张三", "police.resident"),
        (8, 12, "张山", "police.resident"),
        (15, None, "张珊", "education.student"),
    ]
    assert records.make("person", "name") == [("张珊",)]


def test_what_a_better_source_says_all_along_leaves_no_trace_in_history(records: Records) -> None:
    records.say("police.resident", "A", 4, name="张三")
    records.say("education.student", "A", 5, 7, name="张山")
    records.say("education.student", "A", 7, name="张珊")
    assert _history(records, "name") == [(4, None, "张三", "police.resident")]


def test_an_entity_that_no_resource_knows_any_longer_keeps_its_history_alone(records: Records) -> None:
    records.say("police.resident", "A", 4, 6, name="张三")
    assert records.make("person", "person_id") == []
    assert _history(records, "name") == [(4, 6, "张三", "police.resident")]


def test_the_content_follows_from_the_records_and_not_from_their_order(tmp_path: Path) -> None:
    mappings = read_mappings(_city(tmp_path))
    told = [(n, "AB"[n % 2], f"name {n % 3}") for n in range(12)]
    seen = set()
    for order in (told, told[::-1], told[5:] + told[:5]):
        records = Records(mappings, tmp_path)
        for n, id, name in order:
            records.say("education.student", id, 4 + n % 2, row=str(n), name=name)
        seen.add(
            (tuple(records.make("person", "COLUMNS(*)")), tuple(records.conflicts()), tuple(_history(records, "name")))
        )
        records.connection.close()
    assert len(seen) == 1


def test_a_division_knows_the_code_that_holds_its_ground_today(records: Records) -> None:
    known = {
        row[0]: row[1:]
        for row in records.make("division", "code, level, parent_code, current_code, current_name, is_home")
    }
    assert known["370222"] == ("county", "370200", "370215", "即墨区", True), "three successors later"
    assert known["370206"] == ("county", "370200", None, None, True), "parted between two"
    assert known["370202"] == ("county", "370200", "370202", "市南区", True)
    assert known["379013"] == ("county", "370000", "370215", "即墨区", False)
    assert known["120110"] == ("county", None, "120110", "东丽区", False), "the newest of two meanings"


def test_models_name_their_inputs_and_are_told_in_both_languages(tmp_path: Path) -> None:
    city = _city(tmp_path)
    mappings = read_mappings(city)
    models = entity_models(mappings)
    assert check_models(models, known_tables(city, mappings)) == []
    for label in (label for m in models for label in (m.label, m.description, *(c.label for c in m.columns))):
        assert any("一" <= sign <= "鿿" for sign in label.zh), label
        assert any(sign.isascii() and sign.isalpha() for sign in label.en), label


@pytest.mark.parametrize("digits", ["37020020001234", "11010800000001", "99999999999999"])
def test_an_old_registration_number_is_told_by_its_check_digit(digits: str) -> None:
    with duckdb.connect() as connection:
        for last in "0123456789":
            number = digits + last
            row = connection.execute(
                f"SELECT {registration_no.has_check_digit_sql('n')} FROM (SELECT ? AS n)", [number]
            ).fetchone()
            assert row == (registration_no.has_check_digit(number),)
    assert sum(registration_no.has_check_digit(digits + last) for last in "0123456789") == 1


_PERMITS = """  permit:
    key: permit_no
    key_within: kind
    resources: {tax.payer: name, market.firm: name}
    attributes: {kind: {required: true, from: [tax.payer.seat]}}
"""


@pytest.mark.parametrize(
    ("old", "new", "place", "what", "remedy"),
    [
        ("police.resident: resident_id", "police.residents: resident_id", "person.resources.police.residents", "no resource", "police.resident"),
        ("education.student: id_no", "education.student: id_nr", "person.resources.education.student", "has no field 'id_nr'", "id_no"),
        ("education.student: id_no", "education.student: student_no", "person.resources.education.student", "not declared as resident_id", "semanticType"),
        ("police.resident.name, ", "police.resident.nam, ", "person.attributes.name.from police.resident.nam", "no field 'nam'", "name"),
        ("[market.firm.name, ", "[police.resident.name, ", "legal_entity.attributes.name.from police.resident.name", "no resource of this entity", "market.firm"),
        ("from: [market.firm.name, tax.payer.name]", "from: market.firm.name", "legal_entity.attributes.name", "names no source", "source department first"),
        ("education.student.born]", "education.student.name]", "person.attributes.born.from education.student.name", "is VARCHAR, the attribute DATE", "one type"),
        ("[market.firm.name, ", "[market.firm.name, market.firm.name, ", "legal_entity.attributes.name.from market.firm.name", "stands twice", "remove"),
        ("key: credit_code", "key: Credit Code", "legal_entity.key", "is 'Credit Code'", "resident_id"),
        ("    key: credit_code", "    kee: credit_code", "legal_entity.kee", "unknown word", "key"),
        ("      phone: {label", "      resources: {label", "person.attributes.resources", "no name for a column", "resource_count"),
        ("      phone: {label", "      name_source: {label", "person.attributes.name_source", "another column", "rename"),
        ("entities:", "entitys:", "entities", "is missing", "entities:"),
        ("compare: text", "compare: txt", "legal_entity.attributes.name.compare", "is 'txt'", "text"),
        ("division: {code_list", "#division: {code_list", "legal_entity.attributes.seat.compare", "no division", "home"),
        ("code_list: divisions", "code_list: division", "division.code_list", "no code list", "divisions"),
        ('home: "370200"', "home: Qingdao", "division.home", "is 'Qingdao'", "370200"),
        ("police.resident: resident_id,", "police.resident: {key: resident_id, old_key: name},", "person.resources.police.resident", "no old_key", "person.old_key"),
        ("police.resident: resident_id,", "police.resident: {kee: resident_id},", "person.resources.police.resident.kee", "unknown word", "key"),
        ("from: [market.firm.name, ", 'from: [{market.firms: "1"}, ', "legal_entity.attributes.name.from market.firms", "no resource of this entity", "market.firm"),
        ("key: credit_code", "key: credit_code\n    key_within: name", "legal_entity.key_within", "names one entity by itself", "leave"),
        ("  legal_entity:", _PERMITS.replace("kind: {required: true", "kind: {required: false") + "  legal_entity:", "permit.key_within", "no attribute that every record states", "required: true"),
        ("  legal_entity:", _PERMITS + "  legal_entity:", "permit.key_within", "market.firm does not state kind", "permit.attributes.kind.from"),
        ("key: credit_code", "key: valid_from", "legal_entity.key", "is 'valid_from'", "resident_id"),
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
    broken = replace(city, resources={r.id: r for r in (_STUDENT, _FIRM, _TAX)}, broken={"police.resident": ()})
    assert read_mappings(broken).resources == ("education.student", "market.firm", "tax.payer")


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
    assert entity_models(read_mappings(city)) == []


def test_the_sample_city_s_mappings_have_no_mistake_and_their_models_fit_their_inputs() -> None:
    city = load_city(Path("cities/qingdao").absolute())
    assert check_mappings(city) == []
    mappings = read_mappings(city)
    models = entity_models(mappings)
    assert check_models(models, known_tables(city, mappings)) == []
    kinds = (city.folder / "code_lists" / "licence_kinds.csv").read_text(encoding="utf-8").splitlines()[1:]
    [kind] = [a for e in mappings.entities if e.name == "licence" for a in e.attributes if a.name == "kind"]
    stated = {c for s in kind.sources for c in ([s.constant] if s.constant else [word for _, word in s.codes])}
    assert stated <= {line[:2] for line in kinds}
