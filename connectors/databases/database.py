"""Databases: SQLite, PostgreSQL, MySQL and MariaDB, and any other through SQLAlchemy once its driver is installed.

Columns are reflected and keep their types. Two paths give one result: a columnar one, on which rows never become Python objects (ADBC for PostgreSQL,
DuckDB's scanner for MySQL), and SQLAlchemy's for every dialect. Traps: SQLite lets any value stand in any column (see `sqlite_source`), a time without
a zone is the city's, and a source may hold dates that are none.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, ClassVar, Self
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import exc

from connectors.columns import no_rows, rows_within
from connectors.databases import mysql, postgres, sqlite_source
from connectors.databases.columns import DIALECTS, Bounds, columns_of, fitted, marked, misfits_sql, within_sql
from connectors.databases.errors import translated
from connectors.databases.session import AS_WRITTEN, CONNECT_SECONDS, LOCK_SECONDS, connected
from connectors.databases.tables import tables
from connectors.databases.types import Column
from connectors.protocol import MALFORMED, Setting, SourceTable
from connectors.registry import missing_package
from connectors.settings import batch_rows, resolve, source_settings
from contracts.errors import ConfigurationError, SourceBroken
from contracts.interval import Interval
from contracts.model import Resource

log = logging.getLogger("landbridge.database")

_URL = re.compile(r"([^/]*//)(?:(.*)@)?(.*)", re.DOTALL)
_COLUMNAR = ("postgresql+psycopg", "mysql+pymysql", "mariadb+pymysql")


@dataclass(frozen=True)
class DatabaseConnector:
    """Reads the table or view that the contract names; keeps to the watermark's bounds in the query."""

    kind: ClassVar[str] = "database"
    CONNECTION_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        "url": {"type": "string", "minLength": 1, "mandatory": True},
        "path": {"enum": ["auto", "columnar", "generic"]},
        "statementTimeout": {"type": "number", "minimum": 1},
        "rowsPerSecond": {"type": "integer", "minimum": 1},
    }
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {"schema": {"type": "string", "minLength": 1}}

    url: sa.URL = field(repr=False)
    batch_rows: int
    path: str = "auto"
    statement_seconds: float | None = None
    rows_per_second: int | None = None
    bounds_rows: bool = True

    @classmethod
    def open(cls, connection: Mapping[str, Any], environ: Mapping[str, str]) -> Self:
        match = _URL.fullmatch(connection["url"])
        if match is None:
            raise ConfigurationError(
                "url is no SQLAlchemy URL", remedy="for example postgresql+psycopg://${USER}:${PASSWORD}@host/database"
            )
        # a password may hold @ and /, which must not part the URL
        user = f"{resolve(match[2], environ, lambda text: quote(text, safe=''))}@" if match[2] else ""
        try:
            url = sa.make_url(resolve(match[1], environ) + user + resolve(match[3], environ))
        except (exc.ArgumentError, ValueError):
            raise ConfigurationError("url is no SQLAlchemy URL", remedy="see docs/connectors.md") from None
        path = connection.get("path", "auto")
        if path == "columnar" and (url.drivername not in _COLUMNAR or not url.host):
            raise ConfigurationError(
                f"there is no columnar path for {url.drivername}",
                remedy=f"path: generic, or a url of {', '.join(_COLUMNAR)}",
            )
        pace = connection.get("rowsPerSecond")
        rows = batch_rows(environ)
        return cls(url, min(rows, pace or rows), path, connection.get("statementTimeout"), pace)

    def read(self, resource: Resource, interval: Interval | None) -> Iterator[pa.RecordBatch]:
        schema = source_settings(self.SOURCE_SETTINGS, resource).get("schema")
        where = f"{resource.system.id}: {resource.physical_name}"
        bounds = resource.watermark_bounds(interval) if interval else None
        with translated(self.url, where):
            if self.url.get_backend_name() in DIALECTS:
                batches = self._in_own_words(resource, schema, bounds, where)
            else:
                batches = self._in_sqlalchemys_words(resource, schema, bounds, where)
            yield from _paced(batches, self.rows_per_second) if self.rows_per_second else batches

    def resources(self) -> Iterable[SourceTable]:
        """Tables and views the account may read, with key, comments and the row estimate of the database's catalogue."""
        with connected(self.url, f"{self.url.host or ''}/{self.url.database or ''}") as connection:
            yield from tables(connection)

    def newest_mark(self, resource: Resource) -> str | None:
        """The newest watermark anywhere in the table, as ISO 8601 text; None where there is none, or none that is a time."""
        if resource.watermark is None:
            return None
        mark = resource.field(resource.watermark.column).physical_name
        schema = source_settings(self.SOURCE_SETTINGS, resource).get("schema")
        where = f"{resource.system.id}: {resource.physical_name}"
        with translated(self.url, where), connected(self.url, where, self.statement_seconds) as connection:
            table = sa.table(_quoted(resource.physical_name), sa.column(_quoted(mark)), schema=schema)
            query = sa.select(sa.func.max(table.c[mark]))
            column = None
            if dialect := DIALECTS.get(connection.dialect.name):
                columns = columns_of(connection, resource, schema, where)
                column = next((c for c in columns if c.name == mark), None)
                if column is None or column.bound is None:
                    return None
                query = query.where(sa.text(f"NOT ({dialect.placeless(column)})"))
            newest = connection.execute(query).scalar()
            if column and isinstance(newest, datetime) and newest.tzinfo is None and getattr(column.type, "tz", None):
                newest = newest.replace(tzinfo=UTC)  # MySQL's session is in UTC
        text = newest.isoformat() if isinstance(newest, date) else str(newest)
        try:
            return datetime.fromisoformat(text).isoformat()
        except ValueError:
            return None

    def _in_own_words(
        self, resource: Resource, schema: str | None, bounds: Bounds | None, where: str
    ) -> Iterator[pa.RecordBatch]:
        """PostgreSQL and MySQL: both paths put the same expressions into the query."""
        dialect = DIALECTS[self.url.get_backend_name()]
        table = dialect.quoted(*filter(None, (schema, resource.physical_name)))
        with connected(self.url, where, self.statement_seconds) as connection:
            columns = columns_of(connection, resource, schema, where)
            within = within_sql(dialect, columns, bounds, where)
            misfits = misfits_sql(table, columns, within)
            is_mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
            if misfits and dialect is mysql:
                columns = fitted(columns, _row(connection, self._limited(misfits, is_mariadb)))
            columnar = self._columnar(where)
            if columnar is None:
                if misfits and dialect is postgres:
                    columns = fitted(columns, _row(connection, misfits))
                query = self._limited(
                    f"SELECT {', '.join(str(c.sql) for c in columns)} FROM {table}{within}", is_mariadb
                )
                yield from self._rows(connection, query, columns, where)
                return
        with closing(columnar):
            if misfits and isinstance(columnar, postgres.Columnar):
                columns = fitted(columns, columnar.row(misfits))
            arrow = _schema(columns)
            yield no_rows(arrow)
            if isinstance(columnar, postgres.Columnar):
                yield from columnar.batches(
                    f"SELECT {', '.join(str(c.sql) for c in columns)} FROM {table}{within}", arrow
                )
            else:
                wanted = ", ".join(f"{mysql.columnar_sql(c)} AS c{n}" for n, c in enumerate(columns))
                query = self._limited(f"SELECT {wanted} FROM {table}{within}", is_mariadb)
                yield from columnar.batches(query, arrow, where)

    def _limited(self, query: str, is_mariadb: bool) -> str:
        if self.url.get_backend_name() == "postgresql":
            return query
        return mysql.limited(query, self.statement_seconds, LOCK_SECONDS, is_mariadb)

    def _columnar(self, where: str) -> postgres.Columnar | mysql.Columnar | None:
        """The columnar connection, or None for the generic path. `auto` falls back where a server only resembles PostgreSQL or MySQL."""
        if self.path == "generic" or self.url.drivername not in _COLUMNAR or not self.url.host:
            return None
        try:
            if self.url.get_backend_name() == "postgresql":
                begin = postgres.session(self.statement_seconds, LOCK_SECONDS)
                return postgres.Columnar(self.url, CONNECT_SECONDS, begin, self.batch_rows)
            return mysql.Columnar(self.url, self.batch_rows)
        except ModuleNotFoundError as error:
            if self.path == "columnar":
                raise missing_package("the columnar path", error) from error
            log.warning("%s: read on the generic path, for the package of %s is not installed", where, error.name)
        except Exception as error:
            # the generic connection stands: this one failed for what the server is
            if self.path == "columnar":
                raise
            log.warning("%s: read on the generic path, for the columnar one failed: %s", where, type(error).__name__)
        return None

    def _in_sqlalchemys_words(
        self, resource: Resource, schema: str | None, bounds: Bounds | None, where: str
    ) -> Iterator[pa.RecordBatch]:
        with connected(self.url, where, self.statement_seconds) as connection:
            columns = columns_of(connection, resource, schema, where)
            table = sa.table(
                _quoted(resource.physical_name), *[sa.column(_quoted(c.name)) for c in columns], schema=schema
            )
            query = sa.select(table)
            if bounds:
                query = query.where(_within(connection, table, columns, bounds, where))
            yield from self._rows(connection, query, columns, where)

    def _rows(
        self, connection: sa.Connection, query: sa.Select[Any] | str, columns: list[Column], where: str
    ) -> Iterator[pa.RecordBatch]:
        arrow = _schema(columns)
        yield no_rows(arrow)
        rows_each = rows_within(self.batch_rows, len(columns))
        options = {"stream_results": True, "max_row_buffer": rows_each}
        if isinstance(query, str):
            result = connection.exec_driver_sql(query, execution_options={**options, **AS_WRITTEN})
        else:
            result = connection.execute(query, execution_options=options)
        for rows in result.partitions(rows_each):
            yield _batch(rows, columns, arrow, where)


