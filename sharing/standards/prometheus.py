"""The rates as a Prometheus text file, for node_exporter's textfile collector: alarms and dashboards without a new door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import duckdb

from contracts.quoting import ident, literal
from sharing.report.computed import Computation, rows_sql
from sharing.report.proof import ALL, NOT_LOOKED, Kept
from warehouse.lake import LAKE

# resources and periods have no bound in number
_SCOPES = "'city', 'provider', 'requester'"
_STATES = {
    "counted": "n", "due": "due", "pending": "pending", "paused": "paused", "not_counted": "excluded", "declared": "declared_lines",
    "holding": "holding_lines", "on_time": "on_time_lines", "used": "used_lines",
}  # fmt: skip


def exposition(connection: duckdb.DuckDBPyConnection, city: str, found: Computation, kept: Kept = NOT_LOOKED) -> str:
    """The text of a computation whose marts are filled, in exposition format 0.0.4: for the city and each department, not for each resource,
    whose number has no bound. A rate without lines is left out, never shown as 0 or 1. `kept` is how the ledger's head is anchored."""
    at = f"as_of = TIMESTAMPTZ {literal(found.as_of.isoformat())}"
    mart = ident(LAKE, "sharing", "mart_rate_by_day")
    rates = connection.execute(
        f"SELECT scope, department, kind, rate, lower, upper, goal FROM {mart} WHERE {at} AND scope IN ({_SCOPES}) ORDER BY ALL"
    ).fetchall()
    lines = connection.execute(
        f"SELECT scope, department, {', '.join(_STATES.values())} FROM ({rows_sql('rates', found.as_of)}) "
        f"WHERE scope IN ({_SCOPES}) ORDER BY scope, department"
    ).fetchall()
    reasons = connection.execute(
        f"SELECT reason, role, CAST(sum(due_lines) AS BIGINT) FROM {ident(LAKE, 'sharing', 'mart_reasons')} WHERE {at} GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    basis = connection.execute(
        f"SELECT rests_on, holding_lines FROM {ident(LAKE, 'sharing', 'mart_basis')} "
        f"WHERE {at} AND scope = 'city' AND condition = {literal(ALL)} ORDER BY 1"
    ).fetchall()
    head = connection.execute(
        f"SELECT coalesce(ledger_number, 0) FROM ({rows_sql('rates', found.as_of)}) WHERE scope = 'city'"
    ).fetchone()
    goal = next((row[6] for row in rates if row[0] == "city" and row[2] == "verified"), None)
    told = [
        *_family("landbridge_share_rate", "Satisfaction rate of data sharing requests, 0 to 1, as docs/rate.md defines it.", (
            ({"kind": kind, **_place(city, scope, department)}, rate) for scope, department, kind, rate, *_ in rates
        )),
        *_family("landbridge_share_rate_bound", "The rate were every pending line to fail (lower) or to hold (upper).", (
            ({"bound": bound, "kind": kind, **_place(city, scope, department)}, value)
            for scope, department, kind, _, lower, upper, _ in rates for bound, value in (("lower", lower), ("upper", upper))
        )),
        *_family("landbridge_share_lines", "Lines of sharing requests by state; states overlap.", (
            ({"state": state, **_place(city, scope, department)}, count)
            for scope, department, *counts in lines for state, count in zip(_STATES, counts, strict=True)
        )),
        *_family("landbridge_share_failing_lines", "Due lines that do not hold, by reason and who must act; a line counts for each reason.", (
            ({"city": city, "reason": code, "acts": role}, count) for code, role, count in reasons
        )),
        *_family("landbridge_share_rate_goal", "Verified rate the city wants to reach.", [({"city": city}, goal)] if goal is not None else []),
        *_family("landbridge_share_rate_as_of_timestamp_seconds", "The instant judged, in seconds since 1970: old means not computed.", [
            ({"city": city}, found.as_of.timestamp()),
        ]),
        *_family("landbridge_share_holding_lines", "Holding due lines by what they rest on: ledger, or in some condition a register's word.", (
            ({"city": city, "rests_on": source}, count) for source, count in basis
        )),
        *_family("landbridge_ledger_entries", "Entries of the sharing ledger that the rate rests on.", [({"city": city}, head[0] if head else 0)]),
        *_family("landbridge_ledger_anchored_entries", "Entries that the newest anchor outside the lake covers.", [
            ({"city": city}, kept.newest.number if kept.newest else 0),
        ]),
        *_family("landbridge_ledger_alarms", "What is wrong with the ledger and its anchors: 0 is well.", [({"city": city}, len(kept.alarms))]),
    ]  # fmt: skip
    return "".join(f"{line}\n" for line in told)


def _place(city: str, scope: str, department: str) -> dict[str, str]:
    return {"city": city, "scope": scope, "department": "" if scope == "city" else department}


def _family(name: str, help: str, samples: Iterable[tuple[Mapping[str, str], float | None]]) -> Iterator[str]:
    yield f"# HELP {name} {_escaped(help)}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        if value is not None:
            told = ",".join(f'{key}="{_escaped(text, quoted=True)}"' for key, text in labels.items() if text != "")
            yield f"{name}{{{told}}} {value!r}"


def _escaped(text: str, quoted: bool = False) -> str:
    escaped = text.replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quoted else escaped
