"""From what a person types – a system's id, a path, an address – to a source system, with secrets taken out before anything is written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from connectors.registry import kinds
from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from contracts.model import Label, SourceSystem
from pipeline.draft.names import business_name, told_apart

_KINDS_OF_SUFFIX = {
    "csv": "csv_files", "tsv": "csv_files", "txt": "csv_files", "xls": "excel_files", "xlsx": "excel_files", "xlsb": "excel_files",
    "ods": "excel_files", "json": "json_lines", "jsonl": "json_lines", "ndjson": "json_lines", "xml": "xml_files", "parquet": "parquet_files",
    "dbf": "dbase_files", "sqlite": "database", "sqlite3": "database", "db": "database",
}  # fmt: skip
_PACKED = ("gz", "zip")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.]*://")
_FILE_SCHEMES = ("sftp", "ftp", "ftps", "s3")
_SECRET = re.compile(r"passw|pwd|secret|token|api_?key|credential|private_?key|signature|口令|密码", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Source:
    """A system to draft from. `secrets`: variable → value given on the command line; `only`: the file or path that was meant, if one was."""

    system: SourceSystem
    is_new: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict)
    only: str | None = None

    def without_secrets(self, text: str) -> str:
        """The text with what must not be seen in it left out."""
        for secret in self.secrets.values():
            text = text.replace(secret, "…") if secret else text
        return text


def find_source(
    given: str, city: City, *, department: str | None, kind: str | None, settings: Mapping[str, Any], sources: Path
) -> Source:
    """The system meant by an id, an address or a path; ConfigurationError where it is none of them, or its kind cannot be told."""
    if given in city.systems:
        system = city.systems[given]
        if department not in (None, system.department):
            raise ConfigurationError(
                f"the system {given} belongs to {system.department}",
                remedy=f"--department {system.department}, or leave it out",
            )
        return Source(system)
    if kind is not None and kind not in kinds():
        raise ConfigurationError(f"unknown connector {kind!r}", remedy=did_you_mean(kind, kinds()))
    owner = _department(city, department)
    found_kind, connection, name, only = (
        _from_url(given, kind) if _URL.match(given) else _from_path(given, kind, city, sources)
    )
    id = told_apart([business_name(name, "source")], city.systems)[0]
    connection, secrets = _without_secrets({**connection, **settings}, id)
    for system in city.systems.values():
        if (system.department, system.connector) == (owner, found_kind) and _bare(system.connection) == _bare(
            connection
        ):
            held = dict(zip(_references(connection), _references(system.connection), strict=False))
            return Source(system, secrets={held.get(name, name): value for name, value in secrets.items()}, only=only)
    return Source(SourceSystem(id, owner, Label(name, name), found_kind, connection), True, secrets, only)


def _department(city: City, department: str | None) -> str:
    if department is not None:
        return department
    if len(city.departments) == 1:
        return next(iter(city.departments))
    raise ConfigurationError(
        "it is not said whose source this is",
        remedy=f"--department, one of {', '.join(city.departments) or 'a name of your own'}",
    )


def _from_url(url: str, kind: str | None) -> tuple[str, dict[str, Any], str, str | None]:
    parts = urlsplit(url)
    scheme, (folder, last), suffix = parts.scheme.lower(), _split(parts.path), _suffix_kind(parts.path)
    if scheme not in (*_FILE_SCHEMES, "http", "https"):
        name = last.rsplit(".", 1)[0] if scheme.startswith("sqlite") else last
        return kind or "database", {"url": url}, f"{name or _host(parts.netloc)} database", None
    login, _, place = parts.netloc.rpartition("@")
    user, colon, password = login.partition(":")
    user, password = _plain(user), _plain(password)
    if scheme.startswith("http") and kind in (None, "http_api") and suffix in (None, "json_lines"):
        query, auth = _key_in_query(parts.query)
        if login:
            basic = {"style": "basic", "user": user, "password": password}
            auth = {"auth": basic if colon else {"style": "bearer", "token": user}}
        path = urlunsplit(("", "", parts.path, query, "")) if parts.path.strip("/") else None
        return "http_api", {"url": f"{parts.scheme}://{place}", **auth}, f"{_host(place)} interface", path
    chosen = kind or suffix
    if chosen is None:
        raise ConfigurationError(
            f"{scheme} holds files, and their kind cannot be told", remedy="--kind csv_files, or another"
        )
    whole = suffix is None
    root = urlunsplit((parts.scheme, place, parts.path if whole else folder, parts.query, ""))
    account = {name: value for name, value in (("user", user), ("password", password)) if value}
    return chosen, {"root": root, **account}, f"{_host(place)} {scheme} files", None if whole else last


def _key_in_query(query: str) -> tuple[str, dict[str, Any]]:
    """The query without a parameter that holds a secret, and that parameter as the authentication it is."""
    pairs = parse_qsl(query, keep_blank_values=True)
    keys = [(name, value) for name, value in pairs if _SECRET.search(name)]
    if not keys:
        return query, {}
    name, value = keys[0]
    rest = urlencode([pair for pair in pairs if not _SECRET.search(pair[0])])
    return rest, {"auth": {"style": "api_key", "parameter": name, "secret": value}}


def _from_path(given: str, kind: str | None, city: City, sources: Path) -> tuple[str, dict[str, Any], str, str | None]:
    path = Path(given)
    if not path.exists():
        raise ConfigurationError(
            f"{given!r} is no system of the city, no address and no file or folder",
            remedy=f"{did_you_mean(given, city.systems) if city.systems else 'correct it'}; an address has ://",
        )
    path = path.absolute()
    if path.is_dir():
        return kind or _kind_of_folder(path), {"root": _below(path, sources)}, f"{path.name} files", None
    found = kind or _suffix_kind(path.name)
    if found is None:
        raise ConfigurationError(
            f"what kind of file {path.name} is cannot be told", remedy="--kind csv_files, or another"
        )
    if found == "database":
        return found, {"url": f"sqlite:///{_below(path, sources)}"}, f"{path.stem} database", None
    return found, {"root": _below(path.parent, sources)}, f"{path.parent.name} files", path.name


def _kind_of_folder(folder: Path) -> str:
    found = Counter(
        k for p in folder.iterdir() if p.is_file() and not p.name.startswith(".") and (k := _suffix_kind(p.name))
    )
    if len(found) != 1:
        held = ", ".join(f"{n} {kind}" for kind, n in sorted(found.items())) or "nothing that is known by its ending"
        raise ConfigurationError(f"the folder holds {held}", where=str(folder), remedy="say which with --kind")
    return next(iter(found))


def _suffix_kind(name: str) -> str | None:
    suffixes = name.lower().split(".")[1:]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes.pop()
    return _KINDS_OF_SUFFIX.get(suffixes[-1]) if suffixes else None


def _below(path: Path, sources: Path) -> str:
    """The path as systems.yaml should say it: what lies below LANDBRIDGE_SOURCES moves with it."""
    return (
        f"${{LANDBRIDGE_SOURCES}}/{path.relative_to(sources).as_posix()}"
        if path.is_relative_to(sources) and path != sources
        else str(path)
    )


def _without_secrets(connection: dict[str, Any], id: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The connection with `${NAME}` in place of each secret, and NAME → secret."""
    secrets: dict[str, str] = {}

    def hidden(word: str, secret: str) -> str:
        if not secret or _REFERENCE.fullmatch(secret):
            return secret
        stem = re.sub(r"[^A-Z0-9]+", "_", f"{id}_{word}".upper()).strip("_")
        # names that start so are the platform's own settings
        name = told_apart([f"SOURCE_{stem}" if stem.startswith("LANDBRIDGE") else stem], secrets)[0]
        secrets[name] = secret
        return f"${{{name}}}"

    def cleaned(key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: cleaned(str(k), v) for k, v in value.items()}
        if isinstance(value, list):
            return [cleaned(key, item) for item in value]
        if not isinstance(value, str):
            return hidden(key, str(value)) if _SECRET.search(key) and not isinstance(value, bool) else value
        if _SECRET.search(key):
            return hidden(key, value)
        return _clean_url(value, hidden) if _URL.match(value) else value

    return {key: cleaned(key, value) for key, value in connection.items()}, secrets


