"""Which columns a table has, how each is asked for, and the query that keeps to the watermark's bounds."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import datetime
from types import ModuleType

import sqlalchemy as sa
from sqlalchemy import exc

from connectors.databases import mysql, postgres, sqlite_source
from connectors.databases.types import Column, reflected
from contracts.errors import ConfigurationError, SchemaDrift
from contracts.mistakes import did_you_mean
from contracts.model import Resource

Bounds = tuple[str, datetime, datetime]

DIALECTS: dict[str, ModuleType] = {"postgresql": postgres, "mysql": mysql, "mariadb": mysql}
"""Dialects whose queries Landbridge writes itself, so that all paths ask for the same."""

_GEOMETRIES = (
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection", "geomcollection",
)  # fmt: skip


def columns_of(connection: sa.Connection, resource: Resource, schema: str | None, where: str) -> list[Column]:
    """The table's columns; SchemaDrift where there is no such table, with the nearest names."""
    inspector = sa.inspect(connection)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", exc.SAWarning)  # types SQLAlchemy does not know are read as text
            found = inspector.get_columns(resource.physical_name, schema=schema)
    except exc.NoSuchTableError:
        found = []
    if not found:
        known = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
        raise SchemaDrift(
            f"the database has no table {resource.physical_name!r}", where=where,
            remedy=f"{did_you_mean(resource.physical_name, known) if known else 'it holds no tables at all'}; ask {resource.department} whether it was renamed",
        )  # fmt: skip
    names = [column["name"] for column in found]
    if connection.dialect.name == "sqlite":
        return sqlite_source.columns(connection, resource.physical_name, names)
    dialect = DIALECTS.get(connection.dialect.name)
    if dialect is None:
        return [reflected(column["name"], column["type"]) for column in found]
    if dialect is mysql:
        return _of_mysql(connection, resource.physical_name, schema, [column["type"] for column in found])
    return [dialect.column(column["name"], column["type"]) for column in found]


def marked(columns: Sequence[Column], bounds: Bounds, where: str) -> Column:
    """The watermark's column; SchemaDrift where it is gone, ConfigurationError where it is no time."""
    name = bounds[0]
    column = next((c for c in columns if c.name == name), None)
    if column is None:
        raise SchemaDrift(
            f"the table has no column {name!r}, which is the watermark", where=where,
            remedy=did_you_mean(name, [c.name for c in columns]),
        )  # fmt: skip
    if column.bound is None:
        raise ConfigurationError(
            f"the watermark {name!r} is neither a time nor a date in the database", where=where,
            remedy="choose another watermark, or none",
        )  # fmt: skip
    return column


def within_sql(dialect: ModuleType, columns: Sequence[Column], bounds: Bounds | None, where: str) -> str:
    """` WHERE` the watermark lies inside `[from, to)`, or is unknown or no time: such a row must not vanish."""
    if bounds is None:
        return ""
    column = marked(columns, bounds, where)
    mark = dialect.quoted(column.name)
    assert column.bound is not None
    inside = f"({mark} >= {column.bound(bounds[1])} AND {mark} < {column.bound(bounds[2])})"
    # a zero date or an infinity lies in no interval; each part of the condition can be looked up in an index
    return f" WHERE ({mark} IS NULL OR {inside} OR {dialect.placeless(column)})"


def misfits_sql(table: str, columns: Sequence[Column], within: str) -> str | None:
    """A query for one row: for each column that may hold what its Arrow type cannot, 1 where it does. None where none may."""
    tests = [f"max(CASE WHEN {c.misfit} THEN 1 ELSE 0 END)" for c in columns if c.misfit]
    return f"SELECT {', '.join(tests)} FROM {table}{within}" if tests else None


def fitted(columns: Sequence[Column], found: Sequence[int | None]) -> list[Column]:
    """The columns, those with a misfit asked for as text as a whole."""
    flags = iter(found)
    return [column.as_text() if column.misfit and next(flags) else column for column in columns]


def _of_mysql(
    connection: sa.Connection, table: str, schema: str | None, types: Sequence[sa.types.TypeEngine[object]]
) -> list[Column]:
    """Names and geometries from the catalogue: SQLAlchemy gives a name with a backtick as it is quoted, and knows no geometry."""
    query = sa.text(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = coalesce(:schema, database()) AND table_name = :table ORDER BY ordinal_position"
    )
    described = connection.execute(query, {"schema": schema, "table": table}).all()
    return [
        mysql.geometry(name) if str(kind).lower() in _GEOMETRIES else mysql.column(name, type)
        for (name, kind), type in zip(described, types, strict=True)
    ]
