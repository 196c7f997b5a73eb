"""JSON interfaces over HTTP: one answer, or pages by number or by cursor. All columns are text, as with JSON lines.

Traps: a table that changes while its pages are turned loses and repeats rows, so totals are compared and a page that comes twice is an error. `since` and
`until` only spare the network: many interfaces count an end as included or keep to another clock, so the platform bounds the rows itself. Driver: httpx.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, ClassVar, Self

import pyarrow as pa

from connectors.files import dated
from connectors.http_answers import Answers
from connectors.json_text import json_text, parse, record_of
from connectors.protocol import Setting
from connectors.records import Record, columns_of, record_batches
from connectors.settings import batch_rows, resolve, source_settings
from contracts.errors import ConfigurationError, SourceBroken
from contracts.interval import Interval
from contracts.model import Resource

_TEXT: Setting = {"type": "string", "minLength": 1}
_PAGING: Setting = {
    "type": "object", "required": ["style", "parameter"], "additionalProperties": False,
    "properties": {
        "style": {"enum": ["page", "cursor"]}, "parameter": _TEXT, "sizeParameter": _TEXT, "size": {"type": "integer", "minimum": 1},
        "total": _TEXT, "next": _TEXT, "first": {"type": "integer", "minimum": 0},
    },
}  # fmt: skip


@dataclass(frozen=True)
class HttpApiConnector:
    """Reads the path that the contract names, page by page, onto disk, and from there as a table."""

    kind: ClassVar[str] = "http_api"
    CONNECTION_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        "url": {**_TEXT, "mandatory": True},
        "token": _TEXT,
        "timeoutSeconds": {"type": "number", "minimum": 0.1, "maximum": 3600},
        "tries": {"type": "integer", "minimum": 1, "maximum": 20},
    }
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        "records": {"type": "string", "default": ""}, "paging": _PAGING, "since": _TEXT, "until": _TEXT,
    }  # fmt: skip

    url: str
    token: str = field(repr=False)
    timeout: float
    tries: int
    batch_rows: int
    spool: Path | None
    bounds_rows: bool = False

    @classmethod
    def open(cls, connection: Mapping[str, Any], environ: Mapping[str, str]) -> Self:
        url = resolve(connection["url"], environ).rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise ConfigurationError("url is no address of HTTP", remedy="http://host:port or https://…")
        home = environ.get("LANDBRIDGE_HOME")
        return cls(
            url, resolve(connection.get("token", ""), environ), float(connection.get("timeoutSeconds", 60)), int(connection.get("tries", 5)),
            batch_rows(environ), Path(home) / "spool" if home else None,
        )  # fmt: skip

    def read(self, resource: Resource, interval: Interval | None) -> Iterator[pa.RecordBatch]:
        stated = source_settings(self.SOURCE_SETTINGS, resource)
        paging = stated.get("paging") or {}
        if paging.get("style") == "cursor" and "next" not in paging:
            raise ConfigurationError(
                "source: paging by cursor needs `next`", where=resource.id, remedy="see docs/connectors.md"
            )
        path = dated(resource.physical_name, interval) if interval else resource.physical_name
        answers = Answers(f"{self.url}/{path.lstrip('/')}", self.token, self.timeout, self.tries)
        parameters = _bounds(resource, stated, interval)
        if self.spool:
            self.spool.mkdir(parents=True, exist_ok=True)
        # without a name on disk: nothing of the data is left behind, whatever happens
        with TemporaryFile("w+", encoding="utf-8", newline="\n", dir=self.spool) as spool, answers:
            names = _spool(answers, stated["records"], paging, parameters, spool)
            spool.seek(0)
            yield from record_batches(_spooled(spool), columns_of(resource, names), self.batch_rows)


def _bounds(resource: Resource, stated: Mapping[str, Any], interval: Interval | None) -> dict[str, str]:
    bounds = resource.watermark_bounds(interval) if interval else None
    if bounds is None:
        return {}
    limits = {"since": bounds[1], "until": bounds[2]}
    return {stated[name]: instant.isoformat() for name, instant in limits.items() if name in stated}


def _spool(
    answers: Answers, path: str, paging: Mapping[str, Any], parameters: dict[str, str], spool: IO[str]
) -> dict[str, None]:
    """Write every record as a line of JSON; returns the names seen. SourceBroken where the pages contradict each other."""
    names: dict[str, None] = {}
    for records in _pages(answers, path, paging, parameters):
        for record in records:
            names.update(dict.fromkeys(record))
            spool.write(json_text(record) + "\n")
    return names


def _spooled(spool: IO[str]) -> Iterator[Record]:
    return (record_of(parse(line)) for line in spool)


def _pages(
    answers: Answers, path: str, paging: Mapping[str, Any], parameters: dict[str, str]
) -> Iterator[list[dict[str, Any]]]:
    if not paging:
        yield _records(answers.get(parameters), path, answers.url)
        return
    turning = {
        **parameters,
        **({paging["sizeParameter"]: str(paging.get("size", 500))} if "sizeParameter" in paging else {}),
    }
    step: Any = paging.get("first", 1) if paging["style"] == "page" else None
    seen: set[bytes] = set()
    total, rows = None, 0
    while True:
        answer = answers.get(turning if step is None else {**turning, paging["parameter"]: str(step)})
        records = _records(answer, path, answers.url)
        if "total" in paging:
            told = _total(answer, paging["total"], answers.url)
            if total is not None and told != total:
                raise _changed(answers.url, f"the total went from {total} to {told}")
            total = told
        if records and _is_repeated(records, seen):
            raise _changed(answers.url, f"a page came twice, after {rows} rows")
        rows += len(records)
        yield records
        if paging["style"] == "cursor":
            step = _at(answer, paging["next"])
            is_last = step in (None, "")
        else:
            step += 1
            # the interface may give fewer rows than asked for: without a total only an empty page is the end
            is_last = not records or (total is not None and rows >= total)
        if is_last:
            break
    if total is not None and rows != total:
        raise _changed(answers.url, f"{rows} rows came, {total} were told")


def _is_repeated(records: list[dict[str, Any]], seen: set[bytes]) -> bool:
    digest = hashlib.sha256(json_text(records).encode()).digest()
    if digest in seen:
        return True
    seen.add(digest)
    return False


def _records(answer: Any, path: str, url: str) -> list[dict[str, Any]]:
    found = _at(answer, path) if path else answer
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise SourceBroken(
            f"the answer holds no list of records at {path or 'its top'!r}",
            where=url,
            remedy="look at `records`, or ask the department",
        )
    return found


def _total(answer: Any, path: str, url: str) -> int:
    found = _at(answer, path)
    if not isinstance(found, str) or not found.isdecimal():
        raise SourceBroken(
            f"the answer holds no total at {path!r}", where=url, remedy="look at `paging.total`, or ask the department"
        )
    return int(found)


def _at(answer: Any, path: str) -> Any:
    """What lies at a dotted path, None where nothing does."""
    for name in path.split("."):
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def _changed(url: str, how: str) -> SourceBroken:
    return SourceBroken(f"the source changed while it was read: {how}", where=url, remedy="run the interval again")