def _clean_url(url: str, hidden: Any) -> str:
    scheme, _, rest = url.partition("://")
    # a password may hold @ and /: the last @ ends it, as connectors read it too
    before, _, query = (rest, "", "") if "@" in rest.partition("?")[2] else rest.partition("?")
    login, at, place = before.rpartition("@")
    if at:
        user, colon, password = login.partition(":")
        if colon:
            login = f"{user}:{hidden('password', _plain(password))}"
    if query:
        pairs = [(k, hidden(k, v) if _SECRET.search(k) else v) for k, v in parse_qsl(query, keep_blank_values=True)]
        query = "?" + urlencode(pairs, safe="${}/:,")
    return f"{scheme}://{login}{at}{place}{query}"


def _plain(text: str) -> str:
    return text if _REFERENCE.fullmatch(text) else unquote(text)


def _bare(connection: Mapping[str, Any]) -> str:
    return _REFERENCE.sub("${}", repr(sorted(connection.items())))


def _references(connection: Mapping[str, Any]) -> list[str]:
    return [
        name[2:-1]
        for name in _REFERENCE.findall(repr(sorted(connection.items())))
        if not name.startswith("${LANDBRIDGE_")
    ]


def _split(path: str) -> tuple[str, str]:
    folder, _, last = path.rpartition("/")
    return folder, last


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2].partition(":")[0]
