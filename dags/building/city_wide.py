"""The DAGs of the whole city: unify and share_rate follow the assets, morning_digest and maintenance follow the clock.

The first two may be triggered any number of times and derive what to do from the lake; events that arrive while one runs trigger it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Asset, AssetAny, CronDataIntervalTimetable, TriggerRule

from contracts.catalogue import City
from contracts.settings import Settings
from dags.building import documentation, steps
from dags.building.failure import on_failure
from dags.building.lineage import StepOperator
from dags.building.model_plan import DUE, LINK, MODELS, RECORDS, UnifyPlan, unify_plan
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
    "sharing.events", "sharing.verdicts", "sharing.rates", "sharing.islands", "sharing.scorecard", "sharing.mart_rate_by_day", "sharing.mart_funnel",
    "sharing.mart_matrix", "sharing.mart_reasons", "sharing.mart_deadlines", "sharing.mart_freshness", "sharing.mart_basis", "sharing.mart_changes",
]  # fmt: skip


def unify_dag() -> DAG | None:
    """Follows every resource that the mappings or a model read: records, link, due, then a task a model. None where the city unifies nothing.

    The first task skips the others while the newest night still lacks runs, `due` those of the models that have nothing to do; a model runs although
    those it reads were skipped. Each model's task emits an asset of its own, the last task the whole's.
    """
    settings = Settings.from_environment()
    plan = unify_plan(settings.city)
    if plan is None:
        return None
    city = city_head(settings.city)
    schedule = AssetAny(*(Asset(asset_uri(city.id, id)) for id in plan.feeding))
    with _dag(UNIFY, settings, city, schedule) as dag:
        made = {name: _step(name, city, step, **how) for name, step, how in _before_models(plan)}
        for task in plan.models or ():
            name = task.model.name
            made[name] = _step(
                name, city, steps.model, outlets=[Asset(asset_uri(city.id, name))], op_kwargs={"name": name}, doc_md=documentation.of_model(task.model),
                reads=[i.name for i in task.model.inputs], writes=[name], model=name, trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
            )  # fmt: skip
        made[UNIFIED] = _step(
            UNIFIED, city, steps.unified, outlets=[Asset(asset_uri(city.id, UNIFIED))], reads=plan.last, writes=[UNIFIED],
            trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        )  # fmt: skip
        for name, before in plan.edges:
            _follow(made[name], made[before])
    return dag


def _before_models(plan: UnifyPlan) -> Iterator[tuple[str, Callable[..., None], dict[str, Any]]]:
    """What comes before the models: task, step, and how it is made."""
    others, models = plan.after_records, [task.model.name for task in plan.models or ()]
    yield RECORDS, steps.records, {"op_kwargs": {"others": others}, "reads": plan.recorded, "writes": ["unified"]}
    if plan.links:
        yield LINK, steps.link, {"reads": ["unified"], "writes": ["unified"]}
    yield (MODELS, steps.models, {}) if plan.models is None else (DUE, steps.due, {"op_kwargs": {"models": models}})


def _follow(task: StepOperator, before: StepOperator) -> None:
    """What `before >> task` does, which hashes the DAG with all assets of its schedule each time: two thirds of reading this DAG, before each task."""
    before.downstream_task_ids.add(task.task_id)
    task.upstream_task_ids.add(before.task_id)


def share_rate_dag() -> DAG | None:
    """Follows every resource – the request register among them – and the unified entities."""
    settings = Settings.from_environment()
    city = city_head(settings.city)
    ids = resource_ids(city.folder)
    if not ids:
        return None
    schedule = AssetAny(*(Asset(asset_uri(city.id, id)) for id in [*ids, UNIFIED]))
    with _dag(SHARE_RATE, settings, city, schedule) as dag:
        _step(SHARE_RATE, city, steps.share_rate, reads=[*ids, UNIFIED], writes=RATE_TABLES)
    return dag


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


def _step(task_id: str, city: City, step: Callable[..., None], **how: Any) -> StepOperator:
    return StepOperator(task_id=task_id, python_callable=step, execution_timeout=TIMEOUT, city=city.id, **how)


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
