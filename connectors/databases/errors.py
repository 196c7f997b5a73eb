"""What a database's driver reports, as an error of ours: without secrets, and without the values a driver quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import exc

from contracts.errors import ConfigurationError, SourceBroken, SourceUnavailable

_DAMAGED = re.compile(r"not a database|malformed|decode to UTF-8|corrupt")
_REFUSED = re.compile(
    r"authentication|access denied|password|permission denied|not authorized|ORA-01017|login failed|command denied"
    r"|(database|role|user) \S+ does not exist|unknown database",
    re.IGNORECASE,
)
_TIMEOUT = re.compile(r"statement timeout|max_statement_time|maximum statement execution time|57014", re.IGNORECASE)
_LOCKED = re.compile(r"lock timeout|lock wait timeout|55P03", re.IGNORECASE)
# how drivers other than SQLAlchemy's call what may pass by itself; found by name, for they are imported only where they are used
_PASSING = ("OperationalError", "InterfaceError", "IOException", "InternalError", "ConnectionException")
_DRIVERS = ("adbc_driver_manager", "duckdb", "_duckdb", "psycopg", "pymysql")


@contextmanager
def translated(url: sa.URL, where: str) -> Iterator[None]:
    """The drivers' errors become SourceUnavailable, SourceBroken or ConfigurationError; all others pass."""
    try:
        yield
    except exc.DBAPIError as error:
        passing = isinstance(error, exc.OperationalError | exc.InterfaceError | exc.InternalError)
        raise _ours(error.orig or error, passing, url, where) from None
    except Exception as error:
        # pyarrow hands on what ADBC reports while batches come as an error of its own
        is_stream = isinstance(error, OSError) and type(error).__module__ in ("builtins", "pyarrow.lib")
        if type(error).__module__.split(".")[0] not in _DRIVERS and not is_stream:
            raise
        raise _ours(error, is_stream or type(error).__name__ in _PASSING, url, where) from None


def _ours(error: BaseException, passing: bool, url: sa.URL, where: str) -> Exception:
    whole = str(error)
    message = _first_line(whole)
    for secret in map(str, filter(None, (url.password, url.username))):
        # a driver may quote a piece of the address, in which it is written in other ways
        for written in (secret, quote(secret, safe=""), quote(secret, safe=" +"), quote(secret)):
            message = message.replace(written, "***")
    if _DAMAGED.search(message):
        # the driver quotes the text it cannot decode
        reason = "a text that is no UTF-8" if "decode" in message else message
        return SourceBroken(f"the database cannot be read: {reason}", where=where, remedy="ask the department")
    if _TIMEOUT.search(whole):
        return SourceUnavailable(
            "the query took longer than the statement timeout", where=where,
            remedy="wait for a quieter hour, ask for an index on the watermark, or raise statementTimeout of the connection",
        )  # fmt: skip
    if _LOCKED.search(whole):
        return SourceUnavailable(
            "the table is locked by another of the department's transactions",
            where=where,
            remedy="wait, or ask the department",
        )
    if _REFUSED.search(message):
        return ConfigurationError(
            f"the database refuses: {message}",
            where=where,
            remedy="check user, password, rights and the database's name",
        )
    if passing:
        return SourceUnavailable(
            f"the database does not answer: {message}", where=where, remedy="wait; look at the department's system"
        )
    return SourceBroken(
        f"the database cannot be read: {type(error).__name__}", where=where, remedy="ask the department"
    )


def _first_line(text: str) -> str:
    """The first line, without the query that some drivers repeat in it."""
    line = next((part for part in text.strip().split("\n") if part.strip()), "")
    return re.split(r"(?:for|to prepare) MySQL query|Query was", line)[0].strip().rstrip(":")
