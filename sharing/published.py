"""Verdicts and rates as they were said: every computation is kept by the instant judged and the instant it was known at.

`sharing.published_verdicts` and `sharing.published_rates` are only ever appended to. `sharing.verdicts` and `sharing.rates` hold the newest
computation of each instant judged, for whoever wants one row a line and night.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

import duckdb
import pyarrow as pa

from contracts.quoting import ident, literal
from sharing.ledger.store import head_of
from warehouse.lake import LAKE, table_exists
from warehouse.runs import RUNS

VERDICTS, RATES = ident(LAKE, "sharing", "verdicts"), ident(LAKE, "sharing", "rates")
PUBLISHED_VERDICTS = ident(LAKE, "sharing", "published_verdicts")
PUBLISHED_RATES = ident(LAKE, "sharing", "published_rates")

_TABLES = {
    "verdicts": ("""
        as_of TIMESTAMPTZ, known_at TIMESTAMPTZ, line_id VARCHAR, request_id VARCHAR, requester VARCHAR, provider VARCHAR, resource VARCHAR,
        valid BOOLEAN, exclusion VARCHAR, due BOOLEAN, declared BOOLEAN, holds BOOLEAN, on_time BOOLEAN, reasons VARCHAR[], paused BOOLEAN,
        answer_due DATE, provide_due DATE, delivered_at TIMESTAMPTZ, first_held_at TIMESTAMPTZ, used BOOLEAN, snapshot_id BIGINT,
        run_id VARCHAR, interval_end TIMESTAMPTZ, fields_asked BIGINT, fields_held BIGINT, evidence JSON, basis JSON, hash VARCHAR,
        submitted_at TIMESTAMPTZ, contract_version VARCHAR, delivery_number BIGINT, probe_number BIGINT, ledger_number BIGINT, ledger_hash VARCHAR""",
        "核验结论 one row a line and instant judged, with the reasons and the evidence", {
        "as_of": "截至时间 the instant judged", "known_at": "已知截至 what was known by then",
        "line_id": "事项编号 requester × resource × purpose", "valid": "计入分母 counted", "exclusion": "不计入原因 why it is not counted",
        "due": "到期 its provision limit has passed, or it was delivered or marked as satisfied", "declared": "申报满足 marked as satisfied",
        "holds": "核验满足 all six conditions hold", "on_time": "按期满足 it first held within its limit",
        "reasons": "原因代码 why it does not hold, see docs/rate.md", "paused": "计时暂停 the clock stands until papers are supplemented",
        "answer_due": "答复期限 last day for the answer", "provide_due": "提供期限 last day for the data",
        "first_held_at": "首次满足时间 first instant it is known to have held", "used": "已使用 read by the requester within the cycle",
        "snapshot_id": "快照 snapshot of the lake that was judged", "run_id": "运行 run that made the snapshot",
        "fields_asked": "申请数据项数 fields asked for", "fields_held": "满足数据项数 of these, fields that are held",
        "evidence": "佐证 fields with their fill, dates, limits, the suite's outcome and the ledger's entries",
        "basis": "依据 whether a condition rests on the lake, on the ledger, or on a register's word", "hash": "摘要 SHA-256 of the verdict",
        "contract_version": "契约版本 version of the contract the data was loaded by",
        "delivery_number": "交付台账序号 entry of the delivery", "probe_number": "试读台账序号 entry of the read probe",
        "ledger_number": "台账序号 newest entry of the ledger that was known", "ledger_hash": "台账摘要 hash of that entry",
    }),
    "rates": ("""
        as_of TIMESTAMPTZ, scope VARCHAR, department VARCHAR, n BIGINT, due BIGINT, pending BIGINT, paused BIGINT, excluded BIGINT,
        declared_lines BIGINT, holding_lines BIGINT, on_time_lines BIGINT, used_lines BIGINT, declared DOUBLE, verified DOUBLE, on_time DOUBLE,
        field_weighted DOUBLE, used DOUBLE, verified_lower DOUBLE, verified_upper DOUBLE,
        known_at TIMESTAMPTZ, fields_asked BIGINT, fields_held BIGINT, ledger_number BIGINT, ledger_hash VARCHAR""",
        "满足率 pooled satisfaction rates of the city, departments, resources and periods; empty: no requests", {
        "known_at": "已知截至 what was known by then", "scope": "口径 city, provider, requester, resource or period",
        "department": "部门 department id; the city's id, the resource's, or the year or month of submission where that is the scope",
        "n": "有效事项数 lines counted", "due": "到期事项数 lines that are due", "pending": "未到期事项数 counted, not due",
        "declared": "申报率 marked as satisfied ÷ n", "verified": "核验率 holding ÷ due", "on_time": "按期率 first held within the limit ÷ due",
        "field_weighted": "数据项加权率 fields held ÷ fields asked, of due lines", "used": "使用率 read within the cycle ÷ holding",
        "verified_lower": "下限 were every pending line to fail", "verified_upper": "上限 were every pending line to hold",
        "ledger_number": "台账序号 newest entry of the ledger that was known", "ledger_hash": "台账摘要 hash of that entry",
    }),
}  # fmt: skip


class Computed(Protocol):
    """What `write` needs of a computation."""

    @property
    def as_of(self) -> datetime: ...
    @property
    def known_at(self) -> datetime | None: ...
    @property
    def verdicts(self) -> pa.Table: ...
    @property
    def rates(self) -> pa.Table: ...


def write(connection: duckdb.DuckDBPyConnection, result: Computed) -> None:
    """Append the computation to what was published, and put it in the place of the newest of this `as_of`; runs inside the caller's transaction.

    What is published for this `as_of` and `known_at` already stays as it is: nothing said is ever said differently.
    """
    at = _instant(result.as_of)
    known = _instant(result.known_at or result.as_of)
    for name, rows in (("verdicts", result.verdicts), ("rates", result.rates)):
        _ensure(connection, name)
        newest, published = ident(LAKE, "sharing", name), ident(LAKE, "sharing", f"published_{name}")
        connection.register("rate_rows_read", rows)
        said = f"FROM {published} WHERE as_of = {at} AND known_at = {known}"
        if connection.execute(f"SELECT count(*) {said}").fetchone() == (0,):
            connection.execute(
                f"INSERT INTO {published} BY NAME SELECT * REPLACE ({known} AS known_at) FROM rate_rows_read"
            )
        connection.execute(f"DELETE FROM {newest} WHERE as_of = {at}")
        connection.execute(f"INSERT INTO {newest} BY NAME SELECT * FROM rate_rows_read")
        connection.unregister("rate_rows_read")


def next_known_at(connection: duckdb.DuckDBPyConnection, as_of: datetime, observed_at: datetime) -> datetime:
    """The instant a computation made now is known at: not before anything the lake holds, and never one that is taken already for this `as_of`."""
    known = [observed_at]
    if (head := head_of(connection)).recorded_at is not None:
        known.append(head.recorded_at)
    if (newest := _newest(connection, RUNS, "finished_at", "true")) is not None:
        known.append(newest)
    if said := known_ats(connection, as_of):
        known.append(said[-1] + timedelta(microseconds=1))
    return max(known)


def known_ats(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> list[datetime]:
    """The instants at which a rate as of that instant was published, first to last."""
    if not table_exists(connection, "sharing", "published_rates"):
        return []
    sql = f"SELECT DISTINCT known_at FROM {PUBLISHED_RATES} WHERE as_of = {_instant(as_of)} ORDER BY 1"
    return [row[0] for row in connection.execute(sql).fetchall()]


def earlier_sql(connection: duckdb.DuckDBPyConnection, as_of: str, known_at: str | None) -> str:
    """SELECT of what was judged as of instants before `as_of` – of each the newest that was known at `known_at`."""
    columns = ", ".join(name for name, _ in _EARLIER)
    if known_at is None or not table_exists(connection, "sharing", "published_verdicts"):
        if not table_exists(connection, "sharing", "verdicts"):
            return _NOTHING_EARLIER
        return f"SELECT {columns} FROM {VERDICTS} WHERE as_of < TIMESTAMPTZ {literal(as_of)}"
    told = f"as_of < TIMESTAMPTZ {literal(as_of)} AND known_at <= TIMESTAMPTZ {literal(known_at)}"
    return f"""
        SELECT {columns} FROM {PUBLISHED_VERDICTS}
        SEMI JOIN (SELECT as_of, max(known_at) AS known_at FROM {PUBLISHED_RATES} WHERE {told} GROUP BY as_of) USING (as_of, known_at)"""


_EARLIER = (
    ("line_id", "VARCHAR"), ("as_of", "TIMESTAMPTZ"), ("delivered_at", "TIMESTAMPTZ"), ("first_held_at", "TIMESTAMPTZ"), ("holds", "BOOLEAN"),
    ("exclusion", "VARCHAR"), ("provide_due", "DATE"),
)  # fmt: skip
_NOTHING_EARLIER = f"SELECT {', '.join(f'CAST(NULL AS {type}) AS {name}' for name, type in _EARLIER)} WHERE false"


def cited_snapshots(connection: duckdb.DuckDBPyConnection) -> set[int]:
    """The lake's snapshots that evidence speaks of: those judged, those read for a register, and those that events name."""
    cited: set[int] = set()
    for name in ("verdicts", "published_verdicts"):
        if table_exists(connection, "sharing", name):
            register = "CAST(json_extract(evidence, '$.register_snapshot') AS BIGINT)"
            table = ident(LAKE, "sharing", name)
            sql = f"SELECT snapshot_id FROM {table} UNION SELECT {register} FROM {table}"
            cited |= {row[0] for row in connection.execute(sql).fetchall()}
    if table_exists(connection, "sharing", "events"):
        sql = f"""SELECT DISTINCT CAST(json_extract(payload, '$.snapshot') AS BIGINT) FROM {ident(LAKE, "sharing", "events")}"""
        cited |= {row[0] for row in connection.execute(sql).fetchall()}
    return {snapshot for snapshot in cited if snapshot is not None}


