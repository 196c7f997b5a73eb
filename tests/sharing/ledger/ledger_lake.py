"""A lake of its own with a ledger in it, and its storage opened by hand: what the tests of the ledger tell their stories with."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.catalogue import City
from contracts.settings import Settings
from sharing.ledger.anchors import Anchor, anchor
from sharing.ledger.chain import EMPTY, Entry, follow
from sharing.ledger.events import Event
from sharing.ledger.findings import Finding
from sharing.ledger.store import COLUMNS, EVENTS, HEAD, entries, record
from sharing.ledger.verify import verify_lake
from sharing.lines import lines_sql
from warehouse.lake import open_lake

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2020, 5, 4, 9, tzinfo=ZONE)
CITY = cast(City, SimpleNamespace(id="testville", timezone=ZONE))
ASKED: dict[str, Any] = {
    "requester": "civil", "provider": "police", "resource": "police.resident", "purpose": "subsidies", "fields": ["name", "number"],
    "row_scope": "370200",
}  # fmt: skip
CONSENT: dict[str, Any] = {
    "fields": ["name"], "row_scope": "370200", "valid_from": "2020-05-05", "valid_to": "2021-05-04",
}  # fmt: skip


def event(kind: str, day: int = 0, actor: str = "police", line: str = "L1", **payload: Any) -> Event:
    return Event(kind, line, f"R{line[1:]}", MONDAY + timedelta(days=day), actor, "李 li", payload)


def story(first: int, count: int) -> list[Event]:
    """So many requests of two events each; texts hold whatever people type."""
    told = {**ASKED, "purpose": 'told "so"\nby C:\\office'}
    return [
        e for n in range(first, first + count) for e in (event("submitted", n, "civil", f"L{n}", **told), event("received", n, line=f"L{n}"))
    ]  # fmt: skip


class Ledger:
    """A lake of its own, and its ledger; `day` counts from Monday."""

    def __init__(self, home: Path, environment: dict[str, str] | None = None) -> None:
        self.home = home
        self.settings = Settings.from_environment(
            {
                "LANDBRIDGE_HOME": str(home),
                "LANDBRIDGE_MEMORY": "512MiB",
                "LANDBRIDGE_THREADS": "1",
                **(environment or {}),
            }
        )
        self.connection: duckdb.DuckDBPyConnection = open_lake(self.settings, timezone=ZONE.key)

    def tell(self, *events: Event, recorded_at: datetime = MONDAY) -> list[Entry]:
        return record(self.connection, self.settings, lambda: events, recorded_at)

    def line(self, as_of: datetime, known_at: datetime | None = None) -> dict[str, Any]:
        sql = lines_sql(as_of.isoformat(), known_at.isoformat() if known_at else None)
        rows = self.connection.execute(sql).to_arrow_table().to_pylist()
        return rows[0] if rows else {}

    def anchor(self, day: int) -> Anchor | None:
        return anchor(self.connection, self.settings.anchors, CITY, MONDAY + timedelta(days=day))

    def verify(self, day: int) -> list[Finding]:
        today = (MONDAY + timedelta(days=day)).date()
        return list(verify_lake(self.connection, self.settings.anchors, today, self.settings.anchor_days))

    def faults(self, day: int) -> set[tuple[str, int | None]]:
        return {(fault.what, fault.number) for fault in self.verify(day)}

    def kept(self) -> list[Entry]:
        return list(entries(self.connection))

    def close(self) -> None:
        self.connection.close()


def anchored_story(home: Path, *, inlined: bool) -> Ledger:
    """Forty entries: 10, 25 and 40 were anchored on Monday, Tuesday and Wednesday. In the catalogue itself, or in one Parquet file."""
    ledger = Ledger(home)
    if not inlined:
        ledger.connection.execute("CALL lake.set_option('data_inlining_row_limit', 0)")
    told = story(1, 20)
    for day, (first, last) in enumerate(((0, 10), (10, 25), (25, 40))):
        for start in range(first, last, 5):
            ledger.tell(*told[start : min(start + 5, last)], recorded_at=MONDAY + timedelta(days=day))
        ledger.anchor(day)
    if not inlined:
        ledger.connection.execute("CALL ducklake_merge_adjacent_files('lake')")
    return ledger


def rewritten(kept: list[Entry], first: int, change: Callable[[Event], Event]) -> list[Entry]:
    """The whole history again from `first` on, each event changed and every hash right: what whoever runs the system could do."""
    import json

    from sharing.ledger.chain import Head

    result = kept[: first - 1]
    head = Head(result[-1].number, result[-1].hash, result[-1].recorded_at) if result else EMPTY
    for old in kept[first - 1 :]:
        told = change(
            Event(old.kind, old.line_id, old.request_id, old.occurred_at, old.actor, old.person, json.loads(old.payload), old.source)
        )  # fmt: skip
        entry = follow(head, told, old.recorded_at)
        head = Head(entry.number, entry.hash, entry.recorded_at)
        result.append(entry)
    return result


def as_row(entry: Entry) -> tuple[Any, ...]:
    return tuple(getattr(entry, name) for name in COLUMNS)


def rechained(entry: Entry, **changes: Any) -> Entry:
    """An entry changed by somebody who also makes its hash right."""
    changed = replace(entry, **changes)
    return replace(changed, hash=changed.right_hash)


class Storage:
    """One way to change what lies in the storage, past the ledger's own door."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.catalogue = ledger, Path(ledger.settings.catalogue.removeprefix("sqlite:"))

    def put(self, rows: list[Entry]) -> None:
        """Make the table hold these entries and no others."""
        raise NotImplementedError

    def put_heads(self, *heads: tuple[int, str]) -> None:
        """Make the head table hold these rows."""
        self.ledger.connection.execute(f"DELETE FROM {HEAD}")
        for number, hash in heads:
            self.ledger.connection.execute(f"INSERT INTO {HEAD} VALUES (?, ?, ?)", [number, hash, MONDAY])

    def raw(self) -> Iterator[sqlite3.Connection]:
        self.ledger.close()
        database = sqlite3.connect(self.catalogue)
        with database:
            yield database
        database.close()
        self.ledger.connection = open_lake(self.ledger.settings, timezone=ZONE.key)


