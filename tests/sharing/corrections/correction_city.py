"""A city whose delivered data is challenged: what the tests of corrections tell their stories with.

Night 1 ends on Tuesday 2020-05-05; `L1` is civil's line on police.resident, delivered and holding. Days are of May 2020, whose 9th is a working Saturday.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from sharing.corrections.challenge import Challenge
from sharing.corrections.desk import ask, decide
from sharing.corrections.night import settle_corrections
from sharing.corrections.state import Correction
from sharing.ledger.store import entries
from sharing.requests.desk import Desk, Signed
from tests.sharing.rate_city import ZONE, RateCity, reasons
from warehouse.commit import QualityResult

RESOURCE, RULE = "police.resident", "name.not_null"
CIVIL, POLICE, BUREAU, TAX = (Signed(id, f"{id} clerk") for id in ("civil", "police", "big_data", "tax"))
ASKED = QualityResult(RULE, "expect_column_values_to_not_be_null", "error", "completeness", 20, 0, True, None)


class CorrectionCity(RateCity):
    """Its rows are `people`: number is the key, every name begins with `canary`."""

    def __init__(self, root: Path, *, in_memory: bool = True, **terms: Any) -> None:
        super().__init__(root, in_memory=in_memory)
        self.line("L1", **terms)
        self.rows = self.people(20)
        for row in self.rows:
            row |= {"number": f"37020219870613{row['number']:0>4}", "name": f"canary{row['number']}"}

    def key(self, number: int) -> str:
        return str(self.rows[number]["number"])

    def desk(self, day: int, hour: int = 10) -> Desk:
        return Desk(self.connection, self.settings, self.city, datetime(2020, 5, day, hour, tzinfo=ZONE))

    def ask(self, day: int = 5, by: Signed = CIVIL, **about: Any) -> Correction:
        """Challenge the name of row 3, unless it is about something else."""
        told = {"line_id": "L1", "reason": "another name on the document", "field": "name", "keys": (self.key(3),)}
        return ask(self.desk(day), by, Challenge(**(told | about)))

    def decide(self, day: int = 6, by: Signed = POLICE, id: str = "L1/C1", *, upheld: bool = True) -> Correction:
        return decide(self.desk(day, 11), by, id, upheld=upheld, reason="compared with the paper file")

    def night(self, number: int, *, failing: int = 0, quality: tuple[QualityResult, ...] = (ASKED,)) -> list[str]:
        """Load the resource and settle; the last `failing` rows are refused by RULE. Returns what the night says of corrections."""
        self.load(RESOURCE, number, self.rows, failing=failing, quality=quality, rule=RULE)
        if number == 1:
            self.load_register(1)
        return self.settle(number)

    def settle(self, number: int) -> list[str]:
        at = self.as_of(number)
        return settle_corrections(self.connection, self.settings, self.city, at, at)

    def why(self, number: int) -> list[str]:
        """Why the line does not hold as of the night, by the register of that night; nothing where it holds."""
        if number > 1:
            for line in self.lines.values():
                line["last_probe_at"] = f"2020-05-{3 + number:02} 08:00:00"
            self.load_register(number)
        return reasons(self.judge(number)).get("L1", [])

    def ledger(self, kind: str = "%") -> list[dict[str, Any]]:
        """What was recorded of corrections, in order."""
        return [
            {"kind": e.kind, "actor": e.actor, **json.loads(e.payload)}
            for e in entries(self.connection, "kind LIKE 'correction!_%' ESCAPE '!' AND kind LIKE ?", [kind])
        ]
