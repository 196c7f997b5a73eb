"""Why a line stands as it does: its chain from the request to the verdict, each link with what proves it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from contracts.quoting import ident
from sharing.ledger.chain import Entry
from sharing.ledger.store import entries, ledger_exists
from sharing.published import PUBLISHED_VERDICTS, VERDICTS
from sharing.reasons import CONDITIONS, Reason, reason
from warehouse.lake import table_exists

# condition → the evidence it is judged by, and the basis that says what this rests on
_GROUNDS = {
    1: (("granted_from", "granted_to", "answered_at"), "grant"),
    2: (("fields", "row_scope"), "fields_filled"),
    3: (("interval_end", "fresh_from"), "freshness"),
    4: (("quarantine_share", "quarantine_limit", "rules", "rules_failed"), "suite"),
    5: (("delivered_at", "last_probe_at", "probe_from"), "probe"),
    6: (("correction_due",), "correction"),
}


# reasons with which there is no grant that fields and deliveries could be compared with
_UNGRANTED = {
    "not_answered", "papers_incomplete", "answer_overdue", "refused_without_ground", "refusal_unconfirmed", "withdrawn_too_late", "not_digitised",
}  # fmt: skip


@dataclass(frozen=True)
class Condition:
    """One of the six conditions: whether it is met, why not, and the evidence it was judged by; not `judged` where it speaks of a grant there is not."""

    number: int
    zh: str
    en: str
    met: bool
    judged: bool
    reasons: tuple[Reason, ...]
    evidence: Mapping[str, Any]
    basis: str


@dataclass(frozen=True)
class Explanation:
    """One verdict with all it cites; `department` of a reason is who must act. Times of entries are both the legal clock's and the ledger's."""

    as_of: datetime
    known_at: datetime | None
    line_id: str
    request_id: str
    requester: str
    provider: str
    resource: str
    valid: bool
    due: bool
    declared: bool
    holds: bool
    on_time: bool
    paused: bool
    answer_due: date | None
    provide_due: date | None
    first_held_at: datetime | None
    reasons: tuple[tuple[Reason, str], ...]
    conditions: tuple[Condition, ...]
    events: tuple[Entry, ...]
    retracted: frozenset[int]
    snapshot_id: int | None
    run_id: str | None
    contract_version: str | None
    ledger_number: int | None
    ledger_hash: str | None
    evidence: dict[str, Any]
    basis: dict[str, str]
    hash: str


_COLUMNS = (
    "as_of", "known_at", "line_id", "request_id", "requester", "provider", "resource", "valid", "due", "declared", "holds", "on_time", "reasons",
    "paused", "answer_due", "provide_due", "first_held_at", "exclusion", "snapshot_id", "run_id", "contract_version", "ledger_number", "ledger_hash",
    "evidence", "basis", "hash",
)  # fmt: skip


def explain(
    connection: duckdb.DuckDBPyConnection, line_or_request_id: str, as_of: datetime, known_at: datetime | None = None
) -> list[Explanation]:
    """The published verdicts on a line, or on all lines of a request, as of that very instant; empty where there are none.

    Without `known_at` it is the newest verdict, otherwise the one published at that very instant.
    """
    if not table_exists(connection, "sharing", "verdicts"):
        return []
    table = VERDICTS if known_at is None else PUBLISHED_VERDICTS
    present = {row[0] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
    columns = ", ".join(ident(c) if c in present else f"NULL AS {ident(c)}" for c in _COLUMNS)
    sql = f"SELECT {columns} FROM {table} WHERE as_of = ? AND (line_id = ? OR request_id = ?) AND (? OR known_at = ?) ORDER BY line_id"
    rows = connection.execute(
        sql, [as_of, line_or_request_id, line_or_request_id, known_at is None, known_at]
    ).fetchall()
    return [_explanation(connection, dict(zip(_COLUMNS, row, strict=True))) for row in rows]


def who_acts(found: Reason, requester: str, provider: str) -> str:
    """The department that must act, or the role of one that the line does not name."""
    return {"requester": requester, "provider": provider}.get(found.actor, found.actor)


def _explanation(connection: duckdb.DuckDBPyConnection, told: dict[str, Any]) -> Explanation:
    codes, exclusion = told.pop("reasons"), told.pop("exclusion")
    told["evidence"], told["basis"] = json.loads(told["evidence"]), json.loads(told["basis"])
    found = [reason(code) for code in ([exclusion] if exclusion else []) + codes]
    events = _events(connection, told["line_id"], told["as_of"], told["ledger_number"])
    retracted = frozenset(int(json.loads(e.payload)["number"]) for e in events if e.kind == "retracted")
    return Explanation(
        **told,
        reasons=tuple((r, who_acts(r, told["requester"], told["provider"])) for r in found),
        conditions=_conditions(found, told["evidence"], told["basis"]) if told["valid"] else (),
        events=tuple(events),
        retracted=retracted,
    )


def _conditions(found: list[Reason], evidence: dict[str, Any], basis: dict[str, str]) -> tuple[Condition, ...]:
    made, granted = [], not _UNGRANTED & {r.code for r in found}
    for number, (zh, en) in CONDITIONS.items():
        why = tuple(r for r in found if r.condition == number)
        names, rests_on = _GROUNDS[number]
        shown = {name: evidence.get(name) for name in names}
        judged = granted or bool(why) or number not in (2, 5)
        made.append(Condition(number, zh, en, judged and not why, judged, why, shown, basis.get(rests_on, "")))
    return tuple(made)


def _events(connection: duckdb.DuckDBPyConnection, line_id: str, as_of: datetime, head: int | None) -> list[Entry]:
    """The line's entries that had occurred by the instant judged, up to the head the verdict cites."""
    if head is None or not ledger_exists(connection):
        return []
    return list(entries(connection, "line_id = ? AND occurred_at <= ? AND number <= ?", [line_id, as_of, head]))
