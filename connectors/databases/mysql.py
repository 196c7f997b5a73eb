"""MySQL, MariaDB and what speaks their wire: types value by value, and the columnar path through DuckDB's scanner.

Traps: dates may be zero in day, month or year, which drivers make NULL without a word; FLOAT is written with six digits; TIMESTAMP is
an instant shown in the session's zone; a decimal of more than 38 digits becomes a double in DuckDB.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from connectors.databases.types import Column, first_day_from, local_time
from contracts.errors import SourceUnavailable
from contracts.quoting import literal

_EPOCH_DAY = 719528
"""TO_DAYS('1970-01-01')."""
_NO_TIME = -(10**18)
"""What the columnar path asks for in place of a date that is none, so that it cannot pass for NULL."""


def quoted(*parts: str) -> str:
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def column(name: str, type: sa.types.TypeEngine[Any]) -> Column:
    """The column for a reflected type: exact where Arrow has it, otherwise the text that the server itself writes."""
    raw = quoted(name)
    text = f"CAST({raw} AS CHAR)"
    match type:
        case mysql.BIT():
            return Column(name, pa.string(), sql=f"LPAD(BIN({raw} + 0), {type.length or 1}, '0')")
        case mysql.YEAR():
            return Column(name, pa.int64(), sql=f"{raw} + 0")
        case sa.Integer() | sa.Boolean():
            return Column(name, pa.uint64() if getattr(type, "unsigned", False) else pa.int64(), sql=raw)
        case mysql.FLOAT():
            return Column(name, pa.float32(), sql=f"{raw} * 1e0")
        case sa.Float():
            return Column(name, pa.float64(), sql=raw)
        case sa.Numeric(precision=int(precision), scale=int(scale)) if 0 <= scale <= precision <= 38:
            return Column(name, pa.decimal128(precision, scale), sql=raw)
        case sa.DateTime() | sa.Date():
            bad = f"(YEAR({raw}) = 0 OR MONTH({raw}) = 0 OR DAY({raw}) = 0)"
            if isinstance(type, sa.Date):
                return Column(name, pa.date32(), _day, raw, text, bad)
            is_instant = isinstance(type, sa.TIMESTAMP)
            arrow = pa.timestamp("us", tz="UTC") if is_instant else pa.timestamp("us")
            return Column(name, arrow, _instant if is_instant else _local, raw, text, bad)
        case sa.LargeBinary() | sa.BINARY() | sa.VARBINARY():
            return Column(name, pa.binary(), sql=raw)
        case sa.Enum() | mysql.SET():
            return Column(name, pa.string(), sql=text)
        case sa.String():
            return Column(name, pa.string(), sql=raw)
        case _:
            return Column(name, pa.string(), sql=text)


def geometry(name: str) -> Column:
    """A geometry as extended well-known text, `SRID=4326;POINT(120 36)`."""
    raw = quoted(name)
    return Column(name, pa.string(), sql=f"CONCAT('SRID=', ST_SRID({raw}), ';', ST_AsText({raw}))")


def placeless(watermark: Column) -> str:
    """SQL that is true for a watermark no interval holds. A date with a year but no month or day has its place before that year or month."""
    # below the first instant of its type, for any earlier literal keeps MySQL from using the index
    first = "1970-01-01 00:00:01" if getattr(watermark.type, "tz", None) else "0001-01-01"
    return f"{quoted(watermark.name)} < {literal(first)}"


def _instant(instant: datetime) -> str:
    # the session's zone is UTC
    return literal(local_time(instant.astimezone(UTC)).isoformat(sep=" "))


def _local(instant: datetime) -> str:
    return literal(local_time(instant).isoformat(sep=" "))


def _day(instant: datetime) -> str:
    return literal(first_day_from(instant).isoformat())


def session() -> list[str]:
    """Statements that begin one read-only snapshot in which an instant is shown in UTC."""
    return ["SET time_zone = '+00:00'", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"]


def limited(query: str, statement_seconds: float | None, lock_seconds: int, is_mariadb: bool) -> str:
    """The SELECT with its limits of time."""
    if is_mariadb:
        most = f", max_statement_time = {statement_seconds}" if statement_seconds else ""
        return f"SET STATEMENT lock_wait_timeout = {lock_seconds}{most} FOR {query}"
    most = f"MAX_EXECUTION_TIME({int(statement_seconds * 1000)}) " if statement_seconds else ""
    return query.replace("SELECT", f"SELECT /*+ {most}SET_VAR(lock_wait_timeout = {lock_seconds}) */", 1)


def columnar_sql(column: Column) -> str:
    """How the columnar path asks for a column: times as counts, for the scanner makes a zero date NULL without a word."""
    raw = column.sql or ""
    if pa.types.is_date(column.type):
        return f"CAST(IF({raw} IS NULL, NULL, COALESCE(TO_DAYS({raw}), {_NO_TIME})) AS SIGNED)"
    if pa.types.is_timestamp(column.type):
        count = f"TIMESTAMPDIFF(MICROSECOND, '1970-01-01', {raw})"
        return f"CAST(IF({raw} IS NULL, NULL, COALESCE({count}, {_NO_TIME})) AS SIGNED)"
    return raw


class Columnar:
    """One connection of DuckDB's MySQL scanner: the query runs on the server as it is written, its result is streamed."""

    def __init__(self, url: sa.URL, batch_rows: int) -> None:
        import duckdb
        import duckdb_extensions

        self._duckdb = duckdb.connect()
        self._batch_rows = batch_rows
        try:
            duckdb_extensions.import_extension("mysql_scanner", con=self._duckdb)
            self._duckdb.execute("LOAD mysql_scanner")
            self._duckdb.execute("SET threads = 1; SET mysql_session_time_zone = '+00:00'")
            self._duckdb.execute("SET mysql_tinyint1_as_boolean = false; SET mysql_bit1_as_boolean = false")
            stated = {
                "host": url.host,
                "port": url.port or 3306,
                "user": url.username,
                "password": url.password or "",
                "database": url.database,
            }
            secure = {name: url.query[name] for name in ("ssl_ca", "ssl_cert", "ssl_key") if name in url.query}
            words = ", ".join(
                f"{name} {literal(value)}" for name, value in {**stated, **secure}.items() if value is not None
            )
            self._duckdb.execute(f"CREATE SECRET source (TYPE mysql, {words})")
            # compressed, which is the scanner's wish unless told otherwise, a million rows took 10.5 s, and plain 2.2 s
            self._duckdb.execute("ATTACH 'compression=disabled' AS source (TYPE mysql, READ_ONLY, SECRET source)")
        except BaseException:
            self.close()
            raise

    def batches(self, query: str, schema: pa.Schema, where: str) -> Iterator[pa.RecordBatch]:
        call = f"SELECT * FROM mysql_query('source', {literal(query)}, stream_results = true)"
        for batch in self._duckdb.execute(call).to_arrow_reader(self._batch_rows):
            arrays = [_cast(array, field, where) for array, field in zip(batch.columns, schema, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)

    def close(self) -> None:
        self._duckdb.close()


def _cast(array: pa.Array, field: pa.Field, where: str) -> pa.Array:
    is_date = pa.types.is_date(field.type)
    if is_date or pa.types.is_timestamp(field.type):
        counts = array.cast(pa.int64())
        if pc.any(pc.equal(counts, _NO_TIME)).as_py():
            raise SourceUnavailable(
                f"column {field.name!r} got a date that is none while it was read",
                where=where,
                remedy="run the interval again",
            )
        return pc.subtract(counts, _EPOCH_DAY).cast(pa.int32()).cast(field.type) if is_date else counts.cast(field.type)
    return array if array.type == field.type else array.cast(field.type)
