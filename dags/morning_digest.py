"""The DAG that writes the operator's digest of the night at eight in the morning, city time."""

from __future__ import annotations

from airflow.sdk import DAG

from dags.building.city_wide import morning_digest_dag

dag: DAG = morning_digest_dag()
