"""The scorecard: every figure the city named in public, computed from records as of an instant, or shown as no data.

The queries stand in the city's `scorecard.yaml` (docs/scorecard.md). A resource is read as its last load that had ended by the instant left it,
and the instant itself is bound as variables, so the same instant gives the same figures again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from contracts.errors import ConfigurationError
from contracts.model import Label
from contracts.quoting import ident, literal
from sharing.figure_file import (
    CALENDAR,
    ENGINE_TABLES,
    FIGURES,
    FILE,
    PERCENT,
    RESOURCE_ROWS,
    Breakdown,
    FigureDefinition,
    Said,
    check_figures,
    first_line,
    read_figures,
)  # fmt: skip
from sharing.loads import last_loads_sql
from warehouse.lake import LAKE, table_exists
from warehouse.runs import LOADED, RUNS

__all__ = ["Breakdown", "Figure", "FigureDefinition", "Said", "check_figures", "compute", "read_figures", "write"]

SCORECARD = ident(LAKE, "sharing", "scorecard")
NO_DATA = "无数据 no data"

_COLUMNS = {
    "as_of": ("TIMESTAMPTZ", pa.timestamp("us", tz="UTC"), "截至时间 the instant the figure is about"),
    "position": ("BIGINT", pa.int64(), "顺序 place on the scorecard"),
    "id": ("VARCHAR", pa.string(), "指标编号 id; of a part: id/part"),
    "figure": ("VARCHAR", pa.string(), "所属指标 id of the figure"),
    "part": ("VARCHAR", pa.string(), "分项 part of a breakdown; empty: the figure itself"),
    "name_en": ("VARCHAR", pa.string(), "英文名称 name in English"),
    "name_zh": ("VARCHAR", pa.string(), "中文名称 name in Chinese"),
    "value": ("DOUBLE", pa.float64(), "数值 in the unit; empty: no data, which is never 0"),
    "text": ("VARCHAR", pa.string(), "显示值 the value as it is shown"),
    "n": ("BIGINT", pa.int64(), "记录数 records the value rests on"),
    "unit": ("VARCHAR", pa.string(), "单位 unit"),
    "said": ("VARCHAR", pa.string(), "公开说法 what was said in public, and where"),
    "said_value": ("DOUBLE", pa.float64(), "公开数值 the value that was said"),
    "reason": ("VARCHAR", pa.string(), "无数据原因 why there is no data"),
    "needs": ("VARCHAR", pa.string(), "依据 tables the figure was computed from"),
}

# errors that speak of the query, not of the lake being busy or gone
_WRONG_QUERY = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError)


@dataclass(frozen=True)
class Figure:
    """A figure, or a part of one, as of an instant. `value` is None exactly where `reason` says why; `n` counts what it rests on."""

    as_of: datetime
    id: str
    figure: str
    part: str | None
    name: Label
    value: float | None
    text: str
    n: int | None
    unit: Label
    said: Said | None
    reason: str
    needs: tuple[str, ...]


def compute(
    connection: duckdb.DuckDBPyConnection, figures: Sequence[FigureDefinition], as_of: datetime
) -> list[Figure]:
    """Every figure as of an aware instant, each followed by its parts; nothing is written to the lake.

    Queries see `getvariable('as_of')` and `getvariable('as_of_day')`, the last day (in the session's time zone) that was over by then. A figure
    whose table is missing, empty or was not loaded by then, or whose query gives NULL, has no value. Raises ConfigurationError, which names
    scorecard.yaml and the figure, where a query is wrong.
    """
    if as_of.tzinfo is None:
        raise ConfigurationError("as_of needs a zone", where=str(as_of), remedy="2020-05-05T02:10:00+08:00")
    _bind(connection, as_of)
    lake = _known(connection, figures, as_of)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {FIGURES} (id VARCHAR, value DOUBLE, n BIGINT)")
    found: list[Figure] = []
    for definition in figures:
        figure = _figure(connection, definition, lake, as_of)
        found.append(figure)
        connection.execute(f"INSERT INTO temp.{FIGURES} VALUES (?, ?, ?)", [figure.id, figure.value, figure.n])
        if definition.per is not None and figure.value is not None:
            found += _parts(connection, definition, definition.per, lake, figure)
    return found


def write(connection: duckdb.DuckDBPyConnection, figures: Sequence[Figure]) -> None:
    """Replace the scorecard's rows of these figures' instants in `sharing.scorecard`; runs inside the caller's transaction."""
    if not table_exists(connection, "sharing", "scorecard"):
        columns = ", ".join(f"{ident(name)} {kind}" for name, (kind, _, _) in _COLUMNS.items())
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'sharing')}")
        connection.execute(f"CREATE TABLE {SCORECARD} ({columns})")
        connection.execute(f"COMMENT ON TABLE {SCORECARD} IS '记分牌 one row a figure, or a part of one, and instant'")
        for name, (_, _, comment) in _COLUMNS.items():
            connection.execute(f"COMMENT ON COLUMN {SCORECARD}.{ident(name)} IS {literal(comment)}")
    for instant in sorted({figure.as_of for figure in figures}):
        connection.execute(f"DELETE FROM {SCORECARD} WHERE as_of = ?", [instant])
    rows = pa.Table.from_pylist(
        [_row(position, figure) for position, figure in enumerate(figures, 1)],
        schema=pa.schema([(name, kind) for name, (_, kind, _) in _COLUMNS.items()]),
    )
    connection.register("scorecard_rows_read", rows)
    connection.execute(f"INSERT INTO {SCORECARD} BY NAME SELECT * FROM scorecard_rows_read")
    connection.unregister("scorecard_rows_read")


