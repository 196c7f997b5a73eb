"""The scorecard's engine: values, no data, wrong queries, the instant, and what is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from contracts.errors import ConfigurationError
from contracts.model import Label
from contracts.settings import Settings
from sharing.scorecard import Breakdown, Figure, FigureDefinition, Said, compute, write
from warehouse.lake import commit, open_lake
from warehouse.tables import ensure_platform

AS_OF = datetime.fromisoformat("2020-05-05T02:00:00+08:00")
NIGHT = timedelta(days=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path), "LANDBRIDGE_THREADS": "1"})


@pytest.fixture
def lake(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = open_lake(settings, timezone="Asia/Shanghai")
    connection.execute("CREATE SCHEMA water")
    connection.execute("CREATE TABLE water.meter (no VARCHAR, litres BIGINT, read_on DATE)")
    connection.execute(
        "INSERT INTO water.meter VALUES ('a', 10, '2020-05-03'), ('b', 30, '2020-05-04'), ('c', 60, '2020-05-05')"
    )
    yield connection
    connection.close()


def figure(sql: str, *needs: str, id: str = "litres", **more: object) -> FigureDefinition:
    made = FigureDefinition(id, Label("Litres", "水量"), Label("litres", "升"), sql, needs or ("water.meter",))
    return replace(made, **more)  # type: ignore[arg-type]


def only(found: list[Figure]) -> Figure:
    assert len(found) == 1
    return found[0]


def test_a_figure_is_computed_from_the_records_known_by_its_day(lake: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT sum(litres) AS value, count(*) AS n FROM water.meter WHERE read_on <= getvariable('as_of_day')"
    found = [only(compute(lake, [figure(sql)], AS_OF + nights * NIGHT)) for nights in (-1, 0, 1)]
    assert [(f.value, f.n) for f in found] == [(10, 1), (40, 2), (100, 3)]
    assert found[2].text == "100"


def test_the_day_of_an_instant_is_the_last_local_day_that_was_over(lake: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT epoch(getvariable('as_of')) AS value, day(getvariable('as_of_day')) AS n FROM water.meter LIMIT 1"
    for instant, day in (("2020-05-05T02:00+08:00", 4), ("2020-05-04T18:00+00:00", 4), ("2020-05-06T00:00+08:00", 5)):
        asked = datetime.fromisoformat(instant)
        found = only(compute(lake, [figure(sql)], asked))
        assert (found.value, found.n) == (asked.timestamp(), day)


@pytest.mark.parametrize(
    ("sql", "needs", "why"),
    [
        ("SELECT count(*) AS value FROM court.hearing", "court.hearing", "there is no table court.hearing"),
        ("SELECT count(*) AS value FROM water.leak", "water.leak", "water.leak holds no record"),
        ("SELECT sum(litres) AS value FROM water.meter WHERE no = 'z'", "water.meter", "no record gives a value"),
        ("SELECT litres AS value FROM water.meter WHERE no = 'z'", "water.meter", "no record gives a value"),
        ("SELECT 0.0 / 0 AS value FROM water.meter LIMIT 1", "water.meter", "no record gives a value"),
    ],
)
def test_what_no_record_gives_is_no_data_and_never_zero(
    lake: duckdb.DuckDBPyConnection, sql: str, needs: str, why: str
) -> None:
    lake.execute("CREATE TABLE water.leak (no VARCHAR)")
    breakdown = Breakdown(Label("meter", "水表"), sql)
    found = only(compute(lake, [figure(sql, needs, per=breakdown)], AS_OF))
    assert found.value is None
    assert found.text == "无数据 no data"
    assert why in found.reason


def test_a_count_of_nothing_among_records_is_a_true_zero(lake: duckdb.DuckDBPyConnection) -> None:
    found = only(compute(lake, [figure("SELECT count(*) FILTER (litres > 99) AS value FROM water.meter")], AS_OF))
    assert (found.value, found.text, found.reason) == (0.0, "0", "")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT nothing AS value FROM water.meter",
        "SELECT sum(no) AS value FROM water.meter",
        "SELECT count(*) AS value FROM water.unlisted",
        "SELECT count(*) AS total FROM water.meter",
        "SELECT litres AS value FROM water.meter",
        "SELECT 'many' AS value FROM water.meter LIMIT 1",
        "SELECT CAST(no AS INTEGER) AS value FROM water.meter LIMIT 1",
    ],
)
def test_a_wrong_query_names_the_scorecard_and_the_figure(lake: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        compute(lake, [figure(sql, id="leakage")], AS_OF)
    assert caught.value.where == "scorecard.yaml, leakage"
    assert "leakage" in caught.value.what


def test_parts_follow_their_figure_with_names_of_their_own(lake: duckdb.DuckDBPyConnection) -> None:
    sql = "SELECT no AS part, litres AS value FROM water.meter ORDER BY no"
    breakdown = Breakdown(Label("meter", "水表"), sql)
    found = compute(lake, [figure("SELECT sum(litres) AS value FROM water.meter", per=breakdown)], AS_OF)
    assert [(f.id, f.figure, f.part, f.value) for f in found] == [
        ("litres", "litres", None, 100), ("litres/a", "litres", "a", 10), ("litres/b", "litres", "b", 30), ("litres/c", "litres", "c", 60),
    ]  # fmt: skip
    assert str(found[1].name) == "水量（水表 a） Litres, meter a"


def test_a_later_figure_sees_the_earlier_ones(lake: duckdb.DuckDBPyConnection) -> None:
    figures = [
        figure("SELECT sum(litres) AS value FROM water.meter"),
        figure("SELECT count(*) AS value FROM court.hearing", "court.hearing", id="hearings"),
        figure("SELECT count(value) AS value, count(*) AS n FROM figures", "figures", id="with_data"),
    ]
    last = compute(lake, figures, AS_OF)[-1]
    assert (last.value, last.n) == (1, 2)


@pytest.mark.parametrize(
    ("value", "text"), [("100.0", "100.0 %"), ("99.99", "99.9 %"), ("97.04", "97.0 %"), ("0", "0.0 %")]
)
def test_a_share_short_of_all_is_never_shown_as_all(lake: duckdb.DuckDBPyConnection, value: str, text: str) -> None:
    share = figure(f"SELECT {value} AS value FROM water.meter LIMIT 1", unit=Label("%", "%"))
    assert only(compute(lake, [share], AS_OF)).text == text


def test_an_instant_without_a_zone_is_refused(lake: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ConfigurationError, match="needs a zone"):
        compute(lake, [], datetime(2020, 5, 5, 2))


def test_a_resource_is_read_as_its_last_load_by_then_left_it(
    lake: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    """The third night overwrote what the first two had loaded; asked as of the second, the figure is the second's."""
    commit(lake, settings, lambda: ensure_platform(lake))
    for night, litres in enumerate((1, 2, 3)):
        load_night(lake, settings, night, litres)
    figures = [
        figure("SELECT sum(m.litres) AS value FROM water.meter AS m"),
        figure("SELECT sum(rows) AS value FROM resource_rows", "resource_rows", id="rows"),
    ]
    found = [[f.value for f in compute(lake, figures, AS_OF + night * NIGHT)] for night in range(3)]
    assert found == [[1, 1], [4, 2], [9, 3]]
    before = compute(lake, figures, AS_OF - NIGHT)[0]
    assert (before.value, "was not loaded by then" in before.reason) == (None, True)


