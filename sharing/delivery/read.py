"""The door a requester reads through: who reads is checked, and the ledger is told before the data leaves."""

from __future__ import annotations

from pathlib import Path

from contracts.errors import ConfigurationError
from sharing.delivery.doors import door
from sharing.delivery.grants import IN_FORCE, STATES, Grant
from sharing.delivery.ways import Way
from sharing.delivery.work import Work
from sharing.ledger.events import Event
from sharing.ledger.store import record


def read(work: Work, line: str, department: str, person: str, target: Path) -> int:
    """Write the line's delivery to a new file and return its rows; the read stands in the ledger, with who, rows and snapshot.

    Raises ConfigurationError for anybody but the requester, for a grant not in force, and where nothing is delivered; nothing is written then.
    """
    if not person.strip():
        raise ConfigurationError("who reads is not said", where=f"line {line}", remedy="give --person")
    with work.alone():
        grant = _allowed(work, line, department)
        assert grant.delivered is not None
        line_door = door(work, grant, Way.parse(grant.delivered.way))
        found = line_door.find()
        if found.sha256 != grant.delivered.sha256:
            raise ConfigurationError(
                "the content is not what was delivered",
                where=f"line {line}",
                remedy="landbridge deliver run makes it anew",
            )
        if target.exists():
            raise ConfigurationError("the file is there already", where=str(target), remedy="give another name")

        def decide() -> list[Event]:
            allowed = _allowed(work, line, department)
            told = {"delivery_id": grant.delivery_id, "rows": found.rows, "reader": person}
            snapshot = allowed.delivered.snapshot if allowed.delivered else 0
            return [work.event("read", allowed, department, {**told, "snapshot": snapshot}, person)]

        record(work.connection, work.settings, decide, work.recorded_at, "read")
        line_door.copy_to(target)
    return found.rows


def _allowed(work: Work, line: str, department: str) -> Grant:
    grant = work.grant(line)
    where = f"line {line}"
    if department != grant.requester:
        raise ConfigurationError(
            "only its requester reads a delivery", where=where, remedy="ask for the data with a request of your own"
        )
    if grant.state != IN_FORCE:
        raise ConfigurationError(STATES[grant.state], where=where, remedy="only a grant in force is read on")
    if not grant.is_delivered:
        raise ConfigurationError("nothing is delivered", where=where, remedy="landbridge deliver run")
    return grant
