"""The DAGs of the whole city: unify and share_rate follow the assets, morning_digest and maintenance follow the clock.

The first two may be triggered any number of times and derive what to do from the lake; events that arrive while one runs trigger it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import yaml
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Asset, AssetAny, CronDataIntervalTimetable

from contracts.catalogue import City
from contracts.settings import Settings
from dags.building import steps
from dags.building.failure import on_failure
from dags.building.lineage import StepOperator
from dags.building.plan import (
    DIGEST_SCHEDULE,
    MAINTENANCE,
    MAINTENANCE_SCHEDULE,
    MORNING_DIGEST,
    SHARE_RATE,
    UNIFIED,
    UNIFY,
    asset_uri,
    city_head,
    first_and_last,
    resource_ids,
)
from dags.building.retries import retry_arguments

OWNER = "data_bureau"
TIMEOUT = timedelta(hours=3)
# what share_rate writes, as lineage tells it
RATE_TABLES = [
    "sharing.events", "sharing.verdicts", "sharing.rates", "sharing.scorecard", "sharing.mart_rate_by_day", "sharing.mart_funnel",
    "sharing.mart_matrix", "sharing.mart_reasons", "sharing.mart_deadlines", "sharing.mart_freshness", "sharing.mart_basis", "sharing.mart_changes",
]  # fmt: skip


def unify_dag() -> DAG | None:
    """Follows every resource that the city's unified.yaml names; None where the city unifies nothing."""
    settings = Settings.from_environment()
    city = city_head(settings.city)
    feeding = _feeding(city)
    if not feeding:
        return None
    schedule = AssetAny(*(Asset(asset_uri(city.id, id)) for id in feeding))
    outlets = [Asset(asset_uri(city.id, UNIFIED))]
    return _follower(UNIFY, settings, city, schedule, steps.unify, outlets, feeding, [UNIFIED])


def share_rate_dag() -> DAG | None:
    """Follows every resource – the request register among them – and the unified entities."""
    settings = Settings.from_environment()
    city = city_head(settings.city)
    ids = resource_ids(city.folder)
    if not ids:
        return None
    schedule = AssetAny(*(Asset(asset_uri(city.id, id)) for id in [*ids, UNIFIED]))
    return _follower(SHARE_RATE, settings, city, schedule, steps.share_rate, [], [*ids, UNIFIED], RATE_TABLES)


def morning_digest_dag() -> DAG:
    """Each morning at eight, city time, of the night that ended a few hours before."""
    return _by_the_clock(MORNING_DIGEST, DIGEST_SCHEDULE, steps.morning_digest)


def maintenance_dag() -> DAG:
    """Once a week, on Sunday after midday, city time; an older week is never made good."""
    return _by_the_clock(MAINTENANCE, MAINTENANCE_SCHEDULE, steps.maintenance)


def _by_the_clock(dag_id: str, cron: str, step: Callable[..., None]) -> DAG:
    settings = Settings.from_environment()
    city = city_head(settings.city)
    first, last = first_and_last(city)
    schedule = CronDataIntervalTimetable(cron, timezone=city.timezone.key)
    with _dag(dag_id, settings, city, schedule, start_date=first, end_date=last) as dag:
        PythonOperator(task_id=dag_id, python_callable=step, execution_timeout=TIMEOUT)
    return dag


def _follower(
    dag_id: str,
    settings: Settings,
    city: City,
    schedule: AssetAny,
    step: Callable[..., None],
    outlets: list[Asset],
    reads: list[str],
    writes: list[str],
) -> DAG:
    with _dag(dag_id, settings, city, schedule) as dag:
        StepOperator(
            task_id=dag_id, python_callable=step, outlets=outlets, execution_timeout=TIMEOUT, city=city.id, reads=reads,
            writes=writes,
        )  # fmt: skip
    return dag


def _dag(dag_id: str, settings: Settings, city: City, schedule: Any, **times: Any) -> DAG:
    return DAG(
        dag_id=dag_id,
        description=(getattr(steps, dag_id).__doc__ or "").strip().splitlines()[0],
        schedule=schedule,
        catchup=False,
        max_active_runs=1,
        tags=["city", city.id],
        default_args={
            "owner": OWNER, "on_failure_callback": on_failure, "priority_weight": 1, "weight_rule": "absolute",
            **retry_arguments(settings),
        },
        **times,
    )  # fmt: skip


def _feeding(city: City) -> list[str]:
    """Resources named anywhere in unified.yaml; a mistake in that file is the run's to report."""
    path = city.folder / "unified.yaml"
    if not path.is_file():
        return []
    named = set(_texts(yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)))
    return [id for id in resource_ids(city.folder) if id in named]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
