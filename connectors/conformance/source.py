"""Sources of the conformance suite: how one is stated, and the tables that are written into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from contracts.interval import Interval
from contracts.model import Field, Label, Resource, SourceSystem, Watermark

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = Interval(datetime(2020, 5, 4, 2, tzinfo=ZONE), datetime(2020, 5, 5, 2, tzinfo=ZONE))


def _moment(*parts: int) -> datetime:
    """A local time, without a zone."""
    return datetime(*parts, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type,misc]


HOSTILE_NAMES = (
    "select", "姓 名", "1st", "a,b", 'quo"te', "😀", "x'; --", "%d", "%(a)s", ":name", "a.b", "back`tick", "_row", "file_row_number",
)  # fmt: skip
HOSTILE_VALUES = (
    "x", "", " ", " x ", "值 <&> '\"; --😀", "one\ntwo", "one\r\ntwo", "a,b;c\td|e", "\\N", "NULL", "\\", '"', "=1+1", "007", "1e5", "２０", "\x01", "x" * 49,
)  # fmt: skip
TYPED = pa.table(
    {
        "no": pa.array(["1", "2", "3"]),
        "whole": pa.array([-(2**63), 2**63 - 1, None], pa.int64()),
        "exact": pa.array([Decimal("-12345678901234567890.12"), Decimal("0.01"), None], pa.decimal128(22, 2)),
        "real": pa.array([0.1, -1e300, None], pa.float64()),
        "truth": pa.array([True, False, None], pa.bool_()),
        "day": pa.array([date(1899, 12, 31), date(9999, 12, 31), None], pa.date32()),
        "moment": pa.array([_moment(1899, 12, 31, 23, 59, 59, 999999), _moment(9999, 12, 31), None], pa.timestamp("us")),
        "raw": pa.array([b"\x00\xff", b"x", None], pa.binary()),
    }
)  # fmt: skip
"""What a kind with types of its own keeps: numbers at their ends, times before 1970 and in the year 9999, bytes that are no text."""


@dataclass(frozen=True)
class Stated:
    """A source as systems.yaml (`connection`) and the contract (`physical_name`, `source`) would state it; `secrets` name variables of `environ`."""

    physical_name: str
    connection: Mapping[str, Any]
    source: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = ()

    def plus(self, *, connection: Mapping[str, Any] | None = None, source: Mapping[str, Any] | None = None) -> Stated:
        return replace(
            self, connection={**self.connection, **(connection or {})}, source={**self.source, **(source or {})}
        )


def resource_of(
    kind: str, stated: Stated, columns: Sequence[str], *, watermark: str | None = None, keys: tuple[str, ...] = ()
) -> Resource:
    """A resource whose contract promises these columns, named by their physical names."""
    system = SourceSystem("conformance", "department", Label("Conformance", "一致性"), kind, dict(stated.connection))
    fields = tuple(
        Field(f"field_{n}", name, name, "", "timestamp" if name == watermark else "string", primary_key=name in keys)
        for n, name in enumerate(columns)
    )
    mark = Watermark(f"field_{list(columns).index(watermark)}", timedelta()) if watermark else None
    return Resource(
        department="department", name="conformance", version="1.0.0", fingerprint="", label="", description="", owner="", system=system,
        physical_name=stated.physical_name, source=dict(stated.source), fields=fields, rules=(), load_mode="merge", schedule="0 2 * * *",
        cycle=timedelta(days=1), latency=timedelta(), share_type="unconditional", resource_code="", watermark=mark,
    )  # fmt: skip


def of_bulk(rows: int) -> pa.Table:
    """A table of five columns and some 190 bytes a row, no two rows alike."""
    numbers = pa.array(range(rows), pa.int64()).cast(pa.string())
    filled = {f"col_{c}": pc.binary_join_element_wise(numbers, c * 38, " ") for c in "abcd"}
    return pa.table({"number": numbers, **filled})


def texts(columns: Mapping[str, Sequence[str | None]]) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def text_of(value: Any) -> str | None:
    """A value of TYPED as a source of texts would write it."""
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case bytes():
            return value.hex()
        case datetime():
            return value.isoformat(sep=" ")
    return str(value)
