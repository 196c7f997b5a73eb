"""How a correction stands: a reading of the ledger; nothing is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import literals
from sharing.corrections.disputed_rows import MISSING
from sharing.ledger.store import ledger_exists
from sharing.lines import corrections_sql, lines_sql

ASKED, UPHELD, REJECTED, CLOSED = "asked", "upheld", "rejected", "closed"
STATES = {
    ASKED: "待核实 to be verified by the provider",
    UPHELD: "成立，待整改 upheld, to be put right",
    REJECTED: "不成立，已反馈 not upheld, reported back",
    CLOSED: "已整改，已办结 put right, closed",
}
"""State → its words."""

_ALL = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Correction:
    """One correction as the ledger has it. `keys` are digests of the disputed rows; the two counts say what proved the fix."""

    line_id: str
    correction_id: str
    request_id: str
    requester: str
    provider: str
    resource: str
    rule: str | None
    field: str | None
    keys: tuple[str, ...]
    asked_at: datetime
    asked_by: str
    asked_source: str
    asked_snapshot: int | None
    asked_reason: str | None
    decided_at: datetime | None
    decided_by: str | None
    decided_reason: str | None
    upheld: bool | None
    fixed_at: datetime | None
    fixed_snapshot: int | None
    fixed_run: str | None
    corrected_rows: int | None
    gone_rows: int | None
    closed_at: datetime | None
    closed_snapshot: int | None

    @property
    def state(self) -> str:
        """`asked`, `upheld`, `rejected` or `closed`; one that the bureau upheld after it was closed is `upheld` again."""
        if self.decided_at is None:
            return ASKED
        if not self.upheld:
            return REJECTED
        return CLOSED if self.fixed_at is not None and self.closed_at is not None else UPHELD

    @property
    def is_open(self) -> bool:
        return self.state in (ASKED, UPHELD) or self.closed_at is None

    @property
    def asked_here(self) -> bool:
        """Whether it was asked through this platform: of a register's corrections nobody knows the rows."""
        return self.asked_source == "landbridge"

    @property
    def subject(self) -> str:
        """What is challenged: a rule that rows break, a field of them, or that they are missing; nothing where a register does not say."""
        if self.rule == MISSING:
            return "missing"
        return f"rule {self.rule}" if self.rule else f"field {self.field}" if self.field else ""


def corrections(
    connection: duckdb.DuckDBPyConnection, as_of: datetime = _ALL, ids: Collection[str] | None = None
) -> list[Correction]:
    """Every correction asked by an instant, or those of the ids, in the order in which they were asked; inside a transaction, as it sees them."""
    if not ledger_exists(connection):
        return []
    at = as_of.astimezone(UTC).isoformat() if as_of != _ALL else as_of.isoformat()
    asked = f"correction_id IN ({literals(ids)})" if ids else "true" if ids is None else "false"
    names = ", ".join(
        f"{'l' if f.name in ('requester', 'provider', 'resource') else 'c'}.{f.name}" for f in fields(Correction)
    )
    rows = connection.execute(
        f"SELECT {names} FROM ({corrections_sql(at)}) AS c JOIN ({lines_sql(at)}) AS l USING (line_id) WHERE {asked} "
        "ORDER BY asked_at, correction_id"
    ).fetchall()
    found: list[list[Any]] = [[tuple(value) if isinstance(value, list) else value for value in row] for row in rows]
    return [Correction(*values) for values in found]


def open_challenges(connection: duckdb.DuckDBPyConnection) -> list[Correction]:
    """The corrections whose rows their owner still has to look at: open, and asked through this platform."""
    return [found for found in corrections(connection) if found.is_open and found.asked_here]


def correction(connection: duckdb.DuckDBPyConnection, id: str) -> Correction:
    """The correction of that id; ConfigurationError where there is none."""
    for found in corrections(connection, ids=[id]):
        return found
    raise ConfigurationError(f"no correction {id!r}", remedy="landbridge correction list")
