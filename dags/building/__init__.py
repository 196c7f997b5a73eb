"""How the DAGs are built. Airflow does not parse this folder (.airflowignore); the DAG files beside it import from here."""
