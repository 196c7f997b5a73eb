"""What an entry of the ledger costs: recorded alone, recorded with many, verified in the lake, and verified off-line.

    python -m benchmarks.ledger [--requests 2000] [--events 1000000]

Prints a line a step. The lake is made in a temporary folder, with the default catalogue in SQLite; each request has 15 events. The independent script
(docs/verify_ledger.py) runs on the same export. Memory is this process's peak, DuckDB's included.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from contracts.settings import Settings
from sharing.ledger.chain import EMPTY, Head, follow
from sharing.ledger.events import Event
from sharing.ledger.export import anchors_beside, export
from sharing.ledger.store import record
from sharing.ledger.verify import verify_export, verify_lake
from warehouse.lake import open_lake

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2020, 1, 2, 1, tzinfo=UTC)
FIELDS = ["name", "resident_id", "address", "division_code"]
TERMS: dict[str, Any] = {"fields": FIELDS, "row_scope": "370200"}
LIFE: list[tuple[str, dict[str, Any]]] = [
    ("submitted", {"requester": "civil", "provider": "police", "resource": "police.resident", "purpose": "低保核对 subsidies", **TERMS}),
    ("received", {}), ("returned", {"missing": ["法律依据 basis"]}), ("supplemented", {}), ("extension_asked", {"days": 5, "reason": "材料核实"}),
    ("extension_consented", {"days": 5}), ("granted", {**TERMS, "valid_from": "2020-01-10", "valid_to": "2021-01-09"}),
    ("delivered", {**TERMS, "way": "database", "rows": 4711, "snapshot": 12}), ("probed", {"ok": True, "rows": 10, "snapshot": 12}),
    ("refreshed", {**TERMS, "delivery_id": "D1", "rows": 4712, "snapshot": 13}), ("probed", {"ok": True, "rows": 10, "snapshot": 13}), ("read", {"rows": 7}),
    ("correction_asked", {"correction_id": "C1", "rule": "resident_id_form"}), ("correction_decided", {"correction_id": "C1", "upheld": True}),
    ("correction_fixed", {"correction_id": "C1", "snapshot": 14}),
]  # fmt: skip


def life(first: int, requests: int) -> list[Event]:
    """The events of so many requests."""
    return [
        Event(kind, f"L{n:07}", f"R{n:07}", START + timedelta(hours=n, days=step), "police", "李", payload)
        for n in range(first, first + requests)
        for step, (kind, payload) in enumerate(LIFE)
    ]


@contextmanager
def timed(what: str, count: int) -> Iterator[None]:
    """Print how long it took, a unit of `count` and the peak memory."""
    started = time.perf_counter()
    yield
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{what}: {seconds:.2f} s, {seconds / count * 1e6:,.1f} µs each, {count / seconds:,.0f} a second; peak {peak:,.0f} MiB",
        flush=True,
    )


def one_by_one(connection: duckdb.DuckDBPyConnection, settings: Settings, first: int, requests: int = 20) -> int:
    """Record submissions in a commit each; returns the number of the next request."""
    events = [life(first + n, 1)[0] for n in range(requests)]
    with timed("entries in a commit each", len(events)):
        for event in events:
            record(connection, settings, lambda: [event], START)  # noqa: B023  (called at once)
    return first + requests


def main() -> None:
    """Record, verify, export, verify the export twice."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--events", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment({"LANDBRIDGE_HOME": folder})
        connection = open_lake(settings, timezone="Asia/Shanghai")
        step = len(LIFE)
        events = life(0, options.requests)
        with timed(f"Python's part of {len(events):,} entries", len(events)):
            head = EMPTY
            for event in events:
                event.check()
                entry = follow(head, event, START)
                head = Head(entry.number, entry.hash, entry.recorded_at)
        events = life(0, options.requests)
        with timed(f"{options.requests:,} requests of {step} events in one commit", len(events)):
            record(connection, settings, lambda: events, START)
        done = options.requests
        done = one_by_one(connection, settings, done)
        while (missing := options.events - done * step) > 0:
            many = life(done, min(5000, missing // step + 1))
            record(connection, settings, lambda: many, START)  # noqa: B023  (called at once)
            done += len(many) // step
        one_by_one(connection, settings, done)
        row = connection.execute("SELECT count(*) FROM sharing.events").fetchone()
        count = row[0] if row else 0
        with timed("verified in the lake", count):
            found = list(verify_lake(connection, settings.anchors, START.date(), settings.anchor_days))
        print(*found[:5], sep="\n")
        path = Path(folder) / "ledger.jsonl"
        with timed(f"exported, {count:,} entries", count):
            export(connection, settings.anchors, path)
        connection.close()
        with timed(f"verified off-line, {path.stat().st_size >> 20} MiB", count):
            found = list(verify_export(path, anchors_beside(path), settings))
        print(*found[:5], sep="\n")
        with timed("verified by the independent script", count):
            subprocess.run([sys.executable, str(ROOT / "docs" / "verify_ledger.py"), str(path)], check=False)


if __name__ == "__main__":
    main()
