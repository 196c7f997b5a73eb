"""A night through a real Airflow: native backfill, a department that is down, what follows the assets, and doing it all again."""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
import yaml
from small_city import NIGHT, accounts, deliver, write_city

from contracts.catalogue import load_city
from contracts.settings import VARIABLES, Settings
from dags.building.failure import rerun_command
from dags.building.plan import SHARE_RATE, UNIFY
from dags.local.api import Airflow
from dags.local.configuration import environment
from dags.local.nights import OVER, NightProgress, run_nights
from dags.local.processes import running_airflow
from warehouse.content_hash import content_hashes
from warehouse.lake import open_lake
from warehouse.runs import RunRecord, runs_of

pytestmark = [pytest.mark.airflow, pytest.mark.long]

Hashes = dict[str, tuple[int, str]]


@dataclass
class Told:
    """What the story left behind: after the first night, and after tax ran again and water's meter was repaired."""

    night: NightProgress
    first_hashes: Hashes
    first_runs: list[RunRecord]
    failure_log: str
    last_hashes: Hashes
    last_runs: list[RunRecord]
    dag_runs: dict[str, list[dict[str, Any]]]
    last_load: datetime
    digest: str


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    with pytest.MonkeyPatch.context() as patch:
        for name in VARIABLES:
            patch.delenv(name, raising=False)
        root = tmp_path_factory.mktemp("night")
        folder = write_city(
            root / "city", {"tax": ["taxpayer"], "water": ["meter", "reading"]}, snapshots=("water.reading",)
        )
        systems = folder / "systems.yaml"
        drop_folder = "${LANDBRIDGE_SOURCES}/tax"
        assert drop_folder in systems.read_text(encoding="utf-8")
        systems.write_text(
            systems.read_text(encoding="utf-8").replace(drop_folder, "${airflow:tax_drop.schema}"), encoding="utf-8"
        )
        (folder / "unified.yaml").write_text(yaml.safe_dump(_UNIFIED, allow_unicode=True), encoding="utf-8")
        patch.setenv("LANDBRIDGE_HOME", str(root / "var"))
        patch.setenv("LANDBRIDGE_CITY", str(folder))
        patch.setenv("LANDBRIDGE_SOURCES", str(root / "sources"))
        patch.setenv("LANDBRIDGE_CLOCK", "2020-05-05T02:10:00+08:00")
        patch.setenv("LANDBRIDGE_RETRY_SECONDS", "1")
        patch.setenv("LANDBRIDGE_SOURCE_RETRIES", "1")
        yield _tell(Settings.from_environment())


def test_departments_run_by_themselves_and_the_one_that_is_down_is_red(told: Told) -> None:
    assert {
        outcome.dag_id: outcome.failed for outcome in told.night.finished if outcome.dag_id in ("tax", "water")
    } == {
        "tax": (),
        "water": ("meter.extract",),
    }


def test_a_resource_that_fails_does_not_stop_the_other_of_its_department(told: Told) -> None:
    status = {run.resource: run.status for run in told.first_runs}
    assert status == {"taxpayer": "loaded", "meter": "failed", "reading": "loaded"}
    assert told.first_hashes["water.reading"][0] == 40


def test_the_log_of_the_failure_ends_with_what_to_do(told: Told) -> None:
    for part in (
        "water.meter, task meter.extract: SourceUnavailable",
        "meter_20200504.csv",
        "airflow tasks clear water",
    ):
        assert part in told.failure_log


def test_the_digest_of_the_morning_names_the_failure(told: Told) -> None:
    assert "water.meter" in told.digest


def test_a_repeated_backfill_leaves_the_same_content(told: Told) -> None:
    assert told.last_hashes["tax.taxpayer"] == told.first_hashes["tax.taxpayer"]
    assert len([run for run in told.last_runs if run.resource == "taxpayer"]) == 1


def test_the_command_of_the_message_runs_the_resource_again(told: Told) -> None:
    meters = [run.status for run in told.last_runs if run.resource == "meter"]
    assert meters == ["failed", "loaded"]
    assert told.last_hashes["water.meter"][0] == 30


