"""The satisfaction rate as of an instant: computed from the register and the lake, written with its evidence, explained line by line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.model import Resource
from contracts.quoting import ident, literal
from sharing.calendar import read_calendar
from sharing.clock import LINES, load_rules, run_clock
from sharing.fill import division_field, measure
from sharing.loads import Load, last_loads
from sharing.policy import read_policy
from sharing.reasons import Reason, reason
from sharing.register import lines_sql, register_load, register_of
from sharing.verdict import ASSETS, EARLIER, facts_sql, rates_sql, verdicts_sql
from warehouse.lake import LAKE, table_exists

VERDICTS, RATES = ident(LAKE, "sharing", "verdicts"), ident(LAKE, "sharing", "rates")
CALENDAR_WARNING_DAYS = 60

_TABLES = {
    "verdicts": ("""
        as_of TIMESTAMPTZ, known_at TIMESTAMPTZ, line_id VARCHAR, request_id VARCHAR, requester VARCHAR, provider VARCHAR, resource VARCHAR,
        valid BOOLEAN, exclusion VARCHAR, due BOOLEAN, declared BOOLEAN, holds BOOLEAN, on_time BOOLEAN, reasons VARCHAR[], paused BOOLEAN,
        answer_due DATE, provide_due DATE, delivered_at TIMESTAMPTZ, first_held_at TIMESTAMPTZ, used BOOLEAN, snapshot_id BIGINT,
        run_id VARCHAR, interval_end TIMESTAMPTZ, fields_asked BIGINT, fields_held BIGINT, evidence JSON, basis JSON, hash VARCHAR""",
        "核验结论 one row a line of the request register and instant judged, with the reasons and the evidence", {
        "as_of": "截至时间 the instant judged", "known_at": "已知截至 what was known by then; empty: all the lake held when it was computed",
        "line_id": "事项编号 requester × resource × purpose", "valid": "计入分母 counted", "exclusion": "不计入原因 why it is not counted",
        "due": "到期 its provision limit has passed, or it was delivered or marked as satisfied", "declared": "申报满足 marked as satisfied",
        "holds": "核验满足 all six conditions hold", "on_time": "按期满足 it first held within its limit",
        "reasons": "原因代码 why it does not hold, see docs/rate.md", "paused": "计时暂停 the clock stands until papers are supplemented",
        "answer_due": "答复期限 last day for the answer", "provide_due": "提供期限 last day for the data",
        "first_held_at": "首次满足时间 first instant it is known to have held", "used": "已使用 read by the requester within the cycle",
        "snapshot_id": "快照 snapshot of the lake that was judged", "run_id": "运行 run that made the snapshot",
        "fields_asked": "申请数据项数 fields asked for", "fields_held": "满足数据项数 of these, fields that are held",
        "evidence": "佐证 fields with their fill, dates and limits", "basis": "依据 whether a condition rests on the lake or on the register's own fields",
        "hash": "摘要 SHA-256 of the verdict",
    }),
    "rates": ("""
        as_of TIMESTAMPTZ, scope VARCHAR, department VARCHAR, n BIGINT, due BIGINT, pending BIGINT, paused BIGINT, excluded BIGINT,
        declared_lines BIGINT, holding_lines BIGINT, on_time_lines BIGINT, used_lines BIGINT, declared DOUBLE, verified DOUBLE, on_time DOUBLE,
        field_weighted DOUBLE, used DOUBLE, verified_lower DOUBLE, verified_upper DOUBLE""",
        "满足率 pooled satisfaction rates of the city, of each department as provider and as requester, and of each resource; empty: no requests", {
        "scope": "口径 city, provider, requester or resource", "department": "部门 department id; the city's id or the resource's where that is the scope",
        "n": "有效事项数 lines counted", "due": "到期事项数 lines that are due", "pending": "未到期事项数 counted, not due",
        "declared": "申报率 marked as satisfied ÷ n", "verified": "核验率 holding ÷ due", "on_time": "按期率 first held within the limit ÷ due",
        "field_weighted": "数据项加权率 fields held ÷ fields asked, of due lines", "used": "使用率 read within the cycle ÷ holding",
        "verified_lower": "下限 were every pending line to fail", "verified_upper": "上限 were every pending line to hold",
    }),
}  # fmt: skip


@dataclass(frozen=True)
class RateResult:
    """What `compute` found: the rows of `sharing.verdicts` and `sharing.rates`, the register's load they rest on, and notes for the reader."""

    as_of: datetime
    known_at: datetime | None
    register: Load
    verdicts: pa.Table
    rates: pa.Table
    notes: tuple[str, ...]

    def rate(self, scope: str = "city", department: str | None = None) -> dict[str, Any]:
        """One row of the rates by column; KeyError where the scope has no such department."""
        for row in self.rates.to_pylist():
            if row["scope"] == scope and department in (None, row["department"]):
                return dict(row)
        raise KeyError(f"{scope} {department}")


