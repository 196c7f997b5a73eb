"""scorecard.yaml as a person writes it: what is understood, and every mistake named with its figure."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.catalogue import City, load_city
from contracts.errors import ConfigurationError
from sharing.scorecard import check_figures, read_figures
from tests.small_city import SmallCity

CITY = Path("cities/qingdao")

GOOD = """
- id: residents
  name: {en: Residents, zh: 居民}
  unit: {en: persons, zh: 人}
  said: {text: 约900万 about 9 million, value: 9000000, source: yearbook}
  needs: [police.resident]
  sql: SELECT count(*) AS value FROM police.resident
"""


@pytest.fixture
def folder(city: SmallCity) -> Path:
    return city.root / "city"


def mistakes(folder: Path, text: str) -> list[str]:
    (folder / "scorecard.yaml").write_text(text, encoding="utf-8")
    return [f"{m.place}: {m.what}" for m in check_figures(folder, load_city(folder))]


def test_a_figure_is_read_with_its_words_and_its_query(folder: Path) -> None:
    assert mistakes(folder, GOOD) == []
    (figure,) = read_figures(folder)
    assert (figure.id, str(figure.name), str(figure.unit), figure.needs) == (
        "residents",
        "居民 Residents",
        "人 persons",
        ("police.resident",),
    )
    assert str(figure.said) == "约900万 about 9 million (yearbook)"


def test_a_city_without_a_scorecard_has_no_figures(folder: Path) -> None:
    assert read_figures(folder) == ()
    assert check_figures(folder, load_city(folder)) == []


@pytest.mark.parametrize(
    ("change", "to", "told"),
    [
        ("[police.resident]", "[police.residents]", "residents: needs an unknown resource 'police.residents'"),
        ("{en: Residents, zh: 居民}", "{en: Residents}", "residents: no label in zh"),
        ("{en: persons, zh: 人}", "persons", "residents unit: no label in en"),
        ("SELECT count(*) AS value", "SELEKT count(*) AS value", "residents: its sql cannot be read"),
        ("SELECT count(*) AS value FROM", "DELETE FROM", "residents: its sql is not one SELECT"),
        (
            "FROM police.resident",
            "FROM police.resident; DROP TABLE police.resident",
            "residents: its sql is not one SELECT",
        ),
        ("  unit:", "  units:", "residents: unknown key 'units'"),
        ("id: residents", "id: Residents of", "Residents of: id is 'Residents of'"),
        ("value: 9000000", "value: many", "residents: said cannot be used"),
        ("[police.resident]", "[police.resident, calendar]", "residents: needs the calendar"),
    ],
)
def test_every_mistake_is_named_with_its_figure(folder: Path, change: str, to: str, told: str) -> None:
    assert change in GOOD
    found = mistakes(folder, GOOD.replace(change, to, 1))
    assert any(line.startswith(told) for line in found), found


def test_an_id_that_stands_twice_is_found(folder: Path) -> None:
    assert mistakes(folder, GOOD + GOOD) == ["residents: stands twice"]


def test_reading_a_broken_scorecard_says_where(folder: Path) -> None:
    (folder / "scorecard.yaml").write_text(GOOD.replace("zh: 居民", "zh: ''"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no label in zh") as caught:
        read_figures(folder)
    assert caught.value.where == "scorecard.yaml, residents"


@pytest.fixture(scope="module")
def qingdao() -> City:
    return load_city(CITY)


def test_the_sample_citys_scorecard_has_no_mistake(qingdao: City) -> None:
    assert check_figures(CITY, qingdao) == []
    assert len(read_figures(CITY)) > 60


def test_no_figure_of_the_sample_city_is_a_constant() -> None:
    for figure in read_figures(CITY):
        assert " FROM " in figure.sql.replace("\n", " "), figure.id
        for need in figure.needs:
            assert need in figure.sql, f"{figure.id} does not read {need}"
