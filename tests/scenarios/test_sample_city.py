"""The sample city's three nights against the truth its generator wrote beside them: every count, every rule, every department, two seeds.

The truth is a model of its own (`cities.qingdao.generator.truth`); nothing of the pipeline computes it. The first seed runs every resource, the
other one those that carry faults.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cities.qingdao.generator.world import CITY_FOLDER
from contracts.catalogue import load_city
from tests.scenarios.links_told import Score
from tests.small_city import ROOT

pytestmark = pytest.mark.long

SEEDS = (20200507, 42)
SCALE = 0.1


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Path]]:
    """A folder a seed, its nights run in processes side by side."""
    folders = {seed: tmp_path_factory.mktemp(f"seed-{seed}") for seed in SEEDS}
    running = []
    for seed, folder in folders.items():
        words = [str(folder), str(seed), str(SCALE), *(["--whole"] if seed == SEEDS[0] else [])]
        log = (folder / "log").open("w")
        command = [sys.executable, "-m", "tests.scenarios.sample_city", *words]
        running.append(subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log))
    for process, folder in zip(running, folders.values(), strict=True):
        assert process.wait() == 0, (folder / "log").read_text()[-3000:]
    yield folders


def found(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "found.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_run_record_equals_the_truth_and_nothing_else_is_quarantined(cities: dict[int, Path], seed: int) -> None:
    truth = json.loads((cities[seed] / "sources" / "truth" / "expected.json").read_text(encoding="utf-8"))
    runs = found(cities[seed])["runs"]
    differences = [
        f"{night} {id}: {name} is {runs[night].get(id, {}).get(name)!r}, the truth is {value!r}"
        for night, resources in truth.items()
        for id, wanted in resources.items()
        if id in runs[night] or seed == SEEDS[0]
        for name, value in wanted.items()
        if runs[night].get(id, {}).get(name) != value
    ]
    assert not differences, "\n".join(differences)


def test_a_department_that_is_down_a_cut_file_and_a_removed_column_fail_alone(cities: dict[int, Path]) -> None:
    runs = found(cities[SEEDS[0]])["runs"]
    statuses = {(night, id): (run["status"], run["error"]) for night, rs in runs.items() for id, run in rs.items()}
    failed = {at: error for at, (status, error) in statuses.items() if status == "failed"}
    assert failed == {
        ("night-2", "meteorology.station_reading"): "SourceUnavailable",
        ("night-2", "ecology.discharge_permit"): "SourceBroken",
        ("night-3", "emergency.hazard_site"): "SchemaDrift",
    }
    assert statuses["night-3", "water.enterprise_account"] == ("held", "LoadHeld")
    assert len(statuses) == 3 * len(load_city(CITY_FOLDER).resources)


def test_departments_are_found_to_disagree_where_it_was_planted_and_nowhere_else(cities: dict[int, Path]) -> None:
    assert found(cities[SEEDS[0]])["joined"]["conflicts"] == []


def test_readers_without_an_identity_number_are_joined_to_the_right_people(cities: dict[int, Path]) -> None:
    """At full size recall is above 0.97 (docs/linking.md). At a tenth the staff roll stays whole: nine of ten people have no birth date, and fewer pairs are beyond doubt."""
    score = Score(**found(cities[SEEDS[0]])["joined"]["links"])
    assert score.right > 250
    assert score.precision >= 0.99
    assert score.recall >= 0.85


def test_the_islands_that_were_planted_are_found_and_no_other(cities: dict[int, Path]) -> None:
    assert found(cities[SEEDS[0]])["joined"]["islands"] == []


def test_marts_and_scorecard_give_the_same_figures(cities: dict[int, Path]) -> None:
    assert found(cities[SEEDS[0]])["joined"]["marts"] == []


def test_every_model_gives_the_same_rows_on_spark_as_on_duckdb(cities: dict[int, Path]) -> None:
    joined = found(cities[SEEDS[0]])["joined"]
    assert joined["engines"] == {}
    assert joined["models"] > 30


def test_repeating_every_night_changes_no_table(cities: dict[int, Path]) -> None:
    result = found(cities[SEEDS[0]])
    assert result["after"] == result["before"]
    assert len(result["before"]) > 40


def test_the_other_seed_carries_faults_too(cities: dict[int, Path]) -> None:
    for seed in SEEDS[1:]:
        runs = found(cities[seed])["runs"]
        assert len(runs["night-1"]) >= 15
        assert sum(run["quarantined"] for rs in runs.values() for run in rs.values()) > 30
