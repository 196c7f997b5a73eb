"""The register's dated fields recorded in the ledger as events, load by load: what is new is appended, what it no longer says is retracted.

The register keeps one time a kind of event. A probe or a read that a later one replaced has still happened and stays; of everything else a load
that says it differently says that the earlier word was a mistake. A line that a load no longer has is no mistake: it stays as it was told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from contracts.catalogue import City
from contracts.model import Resource
from contracts.quoting import ident, literals
from sharing.ledger.events import Event, canonical
from sharing.ledger.store import EVENTS, append, ensure_ledger
from sharing.lines import list_sql
from sharing.loads import Load
from sharing.register import needed_fields, register_of

_PASSING = ("probed", "read")
_UNKNOWN = "unknown"
_NO_END = date(9999, 12, 31)
# rows of the register, and events, that are held in Python at once
_BATCH = 20_000


def import_register(connection: duckdb.DuckDBPyConnection, city: City, load: Load, recorded_at: datetime) -> int:
    """Record what a load of the city's register says and the ledger does not know yet; returns how many entries that made.

    Runs inside the caller's transaction. Loads are imported in the order of their intervals; the same load again records nothing.
    """
    register = register_of(city)
    ensure_ledger(connection)
    again = f"register, load of {load.interval_end.astimezone(city.timezone).isoformat(timespec='minutes')}"
    _stage(connection, register, load)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE register_news AS {_NEWS}", [again])
    made = 0
    for page in _pages(connection, "register_news"):
        made += len(append(connection, [_event(row, register.department, recorded_at) for row in page], recorded_at))
    connection.execute("DROP TABLE register_told; DROP TABLE register_news")
    return made


_SAID = "line_id, request_id, kind, occurred_at, actor, payload"
# What the register no longer says is retracted first. A word that had been retracted is said anew under another person: the same event twice is one.
_NEWS = f"""
    WITH said AS (
        SELECT {_SAID}, max(number) AS number FROM {EVENTS} WHERE source = 'register' AND kind <> 'retracted' GROUP BY ALL
    ),
    live AS (
        SELECT * FROM said WHERE number NOT IN (
            SELECT CAST(json_extract(payload, '$.number') AS BIGINT) FROM {EVENTS} WHERE source = 'register' AND kind = 'retracted')
    ),
    news AS (
        SELECT {_SAID}, number AS retracts, '' AS person, number AS told FROM live ANTI JOIN register_told USING ({_SAID})
        WHERE kind NOT IN ({literals(_PASSING)}) AND line_id IN (SELECT line_id FROM register_told)
        UNION ALL BY NAME
        SELECT {_SAID}, NULL AS retracts, CASE WHEN s.number IS NULL THEN '' ELSE ? END AS person, t.place AS told
        FROM (SELECT * FROM register_told ANTI JOIN live USING ({_SAID})) AS t LEFT JOIN said AS s USING ({_SAID})
    )
    SELECT *, row_number() OVER (ORDER BY retracts NULLS LAST, occurred_at, told) AS place FROM news"""


def _stage(connection: duckdb.DuckDBPyConnection, register: Resource, load: Load) -> None:
    """Make `register_told`: the events the load tells of, `place` in the order of the register's lines."""
    lists = ("fields", "granted_fields", "delivered_fields")
    columns = ", ".join(f"{list_sql(ident(n))} AS {ident(n)}" if n in lists else ident(n) for n in needed_fields())
    table = f"{ident('lake', register.department, register.name)} AT (VERSION => {load.snapshot})"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE register_rows AS
        SELECT {columns}, row_number() OVER (ORDER BY line_id) AS place FROM {table} WHERE submitted_at IS NOT NULL""")
    types = "place BIGINT, line_id VARCHAR, request_id VARCHAR, kind VARCHAR, occurred_at TIMESTAMPTZ, actor VARCHAR, payload VARCHAR"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE register_told ({types})")
    told = 0
    for page in _pages(connection, "register_rows"):
        events = [event for row in page for event in events_of(row, register.department)]
        columns_told = {
            "place": range(told + 1, told + 1 + len(events)), **{n: [getattr(e, n) for e in events] for n in _SAID.split(", ")[:-1]},
            "payload": [canonical(dict(e.payload)) for e in events],
        }  # fmt: skip
        connection.register("register_told_read", pa.table(columns_told))
        connection.execute("INSERT INTO register_told BY NAME SELECT * FROM register_told_read")
        connection.unregister("register_told_read")
        told += len(events)
    connection.execute("DROP TABLE register_rows")
    # a line that began here is told of here: a register that lists it too has no say in it
    own = f"SELECT line_id FROM {EVENTS} WHERE kind = 'submitted' AND source = 'landbridge'"
    connection.execute(f"DELETE FROM register_told WHERE line_id IN ({own})")


def _pages(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[list[dict[str, Any]]]:
    """The rows of a table whose `place` counts from 1, in that order, so many at once."""
    first = 1
    while True:
        page = f"SELECT * FROM {table} WHERE place >= {first} AND place < {first + _BATCH} ORDER BY place"
        rows = connection.execute(page).to_arrow_table().to_pylist()
        if not rows:
            return
        yield rows
        first += _BATCH


def _event(row: Mapping[str, Any], bureau: str, recorded_at: datetime) -> Event:
    line, request = row["line_id"], row["request_id"]
    if row["retracts"] is not None:
        reason = {"number": row["retracts"], "reason": "the register no longer says so"}
        return Event("retracted", line, request, recorded_at, bureau, "", reason, "register")
    payload = json.loads(row["payload"])
    return Event(row["kind"], line, request, row["occurred_at"], row["actor"], row["person"], payload, "register")


def events_of(row: Mapping[str, Any], bureau: str) -> Iterator[Event]:
    """Every event that one row of the register tells of; an actor it does not name is `unknown`."""
    requester, provider = row["requester"] or _UNKNOWN, row["provider"] or _UNKNOWN

    def event(kind: str, time: str, actor: str | None, **payload: Any) -> Iterator[Event]:
        if row[time] is not None:
            yield Event(kind, row["line_id"], row["request_id"], row[time], actor or _UNKNOWN, "", payload, "register")

    yield from event(
        "submitted", "submitted_at", requester, requester=requester, provider=provider, resource=row["resource"] or _UNKNOWN,
        purpose=row["purpose"] or _UNKNOWN, fields=row["fields"] or [], row_scope=row["row_scope"] or "",
        **({"share_type": row["share_type"]} if row["share_type"] else {}),
    )  # fmt: skip
    yield from event("received", "received_at", provider)
    yield from event("returned", "supplement_asked_at", provider)
    yield from event("supplemented", "supplemented_at", requester)
    yield from event("extension_consented", "extension_consented_at", bureau, days=row["extension_days"] or 0)
    if row["answer"] == "consented" and row["answered_at"] is not None:
        begins = row["granted_from"] or row["answered_at"].date()
        yield from event(
            "granted", "answered_at", provider, fields=row["granted_fields"] or [], row_scope=row["granted_rows"] or "",
            valid_from=begins.isoformat(), valid_to=(row["granted_to"] or _NO_END).isoformat(),
        )  # fmt: skip
    elif row["answer"] == "refused":
        yield from event("refused", "answered_at", provider, level=row["refusal_ground_level"] or "none")
    elif row["answer"] == "not_digitised":
        yield from event("not_digitised", "answered_at", provider)
    yield from event("refusal_confirmed", "refusal_confirmed_at", row["refusal_confirmed_by"])
    yield from event("suspended", "suspended_at", bureau)
    yield from event("resumed", "resumed_at", bureau)
    yield from event("revoked", "revoked_at", bureau)
    given = {"fields": row["delivered_fields"] or [], "row_scope": row["delivered_rows"] or ""}
    yield from event("delivered", "delivered_at", provider, **given)
    yield from event("marked_satisfied", "marked_satisfied_at", provider)
    yield from event("probed", "last_probe_at", requester, ok=bool(row["last_probe_ok"]))
    yield from event("read", "last_read_at", requester)
    correction = {"correction_id": f"{row['line_id']}/register"}
    yield from event("correction_asked", "correction_asked_at", requester, **correction)
    decided = {**correction, "upheld": bool(row["correction_upheld"])}
    yield from event("correction_decided", "correction_decided_at", provider, **decided)
    yield from event("correction_fixed", "correction_fixed_at", provider, **correction)
    yield from event("correction_closed", "correction_closed_at", provider, **correction)
    yield from event("withdrawn", "withdrawn_at", row["withdrawn_by"])
    yield from event("ruled_outside", "ruled_outside_at", row["ruled_outside_by"])