def _row(connection: sa.Connection, query: str) -> Sequence[Any]:
    return connection.exec_driver_sql(query, execution_options=AS_WRITTEN).one()


def _schema(columns: list[Column]) -> pa.Schema:
    """A column that has the name of the one for malformed lines gets another."""
    names = [c.name for c in columns]
    other = next(name for n in count(2) if (name := f"{MALFORMED}_{n}") not in names)
    return pa.schema([pa.field(other if c.name == MALFORMED else c.name, c.type) for c in columns])


def _paced(batches: Iterator[pa.RecordBatch], rows_per_second: int) -> Iterator[pa.RecordBatch]:
    """The batches, no faster than that many rows a second: while it waits, the server's result waits too."""
    due = time.monotonic()
    for batch in batches:
        time.sleep(max(0.0, due - time.monotonic()))
        due = max(due, time.monotonic()) + batch.num_rows / rows_per_second
        yield batch


def _within(
    connection: sa.Connection, table: sa.TableClause, columns: list[Column], bounds: Bounds, where: str
) -> sa.ColumnElement[bool]:
    """The watermark inside `[from, to)`, or unknown: such a row must not vanish."""
    name, start, end = bounds
    if connection.dialect.name == "sqlite" and name in (c.name for c in columns):
        return sqlite_source.within(table.c[name], start, end)
    comparable = marked(columns, bounds, where).bound
    assert comparable is not None
    mark = table.c[name]
    return sa.or_(mark.is_(None), sa.and_(mark >= comparable(start), mark < comparable(end)))


def _batch(rows: Any, columns: list[Column], schema: pa.Schema, where: str) -> pa.RecordBatch:
    arrays = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        try:
            arrays.append(pa.array(column.converted(values), column.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeDecodeError):
            raise SourceBroken(
                f"column {column.name!r} holds a value that is no {column.type}",
                where=where,
                remedy="ask the department",
            ) from None
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _quoted(name: str) -> sa.quoted_name:
    return sa.quoted_name(name, quote=True)
