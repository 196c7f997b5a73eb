"""Lines told by their dates: what the tests of deadlines, liability and demand record in the ledger of a small city."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from sharing.ledger.events import Event
from sharing.ledger.store import append
from sharing.requests.deadlines import Duties, duties
from tests.sharing.rate_city import ZONE, RateCity
from warehouse.lake import commit

BUREAU = "big_data"
CONDITIONAL, UNCONDITIONAL = "police.resident", "tax.taxpayer"


def at(text: str) -> datetime:
    """A local instant: `2020-01-13`, which is four in the afternoon, or `2020-01-13 09:30`."""
    return datetime.fromisoformat(text if " " in text else f"{text} 16:00").replace(tzinfo=ZONE)


class ToldLines:
    """A small city whose ledger is filled with events in words; its register stays empty.

    After `turn()` lines told before are not seen in `rows` and `told_of`: tests may share one city.
    """

    def __init__(self, root: Path, recorded: str = "") -> None:
        self.city = RateCity(root, in_memory=True)
        self.turns, self.recorded_on = 0, recorded
        self.waiting: list[tuple[Event, datetime]] = []

    def submitted(self, line: str, day: str, resource: str = CONDITIONAL, **says: Any) -> None:
        """The civil affairs office asks for the number and the name, unless the line says otherwise."""
        wish = {
            "requester": "civil", "provider": resource.partition(".")[0], "resource": resource, "purpose": f"matter {line}",
            "fields": ["name", "number"], "row_scope": "", "share_type": "unconditional" if resource == UNCONDITIONAL else "conditional",
        }  # fmt: skip
        self.happened(line, "submitted", day, str(says.get("requester", "civil")), **(wish | says))

    def happened(
        self, line: str, kind: str, day: str, by: str, recorded: str = "", source: str = "landbridge", **says: Any
    ) -> None:
        """An event on a local day; it is recorded when it happens, unless another day is given."""
        self.waiting.append(
            (
                Event(kind, f"{self.turns}/{line}", f"R-{line}", at(day), by, "", says, source),
                at(recorded or self.recorded_on or day),
            )
        )

    def granted(self, line: str, day: str, by: str = "police", recorded: str = "") -> None:
        ends = (at(day) + timedelta(days=400)).date().isoformat()
        self.happened(
            line,
            "granted",
            day,
            by,
            recorded,
            fields=["name", "number"],
            row_scope="",
            valid_from=day[:10],
            valid_to=ends,
        )

    def delivered(self, line: str, day: str, by: str = "police") -> None:
        self.happened(line, "delivered", day, by, fields=["name", "number"], row_scope="")

    def correction(self, line: str, kind: str, day: str, by: str, **says: Any) -> None:
        self.happened(line, f"correction_{kind}", day, by, correction_id=f"{line}/1", **says)

    def duties(self, day: str) -> Duties:
        """The duties as of the end of a local day."""
        if self.waiting:
            self.record()
        return duties(self.city.connection, self.city.city, at(f"{day} 23:59"))

    def record(self) -> None:
        """Put what was told into the ledger in one transaction, in the order in which it was recorded."""
        connection = self.city.connection
        told = groupby(sorted(self.waiting, key=itemgetter(1)), itemgetter(1))
        told_at = [(recorded, [event for event, _ in group]) for recorded, group in told]

        def appended() -> None:
            for recorded, events in told_at:
                append(connection, events, recorded)

        commit(connection, self.city.settings, appended)
        self.waiting.clear()

    def turn(self) -> None:
        self.turns += 1

    def told_of(self, day: str) -> list[dict[str, Any]]:
        """The duties as of the end of a local day, of this turn's lines."""
        return self._own(self.duties(day).table.to_pylist())

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """What a list over the duties says of this turn's lines, or the rows as they are where they are about no line."""
        return self._own(self.city.connection.execute(sql).to_arrow_table().to_pylist())

    def _own(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        turn = f"{self.turns}/"
        own = [row for row in rows if row.get("line_id", turn).startswith(turn)]
        return [row | {"line_id": row["line_id"].removeprefix(turn)} if "line_id" in row else row for row in own]
