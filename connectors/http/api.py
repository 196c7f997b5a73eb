"""JSON interfaces over HTTP: one answer, or pages by number, offset, cursor or link. All columns are text, as with JSON lines.

Traps: a table that changes while its pages are turned loses and repeats rows (see `http_paging`). `since` and `until` only spare the network: many
interfaces count an end as included or keep to another clock, so the platform bounds the rows itself. Driver: httpx.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, ClassVar, Self

import httpx
import pyarrow as pa

from connectors.columns import free
from connectors.folders.paths import dated
from connectors.http.answers import Answers, Question, Success, trust
from connectors.http.auth import AUTH, authentication
from connectors.http.bounds import SETTINGS as BOUNDS_SETTINGS
from connectors.http.bounds import Bounds
from connectors.http.keys import KeysSeen
from connectors.http.paging import PAGING, Reading, Records
from connectors.http.patience import Clock, Patience
from connectors.json_path import JsonPath
from connectors.json_text import json_text, parse, record_of
from connectors.protocol import Setting, SourceTable
from connectors.records import Record, columns_of, record_batches
from connectors.settings import batch_rows, resolve, source_settings
from contracts.errors import ConfigurationError, SourceUnavailable
from contracts.interval import Interval
from contracts.model import Resource

_TEXT: Setting = {"type": "string", "minLength": 1}
_WORDS: Setting = {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}}
_SUCCESS: Setting = {
    "type": "object", "required": ["path", "values"], "additionalProperties": False,
    "properties": {"path": _TEXT, "values": _WORDS, "busy": _WORDS},
}  # fmt: skip


@dataclass(frozen=True)
class HttpApiConnector:
    """Reads the path that the contract names, page by page, onto disk, and from there as a table."""

    kind: ClassVar[str] = "http_api"
    CONNECTION_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        "url": {**_TEXT, "mandatory": True},
        "auth": AUTH,
        "authority": _TEXT,
        "timeoutSeconds": {"type": "number", "minimum": 0.1, "maximum": 3600},
        "tries": {"type": "integer", "minimum": 1, "maximum": 20},
        "requestsPerSecond": {"type": "number", "minimum": 0.01, "maximum": 1000},
    }
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        "method": {"enum": ["GET", "POST"], "default": "GET"}, "parameters": {"type": "object"}, "body": {"type": "object"},
        "records": {"type": "string", "default": ""}, "success": _SUCCESS, "paging": PAGING, **BOUNDS_SETTINGS,
    }  # fmt: skip

    url: str
    auth: Mapping[str, Any] = field(repr=False)
    environ: Mapping[str, str] = field(repr=False)
    authority: str | None
    timeout: float
    tries: int
    per_second: float | None
    batch_rows: int
    spool: Path | None
    clock: Clock = field(default_factory=Clock)
    bounds_rows: bool = False

    @classmethod
    def open(cls, connection: Mapping[str, Any], environ: Mapping[str, str]) -> Self:
        url = resolve(connection["url"], environ).rstrip("/")
        if not url.startswith(("http://", "https://")):
            raise ConfigurationError("url is no address of HTTP", remedy="http://host:port or https://…")
        if "@" in url.split("/")[2]:
            raise ConfigurationError("url holds a user or password", remedy="state `auth: {style: basic, …}`")
        home = environ.get("LANDBRIDGE_HOME")
        auth = connection.get("auth", {})
        authentication(auth, environ, Clock())  # an unset variable shows now, not in the night
        return cls(
            url, auth, environ, resolve(connection["authority"], environ) if "authority" in connection else None, float(connection.get("timeoutSeconds", 60)), int(connection.get("tries", 5)),
            connection.get("requestsPerSecond"), batch_rows(environ), Path(home) / "spool" if home else None,
        )  # fmt: skip

    def read(self, resource: Resource, interval: Interval | None) -> Iterator[pa.RecordBatch]:
        stated = source_settings(self.SOURCE_SETTINGS, resource)
        question = self._question(resource, stated, interval)
        bounds = Bounds.stated(stated, resource)
        now = self.clock.now() if interval is None else interval.end
        steps = [question.plus(step) for step in bounds.parameters(resource, interval, now)]
        records, paging = JsonPath.parse(stated["records"]), stated.get("paging") or {}
        answers = Answers(
            authentication(self.auth, self.environ, self.clock), Patience(self.tries, self.per_second, self.clock), self.timeout, trust(self.authority),
            _success(stated),
        )  # fmt: skip

        def pages() -> Iterator[Records]:
            for step in steps:
                yield from Reading(answers, step, records, paging).pages()

        if self.spool:
            self.spool.mkdir(parents=True, exist_ok=True)
        keys = KeysSeen([f.physical_name for f in resource.fields if f.primary_key], self.spool)
        # without a name on disk: nothing of the data is left behind, whatever happens
        with TemporaryFile("w+", encoding="utf-8", newline="\n", dir=self.spool) as spool, answers:
            names = _spool(pages, keys, spool, question.url)
            spool.seek(0)
            yield from record_batches(_spooled(spool), columns_of(resource, names), self.batch_rows)

    def resources(self) -> Iterable[SourceTable]:
        raise ConfigurationError("an interface cannot list itself", remedy="name a path: --table /path")

    def _question(self, resource: Resource, stated: Mapping[str, Any], interval: Interval | None) -> Question:
        if stated["method"] == "GET" and "body" in stated:
            raise ConfigurationError(
                "source: body needs `method: POST`", where=resource.id, remedy="see docs/connectors.md"
            )

        def filled(value: Any) -> Any:
            """`{date}` stands for the interval's day, wherever it is written; without an interval it stays."""
            if isinstance(value, dict):
                return {name: filled(item) for name, item in value.items()}
            if isinstance(value, list):
                return [filled(item) for item in value]
            return dated(value, interval) if interval and isinstance(value, str) else value

        address = httpx.URL(f"{self.url}/{filled(resource.physical_name).lstrip('/')}")
        parameters = {**dict(address.params), **filled(stated.get("parameters", {}))}
        body = filled(stated.get("body", {})) if stated["method"] == "POST" else None
        return Question(str(address.copy_with(query=None)), parameters, body)


