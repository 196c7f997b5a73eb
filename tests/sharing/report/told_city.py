"""Three nights with known truth, hostile words in the register, and the marts and pages made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.catalogue import City
from sharing.published import next_known_at, write
from sharing.rate import compute
from sharing.report import marts
from sharing.report.computed import Computation, chosen, computations
from sharing.report.facts import read_facts
from sharing.report.page import page
from sharing.report.proof import NOT_LOOKED, Kept
from tests.sharing.rate_city import RateCity
from warehouse.lake import commit

HOSTILE = '<script>window.hostile=true</script><img src="http://evil.test/x.png">'
FORMULA = '=HYPERLINK("http://evil.test")'


@dataclass
class ToldCity:
    """Night 1: all but the open and refused lines hold. Night 2: tax's load is held back. Night 3: it is good again, one grant was revoked."""

    city: RateCity

    @property
    def read(self) -> City:
        return self.city.city

    def computation(self, night: int) -> Computation:
        day = self.city.as_of(night).date().isoformat()
        return chosen(computations(self.city.connection), self.read.timezone, day)

    def page(self, night: int, kept: Kept = NOT_LOOKED) -> str:
        return page(
            read_facts(self.city.connection, self.read, self.computation(night), lambda head: kept), "lines.csv"
        )

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self.city.connection.execute(sql).fetchall()
        return rows

    def judge(self, night: int) -> None:
        """Rate and marts in one transaction, as share_rate does."""
        connection = self.city.connection
        as_of = self.city.as_of(night)
        result = compute(connection, self.read, as_of, next_known_at(connection, as_of, as_of))

        def work() -> None:
            write(connection, result)
            marts.refresh(connection, self.read, as_of)

        commit(connection, self.city.settings, work)


def tell(root: Path, nights: int = 3) -> ToldCity:
    """Make the city and its first nights."""
    city = RateCity(root)
    told = ToldCity(city)
    for n in range(6):
        city.line(f"P{n}", requester=("civil", "tax")[n % 2])
    for n in range(4):
        city.line(f"T{n}", provider="tax", resource="tax.taxpayer", share_type="unconditional")
    city.line("NEVER READ", last_read_at=None)
    city.line("LATE", answered_at="2020-02-20 10:00:00", delivered_at="2020-04-20 10:00:00")
    city.undelivered("SILENT")
    city.undelivered("OPEN", submitted_at="2020-04-28 09:00:00", received_at="2020-04-28 09:00:00")
    city.undelivered("PAUSED", supplement_asked_at="2020-01-08 09:00:00")
    city.undelivered("REFUSED", answered_at="2020-01-08 09:00:00", answer="refused", refusal_ground_level="law")
    city.undelivered(FORMULA, requester=HOSTILE, resource=HOSTILE, request_id="+1+1")
    city.undelivered("WITHDRAWN", withdrawn_at="2020-01-07 09:00:00", withdrawn_by="civil")
    for night in range(1, nights + 1):
        city.probe(night)
        for line in city.lines.values():
            if line.get("last_read_at"):
                line["last_read_at"] = f"2020-05-0{3 + night} 09:00:00"
        if night == 3:
            city.line("P0", revoked_at="2020-05-06 09:00:00")
        city.load("police.resident", night)
        city.load("tax.taxpayer", night, held="7 % of the rows fail" if night == 2 else "")
        city.load_register(night)
        told.judge(night)
    return told
