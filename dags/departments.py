"""One DAG a department, built from the contracts of the city folder. Airflow reads this file; `dags/building` does the work."""

from __future__ import annotations

from airflow.sdk import get_parsing_context

from dags.building.department import department_dags

for dag in department_dags(get_parsing_context().dag_id):
    globals()[dag.dag_id] = dag