def _success(stated: Mapping[str, Any]) -> Success | None:
    if "success" not in stated:
        return None
    about = stated["success"]
    return Success(JsonPath.parse(about["path"]), _words(about["values"]), _words(about.get("busy", [])))


def _words(stated: list[Any]) -> tuple[str, ...]:
    """As JSON writes them: a contract's 0 and "0" are one."""
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in stated)


def _spool(pages: Callable[[], Iterator[Records]], keys: KeysSeen, spool: IO[str], where: str) -> dict[str, None]:
    """Write every record as a line of JSON; returns the names seen. Raises SourceUnavailable where the table changed meanwhile.

    A key on two pages is a row that moved, or two rows of the source under one key. Only a second reading can tell, and only then is one made.
    """
    names: dict[str, None] = {}
    first, second = hashlib.sha256(), hashlib.sha256()
    with keys:
        for records in pages():
            keys.add_page(records)
            for record in records:
                names.update(dict.fromkeys(map(free, record)))
                line = json_text(record) + "\n"
                first.update(line.encode())
                spool.write(line)
    if keys.came_twice:
        for records in pages():
            for record in records:
                second.update((json_text(record) + "\n").encode())
        if first.digest() != second.digest():
            raise SourceUnavailable(
                "the source changed while it was read: a key came on two pages, and a second reading differs", where=where,
                remedy="run the interval again; ask for a reading at a quieter hour",
            )  # fmt: skip
    return names


def _spooled(spool: IO[str]) -> Iterator[Record]:
    return (record_of(parse(line)) for line in spool)
