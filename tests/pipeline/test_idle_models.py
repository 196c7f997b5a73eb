"""Models with nothing to do are known beforehand: whoever leaves them out ends with the same tables."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.models.due import idle
from pipeline.models.run import city_models
from tests.pipeline.model_city import AS_OF, NAMESAKE, TOTAL, ModelCity

MARTS = ["mart.namesake", "mart.person", "mart.total"]


@pytest.fixture
def city(tmp_path: Path) -> ModelCity:
    """Ten residents, no model run yet."""
    city = ModelCity(tmp_path)
    city.fill(10)
    return city


def idle_of(city: ModelCity) -> list[str]:
    return sorted(idle(city.connection, city_models(city.place.city), AS_OF))


def run_others(city: ModelCity) -> None:
    """Run the models that are not idle, and find all tables as their SELECTs say."""
    due = [name for name in MARTS if name not in idle_of(city)]
    assert due, "nothing is due"
    city.models(names=due)
    assert city.tables() == city.told()
    assert idle_of(city) == MARTS


def test_before_the_first_run_no_model_is_idle_and_after_it_all_are(city: ModelCity) -> None:
    assert idle_of(city) == []
    run_others(city)
    city.merge_files()
    assert idle_of(city) == MARTS


def test_a_change_leaves_those_idle_that_read_neither_it_nor_a_model_made_from_it(city: ModelCity) -> None:
    city.models()
    city.night(["INSERT INTO tax.taxpayer (tax_no, amount) VALUES ('name 1', 7)"])
    assert idle_of(city) == ["mart.person"]
    run_others(city)
    city.night(["UPDATE police.resident SET age = 30 WHERE person_no = '4'"])
    assert idle_of(city) == []
    run_others(city)


def test_what_a_killed_night_left_is_not_idle(city: ModelCity) -> None:
    city.models()
    city.night(["INSERT INTO police.resident (person_no, name, age) VALUES ('10', 'name 9', 40)"])
    city.models(names=["mart.namesake"])
    assert idle_of(city) == ["mart.namesake"]
    run_others(city)


def test_another_sql_a_vanished_past_and_another_night_make_a_model_due(city: ModelCity) -> None:
    city.models()
    city.write_models(
        total=TOTAL.replace("'all'", "'every'"), namesake=NAMESAKE.replace("count(*)", "count(r.person_no)")
    )
    assert idle_of(city) == ["mart.person"]
    run_others(city)
    city.write_models(total=TOTAL.replace("'all'", "CAST(CAST(getvariable('as_of_day') AS DATE) AS VARCHAR)"))
    city.models()
    models = city_models(city.place.city)
    assert "mart.total" not in idle(city.connection, models, AS_OF + timedelta(days=1))
    city.night(["INSERT INTO tax.taxpayer (tax_no, amount) VALUES ('name 2', 7)"])
    city.expire_all_but_the_newest()
    assert idle_of(city) == []
