"""The chain: each entry's hash covers all it says and the hash of the entry before it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sharing.ledger.events import Event, canonical, utc_text

# what the first entry follows
GENESIS = "0" * 64


@dataclass(frozen=True)
class Entry:
    """One row of `sharing.events`: the `number` in the chain counts from 1, `payload` is canonical JSON, times are aware."""

    number: int
    id: str
    line_id: str
    request_id: str
    kind: str
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    person: str
    source: str
    payload: str
    previous: str
    hash: str

    @property
    def right_hash(self) -> str:
        """SHA-256 of the entry without its own hash, as canonical JSON of its columns in this order."""
        return _digest(
            self.number, self.id, self.line_id, self.request_id, self.kind, utc_text(self.occurred_at), utc_text(self.recorded_at),
            self.actor, self.person, self.source, self.payload, self.previous,
        )  # fmt: skip


@dataclass(frozen=True)
class Head:
    """The newest entry: what the next one follows. An empty ledger has number 0."""

    number: int
    hash: str
    recorded_at: datetime | None


EMPTY = Head(0, GENESIS, None)


def follow(head: Head, event: Event, recorded_at: datetime) -> Entry:
    """The entry that records the event after `head`. The ledger's time never goes back: a clock that did is held at the head's."""
    recorded = recorded_at if head.recorded_at is None else max(recorded_at, head.recorded_at)
    number, payload = head.number + 1, canonical(dict(event.payload))
    hash = _digest(
        number, event.id, event.line_id, event.request_id, event.kind, utc_text(event.occurred_at), utc_text(recorded), event.actor,
        event.person, event.source, payload, head.hash,
    )  # fmt: skip
    return Entry(
        number, event.id, event.line_id, event.request_id, event.kind, event.occurred_at, recorded, event.actor, event.person,
        event.source, payload, head.hash, hash,
    )  # fmt: skip


def _digest(*told: int | str) -> str:
    return hashlib.sha256(canonical(told).encode()).hexdigest()
