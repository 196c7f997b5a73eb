"""A night through a real Airflow: native backfill, a department that is down, what follows the assets, and doing it all again."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
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
from pipeline.data_docs import build_data_docs
from pipeline.workplace import Workplace
from sharing.report.mart_tables import MARTS
from warehouse.content_hash import content_hashes
from warehouse.lake import open_lake
from warehouse.runs import RunRecord, runs_of

pytestmark = [pytest.mark.airflow, pytest.mark.long]

Hashes = dict[str, tuple[int, str]]

# a row that is refused, and a value of rows that load
CANARY = ("C00001", "王金丝雀", "not a number: 8713")
CANARIES = ("王金丝雀", "not a number: 8713", "holder 17")
# where values belong: the lake with its catalogue, what was landed and staged, and the owner's own list of refused rows
HOLDS_VALUES = ("lake", "landing", "staging", "problems")


@dataclass
class Told:
    """What the story left behind: after the first night, after tax ran again and water's meter was repaired, and after tax ran once more.

    `models` are the models whose tasks ran, a set each run of unify that found the night complete, by part of the story.
    """

    night: NightProgress
    first_hashes: Hashes
    first_runs: list[RunRecord]
    failure_log: str
    last_hashes: Hashes
    last_runs: list[RunRecord]
    dag_runs: dict[str, list[dict[str, Any]]]
    models: dict[str, list[set[str]]]
    last_load: datetime
    digest: str
    lineage: list[dict[str, Any]]
    left: dict[str, bytes]


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
        (folder / "models" / "mart").mkdir(parents=True)
        (folder / "models" / "mart" / "reading.sql").write_text(_READING, encoding="utf-8")
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
    } == {"tax": (), "water": ("meter.extract",)}


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


def test_a_model_runs_where_its_inputs_changed_and_only_there(told: Told) -> None:
    made, repaired, again = (told.models[part] for part in ("made", "repaired", "again"))
    firm = {"unified.firm", "unified.firm_history", "unified.conflict"}
    assert set().union(*made) == {*firm, "mart.reading"}
    assert set().union(*repaired) == firm
    assert again
    assert set().union(*again) == set()
    assert told.last_hashes["mart.reading"][0] == 40


def test_lineage_leads_from_the_lake_back_to_the_column_at_the_source(told: Told) -> None:
    complete = {e["job"]["name"]: e for e in told.lineage if e["eventType"] == "COMPLETE"}
    way, name, field = [], "tax.taxpayer.load", "holder"
    for step in ("load", "validate", "extract"):
        event = complete[f"tax.taxpayer.{step}"]
        (output,), (source,) = event["outputs"], event["inputs"]
        (origin,) = output["facets"]["columnLineage"]["fields"][field]["inputFields"]
        assert (origin["namespace"], origin["name"]) == (source["namespace"], source["name"])
        way.append(f"{output['namespace']}/{output['name']}")
        name, field = f"{source['namespace']}/{source['name']}", origin["field"]
    assert way == [f"{place}://smallville/tax/taxpayer" for place in ("lake", "staging", "landing")]
    assert (name, field) == ("source://smallville/tax_files/taxpayer_{date}.csv", "holder")
    (firm,) = complete["unify.unified.firm"]["outputs"]
    origins = firm["facets"]["columnLineage"]["fields"]["holder"]["inputFields"]
    assert firm["name"] == "unified/firm"
    assert ("unified/firm_record", "holder") in {(o["name"], o["field"]) for o in origins}
    (unified,) = complete["unify.unified"]["outputs"]
    assert {d["name"] for d in complete["unify.records"]["inputs"]} == {"tax/taxpayer", "water/meter"}
    assert unified["name"] in {d["name"] for d in complete["share_rate.share_rate"]["inputs"]}
    tables = ["events", "verdicts", "rates", "scorecard", "islands", *(mart.name for mart in MARTS)]
    assert {d["name"] for d in complete["share_rate.share_rate"]["outputs"]} == {f"sharing/{name}" for name in tables}


def test_lineage_tells_of_the_failure_and_no_row(told: Told) -> None:
    failed = {e["job"]["name"] for e in told.lineage if e["eventType"] == "FAIL"}
    assert "water.meter.extract" in failed
    assert "holder 1" not in json.dumps(told.lineage)


def test_no_value_of_the_data_is_left_in_a_log_a_page_a_manifest_or_airflow_s_database(told: Told) -> None:
    names = "\n".join(told.left)
    for kind in (
        "airflow/airflow.db",
        "airflow/logs/.*.log",
        "reports/.*.html",
        "reports/.*.json",
        "landing/.*.json",
        "lineage/",
    ):
        assert re.search(kind, names), f"nothing like {kind} was looked at"
    for canary in CANARIES:
        forms = (canary.encode(), json.dumps(canary)[1:-1].encode())
        assert [name for name, content in told.left.items() if any(form in content for form in forms)] == []


def _tell(settings: Settings) -> Told:
    city = load_city(settings.city)
    deliver(settings.sources, "tax.taxpayer", accounts(50))
    deliver(settings.sources, "water.reading", [*accounts(40), CANARY], night=None)
    with running_airflow(settings, _free_port()) as installation, Airflow(installation) as airflow:
        tax_drop = json.dumps({"conn_type": "fs", "schema": str(settings.sources / "tax")})
        _shell(settings, f"airflow connections add tax_drop --conn-json {shlex.quote(tax_drop)}")
        (night,) = run_nights(settings, city, [NIGHT], night_seconds=240)
        first_hashes, first_runs = _lake(settings)
        failed = airflow.runs("water")[-1]
        log = airflow.log("water", failed["dag_run_id"], "meter.extract", attempt=2)
        models = {"made": _models_run(airflow)}
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
        models["repaired"] = _models_run(airflow, known=len(models["made"]))
        before = {"tax": airflow.runs("tax")[-1]["start_date"]}
        _wait_until_closed(airflow, "tax")
        assert airflow.backfill("tax", start, start)
        _wait_until_over(airflow, before)
        models["again"] = _models_run(airflow, known=len(models["made"]) + len(models["repaired"]))
        runs = {dag_id: airflow.runs(dag_id) for dag_id in (UNIFY, SHARE_RATE)}
    digest = next((settings.home / "reports").glob("digest-*.txt")).read_text(encoding="utf-8")
    lineage = [
        json.loads(line)
        for file in sorted((settings.home / "lineage").glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    build_data_docs(Workplace.open())
    left = {
        str(path.relative_to(settings.home)): path.read_bytes()
        for path in settings.home.rglob("*")
        if _tells_no_values(path, settings.home)
    }
    return Told(
        night, first_hashes, first_runs, log, last_hashes, last_runs, runs, models, last_load, digest, lineage, left
    )


def _models_run(airflow: Airflow, known: int = 0) -> list[set[str]]:
    """Of each run of unify that found the night complete, but for the first `known`: the models whose tasks ran."""
    found = []
    for run in airflow.runs(UNIFY):
        tasks = airflow.tasks(UNIFY, run["dag_run_id"])["task_instances"]
        state = {task["task_id"]: task["state"] for task in tasks}
        if state.pop("due") == "success":
            assert state.pop("records") == "success"
            told, ran = state.pop("unified"), {id for id, reached in state.items() if reached != "skipped"}
            assert told == ("success" if ran else "skipped")
            found.append(ran)
    return found[known:]


def _tells_no_values(path: Path, home: Path) -> bool:
    """Whether a file has no business to hold a value of the data: what lies where values belong is no exception where it is a manifest."""
    return path.is_file() and (path.relative_to(home).parts[0] not in HOLDS_VALUES or path.suffix == ".json")


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
_READING = """/*---
name: mart.reading
label: {en: Readings, zh: 抄表}
description: {en: One row an account., zh: 每户一行。}
key: [account_no]
inputs:
  water.reading: {}
columns:
  account_no: {type: VARCHAR, en: Account, zh: 户号}
---*/
SELECT account_no FROM water.reading
"""
