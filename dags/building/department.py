"""A department's DAG: a task group a resource, with the tasks extract, validate and load."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Asset, CronDataIntervalTimetable, Param, TaskGroup

from contracts.catalogue import City, load_city
from contracts.model import Resource
from contracts.origin import ORIGINS
from contracts.settings import Settings
from dags.building import documentation, steps
from dags.building.failure import on_failure
from dags.building.lineage import StepOperator
from dags.building.plan import DagPlan, asset_uri, dag_plans, department_of, first_and_last
from dags.building.retries import retry_arguments

# what follows the loads has priority 1: it waits for a free slot and then finds many loads to take up at once
PRIORITY = 10
EXTRACT_TIMEOUT, VALIDATE_TIMEOUT, LOAD_TIMEOUT = timedelta(hours=4), timedelta(hours=2), timedelta(hours=1)
# a run that hangs must not keep the next night waiting
RUN_TIMEOUT = timedelta(hours=22)


def department_dags(only: str | None = None) -> list[DAG]:
    """The DAGs of all departments, or the one of that id, for which only its department's contracts are read.

    Raises ConfigurationError where the city folder or a setting cannot be used.
    """
    settings = Settings.from_environment()
    city = load_city(settings.city, department_of(only) if only else None)
    return [build(plan, city, settings) for plan in dag_plans(city) if only in (None, plan.dag_id)]


def build(plan: DagPlan, city: City, settings: Settings) -> DAG:
    """One DAG. Nothing in it depends on when it is built."""
    first, last = first_and_last(city)
    department = city.departments.get(plan.department)
    with DAG(
        dag_id=plan.dag_id,
        dag_display_name=str(department.name) if department and plan.dag_id == plan.department else plan.dag_id,
        description=f"{department.name if department else plan.department}: {len(plan.resources)} resources",
        doc_md=documentation.of_department(plan, city),
        schedule=CronDataIntervalTimetable(plan.schedule, timezone=city.timezone.key),
        start_date=first,
        end_date=last,
        catchup=False,
        max_active_runs=1,
        dagrun_timeout=RUN_TIMEOUT,
        tags=["department", city.id],
        params={"origin": Param("auto", enum=list(ORIGINS), description=documentation.ORIGIN)},
        default_args={
            "on_failure_callback": on_failure,
            "priority_weight": PRIORITY,
            "weight_rule": "absolute",
            **retry_arguments(settings),
        },
    ) as dag:
        for resource in plan.resources:
            _resource(resource, city)
        for id in plan.broken:
            _broken(id, city)
    return dag


def _resource(resource: Resource, city: City) -> None:
    uri = asset_uri(city.id, resource.id)
    common: dict[str, Any] = {"owner": resource.owner, "resource": resource, "city": city.id}
    given = {"resource_id": resource.id, "zone": city.timezone.key}
    with TaskGroup(resource.name, tooltip=resource.label):
        extract = StepOperator(
            task_id="extract", python_callable=steps.extract, op_kwargs=given, pool=resource.system.id,
            execution_timeout=EXTRACT_TIMEOUT, doc_md=documentation.of_extract(resource), **common,
        )  # fmt: skip
        validate = StepOperator(
            task_id="validate", python_callable=steps.validate, op_kwargs={**given, "manifest": extract.output},
            execution_timeout=VALIDATE_TIMEOUT, doc_md=documentation.of_validate(resource), **common,
        )  # fmt: skip
        StepOperator(
            task_id="load", python_callable=steps.load, op_kwargs={**given, "uri": uri, "verdict": validate.output},
            outlets=[Asset(uri)], execution_timeout=LOAD_TIMEOUT, doc_md=documentation.of_load(resource), **common,
        )  # fmt: skip


def _broken(resource_id: str, city: City) -> None:
    """A resource whose contract has mistakes stands in the grid as one task that fails with them."""
    with TaskGroup(resource_id.partition(".")[2], tooltip="契约有误 the contract has mistakes"):
        PythonOperator(
            task_id="contract", python_callable=steps.contract, op_kwargs={"resource_id": resource_id, "zone": city.timezone.key},
            doc_md="The contract has mistakes: `landbridge catalogue check` lists them.",
        )  # fmt: skip
