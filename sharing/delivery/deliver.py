"""Delivering, and bringing up to date: stage, record in the ledger, publish – in this order, so that nothing is read that no event tells of.

A step may be killed anywhere and run again: what was recorded but not published is published then, and what was staged is staged anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from contracts.errors import ConfigurationError, LandbridgeError
from sharing.delivery.dispose import Outcome, dispose, dispose_now
from sharing.delivery.doors import Door, Staged, door
from sharing.delivery.grants import IN_FORCE, STATES, Grant
from sharing.delivery.manifest import manifest_of, read_manifest, write_manifest
from sharing.delivery.projection import Projection, project
from sharing.delivery.ways import Way
from sharing.delivery.work import Work
from sharing.ledger.events import Event
from sharing.ledger.store import record

# deliveries staged before one commit tells of them: bounds the disk that staging takes, and the transactions open in requesters' databases
_AT_ONCE, _TABLES_AT_ONCE = 200, 8


@dataclass(frozen=True)
class _Ready:
    """A delivery that is staged, and what the ledger is to be told of it."""

    grant: Grant
    way: Way
    door: Door
    projection: Projection
    staged: Staged

    def events(self, work: Work, grant: Grant) -> Iterator[Event]:
        """`grant` is the line as the ledger has it now."""
        told = {
            "fields": self.projection.given, "row_scope": grant.row_scope, "delivery_id": grant.delivery_id, "way": self.way.text,
            "rows": self.staged.rows, "snapshot": self.projection.load.snapshot, "sha256": self.staged.sha256, "masks": self.projection.masks,
        }  # fmt: skip
        # never dated before what it rests upon, a grant of this morning or a disposal
        at = work.dated(may=grant.acted_at < work.as_of)
        yield work.event("refreshed" if grant.delivered else "delivered", grant, grant.provider, told, at=at)


def deliver(work: Work, line: str, way: Way | None = None) -> Outcome:
    """Deliver one line now, whether it was before or not; `way` in place of what the city folder and the last delivery say.

    Raises whatever keeps the line from being delivered.
    """
    with work.alone():
        grant = work.grant(line)
        chosen = way or work.way(grant)
        if chosen is None:
            raise ConfigurationError(
                "nothing says how to deliver it",
                where=f"line {line}",
                remedy="give --way, or a rule in deliveries.yaml",
            )
        outcome = _hand_over(work, [(grant, chosen)])
    for error in outcome.failed.values():
        raise error
    return outcome


def refresh(work: Work, lines: Collection[str] | None = None) -> Outcome:
    """Bring every delivery of ours up to date, and deliver for the first time what a rule of the city folder asks for.

    A delivery is made anew where its resource has a newer load, its grant, masks or way changed, its last probe failed, or something of it is
    missing. The same state again does nothing. One line's failure is no other's.
    """
    outcome = Outcome()
    with work.alone():
        todo = []
        for grant in work.grants(lines):
            try:
                way = work.way(grant) if _is_ours(work, grant) else None
                if way is not None and not _is_current(work, grant, way):
                    todo.append((grant, way))
            except LandbridgeError as error:
                outcome.failed[grant.line_id] = error
        for is_table, at_once in ((False, _AT_ONCE), (True, _TABLES_AT_ONCE)):
            rest = iter([(grant, way) for grant, way in todo if (way.name == "table") is is_table])
            while some := list(islice(rest, at_once)):
                outcome.add(_hand_over(work, some))
    return outcome


def _is_ours(work: Work, grant: Grant) -> bool:
    """Whether the line is for this platform to deliver: it did before, or a rule says so and nobody else did."""
    return grant.state == IN_FORCE and (
        grant.delivered is not None or (work.ways.rule(grant) is not None and not grant.delivered_elsewhere)
    )


def _is_current(work: Work, grant: Grant, way: Way) -> bool:
    delivered, manifest = grant.delivered, read_manifest(work, grant)
    if delivered is None or not delivered.is_there or delivered.probe_ok is False or manifest is None:
        return False
    line_door = door(work, grant, way)
    projection = project(work, grant, may_key=line_door.may_key)
    wanted = manifest_of(projection, way, Staged(delivered.rows, delivered.sha256))
    return delivered.way == way.text and manifest == wanted and line_door.is_there()


def _hand_over(work: Work, todo: list[tuple[Grant, Way]]) -> Outcome:
    outcome = Outcome()
    ready: dict[str, _Ready] = {}
    try:
        for grant, way in todo:
            try:
                line_door = door(work, grant, way)
                projection = project(work, grant, may_key=line_door.may_key)
                ready[grant.line_id] = _Ready(grant, way, line_door, projection, line_door.stage(projection))
            except LandbridgeError as error:
                outcome.failed[grant.line_id] = error
        moved = [r.grant for r in ready.values() if r.grant.is_delivered and _lies_elsewhere(r)]
        outcome.add(dispose_now(work, moved, "delivered in another way"))
        accepted = _record(work, {line: r for line, r in ready.items() if line not in outcome.failed})
        for line in sorted(accepted):
            try:
                outcome.done[line] = _publish(work, ready[line])
            except LandbridgeError as error:
                outcome.failed[line] = error
    finally:
        for one in ready.values():
            one.door.discard()
    for line in ready.keys() - accepted - outcome.failed.keys():
        now = work.grant(line)
        what = STATES[now.state] if now.state != IN_FORCE else "the grant changed while the delivery was made"
        outcome.failed[line] = ConfigurationError(
            what, where=f"line {line}", remedy="landbridge deliver run, once it is granted again"
        )
    if accepted:
        # another machine's ledger entry may have come between recording and publishing
        outcome.failed.update(dispose(work, accepted, is_alone=True).failed)
    return outcome


def _publish(work: Work, one: _Ready) -> str:
    one.door.publish()
    write_manifest(work, one.grant, manifest_of(one.projection, one.way, one.staged))
    return f"{one.way.text}, {one.staged.rows:,} rows of snapshot {one.projection.load.snapshot}"


def _record(work: Work, ready: dict[str, _Ready]) -> set[str]:
    """Tell the ledger of the deliveries whose grant still stands as it did when they were made; returns their lines."""
    accepted: set[str] = set()

    def decide() -> list[Event]:
        accepted.clear()
        now = {grant.line_id: grant for grant in work.grants(list(ready))}
        accepted.update(line for line, one in ready.items() if line in now and one.grant.same_terms(now[line]))
        return [event for line in sorted(accepted) for event in ready[line].events(work, now[line])]

    if ready:
        record(work.connection, work.settings, decide, work.recorded_at, "deliveries")
    return accepted


def _lies_elsewhere(one: _Ready) -> bool:
    """Whether what was delivered before lies where the new delivery does not replace it."""
    before = one.grant.delivered
    if before is None or before.way == one.way.text:
        return False
    old = Way.parse(before.way)
    return old.destination != one.way.destination or "view" in (old.name, one.way.name)
