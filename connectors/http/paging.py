"""How an interface's pages are turned – by number, offset, cursor or link – and how a table that changes meanwhile is noticed.

Whoever turns pages of a living table loses a row for each that is deleted before the place he has reached. So totals are compared, a page that comes
twice is an error, pages by offset overlap by one row, and the connector compares keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.http.answers import Answer, Answers, Question
from connectors.json_path import JsonPath
from connectors.json_text import json_text
from connectors.protocol import Setting
from contracts.errors import SourceBroken, SourceUnavailable

_TEXT: Setting = {"type": "string", "minLength": 1}
_NEEDED: Setting = {**_TEXT, "mandatory": True}
_ANY: dict[str, Setting] = {
    "sizeParameter": _TEXT, "size": {"type": "integer", "minimum": 1}, "total": _TEXT, "totalHeader": _TEXT,
}  # fmt: skip
PAGING: Setting = {
    "type": "object",
    "styles": {
        "page": {"parameter": _NEEDED, "first": {"type": "integer", "minimum": 0}, **_ANY},
        "offset": {"parameter": _NEEDED, "overlap": {"type": "boolean"}, **_ANY},
        "cursor": {"parameter": _NEEDED, "next": _NEEDED, **_ANY},
        "link": _ANY,
    },
}  # fmt: skip
SIZE = 500
# a cursor that goes on and on without a row leads nowhere
_EMPTY_PAGES = 1000

Records = list[dict[str, Any]]


@dataclass
class Reading:
    """One turning of all pages: what was told, what came, and SourceUnavailable where the two contradict each other."""

    answers: Answers
    question: Question
    records: JsonPath
    paging: Mapping[str, Any]
    rows: int = 0
    total: int | None = None
    _seen: set[bytes] = field(default_factory=set)

    def pages(self) -> Iterator[Records]:
        """The records, page by page, to the last."""
        turn = _STYLES[self.paging["style"]] if self.paging else _one_answer
        yield from turn(self)
        if self.total is not None and self.rows != self.total:
            raise self.changed(f"{self.rows} rows came, {self.total} were told")

    def ask(self, at: int | str | None = None, url: str = "") -> tuple[Answer, Records]:
        """The answer and its records; `at` is what the page's parameter holds, `url` a whole address in its place."""
        turn: dict[str, Any] = {}
        if "sizeParameter" in self.paging:
            turn[self.paging["sizeParameter"]] = self.size
        if at is not None:
            turn[self.paging["parameter"]] = at
        question = Question(url, body=self.question.body) if url else self.question.plus(turn)
        answer = self.answers.ask(question)
        found = self.records.find(answer.document)
        if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
            raise SourceBroken(
                f"the answer holds no list of records at {self.records}", where=self.where, remedy="look at `records`, or ask the department"
            )  # fmt: skip
        self._compare_totals(answer)
        return answer, found

    def count(self, fresh: Records) -> Records:
        """The records of a page that were not on the page before, counted; a page that came before is an error."""
        if fresh:
            page = hashlib.sha256(json_text(fresh).encode()).digest()
            if page in self._seen:
                raise self.changed(f"a page came twice, after {self.rows} rows")
            self._seen.add(page)
        self.rows += len(fresh)
        return fresh

    @property
    def size(self) -> int:
        return int(self.paging.get("size", SIZE))

    @property
    def is_complete(self) -> bool:
        return self.total is not None and self.rows >= self.total

    @property
    def where(self) -> str:
        return self.question.url.partition("?")[0]

    def changed(self, how: str) -> SourceUnavailable:
        return SourceUnavailable(
            f"the source changed while it was read: {how}", where=self.where, remedy="run the interval again; ask for a reading at a quieter hour"
        )  # fmt: skip

    def _compare_totals(self, answer: Answer) -> None:
        if "total" in self.paging:
            told = JsonPath.parse(self.paging["total"]).find(answer.document)
            name = repr(self.paging["total"])
        elif "totalHeader" in self.paging:
            told = answer.headers.get(self.paging["totalHeader"])
            name = f"the header {self.paging['totalHeader']}"
        else:
            return
        if not isinstance(told, str) or not (told.isascii() and told.isdecimal()):
            raise SourceBroken(
                f"the answer holds no total at {name}", where=self.where, remedy="look at `paging.total`, or ask the department"
            )  # fmt: skip
        if self.total is not None and int(told) != self.total:
            raise self.changed(f"the total went from {self.total} to {told}")
        self.total = int(told)


def _one_answer(reading: Reading) -> Iterator[Records]:
    yield reading.count(reading.ask()[1])


def _by_number(reading: Reading) -> Iterator[Records]:
    number = reading.paging.get("first", 1)
    while True:
        records = reading.count(reading.ask(at=number)[1])
        yield records
        number += 1
        # the interface may give fewer rows than asked for: without a total only an empty page is the end
        if not records or reading.is_complete:
            return


def _by_offset(reading: Reading) -> Iterator[Records]:
    """Each page begins with the last row of the one before: where it does not, rows before it came or went."""
    overlaps = reading.paging.get("overlap", True)
    last: dict[str, Any] | None = None
    at = 0
    while True:
        records = reading.ask(at=at)[1]
        if last is not None:
            if records[:1] != [last]:
                raise reading.changed(f"row {at + 1} is no longer what it was")
            records = records[1:]
            if not records and not reading.is_complete:
                # pages of one row, or the end: the next offset tells
                records, overlaps = reading.ask(at=at + 1)[1], False
        yield reading.count(records)
        if not records or reading.is_complete:
            return
        last = records[-1] if overlaps else None
        at = reading.rows - 1 if overlaps else reading.rows


def _by_cursor(reading: Reading) -> Iterator[Records]:
    path = JsonPath.parse(reading.paging["next"])
    cursor: Any = None
    seen: set[str] = set()
    empty = 0
    while True:
        answer, records = reading.ask(at=cursor)
        yield reading.count(records)
        cursor = path.find(answer.document)
        if cursor in (None, "", False):
            return
        cursor = cursor if isinstance(cursor, str) else json_text(cursor)
        empty = 0 if records else empty + 1
        if cursor in seen or empty > _EMPTY_PAGES:
            raise _endless(reading, "cursor")
        seen.add(cursor)


def _by_link(reading: Reading) -> Iterator[Records]:
    origin = _origin(reading.question.url)
    url = ""
    seen: set[str] = set()
    while True:
        answer, records = reading.ask(url=url)
        yield reading.count(records)
        if not answer.next:
            return
        url = answer.next
        if _origin(url) != origin:
            raise SourceBroken(
                "the link to the next page leads to another address", where=reading.where, remedy="ask the department; no secret is sent elsewhere"
            )  # fmt: skip
        if url in seen:
            raise _endless(reading, "link")
        seen.add(url)


_STYLES: dict[str, Callable[[Reading], Iterator[Records]]] = {
    "page": _by_number, "offset": _by_offset, "cursor": _by_cursor, "link": _by_link,
}  # fmt: skip


def _endless(reading: Reading, what: str) -> SourceBroken:
    return SourceBroken(
        f"the pages have no end: a {what} leads back, after {reading.rows} rows", where=reading.where, remedy="look at `paging`, or ask the department"
    )  # fmt: skip


def _origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, RFC 6454."""
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port
