"""Run records: what became of each attempt at one resource and interval."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime

import duckdb

from contracts.errors import InternalError
from contracts.interval import Interval
from contracts.model import Resource
from contracts.quoting import ident
from warehouse.lake import LAKE

RUNS = ident(LAKE, "ops", "runs")
QUALITY = ident(LAKE, "ops", "quality_results")

LOADED, HELD, FAILED = "loaded", "held", "failed"


@dataclass(frozen=True)
class RunRecord:
    """One attempt. Rows: extracted = accepted + quarantined + replaced + held, and held is 0 in every load.

    `replaced` counts duplicates within the extraction, rows older than what the lake already holds, and deletion marks; `deleted` counts rows that
    left the lake; `outside` counts rows the source gave beyond the interval's bounds, which are no part of `extracted`. Times are aware; `attempt` numbers the records of one resource and interval from 1.
    """

    run_id: str
    attempt: int
    department: str
    resource: str
    interval_start: datetime
    interval_end: datetime
    status: str
    load_mode: str
    extracted: int
    accepted: int
    quarantined: int
    replaced: int
    held: int
    deleted: int
    outside: int
    warnings: int
    contract_version: str
    contract_fingerprint: str
    landing: str
    landing_sha256: str
    error: str
    message: str
    remedy: str
    started_at: datetime
    finished_at: datetime

    def check_accounts(self) -> None:
        """Raise InternalError unless every extracted row is accounted for."""
        if self.extracted != self.accepted + self.quarantined + self.replaced + self.held:
            raise InternalError(
                f"{self.extracted} rows extracted, but {self.accepted} accepted + {self.quarantined} quarantined + "
                f"{self.replaced} replaced + {self.held} held",
                where=f"{self.department}.{self.resource}, run {self.run_id}",
                remedy="nothing was committed; report this with the landing file named in the manifest",
            )


_COLUMNS = ", ".join(f.name for f in fields(RunRecord))


def write_run(connection: duckdb.DuckDBPyConnection, record: RunRecord) -> None:
    """Append the record; runs inside the caller's transaction."""
    record.check_accounts()
    marks = ", ".join("?" for _ in fields(RunRecord))
    connection.execute(f"INSERT INTO {RUNS} ({_COLUMNS}) VALUES ({marks})", list(asdict(record).values()))


def runs_of(
    connection: duckdb.DuckDBPyConnection, where: str = "true", parameters: list[object] | None = None
) -> list[RunRecord]:
    """Records that satisfy a condition over the columns of `ops.runs`, oldest attempt first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM {RUNS} WHERE {where} ORDER BY interval_start, department, resource, attempt",
        parameters or [],
    ).fetchall()
    return [RunRecord(*row) for row in rows]


def latest_run(connection: duckdb.DuckDBPyConnection, resource: Resource, interval: Interval) -> RunRecord | None:
    """The newest attempt at this resource and interval."""
    found = runs_of(
        connection,
        "department = ? AND resource = ? AND interval_start = ?",
        [resource.department, resource.name, interval.start],
    )
    return found[-1] if found else None


def newest_loaded_start(connection: duckdb.DuckDBPyConnection, resource: Resource) -> datetime | None:
    """Start of the newest interval this resource was loaded for."""
    row = connection.execute(
        f"SELECT max(interval_start) FROM {RUNS} WHERE department = ? AND resource = ? AND status = ?",
        [resource.department, resource.name, LOADED],
    ).fetchone()
    return row[0] if row else None
