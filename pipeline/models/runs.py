"""The record of each run of a model: what it read, what it wrote, and which of them is the newest."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from datetime import datetime

import duckdb

from contracts.quoting import ident
from warehouse.lake import LAKE

RUNS = ident(LAKE, "ops", "model_runs")
UNCHANGED, INCREMENT, FULL = "unchanged", "increment", "full"


@dataclass(frozen=True)
class ModelRun:
    """One run. `snapshot` is the lake's version its inputs were read at, `as_of` the instant it was told where its SQL asks for one.

    `kind` is unchanged, increment, full or dropped and `reason` says why; `changed` counts the increment's values, `rows` the table's rows afterwards,
    `inserted` and `deleted` those written. A run that found nothing changed is not recorded.
    """

    model: str
    number: int
    fingerprint: str
    snapshot: int
    as_of: datetime | None
    kind: str
    reason: str
    changed: int | None
    rows: int
    inserted: int
    deleted: int
    engine: str

    def __str__(self) -> str:
        if self.kind == UNCHANGED:
            return f"{self.model}: unchanged, {self.rows:,} rows"
        values = f" of {self.changed:,} values" if self.changed is not None else ""
        return f"{self.model}: {self.kind}{values} ({self.reason}), {self.rows:,} rows, {self.inserted:,} inserted, {self.deleted:,} deleted"


_COLUMNS = ", ".join(f.name for f in fields(ModelRun))


def last_run(connection: duckdb.DuckDBPyConnection, model: str) -> ModelRun | None:
    """The newest run of the model, None before the first; the platform's tables must be there."""
    return last_runs(connection, [model]).get(model)


def last_runs(connection: duckdb.DuckDBPyConnection, models: list[str]) -> dict[str, ModelRun]:
    """The newest run of each of these models that has one; the platform's tables must be there."""
    marks = ", ".join("?" for _ in models)
    rows = connection.execute(f"SELECT {_COLUMNS} FROM {RUNS} WHERE newest AND model IN ({marks})", models).fetchall()
    return {row[0]: ModelRun(*row) for row in rows}


def newest_runs(connection: duckdb.DuckDBPyConnection) -> list[ModelRun]:
    """The newest run of every model that ever ran, by name; the platform's tables must be there."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM {RUNS} WHERE newest ORDER BY model").fetchall()
    return [ModelRun(*row) for row in rows]


def write_run(connection: duckdb.DuckDBPyConnection, run: ModelRun) -> None:
    """Append the run as the newest of its model; runs inside the caller's transaction.

    The row of the run before is written anew, which is what makes two commits of one model meet in any catalogue.
    """
    connection.execute(f"UPDATE {RUNS} SET newest = false WHERE newest AND model = ?", [run.model])
    marks = ", ".join("?" for _ in fields(ModelRun))
    connection.execute(f"INSERT INTO {RUNS} ({_COLUMNS}, newest) VALUES ({marks}, true)", list(astuple(run)))
