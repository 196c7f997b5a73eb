"""The DAG that keeps the lake small once a week: small files merged, snapshots expired that nothing cites."""

from __future__ import annotations

from airflow.sdk import DAG

from dags.building.city_wide import maintenance_dag

dag: DAG = maintenance_dag()
