"""The result of a model's SELECT brought to its table: checked, compared with what is there, and only what differs written."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import ident, literal
from pipeline.models.engine import CHANGED
from transforms.models.inputs import of_values
from transforms.models.model import Model
from warehouse.lake import LAKE, count_rows

_FRESH, _DIFFERENT = ident("model_fresh"), ident("model_different")


@dataclass(frozen=True)
class Differences:
    """What is to be written; `anew` where the table is to be made, or made with other columns."""

    inserted: int
    deleted: int
    anew: bool


def begin(connection: duckdb.DuckDBPyConnection, model: Model, *, exists: bool) -> bool:
    """Make room for what differs; returns whether the table is to be made, or made with other columns."""
    typed = ", ".join(f"{ident(name)} {type}" for name, type in declared(connection, model))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_DIFFERENT} (_was BOOLEAN, _is BOOLEAN, {typed})")
    return not exists or columns_of_table(connection, model) != declared(connection, model)


def compute(connection: duckdb.DuckDBPyConnection, model: Model, relation: str, *, increment: bool, null: bool) -> None:
    """Put the result into a temporary table; ConfigurationError where columns, types or key are not as declared.

    Of an increment every row must be of a value that changed, and its key of no other row of the table.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    given, wanted = [(row[0], row[1]) for row in described], declared(connection, model)
    if given != wanted:
        raise ConfigurationError(*_wrong_columns(given, wanted), where=_where(model))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_FRESH} AS SELECT * FROM {relation}")
    key = ", ".join(map(ident, model.key))
    if _any(connection, f"FROM {_FRESH} WHERE {' OR '.join(f'{ident(k)} IS NULL' for k in model.key)}"):
        raise ConfigurationError(
            f"a column of the key is empty in some rows: {', '.join(model.key)}",
            where=_where(model),
            remedy="leave those rows out, or another key",
        )
    if _any(connection, f"FROM {_FRESH} GROUP BY {key} HAVING count(*) > 1"):
        raise ConfigurationError(
            f"several rows share one key: {', '.join(model.key)}",
            where=_where(model),
            remedy="group by the key, or declare the key that is one",
        )
    if increment:
        _check_increment(connection, model, null)


def compare(connection: duckdb.DuckDBPyConnection, model: Model, within: str, *, anew: bool) -> None:
    """Keep of the computed rows and of the table's rows that are `within` what differs: all of them where the table is to be made anew."""
    if anew:
        connection.execute(f"INSERT INTO {_DIFFERENT} BY NAME SELECT false AS _was, true AS _is, * FROM {_FRESH}")
        return
    joined = " AND ".join(f"o.{ident(k)} = f.{ident(k)}" for k in model.key)
    rest = [ident(c.name) for c in model.columns if c.name not in model.key]
    differs = " OR ".join(f"o.{c} IS DISTINCT FROM f.{c}" for c in rest) or "false"
    first = ident(model.key[0])
    connection.execute(
        f"INSERT INTO {_DIFFERENT} BY NAME SELECT o.{first} IS NOT NULL AS _was, f.{first} IS NOT NULL AS _is, "
        + ", ".join(f"coalesce(f.{ident(k)}, o.{ident(k)}) AS {ident(k)}" for k in model.key)
        + "".join(f", f.{c}" for c in rest)
        + f" FROM (SELECT * FROM {ident(LAKE, model.schema, model.table)} WHERE {within}) AS o FULL JOIN {_FRESH} AS f ON {joined} "
        f"WHERE o.{first} IS NULL OR f.{first} IS NULL OR {differs}"
    )


def found(connection: duckdb.DuckDBPyConnection, model: Model, *, exists: bool, anew: bool) -> Differences:
    """What all comparisons together kept; a table made with other columns loses all its rows."""
    inserted, deleted = (count_rows(connection, f"{_DIFFERENT} WHERE {which}") for which in ("_is", "_was"))
    if anew and exists:
        deleted = count_rows(connection, ident(LAKE, model.schema, model.table))
    return Differences(inserted, deleted, anew)


