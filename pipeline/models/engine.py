"""Where the SELECT of a model is computed: DuckDB in this process, or another engine that reads the same lake.

An engine computes and writes nothing to the lake; `pipeline.models.run` applies what it gave, in the same way for all. A new one is a class with
the two members of `ModelEngine`, and a line in `engine_for`. It gets a `Reading` whose `sql` is complete: the inputs of an increment are already restricted
to the rows of changed values by `IN (SELECT value FROM model_changed)`, and what the lake does not hold yet is written in as an empty table.
So it only has to make available, as of `snapshot`, the tables in `tables`, in an increment `model_changed` (a temporary table of the connection, one column
`value`, never null), and the two variables; then run `sql` in its own dialect and give back the columns in the model's order and types, range by range.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import duckdb

from contracts.errors import ConfigurationError
from contracts.settings import Settings
from pipeline.models.parts import WHOLE, Range, parts_of
from transforms.models.model import Model

# the temporary table of the values that an increment rebuilds
CHANGED = "model_changed"


@dataclass(frozen=True)
class Reading:
    """One run's SELECT in DuckDB's dialect and all it reads; `changed` counts the values of an increment, None in a full rebuild.

    The result is asked for in `ranges` of the increment's values, which together are all of it.
    """

    model: Model
    sql: str
    tables: tuple[str, ...]
    snapshot: int
    as_of: datetime
    as_of_day: date
    changed: int | None
    ranges: Sequence[Range] = WHOLE


class ModelEngine(Protocol):
    """Computes the SELECT of a model."""

    name: str

    def compute(self, connection: duckdb.DuckDBPyConnection, reading: Reading) -> AbstractContextManager[Sequence[str]]:
        """For each of the ranges what stands after FROM to read its result over the connection, such as `read_parquet(…)`; valid inside the context only.

        The connection has the lake attached and in use, in an open transaction at the reading's snapshot, with `as_of` and `as_of_day` set as
        variables. Raises LandbridgeError, or the engine's own error where the SQL cannot be run.
        """
        ...


class DuckDbEngine:
    """The SELECT as it stands, over the connection itself, with its inputs narrowed to each range. What does not fit all the same spills to disk."""

    name = "duckdb"

    @contextmanager
    def compute(self, connection: duckdb.DuckDBPyConnection, reading: Reading) -> Iterator[Sequence[str]]:
        """The SELECTs in brackets, each of which is run when it is read."""
        by = {i.name: i.by for i in reading.model.inputs if i.by is not None and i.name in reading.tables}
        yield [f"({sql})" for sql in parts_of(reading.model, reading.sql, by, reading.ranges)]


def engine_for(settings: Settings) -> ModelEngine:
    """The engine that LANDBRIDGE_ENGINE names; ConfigurationError for a word that names none."""
    if settings.engine == "duckdb":
        return DuckDbEngine()
    if settings.engine == "spark":
        from pipeline.spark.engine import SparkEngine

        return SparkEngine(settings)
    raise ConfigurationError(
        f"LANDBRIDGE_ENGINE is {settings.engine!r}", remedy="write duckdb or spark, or unset it for duckdb"
    )
