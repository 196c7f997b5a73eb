"""PostgreSQL and what speaks its wire: types value by value, one read-only snapshot, and the columnar path through ADBC.

Traps: `infinity`, dates before Christ and NaN have no place in Arrow; a cast of char(n) to text loses its blanks; how times, intervals and bytes are
written depends on the session.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from connectors.databases.types import Column, first_day_from, local_time
from contracts.quoting import ident, literal

_FIRST_DAY, _LAST_DAY = "'0001-01-01'", "'9999-12-31'"


def quoted(*parts: str) -> str:
    return ident(*parts)


def column(name: str, type: sa.types.TypeEngine[Any]) -> Column:
    """The column for a reflected type: exact where Arrow has it, otherwise the text that PostgreSQL itself writes."""
    raw = ident(name)
    text = f"{raw}::text"
    match type:
        case sa.Boolean():
            return Column(name, pa.bool_(), sql=raw)
        case sa.Integer():
            return Column(name, pa.int64(), sql=raw)
        case sa.REAL():
            return Column(name, pa.float32(), sql=raw)
        case sa.Float():
            # float(24) and less is stored as real
            small = type.precision is not None and type.precision <= 24
            return Column(name, pa.float32() if small else pa.float64(), sql=raw)
        case sa.Numeric(precision=int(precision), scale=int(scale)) if 0 <= scale <= precision <= 38:
            return Column(name, pa.decimal128(precision, scale), None, raw, text, f"{raw} = 'NaN'")
        case sa.DateTime(timezone=zoned):
            zone, bound = ("UTC", _instant) if zoned else (None, _local)
            outside = f"NOT ({raw} >= {_FIRST_DAY} AND {raw} < {_LAST_DAY})"
            return Column(
                name, pa.timestamp("us", tz=zone), bound, raw, text, outside.replace(_LAST_DAY, "'10000-01-01'")
            )
        case sa.Date():
            outside = f"{raw} NOT BETWEEN {_FIRST_DAY} AND {_LAST_DAY}"
            return Column(name, pa.date32(), _day, raw, text, outside)
        case pg.BYTEA():
            return Column(name, pa.binary(), sql=raw)
        case sa.Enum():
            return Column(name, pa.string(), sql=text)
        case sa.String():
            return Column(name, pa.string(), sql=raw)
        case _:
            return Column(name, pa.string(), sql=text)


def placeless(watermark: Column) -> str:
    """SQL that is true for a watermark no interval holds."""
    return watermark.misfit or "false"


def _instant(instant: datetime) -> str:
    return literal(instant.astimezone(UTC).isoformat(sep=" ")) + "::timestamptz"


def _local(instant: datetime) -> str:
    return literal(local_time(instant).isoformat(sep=" ")) + "::timestamp"


def _day(instant: datetime) -> str:
    return literal(first_day_from(instant).isoformat()) + "::date"


def session(statement_seconds: float | None, lock_seconds: int) -> list[str]:
    """Statements that begin one read-only snapshot in which values are written in one way."""
    settings = {
        "TimeZone": "UTC", "DateStyle": "ISO", "IntervalStyle": "postgres", "bytea_output": "hex", "extra_float_digits": 3,
        "lock_timeout": lock_seconds * 1000, "statement_timeout": int((statement_seconds or 0) * 1000),
    }  # fmt: skip
    # KingbaseES and openGauss lack some settings: only what exists is set
    known = f"SELECT set_config(name, value, false) FROM ({_rows(settings)}) AS wanted (name, value)"
    return [
        f"{known} WHERE EXISTS (SELECT 1 FROM pg_settings s WHERE lower(s.name) = lower(wanted.name))",
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    ]


def _rows(settings: dict[str, Any]) -> str:
    return "VALUES " + ", ".join(f"({literal(name)}, {literal(value)})" for name, value in settings.items())


class Columnar:
    """One connection of ADBC: results come as Arrow batches from PostgreSQL's binary COPY. Used as a context manager."""

    def __init__(self, url: sa.URL, connect_seconds: int, begin: list[str], batch_rows: int) -> None:
        import adbc_driver_postgresql.dbapi as dbapi

        plain = url.set(drivername="postgresql").update_query_dict({"connect_timeout": str(connect_seconds)})
        # SQLAlchemy leaves a blank of the password as it is, libpq takes none in an address
        address = plain.render_as_string(hide_password=False).replace(" ", "%20")
        self._connection = dbapi.connect(address, autocommit=True)
        self._batch_rows = batch_rows
        try:
            for statement in begin:
                self.row(statement)
        except BaseException:
            self.close()
            raise

    def row(self, query: str) -> tuple[Any, ...]:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(query)
            return cursor.fetchone() or () if cursor.description else ()

    def batches(self, query: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(query)
            for batch in cursor.fetch_record_batch():
                arrays = [_cast(a, field.type) for a, field in zip(batch.columns, schema, strict=True)]
                whole = pa.RecordBatch.from_arrays(arrays, schema=schema)
                for start in range(0, whole.num_rows, self._batch_rows):
                    yield whole.slice(start, self._batch_rows)

    def close(self) -> None:
        self._connection.close()


def _cast(array: pa.Array, type: pa.DataType) -> pa.Array:
    # ADBC hands over a numeric as its text
    plain = array.storage if isinstance(array.type, pa.BaseExtensionType) else array
    return plain if plain.type == type else plain.cast(type)
