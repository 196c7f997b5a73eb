"""Which lines may be delivered: each grant as the ledger has it at an instant, whether it is in force, and what was delivered on it last."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import duckdb

from contracts.quoting import literal, literals
from sharing.delivery.names import safe_name
from sharing.ledger.store import ledger_exists
from sharing.lines import REVOKED, SUSPENDED, lines_sql

IN_FORCE = "in_force"
# state → why nothing is, or stays, delivered
STATES = {
    IN_FORCE: "授权有效 the grant is in force",
    "not_granted": "未授权 there is no grant",
    "withdrawn": "已撤回 the request was withdrawn",
    "revoked": "已撤销 the grant was revoked",
    "suspended": "已中止 the grant is suspended",
    "expired": "已到期 the grant has expired",
    "not_begun": "未生效 the grant has not begun",
}


@dataclass(frozen=True)
class Delivered:
    """What this platform delivered on a line last, as its newest `delivered` or `refreshed` entry says; `probe_ok` is the last probe since, at
    `probed_at`."""

    way: str
    snapshot: int
    rows: int
    sha256: str
    is_there: bool
    probe_ok: bool | None
    probed_at: datetime | None


@dataclass(frozen=True)
class Grant:
    """A line's grant: its fields sorted, its rows as a prefix of division codes (empty: all), its state on the day asked about. `acted_at` is when
    anything but a probe or a read happened to the line last."""

    line_id: str
    request_id: str
    requester: str
    provider: str
    resource: str
    fields: tuple[str, ...]
    row_scope: str
    unmasked: tuple[str, ...]
    valid_to: date | None
    state: str
    acted_at: datetime
    delivered: Delivered | None
    delivered_elsewhere: bool

    @property
    def delivery_id(self) -> str:
        """The id of the line's delivery, which is also its folder below LANDBRIDGE_HOME/deliveries."""
        return f"{safe_name(self.requester)}/{safe_name(self.line_id)}"

    @property
    def is_delivered(self) -> bool:
        """Whether something of this platform's is still in the requester's reach, so far as the ledger knows."""
        return self.delivered is not None and self.delivered.is_there

    def same_terms(self, other: Grant) -> bool:
        """Whether both allow the same."""
        return _terms(self) == _terms(other)


def grants(
    connection: duckdb.DuckDBPyConnection, at: datetime, zone: tzinfo, lines: Collection[str] | None = None
) -> list[Grant]:
    """Every line, or the lines asked for, that was ever granted or delivered, in the order of their ids, as of the local day of `at`.

    Inside a transaction, as it sees the ledger. A grant whose end cannot be told has ended.
    """
    if not ledger_exists(connection):
        return []
    probed = "last_probe_source = 'landbridge' AND probe_number > own_number"
    today = f"DATE {literal(at.astimezone(zone).date().isoformat())}"
    asked = f"line_id IN ({literals(lines)})" if lines else "true" if lines is None else "false"
    rows = connection.execute(f"""
        SELECT line_id, request_id, requester, provider, resource, granted_fields, coalesce(granted_rows, ''), unmasked_fields, granted_to, CASE
                   WHEN answer IS DISTINCT FROM 'consented' THEN 'not_granted'
                   WHEN withdrawn_at IS NOT NULL THEN 'withdrawn'
                   WHEN {REVOKED} THEN 'revoked'
                   WHEN {SUSPENDED} THEN 'suspended'
                   WHEN coalesce(granted_to < {today}, true) THEN 'expired'
                   WHEN coalesce(granted_from > {today}, true) THEN 'not_begun'
                   ELSE '{IN_FORCE}' END,
               acted_at, own_way, own_snapshot, own_rows, own_sha256, coalesce(own_disposed_number < own_number, true),
               CASE WHEN {probed} THEN last_probe_ok END, CASE WHEN {probed} THEN last_probe_at END, delivered_at IS NOT NULL
        FROM ({lines_sql(at.astimezone(UTC).isoformat())})
        WHERE ({asked}) AND (answer = 'consented' OR own_number IS NOT NULL) ORDER BY line_id""").fetchall()
    return [_grant(row) for row in rows]


def _grant(row: tuple[Any, ...]) -> Grant:
    (
        line,
        request,
        requester,
        provider,
        resource,
        fields,
        scope,
        unmasked,
        valid_to,
        state,
        acted_at,
        *own,
        was_delivered,
    ) = row
    delivered = Delivered(*own) if own[0] is not None else None
    return Grant(
        line, request, requester, provider, resource, tuple(fields), scope, tuple(unmasked), valid_to, state, acted_at, delivered,
        delivered_elsewhere=delivered is None and was_delivered,
    )  # fmt: skip


def _terms(grant: Grant) -> tuple[object, ...]:
    return (
        grant.request_id, grant.requester, grant.provider, grant.resource, grant.fields, grant.row_scope, grant.unmasked, grant.valid_to,
        grant.state,
    )  # fmt: skip
