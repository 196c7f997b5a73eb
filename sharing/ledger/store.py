"""The ledger's tables in the lake: `sharing.events`, and `sharing.ledger_head`, whose one row makes two writers meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from contracts.errors import ConfigurationError, LedgerBroken
from contracts.quoting import ident, literal
from contracts.settings import Settings
from sharing.ledger.chain import EMPTY, Entry, Head, follow
from sharing.ledger.events import Event
from warehouse.lake import LAKE, commit, table_exists

EVENTS, HEAD = ident(LAKE, "sharing", "events"), ident(LAKE, "sharing", "ledger_head")
_BATCH = 20_000

COLUMNS = tuple(f.name for f in fields(Entry))
_INSTANT = pa.timestamp("us", tz="UTC")
_SCHEMA = pa.schema(
    [(n, pa.int64() if n == "number" else _INSTANT if n.endswith("_at") else pa.string()) for n in COLUMNS]
)
_TABLE_COMMENT = "共享台账 everything that happened to requests, appended and chained by hash; never changed or removed"
_COMMENTS = {
    "number": "序号 place in the chain, from 1",
    "id": "事件编号 SHA-256 of what the event says: the same act told twice is one event",
    "line_id": "事项编号 requester × resource × purpose", "request_id": "申请单号 the request the line belongs to",
    "kind": "事件类型 see docs/ledger.md", "occurred_at": "发生时间 the legal clock", "recorded_at": "记录时间 the ledger's own time, never going back",
    "actor": "办理部门 department that did it", "person": "经办人 who there", "source": "来源 landbridge or register",
    "payload": "内容 canonical JSON", "previous": "前一摘要 hash of the entry before", "hash": "摘要 SHA-256 of the entry, see docs/ledger.md",
}  # fmt: skip


def ensure_ledger(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the ledger's tables where they are missing; runs inside the caller's transaction."""
    if table_exists(connection, "sharing", "events"):
        return
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'sharing')}")
    types = {"number": "BIGINT"} | {n: "TIMESTAMPTZ" for n in COLUMNS if n.endswith("_at")}
    columns = ", ".join(f"{name} {types.get(name, 'VARCHAR')}" for name in COLUMNS)
    connection.execute(f"CREATE TABLE {EVENTS} ({columns})")
    connection.execute(f"CREATE TABLE {HEAD} (number BIGINT, hash VARCHAR, recorded_at TIMESTAMPTZ)")
    connection.execute(f"INSERT INTO {HEAD} VALUES (?, ?, NULL)", [EMPTY.number, EMPTY.hash])
    connection.execute(f"COMMENT ON TABLE {EVENTS} IS {literal(_TABLE_COMMENT)}")
    for name, text in _COMMENTS.items():
        connection.execute(f"COMMENT ON COLUMN {EVENTS}.{name} IS {literal(text)}")


def ledger_exists(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether anything was ever recorded in this lake."""
    return table_exists(connection, "sharing", "events")


def head_of(connection: duckdb.DuckDBPyConnection) -> Head:
    """The ledger's newest entry as this connection sees it; LedgerBroken where head and entries contradict each other."""
    return _head(connection) if ledger_exists(connection) else EMPTY


def _head(connection: duckdb.DuckDBPyConnection) -> Head:
    heads = connection.execute(f"SELECT number, hash, recorded_at FROM {HEAD} LIMIT 2").fetchall()
    row = connection.execute(
        f"SELECT coalesce(max(number), 0), count(*) FILTER (number IS NULL) FROM {EVENTS}"
    ).fetchone()
    newest, unnumbered = row if row else (0, 0)
    hashes = connection.execute(f"SELECT hash FROM {EVENTS} WHERE number = {newest}").fetchall() or [(EMPTY.hash,)]
    if [head[:2] for head in heads] != [(newest, *hash) for hash in hashes] or unnumbered:
        told = heads[0][0] if heads else "nothing"
        another = "" if told != newest else " with another hash"
        raise LedgerBroken(
            f"the head says entry {told}, the newest is {newest}{another}",
            where="sharing.ledger_head",
            remedy="keep everything as it is: landbridge audit verify names the place",
        )
    return Head(*heads[0])


def append(connection: duckdb.DuckDBPyConnection, events: Iterable[Event], recorded_at: datetime) -> list[Entry]:
    """Record events in the order given and return their entries; runs inside the caller's transaction.

    An event the ledger has already is passed over, so that a step may be run again. Raises ConfigurationError for an event that does not say
    what its kind must say; nothing is recorded then. Two transactions that append at once conflict in the head: the later one is run again.
    Raises LedgerBroken where the head is not the newest entry: nothing is built upon a chain that was cut.
    """
    if recorded_at.tzinfo is None:
        raise ConfigurationError("recorded_at needs a zone", remedy="2020-05-05T09:00:00+08:00")
    ensure_ledger(connection)
    wanted: dict[str, Event] = {}
    for event in events:
        event.check()
        wanted.setdefault(event.id, event)
    for known in _known(connection, list(wanted)):
        del wanted[known]
    if not wanted:
        return []
    head, entries = _head(connection), []
    for event in wanted.values():
        entry = follow(head, event, recorded_at)
        entries.append(entry)
        head = Head(entry.number, entry.hash, entry.recorded_at)
    table = pa.table({name: [getattr(entry, name) for entry in entries] for name in COLUMNS}, schema=_SCHEMA)
    connection.register("ledger_entries_read", table)
    connection.execute(f"INSERT INTO {EVENTS} BY NAME SELECT * FROM ledger_entries_read")
    connection.unregister("ledger_entries_read")
    connection.execute(f"DELETE FROM {HEAD}")
    connection.execute(f"INSERT INTO {HEAD} VALUES (?, ?, ?)", [head.number, head.hash, head.recorded_at])
    return entries


def record(
    connection: duckdb.DuckDBPyConnection, settings: Settings, decide: Callable[[], Iterable[Event]], recorded_at: datetime,
    message: str = "ledger",
) -> list[Entry]:  # fmt: skip
    """Commit what `decide` returns in one transaction; it reads the state it depends on inside, and is called again when writers meet."""
    return commit(connection, settings, lambda: append(connection, decide(), recorded_at), message)


def entries(
    connection: duckdb.DuckDBPyConnection, where: str = "true", parameters: list[object] | None = None
) -> Iterator[Entry]:
    """Entries that satisfy a condition over the columns, in the order of the chain, a batch at a time; inside a transaction, as it sees them."""
    if not ledger_exists(connection):
        return
    sql = f"SELECT {', '.join(COLUMNS)} FROM {EVENTS} WHERE number > ? AND ({where}) ORDER BY number LIMIT {_BATCH}"
    rows: list[tuple[Any, ...]] = [(0,)]
    while rows:
        rows = connection.execute(sql, [rows[-1][0], *(parameters or [])]).fetchall()
        yield from (Entry(*row) for row in rows)


def _known(connection: duckdb.DuckDBPyConnection, ids: list[str]) -> list[str]:
    connection.register("ledger_ids_read", pa.table({"id": pa.array(ids, pa.string())}))
    rows = connection.execute(f"SELECT DISTINCT id FROM {EVENTS} SEMI JOIN ledger_ids_read USING (id)").fetchall()
    connection.unregister("ledger_ids_read")
    return [id for (id,) in rows]
