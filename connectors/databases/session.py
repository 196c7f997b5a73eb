"""A connection that only reads, sees one state of the database, and gives up in time: what each dialect needs for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from connectors.databases import mysql, postgres, sqlite_source
from connectors.databases.errors import translated
from connectors.registry import missing_package
from contracts.errors import ConfigurationError

CONNECT_SECONDS = 30
LOCK_SECONDS = 60
"""How long a query waits for a table that another transaction has locked."""

AS_WRITTEN = {"no_parameters": True}
"""Execution option of a query of our own: a `%` in it is no placeholder."""

# SQLAlchemy dialect → package of its usual driver
_DRIVERS = {"psycopg2": "psycopg2-binary", "MySQLdb": "mysqlclient", "cx_Oracle": "oracledb", "pymysql": "PyMySQL"}
_CONNECT_ARGUMENTS = {
    "psycopg": {"connect_timeout": CONNECT_SECONDS},
    "psycopg2": {"connect_timeout": CONNECT_SECONDS},
    "pymysql": {"connect_timeout": CONNECT_SECONDS},
    "mysqldb": {"connect_timeout": CONNECT_SECONDS},
}
# a transaction that sees one state and cannot write; MySQL's is begun in words
_OPTIONS: dict[str, dict[str, Any]] = {
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    "mysql": {"isolation_level": "AUTOCOMMIT"},
    "mariadb": {"isolation_level": "AUTOCOMMIT"},
    "oracle": {"isolation_level": "SERIALIZABLE"},
}
# KingbaseES and openGauss name a version that SQLAlchemy does not understand: they are asked as the PostgreSQL openGauss grew from
_UNKNOWN_VERSION = (9, 2)


@contextmanager
def connected(url: sa.URL, where: str, statement_seconds: float | None = None) -> Iterator[sa.Connection]:
    """A connection in one transaction that only reads; the driver's errors become ours, without its values."""
    engine = _engine(url, where)
    options = _OPTIONS.get(engine.dialect.name, {})
    try:
        with translated(url, where), engine.connect().execution_options(**options) as connection, connection.begin():
            for statement in _begin(connection, statement_seconds):
                connection.exec_driver_sql(statement, execution_options=AS_WRITTEN)
            yield connection
    finally:
        engine.dispose()


def _begin(connection: sa.Connection, statement_seconds: float | None) -> list[str]:
    if connection.dialect.name == "postgresql":
        return postgres.session(statement_seconds, LOCK_SECONDS)[:1]
    return mysql.session() if connection.dialect.name in ("mysql", "mariadb") else []


def _engine(url: sa.URL, where: str) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        return sqlite_source.engine(url, where)
    try:
        arguments = _CONNECT_ARGUMENTS.get(url.get_driver_name(), {})
        engine = sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True, connect_args=arguments)
    except ModuleNotFoundError as error:
        error.name = _DRIVERS.get(error.name or "", error.name)
        raise missing_package(f"a connection to {url.drivername}", error) from error
    except (exc.NoSuchModuleError, exc.ArgumentError) as error:
        raise ConfigurationError(
            f"no SQLAlchemy dialect {url.drivername!r}", where=where,
            remedy="correct the url, or install the package that brings the dialect",
        ) from error  # fmt: skip
    if engine.dialect.name == "postgresql":
        _accept_any_version(engine.dialect)
    return engine


def _accept_any_version(dialect: Any) -> None:
    known = dialect._get_server_version_info

    def version(connection: sa.Connection) -> tuple[int, ...]:
        try:
            return tuple(known(connection))
        except AssertionError:
            return _UNKNOWN_VERSION

    dialect._get_server_version_info = version
