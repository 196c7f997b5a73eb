"""An Airflow on this machine: its configuration below LANDBRIDGE_HOME, its processes, and a driver of several nights.

Only `executor` imports Airflow; the rest starts the `airflow` executable and talks to its REST API.
`python -m dags.local --help` shows the commands.
"""
