"""Running models on a real lake: an increment gives what a full rebuild gives, writes only what differs, and survives being killed and doubled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.model import app
from contracts.errors import ConfigurationError
from contracts.quoting import literal
from tests.pipeline.model_city import AS_OF, NAMESAKE, PERSON, TOTAL, ModelCity

People = Mapping[int, tuple[str | None, int | None]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> ModelCity:
    """Ten residents, and the models run."""
    city = ModelCity(tmp_path_factory.mktemp("template"))
    city.fill(10)
    city.models()
    return city


@pytest.fixture
def city(template: ModelCity, tmp_path: Path) -> ModelCity:
    return template.copied_to(tmp_path)


@pytest.fixture(scope="module")
def long_lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelCity]:
    """One lake for all histories: each goes on from where the last one ended."""
    yield ModelCity(tmp_path_factory.mktemp("histories"))


_NAMES = st.sampled_from([None, "张三", "李四", "O'Neil", "王五"])
_PEOPLE = st.dictionaries(st.integers(0, 9), st.tuples(_NAMES, st.none() | st.integers(0, 9)))
_TAXES = st.dictionaries(st.sampled_from(["张三", "李四", "O'Neil"]), st.integers(0, 5))


@given(st.lists(st.tuples(_PEOPLE, _TAXES, st.booleans()), min_size=1, max_size=3))
@settings(max_examples=4)
def test_after_any_history_increments_and_a_full_rebuild_give_the_same_tables(
    long_lived: ModelCity, nights: list[tuple[People, Mapping[str, int], bool]]
) -> None:
    for people, taxes, is_run in nights:
        long_lived.night(people_now(long_lived, people) + taxes_now(taxes))
        if is_run:
            long_lived.models()
    long_lived.models()
    assert long_lived.tables() == long_lived.told()
    rebuilt = long_lived.models(full=True).values()
    assert {(run.kind, run.inserted, run.deleted) for run in rebuilt} == {("full", 0, 0)}


def people_now(city: ModelCity, people: People) -> list[str]:
    """The statements that make these the people: those who stay as they are are not touched, others are updated or replaced."""
    known = {
        int(str(n)): (name, age) for n, name, age in city.query("SELECT person_no, name, age FROM police.resident")
    }
    statements = []
    for number, said in people.items():
        if known.get(number) == said:
            continue
        name, age = literal(said[0]), "NULL" if said[1] is None else said[1]
        if number in known and number % 2:
            statements.append(f"UPDATE police.resident SET name = {name}, age = {age} WHERE person_no = '{number}'")
            continue
        statements.append(f"DELETE FROM police.resident WHERE person_no = '{number}'")
        statements.append(f"INSERT INTO police.resident (person_no, name, age) VALUES ('{number}', {name}, {age})")
    gone = ", ".join(f"'{n}'" for n in known if n not in people)
    return [*statements, f"DELETE FROM police.resident WHERE person_no IN ({gone})"] if gone else statements


def taxes_now(taxes: Mapping[str, int]) -> list[str]:
    """The statements that make these the taxpayers, whichever they were."""
    inserted = [f"INSERT INTO tax.taxpayer (tax_no, amount) VALUES ({literal(n)}, {a})" for n, a in taxes.items()]
    return ["DELETE FROM tax.taxpayer", *inserted]


def test_where_one_in_a_hundred_rows_changed_only_what_they_change_is_written(city: ModelCity) -> None:
    city.night(["DELETE FROM police.resident"])
    city.fill(1000)
    first = city.models(full=True)
    assert {name: run.inserted for name, run in first.items()} == {
        "mart.namesake": 495,
        "mart.person": 990,
        "mart.total": 1,
    }
    city.night(["UPDATE police.resident SET age = 30 WHERE person_no::INT % 100 = 0"])
    runs = city.models()
    namesake, everyone, total = runs["mart.namesake"], runs["mart.person"], runs["mart.total"]
    assert (namesake.kind, namesake.changed, namesake.inserted, namesake.deleted) == ("increment", 10, 10, 10)
    # 10 names of two people each, who change places: 20 of 1,000 rows are written
    assert (everyone.kind, everyone.changed, everyone.inserted, everyone.deleted) == ("increment", 10, 20, 20)
    assert (total.kind, total.inserted, total.deleted) == ("full", 0, 0)
    assert city.tables() == city.told()


def test_where_nothing_changed_nothing_is_committed(city: ModelCity) -> None:
    [(before,)] = city.query("SELECT id FROM lake.current_snapshot()")
    assert (
        city.kinds()
        == city.kinds(AS_OF + timedelta(days=1))
        == dict.fromkeys(("namesake", "person", "total"), "unchanged")
    )
    assert city.query("SELECT id FROM lake.current_snapshot()") == [(before,)]


def test_a_change_that_changes_no_row_of_a_model_ends_there(city: ModelCity) -> None:
    city.night(["UPDATE police.resident SET age = 19 WHERE person_no = '1'"])
    runs = city.models()
    assert (runs["mart.namesake"].kind, runs["mart.namesake"].inserted, runs["mart.total"].kind) == (
        "increment",
        0,
        "unchanged",
    )


def test_what_forces_a_full_rebuild_is_told_and_writes_only_differences(city: ModelCity) -> None:
    city.write_models(
        namesake=NAMESAKE.replace("max(r.age)", "CASE WHEN r.name = 'name 1' THEN 77 ELSE max(r.age) END")
    )
    run = city.models()["mart.namesake"]
    assert (run.kind, run.reason, run.inserted, run.deleted) == ("full", "the model changed", 1, 1)
    city.write_models(namesake=NAMESAKE.replace("oldest", "eldest"))
    run = city.models()["mart.namesake"]
    assert (run.kind, run.inserted, run.deleted) == ("full", 5, 5)
    city.night(["ALTER TABLE police.resident ADD COLUMN more VARCHAR"])
    run = city.models()["mart.namesake"]
    assert (run.kind, run.reason, run.inserted) == ("full", "made anew or altered: police.resident", 0)
    city.write_models(total=TOTAL.replace("'all' AS", "CAST(getvariable('as_of_day') AS VARCHAR) AS"))
    assert city.kinds()["total"] == "full"
    assert city.kinds()["total"] == "unchanged"
    assert city.models(AS_OF + timedelta(days=1))["mart.total"].reason == "another night"
    assert city.query("SELECT what FROM mart.total") == [("2020-05-05",)]


def test_a_model_whose_snapshot_has_expired_is_rebuilt_as_a_whole_and_right(city: ModelCity) -> None:
    city.night(["DELETE FROM police.resident WHERE person_no = '1'"])
    city.night(["UPDATE police.resident SET age = 77 WHERE person_no = '2'"])
    city.expire_all_but_the_newest()
    run = city.models()["mart.namesake"]
    assert (run.kind, run.reason) == ("full", "the snapshot read last has expired")
    assert city.tables() == city.told()


def test_files_merged_and_rows_flushed_from_the_catalogue_are_no_change(city: ModelCity) -> None:
    city.night(["UPDATE police.resident SET age = 77 WHERE person_no = '2'"])
    city.merge_files()
    assert city.models()["mart.namesake"].kind == "increment"
    city.merge_files()
    assert set(city.kinds().values()) == {"unchanged"}
    assert city.tables() == city.told()


@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("person", "FROM police.resident\n", "FROM (SELECT * FROM police.resident UNION ALL SELECT * FROM police.resident)\n", "share one key: person_no"),
        ("person", "SELECT person_no,", "SELECT nullif(person_no, '3') AS person_no,", "is empty in some rows: person_no"),
        ("person", "SELECT person_no, name,", "SELECT name, person_no,", "columns name, person_no, of_name"),
        ("namesake", "max(r.age)", "CAST(max(r.age) AS INTEGER)", "oldest is INTEGER, declared BIGINT"),
        ("namesake", "max(r.age)", "max(r.years)", "cannot be run"),
        ("namesake", "max(r.age)", "max(CAST(r.name AS BIGINT))", "on the values of some rows"),
        ("namesake", "  tax.taxpayer: {by: tax_no}", "  police.nobody: {by: tax_no}", "police.nobody is neither"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_give_what_it_declares_leaves_its_table_and_names_no_value(
    city: ModelCity, file: str, old: str, new: str, what: str
) -> None:
    before, text = city.tables(), {"person": PERSON, "namesake": NAMESAKE}[file]
    assert old in text
    city.write_models(**{file: text.replace(old, new, 1)})
    with pytest.raises(ConfigurationError, match=what) as caught:
        city.models()
    assert "name 1" not in str(caught.value) and f"{file}.sql" in caught.value.where
    assert city.tables() == before


def test_an_increment_whose_rows_depend_on_others_is_refused(city: ModelCity) -> None:
    city.write_models(
        namesake=NAMESAKE.replace("SELECT r.name, count(*)", "SELECT max(r.name) || ' and others' AS name, count(*)")
    )
    city.models()
    city.night(["UPDATE police.resident SET age = 77 WHERE person_no = '2'"])
    with pytest.raises(ConfigurationError, match="none of its inputs' changed values"):
        city.models()


def test_an_input_not_loaded_yet_is_empty_and_once_loaded_it_counts(tmp_path: Path) -> None:
    city = ModelCity(tmp_path, ensure=("police.resident",))
    city.fill(2)
    city.models()
    assert city.tables()["namesake"] == [("name 0", 2, 20, None)]
    city.night(["INSERT INTO tax.taxpayer (tax_no, amount) VALUES ('name 0', 5)"], ensure=("tax.taxpayer",))
    assert city.kinds()["namesake"] == "full"
    assert [row[3] for row in city.tables()["namesake"]] == [5]


def test_table_and_columns_say_what_they_are_in_both_languages(city: ModelCity) -> None:
    city.models()
    asked = "SELECT comment FROM duckdb_{0}s() WHERE database_name = 'lake' AND schema_name = 'mart' AND table_name = 'namesake'"
    assert city.query(asked.format("table")) == [("同名 Namesakes. 每个姓名一行。 One row a name.",)]
    assert ("税额 Tax",) in city.query(asked.format("column"))


def test_a_table_of_another_shape_that_stood_there_before_is_replaced(city: ModelCity) -> None:
    city.night(["DELETE FROM ops.model_runs", "CREATE OR REPLACE TABLE mart.namesake AS SELECT 1 AS old"])
    assert city.models()["mart.namesake"].inserted == 5
    assert city.tables() == city.told()


def test_the_command_line_lists_checks_runs_and_tells_lineage(city: ModelCity, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in city.environment.items():
        monkeypatch.setenv(name, value)

    def said(*words: str) -> str:
        return CliRunner().invoke(app, [*words]).stdout

    assert "mart.namesake" in said("list") and "first run" in said("list")
    assert said("check").endswith("3 models, 0 mistakes\n")
    [line] = said("lineage", "mart.total.people", "--json").splitlines()
    assert json.loads(line) == {"column": "mart.total.people", "made_from": ["mart.namesake.people"], "comes_from": []}
    assert "police.resident.age" in said("lineage", "mart.namesake") and "police.resident.age" in said(
        "show", "mart.namesake"
    )
    city.write_models(total=TOTAL.replace("sum(people)", "sum(peeple)"))
    told = CliRunner().invoke(app, ["check"])
    assert told.exit_code == 1 and "peeple" in told.stdout and "models/mart/total.sql" in told.stdout


def test_the_command_line_runs_the_models_named_as_of_the_newest_night(
    city: ModelCity, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in city.environment.items():
        monkeypatch.setenv(name, value)
    refused = CliRunner().invoke(app, ["run"])
    assert isinstance(refused.exception, ConfigurationError), "nothing has been loaded yet"
    city.taxpayers({"name 0": "5", "name 1": "6"})
    city.run("tax.taxpayer", 1)
    told = CliRunner().invoke(app, ["run", "mart.namesake"]).stdout
    assert "mart.namesake: increment of 2 values (changed: tax.taxpayer), 5 rows, 2 inserted, 2 deleted" in told
    assert "mart.total" not in told
    assert "full (asked for)" in CliRunner().invoke(app, ["run", "--full", "mart.total"]).stdout
