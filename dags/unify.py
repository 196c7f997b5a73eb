"""The DAG that joins the departments' records to persons, firms and licences, after any load that feeds them."""

from __future__ import annotations

from airflow.sdk import DAG

from dags.building.city_wide import unify_dag

dag: DAG | None = unify_dag()
