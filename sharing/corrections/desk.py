"""Asking a correction and deciding on it: who may, from which state, and how the ledger is told, in one transaction each."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import UTC

import duckdb

from contracts.catalogue import City
from contracts.errors import ConfigurationError, IllegalMove
from sharing.corrections.challenge import Challenge, disputed
from sharing.corrections.disputed_rows import keep, kept
from sharing.corrections.state import CLOSED, STATES, Correction, correction, corrections
from sharing.ledger.events import Event
from sharing.ledger.store import EVENTS
from sharing.loads import Load, last_loads
from sharing.requests.desk import Desk, Signed
from sharing.requests.moves import BUREAU, MOVES, REQUESTER, check_move, illegal, roles
from sharing.requests.states import Standing
from warehouse.lake import table_exists

_LONG_NUMBER = re.compile(r"\d{7,}[\dXx]")
_LONGEST_REASON = 500


def ask(desk: Desk, by: Signed, challenge: Challenge) -> Correction:
    """Challenge rows of a line's data; returns the correction that begins.

    Raises IllegalMove where the line or the department does not allow it, or the same rows are challenged already; ConfigurationError where what is
    said is not enough, or names rows that are not there. Neither names a key.
    """
    by.check(desk.city, approved=False)
    reason = _reason(challenge.reason, challenge.keys, challenge.suggested)

    def decide() -> list[Event]:
        line = _line(desk, challenge.line_id)
        as_requester = _may_ask(line, by.department, desk.city)
        load = _load(desk, line.resource)
        resource = desk.city.resource(line.resource)
        rows = disputed(desk.connection, resource, line, load, challenge, as_requester=as_requester)
        _refuse_twice(desk, line, challenge, {row.identity for row in rows})
        id = _next_id(desk.connection, line.line_id)
        payload = {
            "correction_id": id, **({"rule": challenge.rule} if challenge.rule else {"field": challenge.field}),
            "keys": keep(desk.connection, id, resource, rows), "reason": reason, "run_id": load.run_id, "snapshot": load.snapshot,
        }  # fmt: skip
        told = (line.line_id, line.request_id, desk.recorded_at, by.department, by.person.strip())
        return [Event("correction_asked", *told, payload)]

    [entry] = desk.record(decide, "correction ask")
    return correction(desk.connection, str(json.loads(entry.payload)["correction_id"]))


def decide(desk: Desk, by: Signed, id: str, *, upheld: bool, reason: str) -> Correction:
    """Decide on a challenge: its provider once; after that the bureau otherwise, if it does not provide the data itself and nothing was fixed yet.

    What is not upheld is reported back and closed at once; what is upheld is closed by the night that proves it. Raises IllegalMove or ConfigurationError.
    """
    by.check(desk.city, approved=False)
    said = _reason(reason)

    def act() -> list[Event]:
        found = correction(desk.connection, id)
        _may_decide(found, by.department, desk.city, upheld=upheld)
        payload: dict[str, object] = {"correction_id": id}
        told = (found.line_id, found.request_id, desk.recorded_at, by.department, by.person.strip())
        events = [Event("correction_decided", *told, {**payload, "upheld": upheld, "reason": said})]
        if not upheld:
            load = _load(desk, found.resource)
            events.append(Event("correction_closed", *told, {**payload, "snapshot": load.snapshot}))
        return events

    desk.record(act, "correction decide")
    return correction(desk.connection, id)


def _line(desk: Desk, id: str) -> Standing:
    found = desk.lines(id)
    if len(found) != 1:
        raise ConfigurationError(
            f"request {id!r} has {len(found)} lines",
            remedy=f"name one: {', '.join(line.line_id for line in found[:5])}",
        )
    return found[0]


def _may_ask(line: Standing, department: str, city: City) -> bool:
    """Whether the department asks as the line's requester; IllegalMove where it may not ask at all."""
    parts = roles(line, city.bureau, department)
    if REQUESTER in parts or BUREAU not in parts:
        check_move("challenge", line, department, city.bureau)
        return True
    if line.state not in MOVES["challenge"].when:
        raise illegal("challenge is not possible: nothing is delivered on the line", line, city.bureau)
    return False


def _may_decide(found: Correction, department: str, city: City, *, upheld: bool) -> None:
    where = f"correction {found.correction_id}: {STATES[found.state]}"
    if found.asked_source != "landbridge":
        raise IllegalMove("it is kept in the city's request register", where=where, remedy="decide it there")
    if department == found.provider:
        if found.decided_at is None:
            return
        other = city.bureau if city.bureau not in ("", found.provider) else "the common superior bureau"
        raise IllegalMove("it was decided already", where=where, remedy=f"{other} may decide otherwise (art. 28)")
    if department != city.bureau:
        raise IllegalMove(
            f"{department} does not provide the data", where=where, remedy=f"{found.provider} decides (art. 26)"
        )
    if found.decided_at is None:
        raise IllegalMove(
            "its provider has not decided yet", where=where, remedy=f"{found.provider} decides first (art. 26); what is late makes the line fail"
        )  # fmt: skip
    if found.state == CLOSED or found.upheld == upheld:
        raise IllegalMove(
            "it was put right" if found.state == CLOSED else "it was decided so already", where=where, remedy="ask again where the data is wrong again"
        )  # fmt: skip


def _refuse_twice(desk: Desk, line: Standing, challenge: Challenge, identities: set[str]) -> None:
    for other in corrections(desk.connection):
        if (
            other.line_id != line.line_id
            or not other.is_open
            or (other.rule, other.field) != (challenge.rule or None, challenge.field or None)
        ):
            continue
        rows = kept(desk.connection, other.correction_id, other.keys) or []
        if identities & {row.identity for row in rows}:
            raise IllegalMove(
                "rows of it are challenged already", where=f"correction {other.correction_id}: {STATES[other.state]}",
                remedy=f"landbridge correction show {other.correction_id}",
            )  # fmt: skip


def _next_id(connection: duckdb.DuckDBPyConnection, line_id: str) -> str:
    row = connection.execute(
        f"SELECT count(*) FROM {EVENTS} WHERE line_id = ? AND kind = 'correction_asked' AND source = 'landbridge'",
        [line_id],
    ).fetchone()
    return f"{line_id}/C{(row[0] if row else 0) + 1}"


def _load(desk: Desk, resource: str) -> Load:
    """The resource's last accepted load; ConfigurationError where there is none."""
    found = desk.city.resource(resource)
    if table_exists(desk.connection, "ops", "runs"):
        for load in last_loads(desk.connection, [found], desk.recorded_at.astimezone(UTC).isoformat()).values():
            return load
    raise ConfigurationError("the resource was never loaded", where=resource, remedy=f"landbridge run {resource}")


def _reason(text: str, keys: Collection[str] = (), suggested: str = "") -> str:
    """The reason as one line; ConfigurationError unless it says something and names nobody: what the ledger holds is never erased."""
    told = " ".join(text.split())
    if not told:
        raise ConfigurationError("no reason is given", remedy="--reason: what is wrong, or why it is right")
    if len(told) > _LONGEST_REASON:
        raise ConfigurationError(f"the reason has {len(told):,} letters", remedy=f"at most {_LONGEST_REASON}")
    # a key or value of one letter stands in most texts
    values = [*(key for key in keys if len(key) > 1), *([suggested] if len(suggested) > 2 else [])]
    if _LONG_NUMBER.search(told) or any(value in told for value in values):
        raise ConfigurationError(
            "the reason holds a long number, a key or the value", where="--reason",
            remedy="the ledger is never erased: name rows by --key, values by --suggested, days as 2020-05-04",
        )  # fmt: skip
    return told