@dataclass(frozen=True)
class Explanation:
    """Why one line stands as it does; `department` of a reason is who must act."""

    line_id: str
    request_id: str
    requester: str
    provider: str
    resource: str
    valid: bool
    due: bool
    declared: bool
    holds: bool
    on_time: bool
    reasons: tuple[tuple[Reason, str], ...]
    snapshot_id: int | None
    run_id: str | None
    evidence: dict[str, Any]
    basis: dict[str, str]
    hash: str


def compute(
    connection: duckdb.DuckDBPyConnection, city: City, as_of: datetime, known_at: datetime | None = None
) -> RateResult:
    """The verdict on every line of the register as of an aware instant, and the rates pooled from them; nothing is written.

    Register and resources are read as their last load whose interval had ended by `as_of` left them. `known_at` leaves out attempts at those
    loads that finished later; by default all that the lake holds now is known. What earlier nights found (`sharing.verdicts`) decides since
    when a line holds. Raises ConfigurationError (no register, calendar or limit), HistoryUnavailable (register not loaded by then, or a
    snapshot that is gone).
    """
    if as_of.tzinfo is None or (known_at is not None and known_at.tzinfo is None):
        raise ConfigurationError("as_of and known_at need a zone", where=str(as_of), remedy="2020-05-05T02:10:00+08:00")
    register, policy, calendar = register_of(city), read_policy(city.folder), read_calendar(city)
    zone, today = city.timezone.key, as_of.astimezone(city.timezone).date()
    at = as_of.astimezone(UTC).isoformat()
    known = known_at.astimezone(UTC).isoformat() if known_at else None
    if not table_exists(connection, "ops", "runs"):
        raise ConfigurationError("nothing was ever loaded", where=register.id, remedy=f"landbridge run {register.id}")
    loaded = register_load(connection, register, at, known)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {LINES} AS {lines_sql(register, loaded.snapshot, at)}")
    loads = last_loads(connection, _asked_for(connection, city), at, known)
    fresh = loaded.interval_end >= as_of - register.cycle - register.latency
    _make_assets(connection, city, loads, as_of, loaded.interval_end if fresh else as_of, register.cycle)
    load_rules(connection, calendar, policy)
    run_clock(connection, zone, policy.pause_while_incomplete, calendar)
    measure(connection, city, policy, loads, LINES)
    _make_earlier(connection, at)
    facts = facts_sql(today, register.department, zone)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rate_facts AS {facts}")
    sql = verdicts_sql("rate_facts", at, known, zone, loaded.run_id, loaded.snapshot)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE rate_verdicts AS {sql}")
    verdicts = connection.execute("SELECT * FROM rate_verdicts ORDER BY line_id").to_arrow_table()
    departments = ", ".join(f"({literal(id)})" for id in city.departments)
    names = f"(SELECT * FROM (VALUES {departments}) AS d (department))"
    rates = connection.execute(
        f"SELECT * REPLACE (TIMESTAMPTZ {literal(at)} AS as_of) FROM ({rates_sql('rate_verdicts', names, city.id)}) ORDER BY scope, department"
    ).to_arrow_table()
    notes = []
    if not fresh:
        notes.append(f"the request register itself is stale: its last load ends {loaded.interval_end.isoformat()}")
    if (left := calendar.working_days_left(today)) < CALENDAR_WARNING_DAYS:
        notes.append(
            f"calendar.csv knows {left} more working days only: deadlines beyond {calendar.last} cannot be set"
        )
    return RateResult(as_of, known_at, loaded, verdicts, rates, tuple(notes))


def write(connection: duckdb.DuckDBPyConnection, result: RateResult) -> None:
    """Replace the rows of this `as_of`; runs inside the caller's transaction. Other instants stay as they are."""
    at = f"TIMESTAMPTZ {literal(result.as_of.astimezone(UTC).isoformat())}"
    for name, rows in (("verdicts", result.verdicts), ("rates", result.rates)):
        _ensure(connection, name)
        table = ident(LAKE, "sharing", name)
        connection.execute(f"DELETE FROM {table} WHERE as_of = {at}")
        connection.register("rate_rows_read", rows)
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM rate_rows_read")
        connection.unregister("rate_rows_read")


