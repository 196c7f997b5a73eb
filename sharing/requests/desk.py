"""Where a request is worked on: a move is checked and recorded in one transaction, so that of two who make it at once only one does."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.settings import Settings
from sharing.ledger.chain import Entry
from sharing.ledger.events import Event
from sharing.ledger.store import EVENTS, ledger_exists, record
from sharing.requests.asked import Asked
from sharing.requests.moves import Move, check_move, illegal
from sharing.requests.request_file import misfit_text
from sharing.requests.states import Standing, standings
from sharing.requests.terms import payload_of


@dataclass(frozen=True)
class Signed:
    """Who acts: a department, who there, and who approved it where two persons must."""

    department: str
    person: str
    approved_by: str = ""

    def check(self, city: City, *, approved: bool) -> None:
        """Raise ConfigurationError unless the department is the city's, a person is named, and, where needed, another one approved."""
        city.department(self.department)
        if not self.person.strip():
            raise ConfigurationError("nobody is named", remedy="--person: who acts for the department")
        for name in ("person", "approved_by"):
            if problem := misfit_text(getattr(self, name).strip()):
                raise ConfigurationError(f"{name} {problem}", remedy="a name, as people write it")
        if not approved:
            return
        if not self.approved_by.strip():
            raise ConfigurationError(
                "nobody approved it", remedy="--approved-by: the head of the department's sharing office (art. 20–21)"
            )
        if _same(self.person) == _same(self.approved_by):
            raise ConfigurationError(
                "who writes it may not approve it", remedy="two persons: --person and --approved-by (art. 20–21)"
            )


@dataclass(frozen=True)
class Desk:
    """One connection to the lake that may write, the city, and the instant at which things are recorded."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    city: City
    recorded_at: datetime

    def act(
        self, move: str, of: str, by: Signed, said: Mapping[str, Any] | None = None, at: datetime | None = None
    ) -> list[Entry]:
        """Make a move of a line, or of every line of a request: all of them or none; returns the entries.

        `at` is when it happened, now without: neither in the future nor before what happened to the line last. Raises IllegalMove, which lists
        what is possible, where the state or the department does not allow the move; ConfigurationError where what is said is not enough.
        """

        def decide() -> list[Event]:
            return [self._event(move, line, by, said or {}, at) for line in self.lines(of)]

        return self.record(decide, f"request {move}")

    def record(self, decide: Callable[[], Iterable[Event]], message: str) -> list[Entry]:
        """Commit what `decide` returns; it is called again where writers meet."""
        return record(self.connection, self.settings, decide, self.recorded_at, message)

    def lines(self, of: str, *, as_of: datetime | None = None) -> list[Standing]:
        """A line, or all lines of a request, as they stand; ConfigurationError where there is none."""
        found = standings(self.connection, self.city, self.recorded_at, self._ids(of), as_of=as_of)
        if not found:
            raise ConfigurationError(f"no line or request {of!r}", remedy="landbridge request list")
        return sorted(found, key=lambda line: (len(line.line_id), line.line_id))

    def occurred(self, at: datetime | None) -> datetime:
        """When an act happened; ConfigurationError for a time in the future."""
        if at is not None and at > self.recorded_at:
            raise ConfigurationError(
                f"{at.isoformat()} is in the future", remedy="--at says when it happened; leave it out for now"
            )
        return at or self.recorded_at

    def _event(self, name: str, line: Standing, by: Signed, said: Mapping[str, Any], at: datetime | None) -> Event:
        city = self.city
        move = check_move(name, line, city.department(by.department).id, city.bureau)
        by.check(city, approved=move.approved)
        occurred = self.occurred(at)
        self._check_order(move, line, occurred)
        day = occurred.astimezone(city.timezone).date()
        payload = payload_of(move.kind, Asked(city, line, by.department, said, day))
        if move.approved:
            payload["approved_by"] = by.approved_by.strip()
        return Event(move.kind, line.line_id, line.request_id, occurred, by.department, by.person.strip(), payload)

    def _check_order(self, move: Move, line: Standing, occurred: datetime) -> None:
        if occurred < line.moved_at:
            when = line.moved_at.astimezone(self.city.timezone).isoformat()
            raise illegal(f"{move.name} would happen before what happened last, at {when}", line, self.city.bureau)
        before: datetime | None = getattr(line, move.after) if move.after else None
        if before is not None and occurred <= before:
            when = before.astimezone(self.city.timezone).isoformat()
            raise illegal(f"{move.name} must happen later than {when}", line, self.city.bureau)

    def _ids(self, of: str) -> list[str]:
        if not ledger_exists(self.connection):
            return []
        sql = f"SELECT DISTINCT line_id FROM {EVENTS} WHERE kind = 'submitted' AND (line_id = ? OR request_id = ?)"
        ids = [id for (id,) in self.connection.execute(sql, [of, of]).fetchall()]
        return [of] if of in ids else ids


def _same(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
