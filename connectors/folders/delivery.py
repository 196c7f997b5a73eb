"""One interval's files, from the folder to local paths: found, whole, fetched, unpacked, hashed – and gone again afterwards."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from connectors.folders.folder import Entry, Folder
from connectors.folders.paths import changed, date_of, dated, file_pattern, unreadable
from connectors.folders.scratch import Scratch
from connectors.folders.unpacking import SUFFIXES, UNPACKING, packed_as, unpack
from connectors.protocol import Setting
from contracts.errors import LandbridgeError, SourceUnavailable
from contracts.interval import Interval
from contracts.model import Resource

COMPLETE: Setting = {
    "type": "object", "additionalProperties": False, "minProperties": 1,
    "properties": {"marker": {"type": "string", "pattern": r"\A(?!/)(?!.*\.\.).+\Z"}, "stable": {"type": "number", "minimum": 0.1, "maximum": 3600}},
}  # fmt: skip
DELIVERY: Mapping[str, Setting] = {"complete": COMPLETE, **UNPACKING}


@dataclass(frozen=True)
class DeliveredFile:
    """A file as it was read: evidence for the landing manifest, and what to compare with later. `name` is its path below the root."""

    name: str
    size: int
    version: str
    sha256: str


@dataclass
class Delivery:
    """Opens what a folder holds for an interval. `read_files` are those of the last reading that came to its end."""

    folder: Folder
    spool: Path | None
    complete: Mapping[str, Any] = field(default_factory=dict)
    companions: tuple[str, ...] = ()
    read_files: tuple[DeliveredFile, ...] = ()

    @contextmanager
    def files(self, resource: Resource, interval: Interval | None, stated: Mapping[str, Any]) -> Iterator[list[Path]]:
        """The delivered tables as local paths, in the order of their names. Errors raised inside name the address in place of a scratch path.

        Raises SourceUnavailable where nothing has been delivered, something is still being written, or a file changes before the reading ends.
        """
        self.read_files = ()
        shown: dict[str, str] = {}
        with ExitStack() as stack:
            stack.callback(self.folder.close)
            scratch = Scratch(stack, self.spool)
            try:
                entries = self._whole(resource, interval, {**self.complete, **stated.get("complete", {})})
                fetched = [self._fetch(entry, scratch, shown) for n, entry in enumerate(entries)]
                self._check_unchanged(entries, resource, interval)
                hashes = stack.enter_context(_hashing(fetched))
                member = dated(stated["member"], interval) if "member" in stated else None
                tables = []
                for entry, path in zip(entries, fetched, strict=True):
                    tables += self._unpacked(entry, path, scratch, member, stated, shown)
                yield [path for path in tables if path.suffix.lower() not in self.companions]
                if self.folder.is_local:
                    self._check_unchanged(entries, resource, interval)
                self.read_files = tuple(
                    DeliveredFile(entry.name, path.stat().st_size, entry.version, found)
                    for entry, path, found in zip(entries, fetched, hashes(), strict=True)
                )
            except LandbridgeError as error:
                for local in sorted(shown, key=len, reverse=True):
                    error.where = error.where.replace(local, shown[local])
                raise

    def changed_files(
        self, resource: Resource, interval: Interval | None, read: Sequence[DeliveredFile]
    ) -> tuple[str, ...]:
        """Names of the files that were changed or added since these were read. Lists the folder, and reads no file; one that is gone has been read."""
        try:
            now = {(e.name, e.version) for e in self._found(resource, interval)}
        except SourceUnavailable:
            now = set()
        finally:
            self.folder.close()
        then = {(file.name, file.version) for file in read}
        return tuple(sorted({name for name, _ in now - then}))

    def _found(self, resource: Resource, interval: Interval | None) -> list[Entry]:
        pattern = file_pattern(resource, interval)
        try:
            found = self.folder.entries(pattern)
        except LandbridgeError as error:
            if error.what.startswith("the folder"):
                error.where = resource.system.id
            raise
        if not found:
            raise SourceUnavailable(
                f"no file {pattern} has been delivered", where=f"{resource.id}, {self.folder.address('').rstrip('/')}",
                remedy="wait, or ask the department for it",
            )  # fmt: skip
        return found

    def _whole(self, resource: Resource, interval: Interval | None, rule: Mapping[str, Any]) -> list[Entry]:
        found = self._found(resource, interval)
        if "marker" in rule:
            markers = {entry.name: dated(_marker(entry.name, rule["marker"]), interval) for entry in found}
            # a pattern may catch the markers too
            found = [entry for entry in found if entry.name not in markers.values()]
            for entry in found:
                if not self.folder.entries(markers[entry.name]):
                    raise _unfinished(self.folder.address(entry.name), f"{markers[entry.name]} is not there")
        if "stable" in rule:
            time.sleep(rule["stable"])
            later = {entry.name: entry for entry in self._found(resource, interval)}
            for entry in found:
                if later.get(entry.name) != entry:
                    raise _unfinished(self.folder.address(entry.name), f"it changed within {rule['stable']} seconds")
        return found

    def _fetch(self, entry: Entry, scratch: Scratch, shown: dict[str, str]) -> Path:
        into = Path() if self.folder.is_local else scratch.folder()
        path = self.folder.fetch(entry, into)
        if not self.folder.is_local:
            for suffix in self.companions:
                beside = str(PurePosixPath(entry.name).with_suffix(f".[{suffix[1]}{suffix[1].upper()}]*"))
                for companion in self.folder.entries(beside):
                    if companion.name.lower().endswith(suffix):
                        self.folder.fetch(companion, into)
            shown[str(path)] = self.folder.address(entry.name)
        return path

    def _unpacked(
        self,
        entry: Entry,
        path: Path,
        scratch: Scratch,
        member: str | None,
        stated: Mapping[str, Any],
        shown: dict[str, str],
    ) -> list[Path]:
        try:
            kind = packed_as(path, entry.name)
            if not kind:
                return [path]
            found = unpack(path, kind, scratch.folder(), member, stated["maxUnpackedMegabytes"])
        except OSError as error:
            raise unreadable(path, error) from error
        for each in found:
            shown[str(each)] = f"{self.folder.address(entry.name)}, {each.name}"
        return found

    def _check_unchanged(self, entries: list[Entry], resource: Resource, interval: Interval | None) -> None:
        now = {entry.name: entry for entry in self._found(resource, interval)}
        for entry in entries:
            if now.get(entry.name) != entry:
                raise changed(self.folder.address(entry.name))


def _marker(name: str, marker: str) -> str:
    """The marker of a file, in its folder or one below: `{name}` is the file's, `{stem}` the same without suffixes of compression and format."""
    path = PurePosixPath(name)
    plain = PurePosixPath(path.stem if path.suffix.lower() in SUFFIXES else path.name)
    text = marker.replace("{date}", date_of(path.name) or "{date}")
    for part, value in (("{name}", path.name), ("{stem}", plain.stem)):
        text = text.replace(part, value)
    return str(path.parent / text).replace("[", "[[]")


def _unfinished(where: str, why: str) -> SourceUnavailable:
    return SourceUnavailable(f"the file is still being written: {why}", where=where, remedy="wait until it is whole")


@contextmanager
def _hashing(paths: Sequence[Path]) -> Iterator[Any]:
    """Hashes beside the reading, on another core; `hashes()` waits for them. A reading that is given up does not wait."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(_sha256, path, stop) for path in paths]
        try:
            yield lambda: [each.result() for each in waiting]
        finally:
            stop.set()
            for each in waiting:
                with suppress(Exception):
                    each.cancel()


def _sha256(path: Path, stop: threading.Event) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            if stop.is_set():
                return ""
            digest.update(piece)
    return digest.hexdigest()
