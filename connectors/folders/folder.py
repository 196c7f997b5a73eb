"""Folders in which files are delivered: local ones, and distant ones by way of fsspec. Both list files by a pattern and hand one over as a local path."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from connectors.folders.paths import is_delivery, unreadable
from contracts.errors import ConfigurationError, LandbridgeError, SourceUnavailable

_MAGIC = re.compile(r"[*?\[]")
_FOLDERS_DEEP = 20


@dataclass(frozen=True)
class Entry:
    """A file as its folder lists it: `name` is its path below the root; `version` changes with its content, as far as the folder tells."""

    name: str
    size: int | None
    version: str


class Folder(Protocol):
    """The root of a connection. All methods raise SourceUnavailable and ConfigurationError with the folder's address, without credentials."""

    @property
    def is_local(self) -> bool: ...

    def entries(self, pattern: str) -> list[Entry]:
        """The files that match, by name; ConfigurationError for what is no pattern."""

    def address(self, name: str) -> str:
        """How messages name a file."""

    def fetch(self, entry: Entry, into: Path) -> Path:
        """The file as a local path: where it lies, or its copy in the folder `into`."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class LocalFolder:
    root: Path
    is_local: bool = True

    def entries(self, pattern: str) -> list[Entry]:
        if not self.root.is_dir():
            raise SourceUnavailable(
                f"the folder {self.root} does not exist",
                where=str(self.root),
                remedy="mount it, or have the department create it",
            )
        try:
            found = [p for p in self.root.glob(pattern) if p.is_file() and is_delivery(p.name)]
            return sorted((self._entry(p) for p in found), key=lambda entry: entry.name)
        except ValueError as error:
            raise ConfigurationError(f"{pattern!r} is no file pattern: {error}", where=str(self.root)) from error
        except OSError as error:
            raise unreadable(self.root, error) from error

    def _entry(self, path: Path) -> Entry:
        stat = path.stat()
        modified = datetime.fromtimestamp(stat.st_mtime, UTC).isoformat()
        return Entry(path.relative_to(self.root).as_posix(), stat.st_size, modified)

    def address(self, name: str) -> str:
        return str(self.root / name)

    def fetch(self, entry: Entry, into: Path) -> Path:
        return self.root / entry.name

    def close(self) -> None:
        pass


@dataclass
class RemoteFolder:
    """A folder behind an fsspec file system, connected on first use. `path` is the root within it, `url` what messages show."""

    url: str
    path: str
    connect: Callable[[], Any] = field(repr=False)
    fault: Callable[[Exception, str], LandbridgeError] = field(repr=False)
    is_local: bool = False
    _files: Any = field(default=None, repr=False)

    def entries(self, pattern: str) -> list[Entry]:
        try:
            files = self._connected()
            files.invalidate_cache()
            found = {entry.name: entry for entry in self._matching(files, "", PurePosixPath(pattern).parts)}
        except LandbridgeError:
            raise
        except FileNotFoundError as error:
            raise SourceUnavailable(
                f"the folder {self.url} does not exist",
                where=self.url,
                remedy="look at `root`, or have the department create it",
            ) from error
        except Exception as error:
            raise self.fault(error, self.url) from error
        return [found[name] for name in sorted(found) if is_delivery(name)]

    def address(self, name: str) -> str:
        return f"{self.url.rstrip('/')}/{name}"

    def fetch(self, entry: Entry, into: Path) -> Path:
        path = into / PurePosixPath(entry.name).name
        where = self.address(entry.name)
        try:
            self._connected().get_file(self._place(entry.name), str(path))
        except FileNotFoundError as error:
            raise SourceUnavailable(
                "the file is gone", where=where, remedy="wait until it is delivered again"
            ) from error
        except LandbridgeError:
            raise
        except Exception as error:
            raise self.fault(error, where) from error
        size = path.stat().st_size
        if entry.size is not None and size != entry.size:
            raise SourceUnavailable(
                f"{size:,} of {entry.size:,} bytes came: the connection broke off, or the file is still being written",
                where=where,
                remedy="run the interval again",
            )
        return path

    def close(self) -> None:
        if self._files is not None:
            closing = getattr(self._files, "close_connection", None)
            if closing is not None:
                closing()
            self._files = None

    def _connected(self) -> Any:
        if self._files is None:
            self._files = self.connect()
        return self._files

    def _place(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}".rstrip("/") or "/"

    def _matching(self, files: Any, folder: str, parts: tuple[str, ...], depth: int = 0) -> Iterator[Entry]:
        """Entries below `folder` that match the rest of a pattern. Only folders that a pattern can reach are listed."""
        first, *others = parts
        rest = tuple(others)
        if depth > _FOLDERS_DEEP:
            raise ConfigurationError(f"folders lie more than {_FOLDERS_DEEP} deep", where=self.url)
        if not any(_MAGIC.search(part) for part in parts):
            try:
                info = files.info(self._place("/".join([*filter(None, [folder]), *parts])))
            except FileNotFoundError:
                return
            if info["type"] == "file":
                yield self._entry(info, "/".join([*filter(None, [folder]), *parts]))
            return
        if not _MAGIC.search(first):
            yield from self._matching(files, f"{folder}/{first}".lstrip("/"), rest, depth + 1)
            return
        if first == "**" and rest:
            yield from self._matching(files, folder, rest, depth)
        try:
            listed = files.ls(self._place(folder), detail=True)
        except FileNotFoundError:
            if not folder:
                raise
            return
        for info in listed:
            own = PurePosixPath(info["name"]).name
            name = f"{folder}/{own}".lstrip("/")
            if first == "**":
                if info["type"] == "directory":
                    yield from self._matching(files, name, parts, depth + 1)
            elif fnmatch.fnmatchcase(own, first):
                if rest and info["type"] == "directory":
                    yield from self._matching(files, name, rest, depth + 1)
                elif not rest and info["type"] == "file":
                    yield self._entry(info if "size" in info else files.info(self._place(name)), name)

    def _entry(self, info: dict[str, Any], name: str) -> Entry:
        known = [info.get(fact) for fact in ("mtime", "modify", "etag", "ETag", "last_modified")]
        return Entry(name, info.get("size"), "/".join(str(fact) for fact in known if fact is not None))
