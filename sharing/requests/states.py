"""How a line stands, in one word: a reading of `sharing.lines`, which is the state; nothing is kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from contracts.catalogue import City
from contracts.quoting import literal, literals
from sharing.ledger.store import ledger_exists
from sharing.lines import REVOKED as IS_REVOKED
from sharing.lines import SUSPENDED as IS_SUSPENDED
from sharing.lines import lines_sql

SUBMITTED, RECEIVED, INCOMPLETE = "submitted", "received", "incomplete"
REFUSED, REFUSAL_CONFIRMED, NOT_DIGITISED = "refused", "refusal_confirmed", "not_digitised"
GRANTED, DELIVERED, SUSPENDED = "granted", "delivered", "suspended"
EXPIRED, REVOKED, WITHDRAWN, OUTSIDE_DUTY = "expired", "revoked", "withdrawn", "outside_duty"

STATES = {
    SUBMITTED: "已提交，待接收 submitted, not yet received",
    RECEIVED: "已受理，待答复 received, to be answered",
    INCOMPLETE: "待补正材料 papers incomplete, to be supplemented",
    REFUSED: "不予共享，待主管部门确认 refused, to be confirmed by the bureau",
    REFUSAL_CONFIRMED: "不予共享，已确认 refused, confirmed by the bureau",
    NOT_DIGITISED: "未数字化 answered: held on paper only",
    GRANTED: "已同意，待交付 granted, to be delivered",
    DELIVERED: "已交付 delivered",
    SUSPENDED: "已中止 suspended",
    EXPIRED: "已到期 expired",
    REVOKED: "已撤销 revoked",
    WITHDRAWN: "已撤回 withdrawn",
    OUTSIDE_DUTY: "裁定非职责 ruled to be outside the provider's duty",
}
"""State → its words, in the order of a life. `expired` comes by date and has no event."""

LIVE = (SUBMITTED, RECEIVED, INCOMPLETE, NOT_DIGITISED, GRANTED, DELIVERED, SUSPENDED)
"""States in which another line that asks for the same is a duplicate, as docs/rate.md has it."""
ENDED = (REFUSAL_CONFIRMED, EXPIRED, REVOKED, WITHDRAWN, OUTSIDE_DUTY)

# whatever was recorded: an act of another writer whose clock is ahead counts as well
_ALL = "9999-12-31T00:00:00+00:00"


@dataclass(frozen=True)
class Standing:
    """A line as it stands; `moved_at` is when it last moved, `extension` is empty, `asked`, `consented` or `declined`;
    `is_with_requester` says that something this platform delivered was not disposed of yet."""

    line_id: str
    request_id: str
    requester: str
    provider: str
    resource: str
    purpose: str
    basis: str | None
    scenario: str | None
    fields: tuple[str, ...]
    row_scope: str
    duration_months: int | None
    backflow: bool
    way: str | None
    state: str
    submitted_at: datetime
    moved_at: datetime
    supplement_asked_at: datetime | None
    extension: str
    extension_asked_days: int | None
    extension_declined_at: datetime | None
    refusal_overruled_at: datetime | None
    granted_fields: tuple[str, ...]
    granted_rows: str | None
    granted_from: date | None
    granted_to: date | None
    unmasked_fields: tuple[str, ...]
    suspended_by: str | None
    resumed_at: datetime | None
    delivered_at: datetime | None
    is_with_requester: bool


def state_sql(today: date, bureau: str) -> str:
    """SQL of a line's state on a local day, over the columns of `lines_sql`; what only the bureau may say counts from nobody else."""
    boss, day = literal(bureau), f"DATE {literal(today.isoformat())}"
    overruled = "coalesce(refusal_overruled_at >= answered_at, false)"
    return f"""CASE
        WHEN withdrawn_at IS NOT NULL THEN '{WITHDRAWN}'
        WHEN ruled_outside_by = {boss} AND provider <> {boss} THEN '{OUTSIDE_DUTY}'
        WHEN answer = 'refused' AND NOT {overruled} THEN CASE
            WHEN refusal_confirmed_by = {boss} AND provider <> {boss} AND refusal_confirmed_at >= answered_at THEN '{REFUSAL_CONFIRMED}'
            ELSE '{REFUSED}' END
        WHEN answer = 'not_digitised' THEN '{NOT_DIGITISED}'
        WHEN answer = 'consented' THEN CASE
            WHEN {IS_REVOKED} THEN '{REVOKED}'
            WHEN {IS_SUSPENDED} THEN '{SUSPENDED}'
            WHEN coalesce(granted_to < {day}, true) THEN '{EXPIRED}'
            WHEN delivered_at IS NOT NULL AND coalesce(own_disposed_number < own_number, true) THEN '{DELIVERED}'
            ELSE '{GRANTED}' END
        WHEN supplement_asked_at IS NOT NULL AND coalesce(supplemented_at < supplement_asked_at, true) THEN '{INCOMPLETE}'
        WHEN received_at IS NOT NULL THEN '{RECEIVED}'
        ELSE '{SUBMITTED}' END"""


def standings_sql(today: date, bureau: str, as_of: datetime | None = None) -> str:
    """SELECT of every line as `Standing` has it, on a local day, from what had occurred by `as_of`, or from all that is recorded."""
    at = as_of.astimezone(UTC).isoformat() if as_of else _ALL
    extension = """CASE WHEN extension_consented_at >= coalesce(extension_asked_at, extension_consented_at) THEN 'consented'
            WHEN extension_declined_at >= extension_asked_at THEN 'declined' WHEN extension_asked_at IS NOT NULL THEN 'asked' ELSE '' END"""
    columns = {f.name: f.name for f in fields(Standing)} | {
        "state": state_sql(today, bureau), "extension": extension,
        "is_with_requester": "coalesce(own_number > coalesce(own_disposed_number, 0), false)",
    }  # fmt: skip
    listed = ", ".join(f"{columns[f.name]} AS {f.name}" for f in fields(Standing))
    return f"SELECT {listed} FROM ({lines_sql(at)})"


def standings(
    connection: duckdb.DuckDBPyConnection, city: City, at: datetime, lines: Collection[str] | None = None, *, as_of: datetime | None = None
) -> list[Standing]:  # fmt: skip
    """Every line, or the lines asked for, as they stand on the local day of `at`, in the order of their ids; inside a transaction, as it sees them."""
    if not ledger_exists(connection) or (lines is not None and not lines):
        return []
    asked = f"line_id IN ({literals(lines)})" if lines is not None else "true"
    today = at.astimezone(city.timezone).date()
    sql = f"SELECT * FROM ({standings_sql(today, city.bureau, as_of)}) WHERE {asked} ORDER BY line_id"
    return [_standing(row) for row in connection.execute(sql).fetchall()]


def _standing(row: tuple[Any, ...]) -> Standing:
    values: list[Any] = [tuple(value) if isinstance(value, list) else value for value in row]
    return Standing(*values)