def explain(connection: duckdb.DuckDBPyConnection, line_or_request_id: str, as_of: datetime) -> list[Explanation]:
    """The written verdicts on a line, or on all lines of a request, as of that very instant; empty where there are none."""
    if not table_exists(connection, "sharing", "verdicts"):
        return []
    rows = connection.execute(
        "SELECT line_id, request_id, requester, provider, resource, valid, due, declared, holds, on_time, reasons, exclusion, snapshot_id, "
        f"run_id, CAST(evidence AS VARCHAR), CAST(basis AS VARCHAR), hash FROM {VERDICTS} "
        "WHERE as_of = ? AND (line_id = ? OR request_id = ?) ORDER BY line_id",
        [as_of, line_or_request_id, line_or_request_id],
    ).fetchall()
    return [_explanation(row) for row in rows]


def _explanation(row: tuple[Any, ...]) -> Explanation:
    (
        line,
        request,
        requester,
        provider,
        resource,
        valid,
        due,
        declared,
        holds,
        on_time,
        codes,
        exclusion,
        snapshot,
        run,
        evidence,
        basis,
        hash,
    ) = row
    by_actor = {"requester": requester, "provider": provider}
    found = [reason(code) for code in ([exclusion] if exclusion else []) + codes]
    return Explanation(
        line_id=line, request_id=request, requester=requester, provider=provider, resource=resource, valid=valid, due=due, declared=declared,
        holds=holds, on_time=on_time, reasons=tuple((r, by_actor.get(r.actor, r.actor)) for r in found), snapshot_id=snapshot, run_id=run,
        evidence=json.loads(evidence), basis=json.loads(basis), hash=hash,
    )  # fmt: skip


def _asked_for(connection: duckdb.DuckDBPyConnection, city: City) -> list[Resource]:
    asked = connection.execute(f"SELECT DISTINCT resource FROM {LINES} ORDER BY 1").fetchall()
    return [city.resources[id] for (id,) in asked if id in city.resources]


def _make_assets(
    connection: duckdb.DuckDBPyConnection,
    city: City,
    loads: dict[str, Load],
    as_of: datetime,
    seen_until: datetime,
    seen_every: timedelta,
) -> None:
    """One row a resource of the catalogue: its terms, the instants its data must not be older than, and its last load.

    Probes and reads are known as far as the register was read (`seen_until`), and no oftener than it is (`seen_every`).
    """
    rows: list[tuple[Any, ...]] = [(id, True, *(None,) * (len(_ASSETS) - 2)) for id in city.broken]
    for resource in city.resources.values():
        load = loads.get(resource.id)
        terms = (
            resource.id,
            False,
            resource.share_type,
            division_field(resource) is not None,
            resource.quarantine_limit,
        )
        since = (as_of - resource.cycle - resource.latency, seen_until - max(resource.cycle, seen_every))
        last = (
            (load.run_id, load.snapshot, load.interval_end, load.quarantine_share, load.newest_held, load.suite_failed)
            if load
            else (None,) * 6
        )
        rows.append((*terms, *since, *last))
    columns = {name: [row[place] for row in rows] for place, (name, _) in enumerate(_ASSETS)}
    schema = pa.schema(list(_ASSETS))
    connection.register("rate_assets_read", pa.table(columns, schema=schema))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {ASSETS} AS SELECT * FROM rate_assets_read")
    connection.unregister("rate_assets_read")


_INSTANT = pa.timestamp("us", tz="UTC")
_ASSETS = (
    ("resource", pa.string()), ("broken", pa.bool_()), ("share_type", pa.string()), ("has_division", pa.bool_()), ("quarantine_limit", pa.float64()),
    ("fresh_from", _INSTANT), ("cycle_from", _INSTANT), ("run_id", pa.string()), ("snapshot_id", pa.int64()), ("interval_end", _INSTANT),
    ("quarantine_share", pa.float64()), ("newest_held", pa.bool_()), ("suite_failed", pa.bool_()),
)  # fmt: skip


def _make_earlier(connection: duckdb.DuckDBPyConnection, at: str) -> None:
    columns = "line_id, as_of, delivered_at, first_held_at, holds"
    source = f"SELECT {columns} FROM {VERDICTS} WHERE as_of < TIMESTAMPTZ {literal(at)}"
    if not table_exists(connection, "sharing", "verdicts"):
        source = "SELECT '' AS line_id, epoch_ms(0) :: TIMESTAMPTZ AS as_of, epoch_ms(0) :: TIMESTAMPTZ AS delivered_at, epoch_ms(0) :: TIMESTAMPTZ AS first_held_at, true AS holds WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {EARLIER} AS {source}")


def _ensure(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    if table_exists(connection, "sharing", name):
        return
    columns, comment, comments = _TABLES[name]
    table = ident(LAKE, "sharing", name)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'sharing')}")
    connection.execute(f"CREATE TABLE {table} ({columns})")
    connection.execute(f"COMMENT ON TABLE {table} IS {literal(comment)}")
    for column, text in comments.items():
        connection.execute(f"COMMENT ON COLUMN {table}.{ident(column)} IS {literal(text)}")
