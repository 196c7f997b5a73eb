"""Catalogue entries that promise data and have none, and resources that nobody keeps up any more."""

from __future__ import annotations

from datetime import UTC, datetime, time

from contracts.quoting import ident, literal
from sharing.islands.ground import ASSETS, Ground, asked_for_sql


def no_data_sql(ground: Ground) -> str:
    """SELECT of the entries that hold no row, or were never loaded although a cycle and its latency have passed since the city began."""
    began = datetime.combine(ground.city.start, time(), ground.city.timezone).astimezone(UTC)
    due = f"TIMESTAMPTZ {literal(began.isoformat())} + to_seconds(cycle_seconds + latency_seconds) < {_at(ground)}"
    return f"""
    SELECT 'entry_no_data' AS kind, resource AS subject, label AS name, department AS owner, {asked_for_sql("a.resource")} AS requests,
           to_json({{catalogue_code: code, never_loaded: rows IS NULL, rows: rows}}) AS evidence,
           'SELECT interval_end, status, extracted, accepted FROM ops.runs WHERE department || ''.'' || resource = ''' || resource || '''' AS check_sql
    FROM {ASSETS} AS a WHERE rows = 0 OR (rows IS NULL AND {due})"""


def zombies_sql(ground: Ground) -> str:
    """SELECT of the resources without an accepted load, or by their own update times without a changed row, for too many cycles.

    A cycle is the contract's, and never shorter than a day: the night is when loads come.
    """
    rules, cycle = ground.rules, "greatest(cycle_seconds, 86400)"
    return f"""
    WITH newest AS ({_newest_rows(ground)}),
    seen AS (
        SELECT a.*, n.newest_row_at,
               floor((epoch({_at(ground)}) - epoch(interval_end) - latency_seconds) / {cycle}) AS unloaded_cycles,
               floor((epoch({_at(ground)}) - epoch(n.newest_row_at) - latency_seconds) / {cycle}) AS silent_cycles
        FROM {ASSETS} AS a LEFT JOIN newest AS n USING (resource) WHERE rows > 0
    )
    SELECT 'zombie' AS kind, resource AS subject, label AS name, department AS owner, {asked_for_sql("seen.resource")} AS requests,
           to_json({{cycle_days: round({cycle} / 86400, 2),
                     no_load_since: CASE WHEN unloaded_cycles >= {rules.cycles} THEN interval_end END,
                     no_change_since: CASE WHEN silent_cycles >= {rules.silent_cycles} THEN newest_row_at END}}) AS evidence,
           'SELECT interval_end, status, extracted, accepted FROM ops.runs WHERE department || ''.'' || resource = ''' || resource || '''' AS check_sql
    FROM seen WHERE unloaded_cycles >= {rules.cycles} OR silent_cycles >= {rules.silent_cycles}"""


def _newest_rows(ground: Ground) -> str:
    """SELECT of `resource, newest_row_at`: the newest value of the watermark, for resources that have one."""
    found = []
    for resource in ground.city.resources.values():
        if resource.watermark is not None and resource.id in ground.loads:
            newest = f"CAST(max({ident(resource.watermark.column)}) AS TIMESTAMPTZ)"
            found.append(
                f"SELECT {literal(resource.id)} AS resource, {newest} AS newest_row_at FROM {ground.rows_of(resource)}"
            )
    return (
        " UNION ALL ".join(found)
        or "SELECT CAST(NULL AS VARCHAR) AS resource, CAST(NULL AS TIMESTAMPTZ) AS newest_row_at WHERE false"
    )


def _at(ground: Ground) -> str:
    return f"TIMESTAMPTZ {literal(ground.as_of.astimezone(UTC).isoformat())}"
