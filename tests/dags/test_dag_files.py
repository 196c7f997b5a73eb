"""What Airflow reads from dags/: DAGs, tasks, edges, intervals, assets – on a small city of the tests' own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pendulum
import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, AssetAny
from airflow.sdk.exceptions import DownstreamTasksSkipped
from airflow.serialization.serialized_objects import DagSerialization
from small_city import NIGHT

from contracts.catalogue import load_city
from contracts.errors import ConfigurationError
from contracts.interval import interval_starting_on
from contracts.settings import Settings
from dags.building import steps
from dags.building.plan import local_day
from dags.building.schedule_table import README, schedule_table
from pipeline.models.run import city_models
from warehouse.lake import open_lake, tables_of

ROOT = Path(__file__).resolve().parents[2]
ZONE = ZoneInfo("Asia/Shanghai")


def read_dags() -> dict[str, DAG]:
    bag = DagBag(str(ROOT / "dags"), load_op_links=False, bundle_path=ROOT / "dags", bundle_name="dags-folder")
    assert bag.import_errors == {}
    return dict(bag.dags)


def serialised(dags: dict[str, DAG]) -> dict[str, str]:
    return {id: json.dumps(DagSerialization.to_dict(dag), sort_keys=True, default=str) for id, dag in dags.items()}


def test_the_dags_folder_gives_a_dag_a_department_and_the_four_of_the_city(city_folder: Path) -> None:
    assert sorted(read_dags()) == [
        "maintenance",
        "morning_digest",
        "share_rate",
        "tax",
        "unify",
        "water",
        "water.reading",
    ]


def test_reading_twice_gives_the_same_serialised_dags(city_folder: Path) -> None:
    assert serialised(read_dags()) == serialised(read_dags())


def test_the_tasks_of_a_resource_follow_each_other_inside_its_group(city_folder: Path) -> None:
    dag = read_dags()["tax"]
    edges = {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks}
    assert edges == {
        "taxpayer.extract": ["taxpayer.validate"],
        "taxpayer.validate": ["taxpayer.load"],
        "taxpayer.load": [],
    }


def test_only_extract_uses_the_pool_of_its_source_system(city_folder: Path) -> None:
    pools = {task.task_id: task.pool for task in read_dags()["tax"].tasks}
    assert pools == {
        "taxpayer.extract": "tax_files",
        "taxpayer.validate": "default_pool",
        "taxpayer.load": "default_pool",
    }


def test_every_task_has_an_owner_a_timeout_and_a_failure_message(city_folder: Path) -> None:
    for dag in read_dags().values():
        assert dag.tags
        assert dag.catchup is False
        assert dag.max_active_runs == 1
        for task in dag.tasks:
            assert task.owner in {"tax.keeper", "water.keeper", "data_bureau"}
            assert task.execution_timeout
            assert task.on_failure_callback
            assert task.retry_policy


@pytest.mark.parametrize(
    ("dag_id", "cron"), [("tax", "0 2 * * *"), ("water", "0 2 * * *"), ("water.reading", "0 3 * * 1"), ("morning_digest", "0 8 * * *"),
     ("maintenance", "0 13 * * 0")]
)  # fmt: skip
def test_every_timed_dag_has_an_interval_in_the_citys_zone(city_folder: Path, dag_id: str, cron: str) -> None:
    serial = DagSerialization.from_dict(DagSerialization.to_dict(read_dags()[dag_id]))
    runs = list(serial.iter_dagrun_infos_between(datetime(2020, 5, 4, tzinfo=ZONE), datetime(2020, 5, 31, tzinfo=ZONE)))
    assert runs
    for run in runs:
        assert run.data_interval.start < run.data_interval.end
        ours = interval_starting_on(run.data_interval.start.astimezone(ZONE).date(), cron, ZONE)
        assert (ours.start, ours.end) == (run.data_interval.start, run.data_interval.end)


def test_a_city_with_a_last_night_schedules_nothing_after_it(city_folder: Path) -> None:
    for dag_id in ("tax", "water.reading", "morning_digest"):
        serial = DagSerialization.from_dict(DagSerialization.to_dict(read_dags()[dag_id]))
        assert serial.next_dagrun_info(last_automated_run_info=None) is None


def test_load_emits_the_asset_that_the_followers_wait_for(city_folder: Path) -> None:
    dags = read_dags()
    assert [a.uri for a in dags["tax"].get_task("taxpayer.load").outlets] == ["lake://smallville/tax/taxpayer"]
    assert followed(dags["unify"]) == {"lake://smallville/tax/taxpayer"}
    assert [a.uri for a in dags["unify"].get_task("unified").outlets] == ["lake://smallville/unified"]
    assert followed(dags["share_rate"]) == {
        "lake://smallville/tax/taxpayer",
        "lake://smallville/water/meter",
        "lake://smallville/water/reading",
        "lake://smallville/unified",
    }


_UNIFIED = """
entities:
  firm:
    label: {zh: 法人, en: Firm}
    key: account_no
    resources: {tax.taxpayer: account_no}
    attributes: {holder: {label: {zh: 名称, en: Name}, from: [tax.taxpayer.holder]}}