def load_night(lake: duckdb.DuckDBPyConnection, settings: Settings, night: int, litres: int) -> None:
    """A snapshot load: `litres` in each of `night + 1` rows, with its run record and its commit message."""
    end = AS_OF + night * NIGHT

    def work() -> None:
        lake.execute("DELETE FROM water.meter")
        lake.execute("INSERT INTO water.meter SELECT 'x', ?, DATE '2020-05-01' FROM range(?)", [litres, night + 1])
        lake.execute(
            "INSERT INTO ops.runs BY NAME SELECT ? AS run_id, 1 AS attempt, 'water' AS department, 'meter' AS resource, "
            "CAST(? AS TIMESTAMPTZ) AS interval_start, CAST(? AS TIMESTAMPTZ) AS interval_end, 'loaded' AS status, 1 AS extracted, 0 AS quarantined",
            [f"run{night}", end - NIGHT, end],
        )

    commit(lake, settings, work, f"water.meter {(end - NIGHT).isoformat()} loaded run run{night}")


def test_writing_an_instant_again_replaces_it_and_leaves_the_others(
    lake: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    said = Said("约100 about 100", 100.0, "hearing 2020-05-07")
    litres = figure("SELECT sum(litres) AS value FROM water.meter WHERE read_on <= getvariable('as_of_day')", said=said)
    missing = figure("SELECT count(*) AS value FROM court.hearing", "court.hearing", id="hearings")
    for instant in (AS_OF, AS_OF + NIGHT, AS_OF + NIGHT):
        commit(lake, settings, lambda at=instant: write(lake, compute(lake, [litres, missing], at)))  # type: ignore[misc]
    rows = lake.execute(
        "SELECT as_of, id, name_en, name_zh, value, text, unit, said, said_value, reason IS NULL, needs FROM sharing.scorecard ORDER BY as_of, position"
    ).fetchall()
    assert [row[0].timestamp() for row in rows] == [
        at.timestamp() for at in (AS_OF, AS_OF, AS_OF + NIGHT, AS_OF + NIGHT)
    ]
    first, second = rows[0][1:], rows[1][1:]
    spoken = "约100 about 100 (hearing 2020-05-07)"
    assert first == ("litres", "Litres", "水量", 40.0, "40", "升 litres", spoken, 100.0, True, "water.meter")
    assert second == (
        "hearings",
        "Litres",
        "水量",
        None,
        "无数据 no data",
        "升 litres",
        None,
        None,
        False,
        "court.hearing",
    )


def test_computing_writes_nothing_and_works_through_a_read_only_door(
    lake: duckdb.DuckDBPyConnection, settings: Settings
) -> None:
    reader = open_lake(settings, read_only=True, timezone="Asia/Shanghai")
    assert only(compute(reader, [figure("SELECT sum(litres) AS value FROM water.meter")], AS_OF)).value == 100
    reader.close()
