"""The sample city's registers as generated: they hold what the hearing said, and the scorecard finds what was planted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from cities.qingdao.generator.departments import (
    approval_cases,
    archives,
    big_data_registers,
    court,
    development_reform,
    finance,
    hotline,
    reform_office,
    science_technology,
    service_items,
    staff_roll,
)
from cities.qingdao.generator.world import NIGHTS, World, build_world
from contracts.catalogue import load_city
from contracts.quoting import ident
from contracts.settings import Settings
from contracts.types import lake_type
from sharing.scorecard import compute, read_figures
from warehouse.lake import open_lake

CITY = Path("cities/qingdao")
RESOURCES = load_city(CITY).resources
MODULES = (
    approval_cases, archives, big_data_registers, court, development_reform, finance, hotline, reform_office, science_technology,
    service_items, staff_roll,
)  # fmt: skip

Nights = dict[int, dict[str, pd.DataFrame]]


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(20200507, 0.05)


@pytest.fixture(scope="module")
def nights(world: World) -> Nights:
    return {night: {id: t for module in MODULES for id, t in module.tables(world, night).items()} for night in NIGHTS}


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = open_lake(
        Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path), "LANDBRIDGE_THREADS": "1"}),
        timezone="Asia/Shanghai",
    )
    yield connection
    connection.close()


def values(
    lake: duckdb.DuckDBPyConnection, tables: dict[str, pd.DataFrame], night: int, *ids: str
) -> dict[str, float | None]:
    """The figures as of the night's end, from the generated tables under their contracts' names and types."""
    figures = [figure for figure in read_figures(CITY) if figure.id in ids]
    for id in sorted({need for figure in figures for need in figure.needs} & set(tables)):
        resource, frame = RESOURCES[id], tables[id]
        lake.execute(f"CREATE SCHEMA IF NOT EXISTS {ident('lake', resource.department)}")
        lake.register("generated", frame.astype(object).where(frame.notna(), None))
        columns = ", ".join(
            f"CAST({_text(f.logical_type, f.physical_name)} AS {lake_type(f)}) AS {ident(f.name)}"
            for f in resource.fields
        )
        lake.execute(
            f"CREATE OR REPLACE TABLE {ident('lake', resource.department, resource.name)} AS SELECT {columns} FROM generated"
        )
    at = datetime.fromisoformat(f"2020-05-{4 + night:02d}T02:00:00+08:00")
    return {figure.id: figure.value for figure in compute(lake, figures, at) if figure.part is None}


def _text(logical_type: str, physical_name: str) -> str:
    name = ident(physical_name)
    return (
        f"CASE {name} WHEN '是' THEN true WHEN '否' THEN false END"
        if logical_type == "boolean"
        else f"nullif(CAST({name} AS VARCHAR), '长期')"
    )


def test_every_generated_table_has_exactly_its_contracts_columns(nights: Nights) -> None:
    for tables in nights.values():
        for id, frame in tables.items():
            assert set(frame.columns) == {field.physical_name for field in RESOURCES[id].fields}, id


def test_keys_are_unique_and_required_fields_are_filled(nights: Nights) -> None:
    for tables in nights.values():
        for id, frame in tables.items():
            resource = RESOURCES[id]
            keys = [resource.field(name).physical_name for name in resource.key]
            assert not frame.duplicated(keys).any(), id
            required = [field.physical_name for field in resource.fields if field.required]
            assert frame[required].notna().all(axis=None), id


def test_the_nights_differ_and_the_same_seed_gives_the_same_night(world: World, nights: Nights) -> None:
    again = build_world(world.seed, world.scale)
    for module in MODULES:
        for id, frame in module.tables(again, 2).items():
            assert frame.equals(nights[2][id]), id
    changing = (
        "big_data.system_register",
        "reform_office.task_register",
        "hotline.hotline_case",
        "archives.paper_holding",
        "human_resources.staff_roll",
    )
    for id in changing:
        assert not nights[1][id].equals(nights[2][id]), id
        assert not nights[2][id].equals(nights[3][id]), id


def test_nothing_of_the_future_is_known(nights: Nights) -> None:
    plans = {
        "finance.enterprise_debt": {"due_on"},
        "reform_office.task_register": {"due_on"},
        "reform_office.hearing_promise": {"due_on"},
    }
    policy = {"valid_from", "valid_to"}
    plans |= {"development_reform.policy_document": policy, "science_technology.policy_document": policy}
    for night, tables in nights.items():
        last_day = f"2020-05-{3 + night:02d}"
        for id, frame in tables.items():
            for field in RESOURCES[id].fields:
                if field.logical_type == "date" and field.name not in plans.get(id, set()):
                    assert all(frame[field.physical_name].dropna() <= last_day), f"{id} {field.name} on night {night}"


def test_the_indicator_tree_has_18_first_and_87_second_level_nodes(
    nights: Nights, lake: duckdb.DuckDBPyConnection
) -> None:
    tree = {"development_reform.business_indicator": nights[1]["development_reform.business_indicator"]}
    found = values(lake, tree, 1, "indicators_first", "indicators_second", "indicators_with_data")
    assert found == {"indicators_first": 18, "indicators_second": 87, "indicators_with_data": 0}


def test_every_figure_a_leaf_or_a_promise_names_is_on_the_scorecard(nights: Nights) -> None:
    known = {figure.id for figure in read_figures(CITY)}
    leaves = nights[1]["development_reform.business_indicator"]["数据来源/指标"].dropna()
    promised = nights[1]["reform_office.hearing_promise"]["对应指标"].dropna()
    assert set(leaves) | set(promised) <= known


def test_the_task_tree_has_the_programmes_counts(nights: Nights) -> None:
    tasks = nights[1]["reform_office.task_register"]
    counted = tasks.groupby(["工作方案", "层级"]).size().to_dict()
    for programme, (_, first, second, _, _) in reform_office.PROGRAMMES.items():
        assert (counted[(programme, 1)], counted[(programme, 2)]) == (first, second)
    parents = tasks.loc[tasks["层级"] == 1, "任务编号"]
    assert set(tasks.loc[tasks["层级"] == 2, "上级任务编号"]) == set(parents)


def test_all_planted_islands_are_found_and_no_other_project(
    world: World, nights: Nights, lake: duckdb.DuckDBPyConnection
) -> None:
    planted = big_data_registers.planted_islands(world)
    found = values(lake, {"big_data.project_register": nights[3]["big_data.project_register"]}, 3, "island_projects")
    assert found["island_projects"] == len(planted)
    (query,) = (figure.sql for figure in read_figures(CITY) if figure.id == "island_projects")
    listed = lake.execute(query.replace("count(*) FILTER", "list(project_no) FILTER", 1)).fetchall()
    assert set(listed[0][0]) == set(planted)


def test_the_registers_resemble_what_the_hearing_said(nights: Nights, lake: duckdb.DuckDBPyConnection) -> None:
    ids = (
        "departments", "systems", "district_systems", "cloud_share", "networks_merged", "networks_moving", "mobile_items", "mobile_departments",
        "court_appearance", "court_appearance_last_year", "civil_servants", "official_credit_coverage", "city_credit_rank", "overseas_windows",
        "questions", "questions_answered", "tasks_first", "tasks_second",
    )  # fmt: skip
    found = {id: value if value is not None else -1 for id, value in values(lake, nights[3], 3, *ids).items()}
    assert found["departments"] >= 60
    assert found["systems"] >= 300
    assert found["district_systems"] >= 30
    assert found["cloud_share"] > 96
    assert (found["networks_merged"], found["networks_moving"]) == (10, 22)
    assert 1000 < found["mobile_items"] < 2000
    assert found["mobile_departments"] >= 50
    assert found["court_appearance"] == 100
    assert found["court_appearance_last_year"] == pytest.approx(72.5, abs=1)
    assert found["civil_servants"] == pytest.approx(43_000, abs=20)
    assert 99.9 < found["official_credit_coverage"] < 100  # the newcomers of May have no file yet
    assert found["city_credit_rank"] == 1
    assert found["overseas_windows"] == 9
    assert (found["questions"], found["questions_answered"]) == (11, 6)
    assert (found["tasks_first"], found["tasks_second"]) == (58, 385)
