"""The satisfaction rate once more, plainly: one line and one day at a time, from the definition and nothing of the product's.

A line is requester × resource × purpose with what happened to it; a load is what the lake got. Days are the city's; limits are those in force in
2020: answer 10 working days (1 where shared unconditionally), data 20, correction 10, extension at most 10.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

BUREAU = "big_data"
ANSWERS = ("granted", "refused", "not_digitised")
LAWFUL = ("law", "administrative_regulation", "state_council_decision")


@dataclass
class Happening:
    kind: str
    at: datetime
    by: str
    says: Mapping[str, Any]
    source: str


@dataclass
class Line:
    id: str
    requester: str
    provider: str
    resource: str
    purpose: str
    fields: list[str]
    rows: str
    submitted: datetime
    source: str
    happenings: list[Happening] = field(default_factory=list)

    def last(self, at: datetime, *kinds: str) -> Happening | None:
        found = [h for h in self.happenings if h.kind in kinds and h.at <= at]
        return max(found, key=lambda h: h.at) if found else None

    def first(self, at: datetime, *kinds: str) -> Happening | None:
        found = [h for h in self.happenings if h.kind in kinds and h.at <= at]
        return min(found, key=lambda h: h.at) if found else None


@dataclass
class Delivery:
    """What the lake got of a resource: the rows its table holds since, how many were read and refused, and whether the load was held back."""

    end: datetime
    rows: list[dict[str, Any]]
    read: int
    refused: int
    held: bool


@dataclass
class Asset:
    unconditional: bool
    cycle: timedelta
    grace: timedelta
    required: set[str]
    fields: set[str]
    loads: list[Delivery] = field(default_factory=list)


@dataclass
class Finding:
    excluded: bool = False
    due: bool = False
    declared: bool = False
    holds: bool = False
    on_time: bool = False
    used: bool = False
    asked: int = 0
    held: int = 0


def read_days(path: Path) -> dict[date, bool]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {date.fromisoformat(row["day"]): row["kind"] == "working" for row in csv.DictReader(file)}


class NaiveRate:
    def __init__(self, lines: Iterable[Line], assets: Mapping[str, Asset], days: Mapping[date, bool]) -> None:
        self.lines, self.assets, self.days = list(lines), assets, days
        self.past: dict[str, list[tuple[datetime, bool]]] = {line.id: [] for line in self.lines}
        self.first_held: dict[str, datetime] = {}
        self.first_judged: datetime | None = None
        self.counted: dict[tuple[date, int], date] = {}

    def working(self, day: date) -> bool:
        return self.days.get(day, day.weekday() < 5)

    def after(self, day: date, count: int) -> date:
        if (day, count) not in self.counted:
            last, left = day, count
            while left:
                last += timedelta(days=1)
                left -= self.working(last)
            self.counted[day, count] = last
        return self.counted[day, count]

    def judge(self, now: datetime) -> dict[str, Finding]:
        """The finding on every line submitted by then; days must be judged in order, for what was found before decides what was on time."""
        known = [line for line in self.lines if line.submitted <= now]
        clocks = {line.id: self.clock(line, now) for line in known}
        findings = {line.id: Finding(excluded=self.left_out(line, now, clocks[line.id][0])) for line in known}
        living: set[tuple[Any, ...]] = set()
        for line in sorted(known, key=lambda line: (line.submitted, line.id)):
            finding = findings[line.id]
            if finding.excluded or not self.lives(line, now):
                continue
            same = (line.requester, line.resource, line.purpose, tuple(line.fields), line.rows)
            finding.excluded = same in living
            living.add(same)
        for line in known:
            if not findings[line.id].excluded:
                self.count(line, now, clocks[line.id][1], findings[line.id])
            self.past[line.id].append((now, findings[line.id].holds))
        self.first_judged = self.first_judged or now
        return findings

    def clock(self, line: Line, now: datetime) -> tuple[date | None, date | None]:
        """The last days for the answer and for the data; None while papers are missing."""
        limit = 1 if self.assets[line.resource].unconditional else 10
        # submitted through the platform is received: who registers the receipt late gains no day
        receipt = line.last(now, "received") if line.source == "register" else None
        received = (receipt.at if receipt else line.submitted).date()
        due: date | None = self.after(received, limit)
        # papers are told missing once, and a wider grant later is no new answer: the first word counts
        returned, answer, grant = line.first(now, "returned"), line.first(now, *ANSWERS), line.first(now, "granted")
        longer = line.last(now, "extension_consented")
        if longer and not (longer.by == BUREAU or longer.source == "register"):
            longer = None
        if longer and returned and longer.at.date() < returned.at.date() and due and longer.at.date() <= due:
            limit += min(longer.says["days"], 10)
            due, longer = self.after(received, limit), None
        if returned and due and received <= returned.at.date() <= due:
            whole = (returned.at.date() - received).days - 1
            used = sum(self.working(received + timedelta(days=n + 1)) for n in range(whole))
            ends = [
                h.at.date()
                for h in (line.first(now, "supplemented"), answer)
                if h and h.at.date() >= returned.at.date()
            ]
            due = self.after(min(ends), limit - used) if ends else None
        if longer and due and longer.at.date() <= due:
            due = self.after(due, min(longer.says["days"], 10))
        consent = grant or answer
        starts = [day for day in (consent.at.date() if consent else None, due) if day]
        return due, self.after(min(starts), 20) if starts else None

    def left_out(self, line: Line, now: datetime, answer_due: date | None) -> bool:
        withdrawn, ruled = line.last(now, "withdrawn"), line.last(now, "ruled_outside")
        answer, confirmed = line.last(now, *ANSWERS), line.last(now, "refusal_confirmed")
        if withdrawn and withdrawn.by == line.requester and (answer_due is None or withdrawn.at.date() < answer_due):
            return True
        if line.provider == BUREAU:
            return False
        if ruled and ruled.by == BUREAU:
            return True
        lawful = answer is not None and answer.kind == "refused" and answer.says["level"] in LAWFUL
        return bool(not withdrawn and lawful and confirmed and confirmed.by == BUREAU)

    def lives(self, line: Line, now: datetime) -> bool:
        answer = line.last(now, *ANSWERS)
        if line.last(now, "withdrawn") or line.last(now, "revoked") or (answer and answer.kind == "refused"):
            return False
        return not (answer and answer.kind == "granted" and date.fromisoformat(answer.says["valid_to"]) < now.date())

    def count(self, line: Line, now: datetime, data_due: date | None, finding: Finding) -> None:
        delivered = line.last(now, "delivered")
        finding.declared = line.last(now, "marked_satisfied") is not None
        finding.due = bool((data_due and now.date() > data_due) or delivered or finding.declared)
        good = self.good_fields(line, now)
        others = (
            self.granted(line, now)
            and self.data_is_good(line, now)
            and self.delivered(line, now)
            and self.corrected(line, now)
        )
        finding.asked, finding.held = len(line.fields), len(good) if others else 0
        finding.holds = others and len(good) == len(line.fields) > 0
        if finding.holds and line.id not in self.first_held:
            assert delivered
            failed = any(at >= delivered.at and not held for at, held in self.past[line.id])
            late = failed and self.first_judged is not None and delivered.at > self.first_judged
            self.first_held[line.id] = now if late else delivered.at
        held = self.first_held.get(line.id)
        finding.on_time = bool(finding.due and held and data_due and held.date() <= data_due)
        read = line.last(now, "read")
        finding.used = bool(finding.holds and read and read.at >= self.recent(line, read, now))

    def recent(self, line: Line, what: Happening, now: datetime) -> datetime:
        asset = self.assets[line.resource]
        cycle = max(asset.cycle, timedelta(days=1))
        return now - cycle - (timedelta() if what.source == "register" else asset.grace)

    def granted(self, line: Line, now: datetime) -> bool:
        answer = line.last(now, *ANSWERS)
        if not answer or answer.kind != "granted" or line.last(now, "withdrawn") or line.last(now, "revoked"):
            return False
        suspended, resumed = line.last(now, "suspended"), line.last(now, "resumed")
        if suspended and not (resumed and resumed.at >= suspended.at):
            return False
        begins, ends = date.fromisoformat(answer.says["valid_from"]), date.fromisoformat(answer.says["valid_to"])
        return begins <= now.date() <= ends and line.rows.startswith(answer.says["row_scope"])

    def good_fields(self, line: Line, now: datetime) -> list[str]:
        """The fields asked for that are granted, in the lake and filled within the rows asked for."""
        answer, load = line.last(now, "granted"), self.load(line.resource, now)
        if answer is None or load is None:
            return []
        asset = self.assets[line.resource]
        rows = [row for row in load.rows if row["division_code"].startswith(line.rows)]
        good = []
        for name in line.fields:
            filled = sum(row.get(name) is not None for row in rows)
            needed = 1.0 if name in asset.required else 0.1
            if name in answer.says["fields"] and name in asset.fields and rows and filled >= needed * len(rows):
                good.append(name)
        return good

    def load(self, resource: str, now: datetime) -> Delivery | None:
        found = [load for load in self.assets[resource].loads if load.end <= now and not load.held]
        return max(found, key=lambda load: load.end) if found else None

    def data_is_good(self, line: Line, now: datetime) -> bool:
        asset, load = self.assets[line.resource], self.load(line.resource, now)
        if load is None or load.end < now - asset.cycle - asset.grace:
            return False
        newest = max((one for one in asset.loads if one.end <= now), key=lambda one: one.end)
        rows = len([row for row in load.rows if row["division_code"].startswith(line.rows)])
        return not newest.held and load.refused / load.read <= 0.1 and rows > 0

    def delivered(self, line: Line, now: datetime) -> bool:
        answer, delivered, probe = line.last(now, "granted"), line.last(now, "delivered"), line.last(now, "probed")
        if not answer or not delivered or not probe or probe.at < delivered.at or not probe.says["ok"]:
            return False
        as_granted = sorted(delivered.says["fields"]) == sorted(answer.says["fields"])
        return (
            as_granted
            and delivered.says["row_scope"] == answer.says["row_scope"]
            and probe.at >= self.recent(line, probe, now)
        )

    def corrected(self, line: Line, now: datetime) -> bool:
        for asked in (h for h in line.happenings if h.kind == "correction_asked" and h.at <= now):
            about = [
                h for h in line.happenings if h.at <= now and h.says.get("correction_id") == asked.says["correction_id"]
            ]
            kinds = {h.kind for h in about}
            if "correction_closed" not in kinds and now.date() > self.after(asked.at.date(), 10):
                return False
            upheld = any(h.kind == "correction_decided" and h.says["upheld"] for h in about)
            if upheld and "correction_fixed" not in kinds:
                return False
        return True


def pooled(findings: Iterable[Finding]) -> tuple[int, ...]:
    """n, due, declared, holding, on time, used, fields asked, fields held – the counts that every rate is made of."""
    counted = [f for f in findings if not f.excluded]
    due = [f for f in counted if f.due]
    return (
        len(counted), len(due), sum(f.declared for f in counted), sum(f.holds for f in due), sum(f.on_time for f in due),
        sum(f.used for f in due), sum(f.asked for f in due), sum(f.held for f in due),
    )  # fmt: skip
