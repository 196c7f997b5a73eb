"""LocalExecutor whose workers are forked after the heavy libraries are imported and the contracts read, so that no task pays for that.

Measured on 2 cores: importing the pipeline with Great Expectations takes 3.5 s, and a task inherits it in a few milliseconds. None of the
libraries opens a connection or starts a Python thread at import. The price: code of the pipeline is read when the scheduler starts.
DAG files are read anew by every task, and of the contracts those that have changed.
"""

from __future__ import annotations

import importlib
import time

from airflow.executors.local_executor import LocalExecutor

from contracts.catalogue import load_city
from contracts.errors import LandbridgeError
from contracts.settings import Settings

MODULES = (
    "duckdb",
    "pyarrow.parquet",
    "expectations.validation",
    "pipeline.night",
    "pipeline.city_wide",
    "pipeline.models.lineage",
    "airflow.sdk.execution_time.task_runner",
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.operators.python",
    "dags.building.department",
)


class PreloadedExecutor(LocalExecutor):
    """Airflow's LocalExecutor, with the modules of a task imported and the contracts read once."""

    def start(self) -> None:
        """Import what tasks need, then fork the workers."""
        started = time.monotonic()
        for name in MODULES:
            try:
                importlib.import_module(name)
            except ImportError as error:
                # the task that needs it will fail with the reason; the others must run
                self.log.warning("not imported ahead: %s: %s", name, error)
        try:
            load_city(Settings.from_environment().city)
        except LandbridgeError as error:
            self.log.warning("the city is not read ahead: %s", error)
        self.log.info("imported what tasks need in %.1f s", time.monotonic() - started)
        super().start()
