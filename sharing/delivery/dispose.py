"""Disposal: what was delivered on a grant that is no longer in force is taken away, and the ledger gets the proof (Decree 809, art. 27)."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from contracts.errors import InternalError, LandbridgeError
from sharing.delivery.doors import Removed, door
from sharing.delivery.grants import IN_FORCE, Grant
from sharing.delivery.manifest import manifest_path
from sharing.delivery.ways import Way
from sharing.delivery.work import Work
from sharing.ledger.events import Event, canonical
from sharing.ledger.store import record


@dataclass
class Outcome:
    """What a step did: lines → what of them, and lines → why not."""

    done: dict[str, str] = field(default_factory=dict)
    failed: dict[str, LandbridgeError] = field(default_factory=dict)

    def add(self, other: Outcome) -> Outcome:
        self.done.update(other.done)
        self.failed.update(other.failed)
        return self


def dispose(work: Work, lines: Collection[str] | None = None, *, is_alone: bool = False) -> Outcome:
    """Take away every delivery of ours whose grant is revoked, expired, suspended, withdrawn or no grant any more.

    The data goes first and the proof is recorded then: killed in between, it is run again, finds nothing left, and records that. What cannot be
    taken away – a requester's database that does not answer – fails here, and is tried again the next time.
    """
    if not is_alone:
        with work.alone():
            return dispose(work, lines, is_alone=True)
    ended = [grant for grant in work.grants(lines) if grant.is_delivered and grant.state != IN_FORCE]
    return dispose_now(work, ended)


def dispose_now(work: Work, ended: list[Grant], reason: str = "") -> Outcome:
    """Take these deliveries away, whatever their grant says; the caller is alone."""
    outcome = Outcome()
    proofs: list[tuple[Grant, Removed]] = []
    for grant in ended:
        try:
            proofs.append((grant, _remove(work, grant)))
        except LandbridgeError as error:
            outcome.failed[grant.line_id] = error

    def decide() -> list[Event]:
        # one that another process disposed of meanwhile is told of once
        still = {grant.line_id for grant in work.grants([g.line_id for g, _ in proofs]) if grant.is_delivered}
        return [_event(work, grant, removed, reason) for grant, removed in proofs if grant.line_id in still]

    if proofs:
        record(work.connection, work.settings, decide, work.recorded_at, "disposals")
    for grant, removed in proofs:
        outcome.done[grant.line_id] = ", ".join(removed.what) or "nothing was left"
    return outcome


def _remove(work: Work, grant: Grant) -> Removed:
    assert grant.delivered is not None
    removed = door(work, grant, Way.parse(grant.delivered.way)).remove()
    path = manifest_path(work, grant)
    path.unlink(missing_ok=True)
    with suppress(OSError):  # a folder that was never made, or that files are still in
        path.parent.rmdir()
    if not removed.is_gone or path.exists():
        raise InternalError(
            "the delivery is still there after it was removed", where=f"line {grant.line_id}", remedy="remove it by hand and report this"
        )  # fmt: skip
    return removed


def _event(work: Work, grant: Grant, removed: Removed, reason: str) -> Event:
    assert grant.delivered is not None
    proof: dict[str, Any] = {
        "reason": reason or grant.state, "way": grant.delivered.way, "removed": list(removed.what), "sha256_before": removed.sha256,
        "sha256_delivered": grant.delivered.sha256, "is_gone": removed.is_gone,
    }  # fmt: skip
    return work.event(
        "disposed", grant, work.bureau(grant), {"delivery_id": grant.delivery_id, "proof": canonical(proof)}
    )
