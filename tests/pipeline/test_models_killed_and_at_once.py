"""Models may be killed at any moment and run again; two runs at once do not corrupt each other."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.pipeline.model_city import ModelCity
from tests.pipeline.model_worker import run
from tests.postgres import Postgres
from tests.waiting_process import WaitingProcess

pytestmark = pytest.mark.long

MOMENTS = 3


def worker_of(city: ModelCity) -> WaitingProcess:
    """One process that runs the models."""
    return WaitingProcess(city.environment, run)


def prepared(root: Path, environment: dict[str, str] | None = None, *, models_ran: bool = True) -> ModelCity:
    """A city whose models are up to date, or have never run, and whose rows then changed."""
    city = ModelCity(root, environment or {})
    city.fill(5000)
    if models_ran:
        city.models()
    change(city, 30)
    return city


def change(city: ModelCity, age: int) -> None:
    city.night([f"UPDATE police.resident SET age = {age} WHERE person_no::INT % 10 = 0"])


def test_models_killed_at_several_moments_and_run_again_end_like_undisturbed_ones(tmp_path: Path) -> None:
    city = prepared(tmp_path)
    worker = worker_of(city).wait_until_ready()
    started = time.monotonic()
    worker.go()
    assert worker.finish() == "increment increment full"
    whole = time.monotonic() - started
    killed = 0
    for moment in range(1, MOMENTS + 1):
        change(city, 30 + moment)
        before, wanted = city.tables(), city.told()
        worker = worker_of(city).wait_until_ready()
        worker.go()
        killed += worker.kill_after(whole * moment / (MOMENTS + 1))
        # each table is in the state before or in the state after
        assert all(rows in (before[name], wanted[name]) for name, rows in city.tables().items())
        city.models()
        assert city.tables() == wanted
    assert killed >= MOMENTS // 2, "most of the kills must hit a running process, or the test shows nothing"


@pytest.mark.parametrize(("catalogue", "is_first"), [("sqlite", False), ("postgres", True)])
def test_two_runs_of_all_models_at_once_end_like_one(
    tmp_path: Path, catalogue: str, is_first: bool, postgres: Postgres
) -> None:
    settings = {"LANDBRIDGE_CATALOGUE": f"postgres:{postgres.database('models')}"} if catalogue == "postgres" else {}
    city = prepared(tmp_path, settings, models_ran=not is_first)
    workers = [worker_of(city), worker_of(city)]
    for worker in workers:
        worker.wait_until_ready()
    for worker in workers:
        worker.go()
    assert all(worker.finish() for worker in workers)
    assert city.tables() == city.told()
    change(city, 40)
    assert list(city.kinds().values()) == ["increment", "increment", "full"]
    assert city.tables() == city.told()
    runs = city.query(
        "SELECT model, count(*) FILTER (WHERE newest), count(*), max(number) FROM ops.model_runs GROUP BY model"
    )
    assert all(newest == 1 and count == number for _, newest, count, number in runs)
