"""The read probe: what was delivered is opened as its requester would, and compared with what the ledger says was delivered."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from contracts.errors import LandbridgeError
from sharing.delivery.doors import Found, door
from sharing.delivery.grants import IN_FORCE, Grant
from sharing.delivery.manifest import read_manifest
from sharing.delivery.projection import REQUEST_COLUMN
from sharing.delivery.ways import Way
from sharing.delivery.work import Work
from sharing.ledger.events import Event
from sharing.ledger.store import record


@dataclass(frozen=True)
class Probe:
    """What a probe of one line found; `reason` says in words what is wrong."""

    grant: Grant
    ok: bool
    rows: int
    reason: str


def probe(work: Work, lines: Collection[str] | None = None) -> list[Probe]:
    """Open every delivery of ours whose grant is in force, and record in one commit what each probe found."""
    with work.alone():
        probes = [_probe(work, g) for g in work.grants(lines) if g.is_delivered and g.state == IN_FORCE]
        events = [event for p in probes for event in _told(work, p)]
        if events:
            record(work.connection, work.settings, lambda: events, work.recorded_at, "probes")
    return probes


def _told(work: Work, probe: Probe) -> Iterator[Event]:
    """What the ledger is to be told of a probe: nothing where a probe of the same night found the same."""
    grant, delivered = probe.grant, probe.grant.delivered
    assert delivered is not None
    probed_at, has_changed = delivered.probed_at, delivered.probe_ok is not probe.ok
    if probed_at is not None and probed_at >= work.as_of and not has_changed:
        return
    said = {"ok": probe.ok, "delivery_id": grant.delivery_id, "rows": probe.rows, "snapshot": delivered.snapshot}
    if probe.reason:
        said["reason"] = probe.reason
    # not before what it rests upon: the delivery, or another finding of the same night
    at = work.dated(may=grant.acted_at <= work.as_of and (probed_at is None or probed_at < work.as_of))
    yield work.event("probed", grant, work.bureau(grant), said, at=at)


def _probe(work: Work, grant: Grant) -> Probe:
    assert grant.delivered is not None
    try:
        found = door(work, grant, Way.parse(grant.delivered.way)).find()
    except LandbridgeError as error:
        return Probe(grant, False, 0, error.what)
    reason = _difference(work, grant, found)
    return Probe(grant, not reason, found.rows, reason)


def _difference(work: Work, grant: Grant, found: Found) -> str:
    delivered, manifest = grant.delivered, read_manifest(work, grant)
    assert delivered is not None
    if manifest is None:
        return "the manifest is missing"
    if {k: manifest.get(k) for k in ("line_id", "snapshot", "sha256")} != {
        "line_id": grant.line_id, "snapshot": delivered.snapshot, "sha256": delivered.sha256,
    }:  # fmt: skip
        return "the manifest is not that of the delivery in the ledger"
    if found.columns != (REQUEST_COLUMN, *manifest.get("fields", ())):
        return "the columns are not those delivered"
    if sorted(found.columns[1:]) != sorted(grant.fields):
        return "the columns are not the fields granted"
    if found.rows != delivered.rows:
        return f"{found.rows:,} rows, {delivered.rows:,} were delivered"
    return "" if found.sha256 == delivered.sha256 else "the content is not what was delivered"
