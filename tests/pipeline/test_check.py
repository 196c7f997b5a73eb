"""`landbridge check`: what it tells before a night, on the small city of the scenarios and on what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.small_city import SmallCity, local

Check = Callable[..., Result]


@pytest.fixture
def check(city: SmallCity, monkeypatch: pytest.MonkeyPatch) -> Check:
    for name, value in {**city.environment, "LANDBRIDGE_CLOCK": "2020-05-06T03:00:00+08:00"}.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(app, ["check", *words])


def lines(result: Result) -> dict[str, str]:
    """Step → mark, of a check's output."""
    return {line.split()[1]: line[0] for line in result.output.splitlines() if line[:1] in "✓✗!" and line[:1]}


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


def test_a_sound_resource_passes_every_step_and_nothing_is_written(city: SmallCity, check: Check) -> None:
    city.residents([(str(n), "王", "30", "ok", local(1)) for n in range(50)])

    result = check("police.resident")

    assert result.exit_code == 0, result.output
    assert lines(result) == dict.fromkeys(
        ["contract", "variables", "reachable", "rights", "schema", "watermark", "sample"], "✓"
    )
    for words in ("2020-05-05 02:00 to 2020-05-06 02:00", "the first load reads all history", "merge: newest wins on the key (person_no)",
                  "population: 1 at once", "landing/police/resident/20200505T0200", "50, all that the source holds"):  # fmt: skip
        assert words in result.output
    assert files(city.root / "var") == set()


def test_the_sample_is_counted_by_rule_and_too_many_failing_rows_fail_the_check(city: SmallCity, check: Check) -> None:
    city.taxpayers({str(n): "-1" if n < 8 else "5" for n in range(20)})

    result = check("tax.taxpayer")

    assert result.exit_code == 1
    assert "8 of 20 break amount.minimum (error)" in result.output
    assert "a night would be held back" in result.output


def test_a_sample_is_no_larger_than_asked_for(city: SmallCity, check: Check) -> None:
    city.taxpayers({str(n): "5" for n in range(500)})

    result = check("tax.taxpayer", "--rows", "30")

    assert result.exit_code == 0, result.output
    assert "30 rows, a sample" in result.output


def test_a_renamed_column_is_told_from_both_sides(city: SmallCity, check: Check) -> None:
    city.edit("contracts/tax/taxpayer.yaml", "- {name: amount,", "- {name: amount, physicalName: sum,")
    city.taxpayers({"1": "5", "2": "6"})

    result = check("tax.taxpayer")

    assert result.exit_code == 1
    assert lines(result)["schema"] == "✗"
    assert "'sum'" in result.output and "amount" in result.output


def test_a_source_that_is_away_and_a_variable_that_is_not_set_are_told_apart(
    city: SmallCity, check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = check("tax.taxpayer")
    city.edit("systems.yaml", "${LANDBRIDGE_SOURCES}/tax", "${TAX_FOLDER}/tax")
    unset = check("tax.taxpayer")

    assert (away.exit_code, lines(away)["reachable"]) == (1, "✗")
    assert (unset.exit_code, lines(unset)) == (1, {"contract": "✓", "variables": "✗"})
    assert "TAX_FOLDER" in unset.output


def test_a_broken_contract_is_told_with_all_its_mistakes(city: SmallCity, check: Check) -> None:
    city.edit("contracts/tax/taxpayer.yaml", "loadMode, value: snapshot", "loadMode, value: replace")
    city.edit(
        "contracts/tax/taxpayer.yaml", "physicalName: taxpayers.csv", "physicalName: taxpayers.csv\n    colour: red"
    )

    result = check("tax.taxpayer")

    assert result.exit_code == 1
    assert result.output.count("✗ contract") == 2


def test_a_file_of_the_night_that_is_not_there_is_only_said_when_an_older_one_is(city: SmallCity, check: Check) -> None:
    city.marriages(1, [("J1", "2020-05-04"), ("J2", "2020-05-04")])

    result = check("civil.marriage")

    assert result.exit_code == 0, result.output
    assert lines(result)["reachable"] == "!"
    assert "2 rows, the whole source: 0 would go to quarantine" in result.output


def test_a_watermark_in_the_future_is_a_warning(city: SmallCity, check: Check) -> None:
    city.residents([("1", "王", "30", "ok", "2031-01-01 00:00:00"), ("2", "李", "30", "ok", local(1))])

    result = check("police.resident")

    assert result.exit_code == 0, result.output
    assert lines(result)["watermark"] == "!"


def test_after_a_load_the_bounds_of_the_increment_are_told(city: SmallCity, check: Check) -> None:
    city.residents([("1", "王", "30", "ok", local(1))])
    city.run("police.resident", 1)

    result = check("police.resident")

    assert "updated_at is from 2020-05-04 02:00 to before 2020-05-06 02:00" in result.output
    assert "some 1, as the last run extracted" in result.output
