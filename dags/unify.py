"""The DAG that joins the departments' records to one city – records, links, then a task a model – after any load that feeds it."""

from __future__ import annotations

from airflow.sdk import DAG

from dags.building.city_wide import unify_dag

dag: DAG | None = unify_dag()