class Statements(Storage):
    """SQL through DuckLake, as anybody may send who can write to the lake."""

    def put(self, rows: list[Entry]) -> None:
        table = pa.table({name: [getattr(r, name) for r in rows] for name in COLUMNS})
        self.ledger.connection.register("put_read", table)
        self.ledger.connection.execute(f"DELETE FROM {EVENTS}")
        self.ledger.connection.execute(f"INSERT INTO {EVENTS} BY NAME SELECT * FROM put_read")
        self.ledger.connection.unregister("put_read")


class Inlined(Storage):
    """The SQLite catalogue, in whose own tables small commits lie."""

    def put(self, rows: list[Entry]) -> None:
        for database in self.raw():
            ((table,),) = database.execute(
                """SELECT i.table_name FROM ducklake_inlined_data_tables AS i JOIN ducklake_table AS t USING (table_id)
                WHERE t.table_name = 'events' AND t.end_snapshot IS NULL"""
            ).fetchall()
            database.execute(f'DELETE FROM "{table}"')
            texts = [[v.isoformat(" ") if isinstance(v, datetime) else v for v in as_row(r)] for r in rows]
            marks = ", ".join("?" * len(COLUMNS))
            for n, text in enumerate(texts):
                database.execute(f'INSERT INTO "{table}" VALUES (?, 1, NULL, {marks})', [n, *text])


class ParquetFile(Storage):
    """The Parquet file, written again under its own name, and its size told to the catalogue."""

    def put(self, rows: list[Entry]) -> None:
        for database in self.raw():
            ((id, path),) = database.execute(
                """SELECT f.data_file_id, f.path FROM ducklake_data_file AS f JOIN ducklake_table AS t USING (table_id)
                WHERE t.table_name = 'events' AND f.end_snapshot IS NULL"""
            ).fetchall()
            file = Path(self.ledger.settings.lake_files) / "sharing" / "events" / path
            old = pq.read_table(file)
            names = [name for name in old.column_names if name in COLUMNS]
            table = pa.table({n: pa.array([getattr(r, n) for r in rows], old.schema.field(n).type) for n in names})
            for name in old.column_names:
                if name not in COLUMNS:
                    column = (old[name].to_pylist() * 2)[: len(rows)]
                    table = table.append_column(old.schema.field(name), pa.array(column, old.schema.field(name).type))
            table = table.select(old.column_names).cast(old.schema)
            pq.write_table(table, file)
            footer = int.from_bytes(file.read_bytes()[-8:-4], "little")
            database.execute(
                "UPDATE ducklake_data_file SET record_count = ?, file_size_bytes = ?, footer_size = ? WHERE data_file_id = ?",
                [len(rows), file.stat().st_size, footer, id],
            )


class Kept:
    """A ledger that is put back after each attack, by SQL or, where the files were changed, with its files."""

    def __init__(self, root: Path, storage: type[Storage]) -> None:
        self.root = root
        self.ledger = anchored_story(root / "var", inlined=storage is not ParquetFile)
        self.storage = storage(self.ledger)
        self.entries = self.ledger.kept()
        if storage is not Statements:
            shutil.copytree(root / "var", root / "kept")

    def put_back(self) -> None:
        if isinstance(self.storage, Statements):
            self.storage.put(self.entries)
            self.storage.put_heads((len(self.entries), self.entries[-1].hash))
            return
        self.ledger.close()
        shutil.rmtree(self.root / "var")
        shutil.copytree(self.root / "kept", self.root / "var")
        self.ledger.connection = open_lake(self.ledger.settings, timezone=ZONE.key)
