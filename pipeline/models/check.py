"""Everything that can be said against the city's models without a lake: their files, their SQL, and what DuckDB makes of it over empty tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.mistakes import Mistake
from contracts.quoting import ident
from pipeline.models import apply
from pipeline.models.run import FOLDER
from pipeline.models.tables import Columns, known_tables
from transforms.models.check import check_models, place_of
from transforms.models.model import Model
from transforms.models.reader import read_folder
from transforms.models.spark_dialect import spark_mistakes
from transforms.unify import check_mappings, entity_models, read_mappings


def check_city_models(city: City) -> tuple[list[Model], list[Mistake]]:
    """The models that can be read, and every mistake of them all. Mistakes of `unified.yaml` itself stand alone: without it nothing is compiled."""
    written, mistakes = read_folder(city.folder / FOLDER)
    if found := check_mappings(city):
        return written, [*mistakes, *found]
    mappings = read_mappings(city)
    # what a broken contract promises is not known, and told as that contract's mistake
    models = [m for m in (*entity_models(mappings), *written) if not any(i.name in city.broken for i in m.inputs)]
    known = known_tables(city, mappings)
    mistakes += check_models(models, known)
    wrong = {m.file for m in mistakes}
    sound = [m for m in models if place_of(m) not in wrong]
    tables = known_tables(city, mappings, models)
    return models, mistakes + _probe(sound, tables) + _of_spark(sound, tables)


def empty_tables(tables: Mapping[str, Columns]) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own that holds these tables without a row, and the variables a model may ask for."""
    connection = duckdb.connect(
        config={"threads": 1, "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    for schema in sorted({name.partition(".")[0] for name in tables}):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(schema)}")
    for name, columns in tables.items():
        listed = ", ".join(f"{ident(column)} {type}" for column, type in columns.items())
        connection.execute(f"CREATE TABLE {ident(*name.split('.', 1))} ({listed})")
    connection.execute("SET VARIABLE as_of = CAST(NULL AS TIMESTAMPTZ)")
    connection.execute("SET VARIABLE as_of_day = CAST(NULL AS DATE)")
    return connection


def _of_spark(models: Iterable[Model], tables: Mapping[str, Columns]) -> list[Mistake]:
    """What Spark cannot run with an equal result: a model runs on both engines."""
    return [
        Mistake(place_of(model), "SELECT", error.what, error.remedy)
        for model in models
        for error in spark_mistakes(model.sql, tables, place_of(model))
    ]


def _probe(models: Iterable[Model], tables: Mapping[str, Columns]) -> list[Mistake]:
    """Whether DuckDB can run each SELECT, and gives the declared names and types."""
    found = []
    listed = list(models)
    read = {i.name for m in listed for i in m.inputs}
    connection = empty_tables({name: columns for name, columns in tables.items() if name in read})
    for model in listed:
        try:
            apply.compute(connection, model, f"({model.sql})", increment=False, null=False)
        except ConfigurationError as error:
            found.append(Mistake(place_of(model), "columns", error.what, error.remedy))
        except duckdb.Error as error:
            found.append(Mistake(place_of(model), "SELECT", str(error).splitlines()[0], "put the SELECT right"))
    connection.close()
    return found
