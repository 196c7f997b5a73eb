"""Which models have nothing to do, asked once for all of them, so that nobody starts a process for each to find that out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import duckdb

from pipeline.models.plan import plan_run
from pipeline.models.run import city_models, settled_as_of
from pipeline.models.runs import UNCHANGED
from pipeline.workplace import Workplace
from transforms.models.model import Model
from warehouse.lake import open_lake, table_exists


def idle_models(place: Workplace) -> list[str]:
    """Names of the city's models with nothing to do, in order; all of them while the newest night still lacks runs.

    Raises ConfigurationError for a mistake in the models' files.
    """
    models = city_models(place.city)
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        as_of = settled_as_of(connection, place.city)
        return [model.name for model in models] if as_of is None else idle(connection, models, as_of)
    finally:
        connection.close()


def idle(connection: duckdb.DuckDBPyConnection, models: Iterable[Model], as_of: datetime) -> list[str]:
    """Names of those models, given in order, whose run as of that instant would change nothing.

    One that reads a model which has something to do is not idle: what that will have changed is not known yet.
    """
    if not table_exists(connection, "ops", "model_runs"):
        return []
    due: set[str] = set()
    found = []
    connection.execute("BEGIN TRANSACTION")
    try:
        for model in models:
            follows = any(i.name in due for i in model.inputs)
            if follows or plan_run(connection, model, as_of, full=False).kind != UNCHANGED:
                due.add(model.name)
            else:
                found.append(model.name)
    finally:
        connection.execute("ROLLBACK")
    return found
