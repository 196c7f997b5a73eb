"""Tables whose model is declared no longer. They stay until somebody drops them: a file may be missing for a moment only, and a night loses nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from contracts.quoting import ident
from pipeline.models.run import FOLDER
from pipeline.models.runs import ModelRun, newest_runs, write_run
from pipeline.workplace import Workplace
from sharing.figure_file import read_figures
from transforms.models import read_models
from transforms.models.model import Model
from transforms.unify import entity_models, read_mappings
from warehouse.lake import LAKE, commit, count_rows, current_snapshot, open_lake, table_exists, tables_of

DROPPED = "dropped"


def retired_models(connection: duckdb.DuckDBPyConnection, declared: Collection[str]) -> list[ModelRun]:
    """The newest run of each model that has a table but is not among those declared, by name."""
    held = {f"{schema}.{table}" for schema, table in tables_of(connection)}
    if "ops.model_runs" not in held:
        return []
    return [run for run in newest_runs(connection) if run.model in held and run.model not in declared]


def retired_lines(connection: duckdb.DuckDBPyConnection, city: City) -> list[str]:
    """A paragraph of the digest about tables without a model; empty where there is none, or where the models' files cannot be read at all."""
    try:
        found = retired_models(connection, {model.name for model in _declared(city)})
    except ConfigurationError:
        # the night has failed with this mistake, and who cannot read all files cannot say that one is missing
        return []
    head = ["", "MODELS  模型 no file declares them any longer: bring the file back, or landbridge model drop NAME"]
    return [*head, *(f"  {run.model} · {run.rows:,} rows" for run in found)] if found else []


def drop_model(place: Workplace, name: str) -> ModelRun:
    """Drop the table of a model that is declared no longer and record it as its last run; what was dropped already is told again.

    Raises ConfigurationError where the model is declared, never ran, or something of the city still reads it.
    """
    models = _declared(place.city)
    if name in {model.name for model in models}:
        path = next(model.path for model in models if model.name == name)
        raise ConfigurationError(
            f"{name} is a model of the city",
            remedy=f"remove {path} first" if path else "take it out of unified.yaml first",
        )
    if readers := _readers(place.city, models, name):
        raise ConfigurationError(f"{name} is still read by {', '.join(readers)}", remedy="let them read something else")
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        return commit(connection, place.settings, lambda: _drop(connection, name), f"model {name} dropped")
    finally:
        connection.close()


def _drop(connection: duckdb.DuckDBPyConnection, name: str) -> ModelRun:
    """Runs inside a transaction of its own."""
    runs = newest_runs(connection) if table_exists(connection, "ops", "model_runs") else []
    last = next((run for run in runs if run.model == name), None)
    if last is None:
        known = [run.model for run in runs if run.kind != DROPPED]
        raise ConfigurationError(f"no model {name!r} ever ran here", remedy=did_you_mean(name, known))
    if last.kind == DROPPED:
        return last
    schema, _, table = name.partition(".")
    rows = 0
    if table_exists(connection, schema, table):
        rows = count_rows(connection, ident(LAKE, schema, table))
        connection.execute(f"DROP TABLE {ident(LAKE, schema, table)}")
    # without a fingerprint: a model that comes back is described anew
    done = ModelRun(
        name, last.number + 1, "", current_snapshot(connection), None, DROPPED, "declared no longer", None, 0, 0, rows, last.engine,
    )  # fmt: skip
    write_run(connection, done)
    return done


def _readers(city: City, models: Iterable[Model], name: str) -> list[str]:
    """The models and figures of the scorecard that read the table."""
    by_models = [model.name for model in models if name in {i.name for i in model.inputs}]
    return [*by_models, *(f"the figure {f.id}" for f in read_figures(city.folder) if name in f.needs)]


def _declared(city: City) -> list[Model]:
    """The city's models in no order: one whose input is gone is among them."""
    return [*entity_models(read_mappings(city)), *read_models(city.folder / FOLDER)]
