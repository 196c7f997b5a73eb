"""How each line is to be delivered, from `deliveries.yaml` of the city folder: law and grants decide what, the city decides how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from connectors.references import REFERENCE
from connectors.settings import resolve
from contracts.errors import ConfigurationError
from contracts.mistakes import Mistakes, did_you_mean
from contracts.reader import load_yaml
from sharing.delivery.grants import Grant
from sharing.delivery.pseudonym import DIGESTS

FILE = "deliveries.yaml"
WAYS = ("parquet", "csv", "excel", "table", "view")
_SCOPES = ("line", "request", "requester")
_RULE = {*_SCOPES, "way", "bom", "destination", "pseudonyms"}
_DESTINATION = {"requester", "url", "schema", "reader"}
_TOP = {"digest", "destinations", "deliveries"}


@dataclass(frozen=True)
class Way:
    """One way of handing over. Its `text` stands in the ledger: `parquet`, `csv`, `csv+bom`, `excel`, `table:<destination>`, `view`."""

    name: str
    bom: bool = False
    destination: str = ""

    @property
    def text(self) -> str:
        return f"{self.name}{'+bom' if self.bom else ''}{f':{self.destination}' if self.destination else ''}"

    @classmethod
    def parse(cls, text: str) -> Way:
        """The way a text of the ledger names; ConfigurationError where it names none."""
        head, _, destination = text.partition(":")
        way = cls(head.removesuffix("+bom"), head.endswith("+bom"), destination)
        way.check()
        return way

    def check(self) -> None:
        """Raise ConfigurationError unless this is a way."""
        if self.name not in WAYS:
            raise ConfigurationError(f"unknown way {self.name!r}", where=FILE, remedy=did_you_mean(self.name, WAYS))
        if self.bom and self.name != "csv":
            raise ConfigurationError(f"{self.name} has no byte order mark", where=FILE, remedy="bom belongs to csv")
        if bool(self.destination) != (self.name == "table"):
            what = "a table needs a destination" if self.name == "table" else f"{self.name} has no destination"
            raise ConfigurationError(what, where=FILE, remedy="name one of the destinations")


@dataclass(frozen=True)
class Destination:
    """A requester's own PostgreSQL; both addresses may hold `${NAME}`, and hold no password. `role` may read the tables, and nothing else."""

    id: str
    requester: str
    url: str
    schema: str
    role: str
    reader_url: str

    def addresses(self, environ: Mapping[str, str]) -> tuple[str, str]:
        """The writer's and the reader's address, secrets filled in; ConfigurationError names a variable that is not set."""
        return tuple(resolve(url, environ, lambda text: quote(text, safe="")) for url in (self.url, self.reader_url))  # type: ignore[return-value]


@dataclass(frozen=True)
class Rule:
    """What the city wants for a line, a request or all of a requester's lines."""

    scope: str
    id: str
    way: Way
    pseudonyms: tuple[str, ...]


@dataclass(frozen=True)
class Ways:
    """What `deliveries.yaml` says; without the file, nothing is delivered by itself."""

    digest: str = "sha256"
    destinations: dict[str, Destination] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def rule(self, grant: Grant) -> Rule | None:
        """The rule for the line: its own, or its request's, or its requester's."""
        ids = {"line": grant.line_id, "request": grant.request_id, "requester": grant.requester}
        for scope in _SCOPES:
            for rule in self.rules:
                if rule.scope == scope and rule.id == ids[scope]:
                    return rule
        return None

    def destination(self, way: Way, requester: str) -> Destination:
        """Where the way leads; ConfigurationError where it is unknown, or another department's."""
        found = self.destinations.get(way.destination)
        if found is None:
            raise ConfigurationError(
                f"unknown destination {way.destination!r}", where=FILE, remedy=did_you_mean(way.destination, self.destinations)
            )  # fmt: skip
        if found.requester != requester:
            raise ConfigurationError(
                f"{found.id} belongs to {found.requester}, and the line to {requester}",
                where=FILE,
                remedy="data goes to nobody but its requester: name a destination of theirs",
            )
        return found