def write(connection: duckdb.DuckDBPyConnection, model: Model, found: Differences, *, describe: bool) -> int:
    """Write what differs, and comments where the table is new or `describe` is set; returns the table's rows. Runs inside the caller's transaction."""
    table = ident(LAKE, model.schema, model.table)
    columns = ", ".join(ident(c.name) for c in model.columns)
    if found.anew:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, model.schema)}")
        typed = ", ".join(f"{ident(name)} {type}" for name, type in declared(connection, model))
        connection.execute(f"CREATE OR REPLACE TABLE {table} ({typed})")
    elif found.deleted:
        same = " AND ".join(f"d.{ident(k)} = t.{ident(k)}" for k in model.key)
        connection.execute(f"DELETE FROM {table} AS t USING {_DIFFERENT} AS d WHERE d._was AND {same}")
    if found.inserted:
        connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {_DIFFERENT} WHERE _is")
    if found.anew or describe:
        connection.execute(f"COMMENT ON TABLE {table} IS {literal(f'{model.label}. {model.description}')}")
        for column in model.columns:
            connection.execute(f"COMMENT ON COLUMN {table}.{ident(column.name)} IS {literal(str(column.label))}")
    return count_rows(connection, table)


def clear(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the temporary tables of the last run, which may be large."""
    for name in (_FRESH, _DIFFERENT, ident(CHANGED)):
        connection.execute(f"DROP TABLE IF EXISTS temp.{name}")


def declared(connection: duckdb.DuckDBPyConnection, model: Model) -> list[tuple[str, str]]:
    """Names and types of the columns as declared, with DuckDB's one name for each type."""
    nulls = ", ".join(f"CAST(NULL AS {c.type}) AS {ident(c.name)}" for c in model.columns)
    try:
        return [(row[0], row[1]) for row in connection.execute(f"DESCRIBE SELECT {nulls}").fetchall()]
    except duckdb.Error as error:
        raise ConfigurationError(
            f"a type is none: {error}", where=_where(model), remedy="types as DuckDB names them"
        ) from None


def columns_of_table(connection: duckdb.DuckDBPyConnection, model: Model) -> list[tuple[str, str]]:
    """Names and types of the columns the table has now."""
    return [
        (row[0], row[1]) for row in connection.execute(f"DESCRIBE {ident(LAKE, model.schema, model.table)}").fetchall()
    ]


def _check_increment(connection: duckdb.DuckDBPyConnection, model: Model, null: bool) -> None:
    of_changed = of_values(model.increment or "", CHANGED, null=null)
    remedy = "each row may depend only on input rows of the same value; otherwise leave `increment` out"
    if _any(connection, f"FROM {_FRESH} WHERE ({of_changed}) IS NOT TRUE"):
        raise ConfigurationError(
            f"the SELECT gives rows of a {model.increment} that is none of its inputs' changed values",
            where=_where(model),
            remedy=remedy,
        )
    if model.increment in model.key:
        return
    table, key = ident(LAKE, model.schema, model.table), ", ".join(map(ident, model.key))
    others = f"SELECT {key} FROM {table} WHERE ({of_changed}) IS NOT TRUE"
    if _any(connection, f"FROM {_FRESH} AS f JOIN ({others}) AS o USING ({key})"):
        raise ConfigurationError(
            f"rows of two values of {model.increment} share one key: {', '.join(model.key)}",
            where=_where(model),
            remedy=remedy,
        )


def _wrong_columns(given: list[tuple[str, str]], wanted: list[tuple[str, str]]) -> tuple[str]:
    names, declared_names = [g[0] for g in given], [w[0] for w in wanted]
    if names != declared_names:
        return (
            f"the SELECT gives the columns {', '.join(names)}; declared are {', '.join(declared_names)}, in this order",
        )
    wrong = [
        f"{name} is {type}, declared {other}"
        for (name, type), (_, other) in zip(given, wanted, strict=True)
        if type != other
    ]
    return (f"the SELECT gives other types: {'; '.join(wrong)}",)


def _any(connection: duckdb.DuckDBPyConnection, relation: str) -> bool:
    return connection.execute(f"SELECT 1 {relation} LIMIT 1").fetchone() is not None


def _where(model: Model) -> str:
    return str(model.path or model.name)
