"""What the lake itself says of each table: rows, how fresh, and what its last load was worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb

from contracts.quoting import ident
from pipeline.dictionary.entries import TableEntry
from warehouse.lake import LAKE, count_rows, tables_of


@dataclass(frozen=True)
class LakeFacts:
    """`fresh_until` is the end of the newest interval loaded, or the instant a model was computed for; `refused` the share of the last load's rows in
    quarantine, `rules` and `broken` its quality rules and, of these, those that some row broke. None where the lake does not tell it.
    """

    rows: int
    fresh_until: datetime | None = None
    refused: float | None = None
    rules: int | None = None
    broken: int | None = None


_LOADS = """
WITH newest AS (
  SELECT department || '.' || resource AS name, run_id, interval_end, quarantined / nullif(extracted, 0) AS refused
  FROM ops.runs WHERE status = 'loaded'
  QUALIFY row_number() OVER (PARTITION BY department, resource ORDER BY interval_end DESC, attempt DESC) = 1),
rules AS (SELECT run_id, count(*) AS rules, count(*) FILTER (WHERE failing > 0 OR NOT success) AS broken FROM ops.quality_results GROUP BY run_id)
SELECT n.name, n.interval_end, n.refused, r.rules, r.broken FROM newest AS n LEFT JOIN rules AS r ON r.run_id = n.run_id"""
_MODELS = "SELECT model, as_of FROM ops.model_runs WHERE newest"


def lake_facts(connection: duckdb.DuckDBPyConnection, entries: Iterable[TableEntry]) -> dict[str, LakeFacts]:
    """Facts of the tables that the lake holds, by name."""
    held = tables_of(connection)
    loads = {row[0]: row[1:] for row in _asked(connection, held, ("ops", "runs"), _LOADS)}
    models = {row[0]: row[1] for row in _asked(connection, held, ("ops", "model_runs"), _MODELS)}
    found = {}
    for entry in entries:
        if (entry.schema, entry.table) not in held:
            continue
        rows = count_rows(connection, ident(LAKE, entry.schema, entry.table))
        if entry.name in loads:
            found[entry.name] = LakeFacts(rows, *loads[entry.name])
        else:
            found[entry.name] = LakeFacts(rows, models.get(entry.name))
    return found


def _asked(
    connection: duckdb.DuckDBPyConnection, held: set[tuple[str, str]], table: tuple[str, str], sql: str
) -> list[tuple]:  # type: ignore[type-arg]
    return connection.execute(sql).fetchall() if table in held else []
