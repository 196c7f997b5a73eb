"""Anchors 锚点: the chain's head kept outside the lake, a small file a day, so that whoever runs the system cannot rewrite the chain unseen.

A file is named after its day and the number of its entry and is never written again: what it says follows from the two. The folder is worth as
much as the distance between it and the lake; `anchor_line` is the same as a line to print or hand over.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import duckdb

from contracts.catalogue import City
from contracts.errors import LedgerBroken
from sharing.ledger.events import canonical, utc_text
from sharing.ledger.findings import Finding
from sharing.ledger.store import EVENTS, head_of, ledger_exists


@dataclass(frozen=True)
class Claim:
    """That entry `number` had this hash, or one that begins so; `place` says where that is kept."""

    number: int
    hash: str
    place: str


@dataclass(frozen=True)
class Anchor:
    """The chain's head as of a city's day: the entry's number, hash and `recorded_at` (UTC text)."""

    city: str
    day: date
    number: int
    hash: str
    recorded_at: str

    @property
    def file_name(self) -> str:
        return f"{self.day.isoformat()}-{self.number}.json"

    @property
    def text(self) -> str:
        """What its file holds: one line of canonical JSON."""
        return canonical({**self.__dict__, "day": self.day.isoformat()}) + "\n"

    @property
    def claim(self) -> Claim:
        return Claim(self.number, self.hash, self.file_name)


def anchor_line(anchor: Anchor) -> str:
    """One line to print or to hand over; `audit verify --printed NUMBER:HASH` takes it back."""
    return (
        f"台账锚点 ledger anchor {anchor.city} {anchor.day}: 第 {anchor.number} 条 entry {anchor.number}, "
        f"SHA-256 {anchor.hash}, recorded {anchor.recorded_at}"
    )


def anchor(connection: duckdb.DuckDBPyConnection, folder: Path, city: City, instant: datetime) -> Anchor | None:
    """Write the chain's head into the folder as of the city's day of `instant`, and return it; None for an empty ledger.

    A clock that went back is held at the day of the newest anchor or entry. Once more on the same day: a chain that has not grown changes nothing,
    one that has grown adds a file. Raises LedgerBroken where the chain no longer holds what an earlier anchor says, or the head is not the newest
    entry; nothing is written then.
    """
    known, broken = read_anchors(folder)
    broken += against(connection, [a.claim for a in known])
    if broken:
        raise LedgerBroken(
            f"the ledger is not the one that was anchored: {broken[0]}",
            where=str(folder),
            remedy="write nothing more, keep both, and find out which was changed: landbridge audit verify",
        )
    head = head_of(connection)
    if head.recorded_at is None:
        return None
    days = [moment.astimezone(city.timezone).date() for moment in (instant, head.recorded_at)]
    day = max(*days, *(a.day for a in known[-1:]))
    made = Anchor(city.id, day, head.number, head.hash, utc_text(head.recorded_at))
    _write_once(folder / made.file_name, made.text)
    return made


def alarms(connection: duckdb.DuckDBPyConnection, folder: Path, today: date, days: int) -> list[Finding]:
    """What a digest or a report must say of the anchors every night: contradicted, unreadable, or stale (older than `days`). Quick: no hash is recomputed."""
    known, findings = read_anchors(folder)
    findings += against(connection, [a.claim for a in known])
    try:
        head = head_of(connection)
    except LedgerBroken as error:
        return [*findings, Finding("head", place=error.where, says=error.what)]
    newest = known[-1].number if known else 0
    first = None
    if head.number > newest:
        row = connection.execute(f"SELECT min(recorded_at) FROM {EVENTS} WHERE number > {newest}").fetchone()
        first = row[0].astimezone(UTC).date() if row and row[0] else None
    return [*findings, *stale(known, first, today, days)]


def read_anchors(folder: Path) -> tuple[list[Anchor], list[Finding]]:
    """The anchors of a folder in the order of their days, and what is wrong with the files: unreadable, misnamed, going back."""
    anchors: list[Anchor] = []
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.json")):
        found = _read(path)
        if found is None:
            findings.append(Finding("anchor", place=path.name, says="its text is not what its name promises"))
        else:
            anchors.append(found)
    anchors.sort(key=lambda a: (a.day, a.number))
    for earlier, later in pairwise(anchors):
        if later.number < earlier.number or (later.number == earlier.number and later.hash != earlier.hash):
            says = f"contradicts {earlier.file_name}"
            findings.append(Finding("anchor", later.number, place=later.file_name, says=says))
        if later.city != earlier.city:
            says = f"of {later.city}, not of {earlier.city}"
            findings.append(Finding("anchor", later.number, place=later.file_name, says=says))
    return anchors, findings


def against(connection: duckdb.DuckDBPyConnection, claims: list[Claim], entries: str = EVENTS) -> list[Finding]:
    """Claims that the chain – a relation with `number, hash` – does not hold, with the entry after which it was changed."""
    if not claims:
        return []
    numbers = ", ".join(sorted({str(c.number) for c in claims}))
    held: dict[int, set[str]] = {}
    if entries != EVENTS or ledger_exists(connection):
        sql = f"SELECT number, hash FROM {entries} WHERE number IN ({numbers})"
        for number, hash in connection.execute(sql).fetchall():
            held.setdefault(number, set()).add(hash or "")
    findings, good = [], 0
    for claim in sorted(claims, key=lambda c: c.number):
        hashes = held.get(claim.number, set())
        if len(hashes) == 1 and min(hashes).startswith(claim.hash):
            good = claim.number
            continue
        says = f"the entry {'is another' if hashes else 'is missing'}: changed or cut off after entry {good}"
        findings.append(Finding("anchor", claim.number, place=claim.place, says=says))
    return findings


def stale(anchors: list[Anchor], first_unanchored: date | None, today: date, days: int) -> list[Finding]:
    """Why the newest anchor is no safeguard any more: older than `days` while entries were recorded since, or of a day still to come.

    `first_unanchored` is the day on which the first entry after the newest anchor was recorded, None where there is none.
    """
    findings = [
        Finding("ahead", a.number, place=a.file_name, says=f"today is {today}") for a in anchors if a.day > today
    ]
    newest = max((a.day for a in anchors), default=None)
    if first_unanchored is None or (newest and (today - newest).days <= days):
        return findings
    if newest is None and (today - first_unanchored).days <= days:
        return findings
    says = f"the newest anchor is of {newest}" if newest else "nothing was ever anchored"
    return [
        *findings,
        Finding("stale", says=f"{says}, while entries were recorded since {first_unanchored}: landbridge audit anchor"),
    ]


def _read(path: Path) -> Anchor | None:
    try:
        text = path.read_bytes().decode()
        told = json.loads(text)
        made = Anchor(**{**told, "day": date.fromisoformat(told["day"])})
        right = made.text == text and made.file_name == path.name and type(made.number) is int
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return made if right else None


def _write_once(path: Path, text: str) -> None:
    """Write a file that does not exist yet, whole or not at all; LedgerBroken where it exists and says something else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}~{os.getpid()}")
    with scratch.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        # a link, unlike a rename, never takes the place of a file
        os.link(scratch, path)
    except FileExistsError:
        if path.read_text(encoding="utf-8") != text:
            raise LedgerBroken("an anchor is already there and says something else", where=str(path)) from None
    except OSError:  # a share without links
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    finally:
        scratch.unlink()
