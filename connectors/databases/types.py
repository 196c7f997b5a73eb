"""From a database's column types to Arrow's, and how a driver's values become what Arrow takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import sqlalchemy as sa


@dataclass(frozen=True)
class Column:
    """A column of the source: its Arrow type, and how a watermark bound is written for it (None where it is no time).

    `sql` is how the source is asked for it and `text` for its own text form. `misfit` is SQL that is true for a value outside the Arrow type: then the
    whole column is asked for as text. All three are None where SQLAlchemy writes the query.
    """

    name: str
    type: pa.DataType
    bound: Callable[[datetime], Any] | None = None
    sql: str | None = None
    text: str | None = None
    misfit: str | None = None

    def converted(self, values: Sequence[Any]) -> Sequence[Any]:
        if pa.types.is_string(self.type):
            return [value if value is None or type(value) is str else text_of(value) for value in values]
        return values

    def as_text(self) -> Column:
        return replace(self, type=pa.string(), sql=self.text, misfit=None)


def reflected(name: str, type: sa.types.TypeEngine[Any]) -> Column:
    """The column for a reflected type; types without an Arrow counterpart, and numbers without a stated precision, are text."""
    match type:
        case sa.Boolean():
            return Column(name, pa.bool_())
        case sa.Integer():
            return Column(name, pa.int64())
        case sa.Float():
            return Column(name, pa.float64())
        case sa.Numeric(precision=int(precision), scale=int(scale)) if 0 <= scale <= precision <= 38:
            return Column(name, pa.decimal128(precision, scale))
        case sa.DateTime(timezone=True):
            return Column(name, pa.timestamp("us", tz="UTC"), lambda instant: instant)
        case sa.DateTime():
            return Column(name, pa.timestamp("us"), local_time)
        case sa.Date():
            return Column(name, pa.date32(), first_day_from)
        case sa.LargeBinary():
            return Column(name, pa.binary())
        case _:
            return Column(name, pa.string())


def local_time(instant: datetime) -> datetime:
    """The instant as a clock of its own zone shows it, without the zone."""
    return instant.replace(tzinfo=None)


def first_day_from(instant: datetime) -> date:
    """The first day whose midnight is not before the instant: a date counts as its midnight."""
    day = instant.date()
    return day if local_time(instant) == datetime.combine(day, time()) else day + timedelta(days=1)


def text_of(value: Any) -> str:
    """A driver's value as text without loss; bytes as hexadecimal digits after `\\x`."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return "\\x" + bytes(value).hex()
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, default=str)
        case UUID():
            return str(value)
    return str(value)
