"""Which load of a resource counts as of an instant, and the snapshot of the lake that it made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb

from contracts.errors import HistoryUnavailable
from contracts.model import Resource
from contracts.quoting import literal, literals
from contracts.rules import RULE_TYPES
from warehouse.runs import HELD, LOADED, QUALITY, RUNS


@dataclass(frozen=True)
class Load:
    """The last accepted load of a resource as of an instant, and what its suite said."""

    resource: str
    run_id: str
    snapshot: int
    interval_end: datetime
    quarantine_share: float
    newest_held: bool
    suite_failed: bool
    contract_version: str
    contract_fingerprint: str
    rules: int
    rules_failed: int


def last_loads(
    connection: duckdb.DuckDBPyConnection, resources: Iterable[Resource], as_of: str, known_at: str | None = None
) -> dict[str, Load]:
    """Resource id → its last accepted load: the newest interval that had ended by `as_of`, in its newest loaded attempt.

    `known_at` leaves out attempts that finished later. A resource without any load is missing from the answer. Raises HistoryUnavailable
    where the lake no longer holds the snapshot of a load.
    """
    ids = [resource.id for resource in resources]
    if not ids:
        return {}
    rows = connection.execute(last_loads_sql(ids, as_of, known_at)).fetchall()
    for row in rows:
        if row[2] is None:
            raise HistoryUnavailable(
                f"the lake no longer holds the snapshot of run {row[1]}",
                where=row[0],
                remedy="keep snapshots at least as long as rates are recomputed (docs/rate.md)",
            )
    return {row[0]: Load(*row) for row in rows}


def last_loads_sql(ids: Iterable[str], as_of: str, known_at: str | None) -> str:
    """SELECT of `resource, run_id, snapshot, interval_end, quarantine_share, newest_held, suite_failed, contract_version,
    contract_fingerprint, rules, rules_failed` – the last two count the suite's rules and, of these, those that some row or the table broke.

    A run's snapshot is found by its commit message. The same run committed more than once (an interval that was loaded, held and loaded
    again) is told apart by counting from the newest.
    """
    known = f"AND finished_at <= TIMESTAMPTZ {literal(known_at)}" if known_at else ""
    table_rules = literals(name for name, rule in RULE_TYPES.items() if rule.scope == "table")
    return f"""
    WITH attempts AS (
        SELECT department || '.' || resource AS resource, run_id, status, interval_start, interval_end, attempt, extracted, quarantined,
               finished_at, contract_version, contract_fingerprint,
               row_number() OVER (PARTITION BY run_id, status ORDER BY attempt DESC) AS from_newest
        FROM {RUNS}
        WHERE department || '.' || resource IN ({literals(ids)}) AND status IN ({literal(LOADED)}, {literal(HELD)})
    ),
    known AS (
        SELECT * FROM attempts WHERE interval_end <= TIMESTAMPTZ {literal(as_of)} {known}
    ),
    accepted AS (
        SELECT * FROM known WHERE status = {literal(LOADED)}
        QUALIFY row_number() OVER (PARTITION BY resource ORDER BY interval_end DESC, attempt DESC) = 1
    ),
    newest AS (
        SELECT resource, status FROM known
        QUALIFY row_number() OVER (PARTITION BY resource ORDER BY interval_end DESC, attempt DESC) = 1
    ),
    snapshots AS (
        SELECT snapshot_id, regexp_extract(commit_message, ' {LOADED} run (\\S+)$', 1) AS run_id,
               row_number() OVER (PARTITION BY regexp_extract(commit_message, ' {LOADED} run (\\S+)$', 1) ORDER BY snapshot_id DESC) AS from_newest
        FROM ducklake_snapshots('lake')
        WHERE commit_message IS NOT NULL AND regexp_matches(commit_message, ' {LOADED} run \\S+$')
    ),
    suites AS (
        SELECT run_id, count(*) AS rules, count(*) FILTER (NOT success) AS rules_failed,
               bool_or(severity = 'error' AND NOT success AND expectation IN ({table_rules})) AS failed
        FROM {QUALITY} WHERE run_id IN (SELECT run_id FROM accepted) GROUP BY run_id
    )
    SELECT a.resource, a.run_id, s.snapshot_id, a.interval_end,
           CASE WHEN a.extracted > 0 THEN a.quarantined / a.extracted ELSE 0.0 END,
           n.status = {literal(HELD)}, coalesce(q.failed, false), a.contract_version, a.contract_fingerprint,
           coalesce(q.rules, 0), coalesce(q.rules_failed, 0)
    FROM accepted AS a
    JOIN newest AS n USING (resource)
    LEFT JOIN snapshots AS s ON s.run_id = a.run_id AND s.from_newest = a.from_newest
    LEFT JOIN suites AS q ON q.run_id = a.run_id
    ORDER BY a.resource"""