def _ensure(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Make both tables; a lake of an older version gets the columns it lacks, and what it had said becomes what was published."""
    columns, comment, comments = _TABLES[name]
    newest, published = ident(LAKE, "sharing", name), ident(LAKE, "sharing", f"published_{name}")
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'sharing')}")
    if not table_exists(connection, "sharing", name):
        connection.execute(f"CREATE TABLE {newest} ({columns})")
        _comment(connection, newest, comment, comments)
    elif not table_exists(connection, "sharing", f"published_{name}"):
        present = {row[0] for row in connection.execute(f"DESCRIBE {newest}").fetchall()}
        for column in columns.split(","):
            column_name, type = column.split()
            if column_name not in present:
                connection.execute(f"ALTER TABLE {newest} ADD COLUMN {ident(column_name)} {type}")
    if not table_exists(connection, "sharing", f"published_{name}"):
        connection.execute(f"CREATE TABLE {published} ({columns})")
        _comment(connection, published, f"已公布 {comment}; appended, never changed", comments)
        connection.execute(
            f"INSERT INTO {published} BY NAME SELECT * REPLACE (coalesce(known_at, as_of) AS known_at) FROM {newest}"
        )


def _comment(connection: duckdb.DuckDBPyConnection, table: str, comment: str, comments: dict[str, str]) -> None:
    connection.execute(f"COMMENT ON TABLE {table} IS {literal(comment)}")
    for column, text in comments.items():
        connection.execute(f"COMMENT ON COLUMN {table}.{ident(column)} IS {literal(text)}")


def _newest(connection: duckdb.DuckDBPyConnection, table: str, column: str, condition: str) -> datetime | None:
    row = connection.execute(f"SELECT max({column}) FROM {table} WHERE {condition}").fetchone()
    return row[0] if row else None


def _instant(at: datetime) -> str:
    return f"TIMESTAMPTZ {literal(at.astimezone(UTC).isoformat())}"
