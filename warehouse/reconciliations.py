"""What departments stated of their batches and what the platform received, figure by figure: `ops.reconciliations` (对账)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from contracts.interval import Interval
from contracts.model import Resource
from contracts.quoting import ident
from warehouse.lake import LAKE

RECONCILIATIONS = ident(LAKE, "ops", "reconciliations")

Outcome = Literal["agreed", "refused", "held", "warned"]


@dataclass(frozen=True)
class Figure:
    """One figure of the provider's beside ours; `file` is empty for the whole batch. What the provider does not state is no figure."""

    file: str
    what: str
    stated: str
    received: str

    @property
    def agrees(self) -> bool:
        return self.stated == self.received

    def __str__(self) -> str:
        of = f" of {self.file}" if self.file else ""
        return f"{self.what}{of}: {self.stated} stated, {self.received} received"


@dataclass(frozen=True)
class Reconciliation:
    """One batch reconciled. `statement` is the fingerprint of what the provider states, `notes` what was noticed besides the figures."""

    batch: str
    source: str
    statement: str
    outcome: Outcome
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    @property
    def differences(self) -> tuple[Figure, ...]:
        return tuple(figure for figure in self.figures if not figure.agrees)

    @property
    def message(self) -> str:
        """The batch and all that is to be said of it; the empty text where all agrees."""
        said = [*map(str, self.differences), *self.notes]
        return f"batch {self.batch}: {'; '.join(said)}" if said else ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Reconciliation:
        """What `dataclasses.asdict` and JSON made of it, back again."""
        figures = tuple(Figure(**figure) for figure in data["figures"])
        return cls(**{**data, "figures": figures, "notes": tuple(data["notes"])})


def write_reconciliation(
    connection: duckdb.DuckDBPyConnection,
    resource: Resource,
    interval: Interval,
    run_id: str,
    found: Reconciliation | None,
) -> None:
    """Replace what is recorded of the run; runs inside the caller's transaction."""
    connection.execute(f"DELETE FROM {RECONCILIATIONS} WHERE run_id = ?", [run_id])
    if found is None:
        return
    about = [run_id, resource.department, resource.name, interval.start, found.batch, found.source, found.outcome]
    lines: list[list[Any]] = [[*about, f.file, f.what, f.stated, f.received, f.agrees] for f in found.figures]
    lines += [[*about, "", "note", "", note, None] for note in found.notes]
    if lines:
        connection.executemany(f"INSERT INTO {RECONCILIATIONS} VALUES ({', '.join('?' * 12)})", lines)
