"""Any step may be killed at any moment and run again; two runs at once do not corrupt each other."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.postgres import Postgres
from tests.scenarios.worker import load
from tests.small_city import SmallCity, local
from tests.waiting_process import WaitingProcess

pytestmark = pytest.mark.long

RESOURCE = "police.resident"


def residents(number: int) -> list[tuple[str | None, str | None, object, str, str]]:
    """Some thousand rows: new, changed, deleted and faulty ones in the second night."""
    rows: list[tuple[str | None, str | None, object, str, str]] = []
    for n in range(4000):
        changed = number == 2 and n % 3 == 0
        status = "cancelled" if changed and n % 30 == 0 else "active"
        name = None if n % 100 == 7 else f"居民{n}"
        rows.append((str(n), name, 20 + n % 60 + changed, status, local(2 if changed else 1)))
    return rows


def worker_of(city: SmallCity, resource: str, number: int) -> WaitingProcess:
    """One loading process."""
    return WaitingProcess(city.environment, load, resource, str(number))


def prepared(root: Path, environment: dict[str, str] | None = None) -> SmallCity:
    """A city whose first night is loaded and whose second is about to be."""
    city = SmallCity(root, environment or {})
    city.residents(residents(1))
    city.run(RESOURCE, 1)
    city.residents(residents(2))
    return city


def test_a_load_killed_at_ten_moments_and_run_again_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    undisturbed = prepared(tmp_path / "undisturbed")
    worker = worker_of(undisturbed, RESOURCE, 2).wait_until_ready()
    started = time.monotonic()
    worker.go()
    assert worker.finish() == "loaded"
    whole = time.monotonic() - started
    wanted = undisturbed.hashes()

    city = prepared(tmp_path / "killed")
    first_night = city.hashes()
    shutil.copytree(city.root / "var", tmp_path / "before")
    killed = 0
    for moment in range(1, 11):
        if city.hashes() == wanted:
            # a load that has ended leaves the next nothing to be killed at
            shutil.rmtree(city.root / "var")
            shutil.copytree(tmp_path / "before", city.root / "var")
        worker = worker_of(city, RESOURCE, 2).wait_until_ready()
        started = time.monotonic()
        worker.go()
        if worker.kill_after(whole * moment / 11):
            killed += 1
        else:
            whole = time.monotonic() - started  # the machine has become quicker
        # all or nothing: the lake is in the state before or in the state after
        assert city.hashes() in (first_night, wanted)
    assert killed >= 5, "most of the kills must hit a running load, or the test shows nothing"
    city.run(RESOURCE, 2)
    assert city.hashes() == wanted
    left = [path for path in (tmp_path / "killed" / "var").rglob(".*~*") if "spill" not in path.parts]
    assert not left, "what killed processes left is cleared away by the next run"


@pytest.mark.parametrize("catalogue", ["sqlite", "postgres"])
def test_two_runs_of_one_resource_at_once_end_like_one(tmp_path: Path, catalogue: str, postgres: Postgres) -> None:
    def environment(name: str) -> dict[str, str]:
        return {"LANDBRIDGE_CATALOGUE": f"postgres:{postgres.database(name)}"} if catalogue == "postgres" else {}

    alone = prepared(tmp_path / "alone", environment("alone"))
    alone.run(RESOURCE, 2)
    city = prepared(tmp_path / "together", environment("together"))
    workers = [worker_of(city, RESOURCE, 2), worker_of(city, RESOURCE, 2)]
    for worker in workers:
        worker.wait_until_ready()
    for worker in workers:
        worker.go()
    assert [worker.finish() for worker in workers] == ["loaded", "loaded"]
    assert city.hashes() == alone.hashes()


@pytest.mark.parametrize("catalogue", ["sqlite", "postgres"])
def test_different_resources_load_at_once(tmp_path: Path, catalogue: str, postgres: Postgres) -> None:
    settings = {"LANDBRIDGE_CATALOGUE": f"postgres:{postgres.database('several')}"} if catalogue == "postgres" else {}
    city = SmallCity(tmp_path, settings)
    city.residents(residents(1))
    city.marriages(1, [(f"A{n}", "2020-05-04") for n in range(500)])
    city.taxpayers({str(n): "10.00" for n in range(500)})
    workers = [worker_of(city, name, 1) for name in (RESOURCE, "civil.marriage", "tax.taxpayer")]
    for worker in workers:
        worker.wait_until_ready()
    for worker in workers:
        worker.go()
    assert [worker.finish() for worker in workers] == ["loaded"] * 3
    assert city.query("SELECT sum(extracted), sum(accepted), sum(quarantined) FROM ops.runs") == [(5000, 4960, 40)]