def read_ways(folder: Path) -> Ways:
    """The city folder's `deliveries.yaml`; ConfigurationError that names the entry at fault."""
    path = folder / FILE
    if not path.exists():
        return Ways()
    mistakes = Mistakes(FILE)
    loaded = load_yaml(path, mistakes)
    if mistakes.found:
        raise ConfigurationError(str(mistakes.found[0]), where=FILE)
    top = _mapping({} if loaded is None else loaded, _TOP, "file")
    digest = str(top.get("digest", "sha256"))
    if digest not in DIGESTS:
        raise _wrong(f"unknown digest {digest!r}", "digest", did_you_mean(digest, DIGESTS))
    stated = top.get("destinations") or {}
    if not isinstance(stated, dict):
        raise _wrong("destinations is no mapping", "destinations", "<id>: {requester: …, url: …, schema: …, reader: …}")
    destinations = {str(id): _destination(str(id), item) for id, item in stated.items()}
    ways = Ways(digest, destinations, tuple(_rule(n, item) for n, item in enumerate(top.get("deliveries") or [], 1)))
    for rule in ways.rules:
        if rule.way.name == "table" and rule.way.destination not in destinations:
            raise _wrong(
                f"unknown destination {rule.way.destination!r}", rule.id, did_you_mean(rule.way.destination, destinations)
            )  # fmt: skip
    return ways


def _rule(n: int, item: Any) -> Rule:
    place = f"delivery {n}"
    stated = _mapping(item, _RULE, place)
    scopes = [scope for scope in _SCOPES if scope in stated]
    if len(scopes) != 1:
        raise _wrong("names not exactly one of line, request, requester", place, "one rule, one of them")
    way = Way(str(stated.get("way", "")), stated.get("bom") is True, str(stated.get("destination", "")))
    way.check()
    pseudonyms = stated.get("pseudonyms") or []
    if not isinstance(pseudonyms, list):
        raise _wrong("pseudonyms is no list", place, "[field, …]")
    return Rule(scopes[0], str(stated[scopes[0]]), way, tuple(map(str, pseudonyms)))


def _destination(id: str, item: Any) -> Destination:
    stated = _mapping(item, _DESTINATION, id)
    reader = _mapping(stated.get("reader") or {}, {"role", "url"}, f"{id}, reader")
    needed = {name: stated.get(name) for name in ("requester", "url", "schema")} | {f"reader.{n}": reader.get(n) for n in ("role", "url")}  # fmt: skip
    for name, value in needed.items():
        if not isinstance(value, str) or not value:
            raise _wrong(
                f"{name} is missing", id, "a destination needs requester, url, schema, reader.role and reader.url"
            )
    for url in (str(stated["url"]), str(reader["url"])):
        if not url.startswith(("postgresql://", "postgres://")):
            raise _wrong("the url is none of PostgreSQL", id, "postgresql://<user>:${NAME}@<host>/<database>")
        # user:password@ – the password has to be a reference
        login = url.partition("://")[2].rpartition("@")[0]
        if REFERENCE.sub("", login).partition(":")[2] or "password=" in url:
            raise _wrong("the url holds a password", id, "put it into the environment and write ${NAME}")
    return Destination(id, str(stated["requester"]), str(stated["url"]), str(stated["schema"]), str(reader["role"]), str(reader["url"]))  # fmt: skip


def _mapping(value: Any, known: set[str], place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong("is no mapping", place, f"it may say {', '.join(sorted(known))}")
    for name in value:
        if name not in known:
            raise _wrong(f"unknown {name!r}", place, did_you_mean(str(name), known))
    return value


def _wrong(what: str, place: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(what, where=f"{FILE}, {place}", remedy=remedy)
