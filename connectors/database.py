"""Databases through SQLAlchemy: SQLite, and PostgreSQL, MySQL, Oracle, SQL Server and others once their driver is installed.

Columns are reflected and keep their types. Everything is read in one read-only transaction through a server-side cursor. Traps: SQLite lets any value
stand in any column (see `sqlite_source`), and a time without a zone is the city's.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy import exc

from connectors import sqlite_source
from connectors.columns import no_rows, rows_within
from connectors.database_types import Column, reflected
from connectors.protocol import Setting
from connectors.registry import missing_package
from connectors.settings import batch_rows, resolve, source_settings
from contracts.errors import ConfigurationError, SchemaDrift, SourceBroken, SourceUnavailable
from contracts.interval import Interval
from contracts.mistakes import did_you_mean
from contracts.model import Resource

_URL = re.compile(r"([^/]*//)(?:(.*)@)?(.*)", re.DOTALL)
# a server-side cursor, and a transaction that sees one state and cannot write
_OPTIONS: dict[str, dict[str, Any]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "mysql": {"isolation_level": "REPEATABLE READ"},
    "mariadb": {"isolation_level": "REPEATABLE READ"},
}
# SQLAlchemy dialect → package of its usual driver
_DRIVERS = {"psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient", "cx_Oracle": "oracledb"}


@dataclass(frozen=True)
class DatabaseConnector:
    """Reads the table or view that the contract names; keeps to the watermark's bounds in the query."""

    kind: ClassVar[str] = "database"
    CONNECTION_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        "url": {"type": "string", "minLength": 1, "mandatory": True}
    }
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {"schema": {"type": "string", "minLength": 1}}

    url: sa.URL = field(repr=False)
    batch_rows: int
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
        return cls(url, batch_rows(environ))

    def read(self, resource: Resource, interval: Interval | None) -> Iterator[pa.RecordBatch]:
        schema = source_settings(self.SOURCE_SETTINGS, resource).get("schema")
        where = f"{resource.system.id}: {resource.physical_name}"
        with self._connected(where) as connection:
            columns = _columns(connection, resource, schema, where)
            arrow = pa.schema([pa.field(c.name, c.type) for c in columns])
            yield no_rows(arrow)
            table = sa.table(
                _quoted(resource.physical_name), *[sa.column(_quoted(c.name)) for c in columns], schema=schema
            )
            query = sa.select(table)
            bounds = resource.watermark_bounds(interval) if interval else None
            if bounds:
                query = query.where(_within(connection, table, columns, bounds, where))
            result = connection.execution_options(yield_per=rows_within(self.batch_rows, len(columns))).execute(query)
            for rows in result.partitions():
                yield _batch(rows, columns, arrow, where)

    @contextmanager
    def _connected(self, where: str) -> Iterator[sa.Connection]:
        """A connection in one transaction that only reads; the driver's errors become ours, without its values."""
        is_sqlite = self.url.get_backend_name() == "sqlite"
        try:
            engine = (
                sqlite_source.engine(self.url, where)
                if is_sqlite
                else sa.create_engine(self.url, poolclass=sa.NullPool, hide_parameters=True)
            )
        except ModuleNotFoundError as error:
            error.name = _DRIVERS.get(error.name or "", error.name)
            raise missing_package(f"a connection to {self.url.drivername}", error) from error
        except (exc.NoSuchModuleError, exc.ArgumentError) as error:
            raise ConfigurationError(
                f"no SQLAlchemy dialect {self.url.drivername!r}",
                where=where,
                remedy="correct the url, or install the package that brings the dialect",
            ) from error
        try:
            with (
                engine.connect().execution_options(**_OPTIONS.get(engine.dialect.name, {})) as connection,
                connection.begin(),
            ):
                yield connection
        except exc.DBAPIError as error:
            raise self._translated(error, where) from None
        finally:
            engine.dispose()

    def _translated(self, error: exc.DBAPIError, where: str) -> Exception:
        message = str(error.orig).strip().split("\n")[0]
        for secret in filter(None, (self.url.password, str(self.url.username or ""))):
            message = message.replace(secret, "***")
        if re.search(r"not a database|malformed|decode to UTF-8|corrupt", message):
            # the driver quotes the text it cannot decode
            reason = "a text that is no UTF-8" if "decode" in message else message
            return SourceBroken(f"the database cannot be read: {reason}", where=where, remedy="ask the department")
        if re.search(
            r"authentication|access denied|password|permission denied|not authorized|ORA-01017|login failed|database \S+ does not exist|unknown database",
            message,
            re.IGNORECASE,
        ):
            return ConfigurationError(
                f"the database refuses: {message}", where=where, remedy="check user, password and rights"
            )
        if isinstance(error, exc.OperationalError | exc.InterfaceError):
            return SourceUnavailable(
                f"the database does not answer: {message}", where=where, remedy="wait; look at the department's system"
            )
        return SourceBroken(
            f"the database cannot be read: {type(error.orig).__name__}", where=where, remedy="ask the department"
        )


def _columns(connection: sa.Connection, resource: Resource, schema: str | None, where: str) -> list[Column]:
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
    return [reflected(column["name"], column["type"]) for column in found]


def _within(
    connection: sa.Connection, table: sa.TableClause, columns: list[Column], bounds: tuple[str, Any, Any], where: str
) -> sa.ColumnElement[bool]:
    """The watermark inside `[from, to)`, or unknown: such a row must not vanish."""
    name, start, end = bounds
    column = next((c for c in columns if c.name == name), None)
    if column is None:
        raise SchemaDrift(
            f"the table has no column {name!r}, which is the watermark",
            where=where,
            remedy=did_you_mean(name, [c.name for c in columns]),
        )
    if connection.dialect.name == "sqlite":
        return sqlite_source.within(table.c[name], start, end)
    comparable = column.bound
    if comparable is None:
        raise ConfigurationError(
            f"the watermark {name!r} is neither a time nor a date in the database",
            where=where,
            remedy="choose another watermark, or none",
        )
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
