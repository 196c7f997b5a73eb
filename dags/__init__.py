"""When it happens: Airflow's DAG files, thin. `building` makes the DAGs, `local` runs an Airflow on this machine."""
