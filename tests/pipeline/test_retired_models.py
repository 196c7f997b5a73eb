"""A model whose file is gone: its table stays and is named until somebody drops it, and the model may come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.model import app
from contracts.errors import ConfigurationError
from pipeline.models.retired import drop_model, retired_lines
from tests.pipeline.model_city import PERSON, ModelCity


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelCity:
    """Ten residents, the models run, and commands that look at this city."""
    city = ModelCity(tmp_path)
    city.fill(10)
    city.models()
    for name, value in city.environment.items():
        monkeypatch.setenv(name, value)
    return city


def file_of(city: ModelCity, name: str) -> Path:
    return city.root / "city" / "models" / "mart" / f"{name}.sql"


def said(city: ModelCity, *words: str) -> str:
    city.close()
    return CliRunner().invoke(app, [*words]).stdout


def test_a_table_without_a_model_stays_and_is_named_until_it_is_dropped(city: ModelCity) -> None:
    assert retired_lines(city.connection, city.place.city) == []
    file_of(city, "person").unlink()
    assert set(city.models()) == {"mart.namesake", "mart.total"}
    assert city.query("SELECT count(*) FROM mart.person") == [(10,)]
    assert retired_lines(city.connection, city.place.city)[-1] == "  mart.person · 10 rows"
    assert "landbridge model drop mart.person" in " ".join(said(city, "list").split())
    assert "mart.person: dropped" in said(city, "drop", "mart.person")
    assert "mart.person" not in said(city, "list")
    assert retired_lines(city.connection, city.place.city) == []
    dropped = "SELECT kind, rows, deleted, newest FROM ops.model_runs WHERE model = 'mart.person' ORDER BY number"
    runs = city.query(dropped)
    assert runs[-1] == ("dropped", 0, 10, True) and [run[3] for run in runs] == [False] * (len(runs) - 1) + [True]
    city.close()
    drop_model(city.place, "mart.person")
    assert city.query(dropped) == runs, "the second time there is nothing to do"


def test_a_model_that_comes_back_is_as_if_it_had_never_gone(city: ModelCity) -> None:
    described = "SELECT comment FROM duckdb_columns() WHERE database_name = 'lake' AND table_name = 'person' ORDER BY column_index"
    before = city.query(described)
    file_of(city, "person").unlink()
    city.night(["DELETE FROM police.resident WHERE person_no = '3'"])
    city.models()
    city.write_models(person=PERSON)
    assert city.models()["mart.person"].kind == "increment", "its table was there all the time"
    assert city.tables() == city.told()
    file_of(city, "person").unlink()
    city.close()
    drop_model(city.place, "mart.person")
    city.write_models(person=PERSON)
    assert city.models()["mart.person"].kind == "full"
    assert city.tables() == city.told() and city.query(described) == before


def test_what_is_declared_read_or_unknown_is_not_dropped(city: ModelCity) -> None:
    city.close()
    with pytest.raises(ConfigurationError, match="is a model of the city") as refused:
        drop_model(city.place, "mart.total")
    assert "total.sql" in refused.value.remedy
    with pytest.raises(ConfigurationError, match=r"no model 'mart\.persn'") as refused:
        drop_model(city.place, "mart.persn")
    assert "mart.person" in refused.value.remedy
    file_of(city, "namesake").unlink()
    with pytest.raises(ConfigurationError, match=r"still read by mart\.total"):
        drop_model(city.place, "mart.namesake")
    file_of(city, "total").unlink()
    (city.place.city.folder / "scorecard.yaml").write_text(
        '- {id: names, name: {en: Names, zh: 姓名}, unit: {en: names, zh: 个}, needs: [mart.namesake], sql: "SELECT count(*) AS value, 1 AS n FROM mart.namesake"}\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError, match="still read by the figure names"):
        drop_model(city.place, "mart.namesake")
    assert city.query("SELECT count(*) FROM mart.namesake") == [(5,)]
