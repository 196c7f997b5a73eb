"""Every class of mistake in a city's files is found at once, each with its file, its place and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.errors import ConfigurationError
from contracts.model import Resource
from tests.contracts.written_city import CONTRACT, WrittenCity

Change = Callable[[WrittenCity], object]


def test_a_sound_city_has_no_mistake(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path).second()
    assert city.mistakes() == []
    assert sorted(city.read().resources) == ["civil.divorce", "civil.marriage"]


def test_the_mistakes_of_all_files_are_told_in_one_go(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path).second()
    city.change("connector: csv_files", "connector: csv_file", "systems.yaml")
    city.change('"${LANDBRIDGE_SOURCES}/civil"', '"/data", password: hunter2', "systems.yaml")
    city.change("- {name: witnesses,", "- {name: certificate_no,")
    city.rule("expect_column_values_to_be_unique", "{column: certificate_nr}")
    city.change('"30 1 * * *"', '"0 2 31 2 *"')
    city.change("role: owner", "role: reader")
    city.change("Matters that need the marital status", '""', "contracts/civil/divorce.yaml")
    found = [(m.file, m.place, m.what) for m in city.mistakes()]
    assert found == [
        ("contracts/civil/divorce.yaml", "customProperties shareCondition", "is empty"),
        (CONTRACT, "property certificate_no", "stands twice"),
        (CONTRACT, "schedule", "the schedule '0 2 31 2 *' never comes due"),
        (CONTRACT, "schema[0].quality", "expect_column_values_to_be_unique is about a missing field 'certificate_nr'"),
        (CONTRACT, "team", "no member with the role owner"),
        ("systems.yaml", "[0].connection.password (registry_files)", "a secret is written out"),
        ("systems.yaml", "registry_files", "unknown connector 'csv_file'"),
    ]
    assert all(m.remedy for m in city.mistakes())


_RULE = "expect_column_values_to_be_between"

# what is written wrong: place, part of what is said, part of the remedy
CASES: dict[str, tuple[Change, str, str, str]] = {
    "another domain": (lambda c: c.change("domain: civil", "domain: tax"), "domain", "lies in civil/", "the same"),
    "another id": (lambda c: c.change("id: civil.marriage", "id: marriage"), "id", "is 'marriage'", "civil.marriage"),
    "an unknown system": (lambda c: c.change("registry_files", "registry"), "servers[0].server", "unknown source system", "registry_files"),
    "no system": (lambda c: c.change("servers: [{server: registry_files, type: custom}]", "servers: []"), "servers", "no source system", "systems.yaml"),
    "a misspelt word of the standard": (lambda c: c.change("required: true", "requierd: true"), "property updated_at", "unknown word 'requierd'", "required"),
    "a misspelt word at the top": (lambda c: c.change("status: active", "stattus: active"), "stattus", "Extra inputs", "Open Data Contract Standard"),
    "no YAML": (lambda c: c.change("schema:", "schema: ]"), "line 25", "no YAML", ""),
    "not a mapping": (lambda c: c.write(CONTRACT, "- a\n"), "file", "a contract is a mapping", "existing contract"),
    "a list where text belongs": (lambda c: c.change("name: 婚姻登记信息 Marriages", "name: [a]"), "name", "valid string", "Open Data Contract Standard"),
    "an unknown property": (lambda c: c.change("property: loadMode", "property: loadmode"), "customProperties", "unknown property 'loadmode'", "loadMode"),
    "a missing property": (lambda c: c.change("  - {property: format, value: 电子文件}\n", ""), "customProperties", "format is missing", "docs/contracts.md"),
    "a property twice": (lambda c: c.change("property: schedule, value", "property: shareWay, value"), "customProperties shareWay", "'30 1 * * *' is none of", "docs"),
    "an unknown load mode": (lambda c: c.change("value: merge", "value: upsert"), "customProperties loadMode", "'upsert' is none of append, merge, snapshot", "docs"),
    "an unknown part of a value": (lambda c: c.change("lookbackHours", "lookBack"), "customProperties watermark", "unknown 'lookBack'; did you mean lookbackHours?", "docs"),
    "a watermark on no field": (lambda c: c.change("column: updated_at", "column: updated"), "watermark", "no field 'updated'", "updated_at"),
    "a watermark that is no time": (lambda c: c.change("column: updated_at", "column: witnesses"), "watermark", "must be a timestamp", "logicalType"),
    "a merge without a key": (lambda c: c.change(", primaryKey: true", ""), "loadMode", "needs a primary key", "primaryKey"),
    "an append that looks back": (lambda c: c.change("value: merge", "value: append"), "watermark", "late rows twice", "merge"),
    "a snapshot with a watermark": (lambda c: c.change("value: merge", "value: snapshot"), "watermark", "must read all", "merge"),
    "more rows at least than at most": (lambda c: c.change("min: 1,", "min: 1001,"), "expectedRows", "min 1001 is above max 1000", "min first"),
    "a cron of six fields": (lambda c: c.change('"30 1 * * *"', '"0 30 1 * * *"'), "schedule", "not a five-field cron", "0 2 * * *"),
    "no cycle": (lambda c: c.change("property: frequency", "property: retention"), "slaProperties", "no frequency", "property: frequency"),
    "a cycle of no length": (lambda c: c.change("value: 1, unit: d", "value: 0, unit: d"), "slaProperties frequency", "is no time span", "unit: h, d"),
    "an endless cycle": (lambda c: c.change("value: 1, unit: d", "value: inf, unit: d"), "slaProperties frequency", "is no time span", "unit: h, d"),
    "a name in capitals": (lambda c: c.change("name: witnesses", "name: Witnesses"), "property Witnesses", "lower snake case", "physicalName"),
    "an unknown type": (lambda c: c.change("logicalType: integer", "logicalType: int"), "property witnesses", "unknown logicalType 'int'", "integer"),
    "an unknown semantic type": (lambda c: c.change("semanticType: resident_id", "semanticType: residentid"), "property spouse_a_id", "unknown semanticType", "resident_id"),
    "an identifier that is a number": (lambda c: c.change("logicalType: string, semanticType: resident_id", "semanticType: resident_id, logicalType: integer"), "property spouse_a_id", "is text, not integer", "logicalType: string"),
    "an unknown classification": (lambda c: c.change("classification: sensitive", "classification: secret"), "property spouse_a_id", "unknown classification", "sensitive"),
    "an unknown option": (lambda c: c.change("maximum: 9", "maxi: 9"), "property witnesses", "unknown logicalTypeOptions 'maxi'", "max"),
    "a length of a number": (lambda c: c.change("maximum: 9", "maxLength: 9"), "property witnesses", "maxLength is for text", "minimum and maximum"),
    "a limit that is no number": (lambda c: c.change("maximum: 9", "maximum: nine"), "property witnesses", "'nine' is no number", "logicalType"),
    "a limit that is no day": (lambda c: c.change('"1950-01-01"', '"1950-02-30"'), "property registered_on", "is no date", "logicalType"),
    "a pattern that looks ahead": (lambda c: c.change("physicalName: 证件字号,", "logicalTypeOptions: {pattern: '(?=a)b'},"), "property certificate_no", "which RE2 does not", "RE2"),
    "more decimals than digits": (lambda c: c.change("logicalType: integer", "logicalType: number, physicalType: 'decimal(2,4)'"), "property witnesses", "more decimals than digits", "decimal"),
    "loaded and ignored": (lambda c: c.change("property: schedule, value: \"30 1 * * *\"", "property: ignoredColumns, value: [证件字号]"), "ignoredColumns", "loaded and ignored", "choose one"),
    "no rule of Great Expectations": (lambda c: c.change("engine: greatExpectations", "engine: soda"), "property division_code quality", "not a Great Expectations rule", "implementation"),
    "an unknown rule": (lambda c: c.rule("expect_column_values_to_be_uniq"), "schema[0].quality", "unknown rule", "expect_column_values_to_be_unique"),
    "a rule without its column": (lambda c: c.rule("expect_column_values_to_be_unique"), "schema[0].quality", "names no column", "column"),
    "a rule without its argument": (lambda c: c.rule("expect_column_values_to_match_pattern", "{column: division_code}"), "schema[0].quality", "lacks pattern", "pattern: …"),
    "a rule without a limit": (lambda c: c.rule(_RULE, "{column: witnesses}"), "schema[0].quality", "has no limit", "min_value"),
    "a rule with a foreign argument": (lambda c: c.rule(_RULE, "{column: witnesses, min_value: 1, mostly: 0.9}"), "schema[0].quality", "takes no 'mostly'", "known"),
    "a rule whose limits are crossed": (lambda c: c.rule(_RULE, "{column: witnesses, min_value: 3, max_value: 1}"), "schema[0].quality", "nothing lies between", "min_value first"),
    "a rule on a missing field in its arguments": (lambda c: c.rule("expect_column_pair_values_a_to_be_greater_than_b", "{column_A: registered_on, column_B: born}"), "schema[0].quality", "missing field 'born'", "known"),
    "a rule that cannot judge the type": (lambda c: c.rule("expect_column_value_lengths_to_be_between", "{column: witnesses, max_value: 3}"), "schema[0].quality", "which is integer", "string"),
    "numbers that a text is compared with": (lambda c: c.rule("expect_column_values_to_be_in_set", "{column: division_code, value_set: [370203]}"), "schema[0].quality", "370203 is no text", "logicalType"),
    "arguments that are no mapping": (lambda c: c.rule(_RULE, "[1]"), "schema[0].quality", "is no mapping", "name: value"),
    "an empty set": (lambda c: c.rule("expect_column_values_to_be_in_set", "{column: division_code, value_set: []}"), "schema[0].quality", "is empty", "docs/expectations.md"),
    "an unknown severity": (lambda c: c.change("severity: error", "severity: fatal"), "property division_code quality", "unknown severity 'fatal'", "error"),
    "an unknown dimension": (lambda c: c.change("severity: error", "dimension: validity"), "property division_code quality", "unknown dimension 'validity'", "conformity"),
    "an error that may refuse sound records": (lambda c: c.rule("expect_column_values_to_exist_in_resource", "{column: division_code, resource: civil.marriage, field: division_code}", "severity: error"), "schema[0].quality", "may only warn", "warning"),
    "a rule named twice": (lambda c: c.rule("expect_column_values_to_be_unique", "{column: division_code}", "name: updated_at.not_null"), "rule updated_at.not_null", "stands twice", "another `name`"),
    "a condition on a missing field": (lambda c: c.rule("expect_rows_to_satisfy", "{condition: witnesess > 1}"), "schema[0].quality", "condition: no field 'witnesess'", "witnesses"),
    "a condition that reads a file": (lambda c: c.rule("expect_rows_to_satisfy", "{condition: \"witnesses IN (SELECT x FROM '/etc/passwd')\"}"), "schema[0].quality", "reaches beyond the row", "one row"),
    "an unknown code list": (lambda c: c.change("code_list: divisions", "code_list: division"), "rule division_code.in_code_list", "no code list 'division'", "divisions"),
    "a missing list of divisions": (lambda c: (c.folder / "code_lists/divisions.csv").unlink(), "rule spouse_a_id.plausible", "no code list 'divisions'", "known"),
    "an unknown resource": (lambda c: c.rule("expect_column_values_to_exist_in_resource", "{column: division_code, resource: civil.mariage, field: x}"), "rule division_code.reference", "no resource 'civil.mariage'", "civil.marriage"),
    "a missing field of a resource": (lambda c: c.rule("expect_column_values_to_exist_in_resource", "{column: division_code, resource: civil.marriage, field: x}"), "rule division_code.reference", "has no field 'x'", "known"),
    "a reference to another type": (lambda c: c.rule("expect_column_values_to_exist_in_resource", "{column: division_code, resource: civil.marriage, field: witnesses}"), "rule division_code.reference", "different types", "logicalType"),
    "a key written twice": (lambda c: c.change("status: active", "status: active\nstatus: draft"), "line 2", "'status' stands twice", "remove"),
    "the extension .yml": (lambda c: (c.folder / CONTRACT).rename((c.folder / CONTRACT).with_suffix(".yml")), "file", "ends in .yml", ".yaml"),
    "a folder of no department": (lambda c: (c.folder / "contracts/civil").rename(c.folder / "contracts/civic"), "folder", "unknown department 'civic'", "civil"),
    # the faults that reviewers of the national catalogue guide meet
    "the system's name for the data's": (lambda c: c.change("businessName: 婚姻登记信息", "businessName: 登记交换目录"), "businessName", "is the source system's name", "name the data"),
    "no abstract": (lambda c: c.change("    description: One row a registration.\n", ""), "schema[0].description", "no abstract", "one sentence"),
    "a file shared as a database": (lambda c: c.change("property: shareWay, value: file", "property: shareWay, value: database"), "shareWay", "the format is 电子文件", "as a file"),
    "a code of odd length": (lambda c: c.change("3061000/1", "3061000123456/1"), "resourceCode", "has 13 digits", "class 1 + item 2"),
    "a code of the wrong form": (lambda c: c.change("3061000/1", "306/A"), "customProperties resourceCode", "does not match", "docs"),
    "a name that differs only in blanks": (lambda c: c.second().change("离婚登记信息", "婚姻 登记（信息）", "contracts/civil/divorce.yaml").change("businessName: 离婚登记信息", "businessName: 婚姻　登记，信息", "contracts/civil/divorce.yaml"), "businessName", "the same as in civil.divorce", "tell the two apart"),
    "a code used twice": (lambda c: c.second().change("3061000/2", "3061000/1", "contracts/civil/divorce.yaml"), "resourceCode", "the same as in civil.divorce", "tell the two apart"),
    "sharing under no condition": (lambda c: c.change("  - {property: shareCondition, value: Matters that need the marital status}\n", ""), "shareCondition", "missing although sharing is conditional", "Decree 809"),
    "no ground for not sharing": (lambda c: c.change("value: conditional", "value: not_shared"), "legalGround", "missing although nothing is shared", "State Council"),
    "a provider without a contact": (lambda c: c.change(", contact: zhao.data", "", "departments.yaml"), "civil", "no contact", "data officer"),
    "another department's system": (lambda c: c.write("departments.yaml", "- {id: civil, contact: a}\n- {id: tax, contact: b}\n").change("department: civil", "department: tax", "systems.yaml"), "servers[0].server", "belongs to tax", "its own systems"),
    # the other files of the city
    "a system of no department": (lambda c: c.change("department: civil", "department: civic", "systems.yaml"), "registry_files", "unknown department 'civic'", "civil"),
    "a system without a connection": (lambda c: c.change("connection:", "connexion:", "systems.yaml"), "registry_files", "needs connector and connection", "docs/connectors.md"),
    "a system twice": (lambda c: c.change("- id: registry_files", "- {id: registry_files, department: civil, connector: csv_files, connection: {root: a}}\n- id: registry_files", "systems.yaml"), "registry_files", "stands twice", "unique"),
    "no pool slot": (lambda c: c.change("  connector: csv_files", "  poolSlots: 0\n  connector: csv_files", "systems.yaml"), "registry_files", "poolSlots is 0", "from 1"),
    "a system that is no mapping": (lambda c: c.change("- id: registry_files", "- text\n- id: registry_files", "systems.yaml"), "item 1", "is no mapping", "- id"),
    "a system without an id": (lambda c: c.change("- id: registry_files", "- name: registry_files", "systems.yaml"), "item 1", "no id", "snake case"),
    "departments that are no list": (lambda c: c.write("departments.yaml", "civil: {}\n"), "file", "is no list", "- id"),
    "an end before the start": (lambda c: c.change("end: 2020-05-06", "end: 2020-05-01", "city.yaml"), "end", "before start", "follows"),
    "a password in a URL": (lambda c: c.change('root: "${LANDBRIDGE_SOURCES}/civil"', 'url: "mysql://reader:hunter2@10.0.0.1/db"', "systems.yaml"), "[0].connection.url (registry_files)", "a secret is written out", "${NAME}"),
    "a token in a contract": (lambda c: c.change("value: {encoding: gb18030}", "value: {token: abcdef}"), "customProperties[2].value.token (source)", "a secret is written out", "${NAME}"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", CASES)
def test_a_mistake_is_told_with_its_place_and_remedy(tmp_path: Path, mistake: str) -> None:
    change, place, what, remedy = CASES[mistake]
    city = WrittenCity(tmp_path)
    change(city)
    found = city.mistakes()
    assert any(m.place == place and what in m.what and remedy in m.remedy for m in found), [str(m) for m in found]


def test_a_reference_to_the_environment_is_no_secret(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path)
    city.change(
        'root: "${LANDBRIDGE_SOURCES}/civil"',
        'url: "mysql://reader:${CIVIL_PASSWORD}@db/x", token: "${CIVIL_TOKEN}"',
        "systems.yaml",
    )
    assert city.mistakes() == []


def test_no_mistake_repeats_the_secret_it_is_about(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path).change("{root:", "{password: hunter2, root:", "systems.yaml")
    assert not any("hunter2" in str(m) for m in city.mistakes())


def test_what_a_connector_cannot_use_is_told_at_the_system_or_at_the_contract(tmp_path: Path) -> None:
    def check(resource: Resource) -> list[str]:
        return [f"source: unknown setting {name!r}" for name in resource.source] + ["connection: root is missing"]

    found = [(m.file, m.place, m.what) for m in WrittenCity(tmp_path).second().mistakes(check)]
    assert found == [
        ("contracts/civil/divorce.yaml", "source", "source: unknown setting 'encoding'"),
        (CONTRACT, "source", "source: unknown setting 'encoding'"),
        ("systems.yaml", "registry_files", "connection: root is missing"),
    ]


def test_a_broken_contract_stops_nobody_else_and_says_why_it_is_not_there(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path).second().change("value: merge", "value: upsert").read()
    assert list(city.resources) == ["civil.divorce"]
    with pytest.raises(ConfigurationError) as raised:
        city.resource("civil.marriage")
    assert raised.value.where == f"{CONTRACT}, customProperties loadMode"
    assert raised.value.remedy == "landbridge catalogue check"
    with pytest.raises(ConfigurationError, match=r"did you mean civil\.divorce"):
        city.resource("civil.divorse")


@pytest.mark.parametrize(
    ("old", "new"),
    [("Asia/Shanghai", "Asia/Qingdao"), ("2020-05-04", "May"), ('"0 2 * * *"', "nightly"), ("timezone:", "zone:"), ("id: testville", "]"),
     ("end: 2020-05-06", "end: never"), ("end: 2020-05-06", "calendar: [1]"), ('"0 2 * * *"', "2")],
)  # fmt: skip
def test_a_city_that_cannot_be_read_at_all_is_an_error_with_a_remedy(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(ConfigurationError, match=r"city\.yaml cannot be used"):
        WrittenCity(tmp_path).change(old, new, "city.yaml").read()


def test_a_folder_that_is_no_city_says_which_setting_to_mend(tmp_path: Path) -> None:
    from contracts.catalogue import load_city

    with pytest.raises(ConfigurationError, match="LANDBRIDGE_CITY"):
        load_city(tmp_path)


def test_one_department_s_contracts_can_be_read_alone(tmp_path: Path) -> None:
    from contracts.catalogue import load_city

    city = WrittenCity(tmp_path).write("contracts/tax/taxpayer.yaml", "]")
    assert load_city(city.folder, "civil").broken == {}
    assert list(load_city(city.folder).broken) == ["tax.taxpayer"]
