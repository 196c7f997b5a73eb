"""The DAG that computes the satisfaction rate and the scorecard, after any load and after unification."""

from __future__ import annotations

from airflow.sdk import DAG

from dags.building.city_wide import share_rate_dag

dag: DAG | None = share_rate_dag()
