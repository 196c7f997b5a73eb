"""A city whose departments submit and answer requests at its desk: what the tests of a request's life tell their stories with.

Hour n is n hours after 2020-05-05 09:00 in Asia/Shanghai, a Tuesday on which the city's first night is loaded; bureau is `big_data`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sharing.ledger.chain import Entry
from sharing.ledger.store import entries
from sharing.requests.desk import Desk, Signed
from sharing.requests.request_file import Wish
from sharing.requests.states import Standing, standings
from sharing.requests.submission import submit
from tests.sharing.rate_city import ZONE, RateCity

OPENING = datetime(2020, 5, 5, 9, tzinfo=ZONE)
WISH = Wish("police.resident", ("number", "name"), "Civil Code art. 1076", "registration of divorces", "database", 12)
CIVIL, POLICE, BUREAU, TAX = (Signed(id, f"{id} clerk", f"{id} head") for id in ("civil", "police", "big_data", "tax"))

# what each move says where a test does not care
SAID: dict[str, dict[str, Any]] = {
    "return": {"missing": ["letter of authority"]},
    "extend ask": {"reason": "many requests"},
    "extend decline": {"reason": "no need"},
    "refuse": {"level": "law", "ground": "Statistics Law art. 9"},
    "overrule": {"reason": "the article says nothing of the kind"},
    "not-digitised": {"holding": "registers 1950–1980"},
    "rule-outside": {"reason": "the county keeps it"},
    "suspend": {"reason": "used for something else", "filing": "agreement 7, filed as 2020-3"},
    "revoke": {"reason": "used for something else", "filing": "agreement 7, filed as 2020-3"},
}


class DeskCity(RateCity):
    """A RateCity with sensitive fields in `police.person` and a district of its own, `idle`, division 370211."""

    def __post_init__(self) -> None:
        super().__post_init__()
        departments = self.folder / "departments.yaml"
        departments.write_text(
            departments.read_text()
            .replace("{id: idle, ", '{id: idle, division: "370211", ')
            .replace("name: idle", "name: 某区")
        )
        self.contract(
            "police.person", division=True,
            more="      - {name: phone, logicalType: string, semanticType: phone, classification: sensitive}\n",
        )  # fmt: skip
        self.purposes = count(1)

    def desk(self, hour: float) -> Desk:
        return Desk(self.connection, self.settings, self.city, OPENING + timedelta(hours=hour))

    def submit(self, hour: float = 0, by: Signed = CIVIL, **changes: Any) -> str:
        """Submit one line, of a purpose of its own unless it is said; returns its id."""
        wish = replace(WISH, **({"purpose": f"purpose {next(self.purposes)}"} | changes))
        return submit(self.desk(hour), [wish], by)[0]

    def act(self, hour: float, move: str, line: str, by: Signed, at: datetime | None = None, **said: Any) -> None:
        """Make a move; what it says is `SAID`, but for what is given."""
        self.desk(hour).act(move, line, by, SAID.get(move, {}) | said, at)

    def acted(self, hour: float, move: str, line: str, by: Signed, **said: Any) -> Standing:
        """Make a move; returns how the line stands after it."""
        self.act(hour, move, line, by, **said)
        return self.standing(line, hour)

    def standing(self, line: str, hour: float = 100) -> Standing:
        desk = self.desk(hour)
        return standings(desk.connection, desk.city, desk.recorded_at, [line])[0]

    def received(self, **changes: Any) -> str:
        """A line that was submitted and received in hour 0."""
        line = self.submit(**changes)
        self.act(0, "receive", line, POLICE)
        return line

    def granted(self, **changes: Any) -> str:
        """A line that was granted as asked in hour 1."""
        line = self.received(**changes)
        self.act(1, "grant", line, POLICE)
        return line

    def told(self, line: str) -> list[Entry]:
        return list(entries(self.connection, "line_id = ?", [line]))
