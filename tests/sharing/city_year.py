"""A scripted city-year: 2,000 requests from a seed, their events in the ledger, a year of loads, and the same told to the naive rate.

`python -m tests.sharing.city_year` compares every one of the year's days; the test beside it a choice of them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sharing.ledger.events import Event
from sharing.ledger.store import append
from sharing.published import write
from sharing.rate import RateResult, compute
from tests.sharing.naive_rate import Asset, Delivery, Finding, Happening, Line, NaiveRate, pooled, read_days
from tests.sharing.rate_city import ZONE, RateCity
from warehouse.lake import commit

LINES = 2_000
# night n covers the day after 3 May 2020 + n days: the year 2020 ends with night 241
FIRST, LAST = -123, 241
# resource → shared unconditionally; one of a provider of each kind, the bureau among them
_RESOURCES = {"police.resident": False, "tax.taxpayer": True, "big_data.project": False}
_NAMES = ("number", "name", "nickname", "division_code")
_JUDGED = ("valid", "due", "holds", "on_time", "used", "fields_held")
_SCOPES: dict[str, Callable[[Line], tuple[str, ...]]] = {
    "city": lambda line: ("testville",), "provider": lambda line: (line.provider,), "requester": lambda line: (line.requester,),
    "resource": lambda line: (line.resource,), "period": lambda line: (f"{line.submitted:%Y}", f"{line.submitted:%Y-%m}"),
}  # fmt: skip
_COUNTS = ("n", "due", "declared_lines", "holding_lines", "on_time_lines", "used_lines", "fields_asked", "fields_held")


class CityYear:
    """The city told twice: to the product by its ledger and lake, and to the naive rate by plain objects."""

    def __init__(self, root: Path, seed: int = 20200507, lines: int = LINES) -> None:
        self.city, self.random = RateCity(root, in_memory=True), Random(seed)
        self.assets: dict[str, Asset] = {}
        for id, unconditional in _RESOURCES.items():
            kind = "unconditional" if unconditional else "conditional"
            self.city.contract(id, division=True, share_type=kind, cycle=30)
            asset = Asset(unconditional, timedelta(days=30), timedelta(hours=12), {"number", "name"}, set(_NAMES))
            self.assets[id] = asset
        self.city.load("big_data.share_request_register", FIRST - 1, [])
        for id in _RESOURCES:
            self._load_a_year(id)
        self.lines = [self._line(number) for number in range(lines)]
        self._record()
        self.naive = NaiveRate(self.lines, self.assets, read_days(self.city.folder / "calendar.csv"))

    def compare(self, night: int) -> None:
        """Judge one night both ways: every line must be equal, and so must the counts of each scope that a rate is made of."""
        at = self.city.as_of(night)
        result = compute(self.city.connection, self.city.city, at)
        findings = self.naive.judge(at)
        found = result.verdicts.select(["line_id", *_JUDGED]).to_pylist()
        assert len(found) == len(findings)
        for row in found:
            told = findings[row["line_id"]]
            plain = (True, told.due, told.holds, told.on_time, told.used, told.held)
            told_by_rate = tuple(row[name] for name in _JUDGED)
            assert told.excluded != row["valid"], f"{at} {row}: naively {told}"
            assert told.excluded or told_by_rate == plain, f"{at} {row}: naively {told}"
        for scope, group in _SCOPES.items():
            pools: dict[str, list[Finding]] = {}
            for line in self.lines:
                if line.id in findings:
                    for name in group(line):
                        pools.setdefault(name, []).append(findings[line.id])
            assert _counts(result, scope) == {name: pooled(pool) for name, pool in pools.items()}, f"{at} {scope}"
        commit(self.city.connection, self.city.settings, lambda: write(self.city.connection, result))

    def _load_a_year(self, id: str) -> None:
        """About a load a month, some late, some held back, some with too many refused rows, some with a column that is hardly filled."""
        draw, table = self.random, list[dict[str, Any]]()
        night = FIRST - draw.randrange(1, 20)
        while night <= LAST:
            rows = self.city.people(draw.choice((12, 20)))
            if draw.random() < 0.2:
                for row in rows[1:]:
                    row["nickname"] = None
            failing, held = draw.choice((0, 0, 0, 1, 4)), draw.random() < 0.12
            self.city.load(id, night, rows, failing=failing, held="too many rows fail" if held else "")
            if not held:
                # of a row that is refused the table keeps the version it had
                good, refused = rows[: len(rows) - failing], {row["number"] for row in rows[len(rows) - failing :]}
                table = good + [row for row in table if row["number"] in refused]
            self.assets[id].loads.append(Delivery(self.city.interval(night).end, table, len(rows), failing, held))
            night += draw.choice((20, 25, 29, 30, 34))

    def _line(self, number: int) -> Line:
        draw, id = self.random, f"L{number:04d}"
        resource = draw.choice(list(_RESOURCES))
        requester = draw.choice([d for d in ("civil", "tax", "police", "big_data") if not resource.startswith(d)])
        names, rows = (
            sorted(draw.sample(_NAMES, draw.randrange(1, 4))),
            draw.choice(("", "", "3702", "370202", "370283")),
        )
        purpose = draw.choice(("marriage", "housing", f"matter {number}", f"matter {number}"))
        begin = datetime(2019, 12, 1, 9, tzinfo=ZONE) + timedelta(
            days=draw.randrange(0, 380), minutes=draw.randrange(480)
        )
        source = draw.choice(("landbridge", "register"))
        line = Line(id, requester, resource.split(".")[0], resource, purpose, names, rows, begin, source)
        self.at, self.line = begin, line
        self._then(0.9, "received", line.provider, 0, 2)
        if self._then(0.12, "returned", line.provider, 1, 16):
            self._then(0.7, "supplemented", requester, 0, 25)
        self._then(
            0.08,
            "extension_consented",
            draw.choice(("big_data", "big_data", line.provider)),
            1,
            14,
            days=draw.choice((3, 5, 30)),
        )
        self._then(0.05, "withdrawn", draw.choice((requester, requester, line.provider)), 0, 20)
        self._then(0.03, "ruled_outside", draw.choice(("big_data", line.provider)), 0, 20)
        if draw.random() < 0.82:
            self._answer()
        return line

    def _answer(self) -> None:
        draw, line = self.random, self.line
        answer = draw.choices(("granted", "refused", "not_digitised"), (85, 11, 4))[0]
        if answer == "not_digitised":
            self._then(1, "not_digitised", line.provider, 0, 20)
            return
        if answer == "refused":
            # the ledger's own door takes no refusal on a habit; a city's register may hold one
            levels = (
                ("law", "law", "department_rule") if line.source == "register" else ("law", "state_council_decision")
            )
            self._then(1, "refused", line.provider, 0, 20, level=draw.choice(levels))
            self._then(0.6, "refusal_confirmed", draw.choice(("big_data", "big_data", line.provider)), 1, 30)
            return
        names = line.fields if draw.random() < 0.93 else line.fields[:1]
        rows = line.rows if draw.random() < 0.93 else "370211"
        begins = self.at + timedelta(days=draw.randrange(0, 14))
        ends = begins + timedelta(days=draw.choice((60, 365, 365)))
        terms: dict[str, Any] = {
            "fields": names,
            "row_scope": rows,
            "valid_from": begins.date().isoformat(),
            "valid_to": ends.date().isoformat(),
        }
        self._then(1, "granted", line.provider, 0, 14, **terms)
        self._then(0.4, "marked_satisfied", line.provider, 0, 10)
        if draw.random() < 0.1:
            return
        given = names if draw.random() < 0.95 else ["number"]
        self._then(1, "delivered", line.provider, 0, 30, fields=given, row_scope=rows)
        for _ in range(draw.randrange(0, 9)):
            self._then(0.97, "probed", line.requester, 0, 40, ok=draw.random() < 0.93)
            self._then(0.6, "read", line.requester, 0, 20)
        if self._then(0.06, "suspended", "big_data", 0, 60):
            self._then(0.6, "resumed", "big_data", 0, 30)
        self._then(0.04, "revoked", "big_data", 0, 100)
        for number in range(draw.choice((0, 0, 0, 0, 1, 2))):
            self._correction(f"{line.id}/{number}")

    def _correction(self, id: str) -> None:
        draw, line = self.random, self.line
        self._then(1, "correction_asked", line.requester, 0, 60, correction_id=id)
        if self._then(0.8, "correction_decided", line.provider, 1, 12, correction_id=id, upheld=draw.random() < 0.6):
            self._then(0.8, "correction_fixed", line.provider, 0, 20, correction_id=id)
            self._then(0.9, "correction_closed", line.provider, 0, 5, correction_id=id)

    def _then(self, chance: float, kind: str, by: str, least: int, most: int, **says: Any) -> bool:
        """Perhaps the next thing happens to the line, some days later."""
        if self.random.random() >= chance:
            return False
        self.at += timedelta(days=self.random.randrange(least, most + 1), minutes=self.random.randrange(1, 500))
        self.line.happenings.append(Happening(kind, self.at, by, says, self.line.source))
        return True

    def _record(self) -> None:
        events = []
        for line in self.lines:
            asked = {
                "requester": line.requester, "provider": line.provider, "resource": line.resource, "purpose": line.purpose, "fields": line.fields,
                "row_scope": line.rows,
            }  # fmt: skip
            events.append(
                Event("submitted", line.id, f"R{line.id}", line.submitted, line.requester, "", asked, line.source)
            )
            events += [Event(h.kind, line.id, f"R{line.id}", h.at, h.by, "", h.says, h.source) for h in line.happenings]
        events.sort(key=lambda event: event.occurred_at)
        start = datetime(2019, 12, 1, tzinfo=ZONE)
        commit(self.city.connection, self.city.settings, lambda: append(self.city.connection, events, start))


def _counts(result: RateResult, scope: str) -> dict[str, tuple[int, ...]]:
    rows: Iterable[dict[str, Any]] = result.rates.to_pylist()
    return {
        r["department"]: tuple(r[name] for name in _COUNTS)
        for r in rows
        if r["scope"] == scope and (r["n"] or r["excluded"])
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        year = CityYear(Path(folder))
        for night in range(FIRST, LAST + 1, int(sys.argv[1]) if len(sys.argv) > 1 else 1):
            year.compare(night)
            print(year.city.as_of(night).date(), "equal", flush=True)