def test_unify_and_share_rate_run_after_the_last_load(told: Told) -> None:
    for dag_id in (UNIFY, SHARE_RATE):
        newest = told.dag_runs[dag_id][-1]
        assert newest["run_type"] == "asset_triggered"
        assert datetime.fromisoformat(newest["start_date"]) >= told.last_load
    assert told.dag_runs[UNIFY][-1]["state"] == "success"


def test_the_unified_entities_hold_what_the_last_load_brought(told: Told) -> None:
    assert told.last_hashes["unified.firm"][0] == 60


def _tell(settings: Settings) -> Told:
    city = load_city(settings.city)
    deliver(settings.sources, "tax.taxpayer", accounts(50))
    deliver(settings.sources, "water.reading", accounts(40), night=None)
    with running_airflow(settings, _free_port()) as installation, Airflow(installation) as airflow:
        tax_drop = json.dumps({"conn_type": "fs", "schema": str(settings.sources / "tax")})
        _shell(settings, f"airflow connections add tax_drop --conn-json {shlex.quote(tax_drop)}")
        (night,) = run_nights(settings, city, [NIGHT], night_seconds=240)
        first_hashes, first_runs = _lake(settings)
        failed = airflow.runs("water")[-1]
        log = airflow.log("water", failed["dag_run_id"], "meter.extract", attempt=2)
        deliver(settings.sources, "water.meter", accounts(30, first=31))
        before = {dag_id: airflow.runs(dag_id)[-1]["start_date"] for dag_id in ("tax", "water")}
        start = datetime.fromisoformat(failed["data_interval_start"]).astimezone(city.timezone)
        _wait_until_closed(airflow, "tax")
        day = "--from-date 2020-05-04 --to-date 2020-05-05"
        _shell(settings, f"airflow backfill create --dag-id tax {day} --reprocess-behavior completed")
        _shell(settings, rerun_command("water", "meter.extract", start))
        _wait_until_over(airflow, before)
        last_load = max(
            datetime.fromisoformat(task["end_date"])
            for dag_id in ("tax", "water")
            for task in airflow.tasks(dag_id)["task_instances"]
            if task["task_id"].endswith(".load")
        )
        last_hashes, last_runs = _lake(settings)
        runs = {dag_id: airflow.runs(dag_id) for dag_id in (UNIFY, SHARE_RATE)}
    digest = next((settings.home / "reports").glob("digest-*.txt")).read_text(encoding="utf-8")
    return Told(night, first_hashes, first_runs, log, last_hashes, last_runs, runs, last_load, digest)


def _shell(settings: Settings, command: str) -> None:
    done = subprocess.run(shlex.split(command), env=environment(settings), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _wait_until_closed(airflow: Airflow, dag_id: str, seconds: float = 120) -> None:
    """Until Airflow, which looks twice a minute, has closed the DAG's last backfill."""
    deadline = time.monotonic() + seconds
    while airflow.open_backfills(dag_id):
        assert time.monotonic() < deadline, f"{dag_id}: its backfill is still open"
        time.sleep(0.5)


def _wait_until_over(airflow: Airflow, before: dict[str, str], seconds: float = 120) -> None:
    """Until each DAG has run again and what follows has caught up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        newest = {dag_id: airflow.runs(dag_id)[-1] for dag_id in before}
        again = all(run["state"] in OVER and run["start_date"] != before[dag_id] for dag_id, run in newest.items())
        if again and not any(
            airflow.waiting_events(dag_id) or airflow.runs(dag_id, state=["queued", "running"])
            for dag_id in (UNIFY, SHARE_RATE)
        ):
            return
        time.sleep(0.5)
    pytest.fail(f"not over: {newest}")


def _lake(settings: Settings) -> tuple[Hashes, list[RunRecord]]:
    connection = open_lake(settings, read_only=True)
    try:
        return content_hashes(connection), runs_of(connection)
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_UNIFIED = {
    "entities": {
        "firm": {
            "label": {"zh": "法人", "en": "Firm"},
            "key": "account_no",
            "resources": {"tax.taxpayer": "account_no", "water.meter": "account_no"},
            "attributes": {
                "holder": {"label": {"zh": "名称", "en": "Name"}, "from": ["tax.taxpayer.holder", "water.meter.holder"]}
            },
        }
    }
}