@dataclass(frozen=True)
class _Lake:
    """What the queries may read: reason why a table cannot be used, and snapshot at which a resource is read."""

    unusable: Mapping[str, str]
    snapshots: Mapping[str, int]


def _bind(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    row = connection.execute("SELECT current_setting('TimeZone')").fetchone()
    day = as_of.astimezone(ZoneInfo(str(row[0]) if row else "UTC")).date() - timedelta(days=1)
    connection.execute(f"SET VARIABLE as_of = TIMESTAMPTZ {literal(as_of.astimezone(UTC).isoformat())}")
    connection.execute(f"SET VARIABLE as_of_day = DATE {literal(day.isoformat())}")


def _known(connection: duckdb.DuckDBPyConnection, figures: Iterable[FigureDefinition], as_of: datetime) -> _Lake:
    """Look each needed table up once, and make the engine's own tables that are asked for."""
    needs = {need for definition in figures for need in definition.needs}
    ever = _ever_loaded(connection)
    snapshots: dict[str, int] = {}
    if ever:
        sql = last_loads_sql(sorted(ever), as_of.astimezone(UTC).isoformat(), None)
        loads = connection.execute(f"SELECT resource, snapshot_id FROM ({sql})").fetchall()
        loaded = {resource for resource, _ in loads}
        # a snapshot that has expired leaves the newest state, in which later events still carry their dates
        snapshots = {resource: snapshot for resource, snapshot in loads if snapshot is not None}
    else:
        loaded = set()
    unusable: dict[str, str] = {}
    for need in sorted(needs - set(ENGINE_TABLES)):
        schema, _, table = need.partition(".")
        if not table_exists(connection, schema, table):
            unusable[need] = f"尚无此表 there is no table {need} yet"
        elif need in ever and need not in loaded:
            unusable[need] = f"截至当时尚未入湖 {need} was not loaded by then"
        elif not _holds_rows(connection, need, snapshots.get(need)):
            unusable[need] = f"表中无记录 {need} holds no record"
    if RESOURCE_ROWS in needs:
        _make_resource_rows(connection, loaded, snapshots)
    calendar = next((definition.calendar for definition in figures if definition.calendar), None)
    if calendar is not None:
        days = pa.table({"day": [d for d, _ in calendar.days()], "working": [w for _, w in calendar.days()]})
        connection.register("calendar_read", days)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {CALENDAR} AS SELECT * FROM calendar_read")
        connection.unregister("calendar_read")
    return _Lake(unusable, snapshots)


def _ever_loaded(connection: duckdb.DuckDBPyConnection) -> set[str]:
    if not (table_exists(connection, "ops", "runs") and table_exists(connection, "ops", "quality_results")):
        return set()
    sql = f"SELECT DISTINCT department || '.' || resource FROM {RUNS} WHERE status = {literal(LOADED)}"
    return {row[0] for row in connection.execute(sql).fetchall()}


def _holds_rows(connection: duckdb.DuckDBPyConnection, id: str, snapshot: int | None) -> bool:
    found = connection.execute(f"SELECT EXISTS (SELECT 1 FROM {_table(id, snapshot)})").fetchone()
    return bool(found and found[0])


def _make_resource_rows(
    connection: duckdb.DuckDBPyConnection, loaded: Iterable[str], snapshots: Mapping[str, int]
) -> None:
    """How many rows the lake holds of each resource, as its last load by the instant left it."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {RESOURCE_ROWS} (resource VARCHAR, rows BIGINT)")
    for id in sorted(loaded):
        connection.execute(
            f"INSERT INTO temp.{RESOURCE_ROWS} SELECT {literal(id)}, count(*) FROM {_table(id, snapshots.get(id))}"
        )


def _table(id: str, snapshot: int | None) -> str:
    """A relation for FROM: the table, or the table as that snapshot left it."""
    name = ident(LAKE, *id.split(".", 1))
    return name if snapshot is None else f"(SELECT * FROM {name} AT (VERSION => {snapshot}))"


def _figure(
    connection: duckdb.DuckDBPyConnection, definition: FigureDefinition, lake: _Lake, as_of: datetime
) -> Figure:
    reason = next((lake.unusable[need] for need in definition.needs if need in lake.unusable), "")
    value: float | None = None
    n: int | None = None
    if not reason:
        rows = _rows(connection, definition, definition.sql, lake, ("value",))
        if len(rows) > 1:
            raise _wrong(definition, f"its query gives {len(rows)} rows, one is wanted")
        if rows:
            value, n = _number(definition, rows[0]["value"]), rows[0].get("n")
        if value is None:
            reason = "查询无结果 no record gives a value as of this day"
    return Figure(
        as_of=as_of, id=definition.id, figure=definition.id, part=None, name=definition.name, value=value,
        text=_text(definition, value), n=n, unit=definition.unit, said=definition.said, reason=reason, needs=definition.needs,
    )  # fmt: skip


def _parts(
    connection: duckdb.DuckDBPyConnection, definition: FigureDefinition, per: Breakdown, lake: _Lake, whole: Figure
) -> list[Figure]:
    parts = []
    for row in _rows(connection, definition, per.sql, lake, ("part", "value")):
        part, value = str(row["part"]), _number(definition, row["value"])
        name = Label(f"{definition.name.en}, {per.name.en} {part}", f"{definition.name.zh}（{per.name.zh} {part}）")
        reason = "" if value is not None else "查询无结果 no record gives a value as of this day"
        parts.append(
            Figure(
                as_of=whole.as_of,
                id=f"{definition.id}/{part}",
                figure=definition.id,
                part=part,
                name=name,
                value=value,
                text=_text(definition, value),
                n=row.get("n"),
                unit=definition.unit,
                said=None,
                reason=reason,
                needs=definition.needs,
            )
        )
    return parts


def _rows(
    connection: duckdb.DuckDBPyConnection, definition: FigureDefinition, sql: str, lake: _Lake, wanted: tuple[str, ...]
) -> list[dict[str, Any]]:
    for need in definition.needs:
        if need in lake.snapshots:
            schema, _, table = need.partition(".")
            past = _table(need, lake.snapshots[need])
            # the name where a relation stands: not after a dot, and not before one, which would be a column's
            sql = re.sub(rf"(?<![\w.\"])(?:{LAKE}\.)?{schema}\.{table}(?![\w.])", lambda _, past=past: past, sql)  # type: ignore[misc]
    try:
        result = connection.execute(sql)
        names = [column[0] for column in result.description or []]
        rows = result.fetchall()
    except _WRONG_QUERY as error:
        raise _wrong(definition, f"its query fails: {first_line(error)}") from error
    if missing := [name for name in wanted if name not in names]:
        raise _wrong(definition, f"its query gives no column {missing[0]}")
    return [dict(zip(names, row, strict=True)) for row in rows]


def _number(definition: FigureDefinition, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _wrong(definition, f"its value is {type(value).__name__}, a number is wanted")
    return float(value) if math.isfinite(value) else None  # divided by nothing


def _text(definition: FigureDefinition, value: float | None) -> str:
    if value is None:
        return NO_DATA
    percent = definition.unit.en == PERCENT
    digits = definition.decimals
    if digits is None:
        digits = 1 if percent or not value.is_integer() else 0
    if percent and value < 100 and round(value, digits) >= 100:
        value = math.floor(value * 10**digits) / 10**digits  # 99.99 % is not 100 %
    return f"{value:,.{digits}f}{' %' if percent else ''}"


def _row(position: int, figure: Figure) -> dict[str, Any]:
    return {
        "as_of": figure.as_of, "position": position, "id": figure.id, "figure": figure.figure, "part": figure.part, "name_en": figure.name.en,
        "name_zh": figure.name.zh, "value": figure.value, "text": figure.text, "n": figure.n, "unit": str(figure.unit),
        "said": str(figure.said) if figure.said else None, "said_value": figure.said.value if figure.said else None,
        "reason": figure.reason or None, "needs": ", ".join(figure.needs),
    }  # fmt: skip


def _wrong(definition: FigureDefinition, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"figure {definition.id}: {what}",
        where=f"{FILE}, {definition.id}",
        remedy="correct its sql, and list every table it reads in needs",
    )
