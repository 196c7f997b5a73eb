"""What is peculiar to SQLite: a file that must exist, types that bind nobody, and times that are text."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import sqlalchemy as sa

from connectors.databases.types import Column
from contracts.errors import ConfigurationError, SourceUnavailable
from contracts.quoting import ident, literal

_BUSY_SECONDS = 30
# a local time without a zone: anything else cannot be placed by comparing text, and then counts as inside
_TIME = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_STRANGE = "*[^-0-9:. T]*"


def engine(url: sa.URL, where: str) -> sa.Engine:
    """An engine that opens the file read-only and never makes one; SourceUnavailable where there is none."""
    if not url.database or url.database == ":memory:":
        raise ConfigurationError("the url names no file", where=where, remedy="sqlite:///folder/file.sqlite")
    path = Path(url.database)
    if not path.is_file():
        raise SourceUnavailable(
            f"the database {path} does not exist", where=where, remedy="mount it, or wait for its delivery"
        )

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=ro",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )

    made = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool, hide_parameters=True)
    # Python's driver opens no transaction for reading: without one, the check of the values and their reading could see two states
    sa.event.listen(made, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return made


def columns(connection: sa.Connection, table: str, names: list[str]) -> list[Column]:
    """Columns by declared type where every value keeps to it, otherwise as text: SQLite stores what it is given.

    One pass over the table. INTEGER affinity with integers alone is int64, REAL with numbers alone is double, BLOB stays binary; DECIMAL, DATE, BOOLEAN and
    all others are text.
    """
    declared = {
        row[1]: str(row[2] or "").upper() for row in connection.exec_driver_sql(f"PRAGMA table_xinfo({ident(table)})")
    }
    wanted = {name: _arrow_type(declared.get(name, "")) for name in names}
    allowed = {
        pa.int64(): ("integer", "null"),
        pa.float64(): ("real", "integer", "null"),
        pa.binary(): ("blob", "null"),
    }
    typed = [name for name in names if wanted[name] in allowed]
    if typed:
        tests = ", ".join(
            f"max(typeof({ident(n)}) NOT IN ({', '.join(map(literal, allowed[wanted[n]]))}))" for n in typed
        )
        misfits = connection.exec_driver_sql(f"SELECT {tests} FROM {ident(table)}").one()
        wanted.update({name: pa.string() for name, misfit in zip(typed, misfits, strict=True) if misfit})
    return [Column(name, wanted[name]) for name in names]


def within(column: sa.ColumnElement[Any], start: datetime, end: datetime) -> sa.ColumnElement[bool]:
    """The text lies in `[start, end)` read as local times of the bounds' zone – or is NULL, or no local time at all."""
    text = sa.func.replace(column, "T", " ")
    placed = sa.and_(
        sa.func.typeof(column) == "text", column.op("GLOB")(f"{_TIME}*"), sa.not_(column.op("GLOB")(_STRANGE)),
        sa.not_(column.op("GLOB")("??????????*-*")),
    )  # fmt: skip
    return sa.or_(column.is_(None), sa.not_(placed), sa.and_(text >= _local(start), text < _local(end)))


def _local(instant: datetime) -> str:
    # as short as can be, so that 02:00 is not before 02:00:00, and a date counts as its midnight
    return instant.replace(tzinfo=None).isoformat(sep=" ").removesuffix(":00").removesuffix(" 00:00")


def _arrow_type(declared: str) -> pa.DataType:
    """SQLite's own rules of affinity, https://sqlite.org/datatype3.html section 3.1, as far as a type is trusted."""
    if "INT" in declared:
        return pa.int64()
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
        return pa.string()
    if "BLOB" in declared:
        return pa.binary()
    if any(word in declared for word in ("REAL", "FLOA", "DOUB")):
        return pa.float64()
    return pa.string()