"""
_MODEL = """/*---
name: mart.reading
label: {{en: Readings, zh: 抄表}}
description: {{en: One row an account., zh: 每户一行。}}
key: [account_no]
inputs:
  water.reading: {{}}
  {other}: {{}}
columns:
  account_no: {{type: VARCHAR, en: Account, zh: 户号}}
---*/
SELECT r.account_no FROM water.reading AS r JOIN {other} AS f ON f.account_no = r.account_no
"""


def with_model(city_folder: Path, other: str) -> DAG:
    (city_folder / "unified.yaml").write_text(_UNIFIED, encoding="utf-8")
    (city_folder / "models" / "mart").mkdir(parents=True, exist_ok=True)
    (city_folder / "models" / "mart" / "reading.sql").write_text(_MODEL.format(other=other), encoding="utf-8")
    return read_dags()["unify"]


def test_unify_has_a_task_a_model_in_the_order_of_their_inputs_each_with_its_asset(city_folder: Path) -> None:
    dag = with_model(city_folder, "unified.firm")
    edges = {task.task_id: sorted(task.upstream_task_ids) for task in dag.tasks}
    assert edges == {
        "records": [],
        "due": ["records"],
        "unified.firm": ["due"],
        "unified.firm_history": ["due"],
        "unified.conflict": ["due", "unified.firm"],
        "mart.reading": ["due", "unified.firm"],
        "unified": ["due", "mart.reading", "unified.conflict", "unified.firm_history"],
    }
    for task in dag.tasks:
        assert task.downstream_task_ids == {id for id, before in edges.items() if task.task_id in before}
        rule = "all_success" if task.task_id in ("records", "due") else "none_failed_min_one_success"
        assert task.trigger_rule == rule, "a model runs after one that was skipped, and not after one that failed"
    assert [a.uri for a in dag.get_task("mart.reading").outlets] == ["lake://smallville/mart/reading"]
    assert followed(dag) == {"lake://smallville/tax/taxpayer", "lake://smallville/water/reading"}


def test_while_a_night_lacks_runs_the_first_task_skips_the_others_and_a_model_does_nothing(city_folder: Path) -> None:
    dag = with_model(city_folder, "unified.firm")
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        steps.records(**dag.get_task("records").op_kwargs)
    assert set(skipped.value.tasks) == set(dag.task_ids) - {"records"}
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        steps.due(**dag.get_task("due").op_kwargs)
    models = {model.name for model in city_models(load_city(city_folder))}
    assert set(skipped.value.tasks) == models | {"unified"}
    steps.model("mart.reading")
    connection = open_lake(Settings.from_environment(), read_only=True)
    assert not {"unified", "mart"} & {schema for schema, _ in tables_of(connection)}
    connection.close()


def test_a_mistake_in_a_model_leaves_one_task_that_tells_it_and_no_model_runs(city_folder: Path) -> None:
    dag = with_model(city_folder, "mart.reading")
    assert sorted(dag.task_ids) == ["models", "records", "unified"]
    assert followed(dag) == {"lake://smallville/tax/taxpayer", "lake://smallville/water/reading"}
    with pytest.raises(ConfigurationError, match="in a circle"):
        city_models(load_city(city_folder))


def followed(dag: DAG) -> set[str]:
    condition = dag.timetable.asset_condition
    assert isinstance(condition, AssetAny)
    return {asset.uri for asset in condition.objects}


def test_a_broken_contract_is_seen_and_leaves_the_other_resources(city_folder: Path) -> None:
    path = city_folder / "contracts" / "water" / "meter.yaml"
    contract = yaml.safe_load(path.read_text(encoding="utf-8"))
    contract["team"]["members"] = []
    path.write_text(yaml.safe_dump(contract), encoding="utf-8")
    write_sound = city_folder / "contracts" / "water" / "reading.yaml"
    sound = yaml.safe_load(write_sound.read_text(encoding="utf-8"))
    sound["customProperties"] = [p for p in sound["customProperties"] if p["property"] != "schedule"]
    write_sound.write_text(yaml.safe_dump(sound), encoding="utf-8")
    dag = read_dags()["water"]
    assert sorted(dag.task_ids) == ["meter.contract", "reading.extract", "reading.load", "reading.validate"]
    with pytest.raises(ConfigurationError, match="owner"):
        steps.contract("water.meter", "Asia/Shanghai")


def test_a_task_reads_its_own_department_alone(city_folder: Path) -> None:
    (city_folder / "contracts" / "tax" / "taxpayer.yaml").write_text("{", encoding="utf-8")
    from dags.building.department import department_dags

    assert [dag.dag_id for dag in department_dags("water.reading")] == ["water.reading"]


def test_reading_the_dag_files_imports_nothing_heavy(city_folder: Path) -> None:
    program = (
        "import sys; from airflow.dag_processing.dagbag import DagBag; before = set(sys.modules); "
        f"bag = DagBag({str(ROOT / 'dags')!r}, load_op_links=False); assert bag.dags and not bag.import_errors, bag.import_errors; "
        "print(sorted(m for m in ('duckdb', 'sqlglot', 'great_expectations', 'pyarrow', 'pandas', 'pipeline', 'warehouse', 'connectors') "
        "if m in set(sys.modules) - before))"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_the_schedule_table_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANDBRIDGE_CITY", raising=False)
    monkeypatch.chdir(ROOT)
    expected = schedule_table(load_city(Settings.from_environment().city))
    assert README.read_text(encoding="utf-8") == expected, "run python -m dags.building.schedule_table"


def test_a_tasks_interval_is_in_the_citys_time_and_stays_aware_in_arithmetic() -> None:
    start, end = pendulum.datetime(2020, 5, 3, 18), pendulum.datetime(2020, 5, 4, 18)
    interval = steps.interval(start, end, "Asia/Shanghai")
    assert interval.start.isoformat() == "2020-05-04T02:00:00+08:00"
    assert (interval.end + (interval.end - interval.start)).isoformat() == "2020-05-06T02:00:00+08:00"


def test_local_day_is_the_citys(city_folder: Path) -> None:
    city = load_city(city_folder)
    assert local_day(datetime(2020, 5, 3, 18, tzinfo=ZoneInfo("UTC")), city) == NIGHT
