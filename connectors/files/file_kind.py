"""What all kinds of files share: where they lie, how they are delivered, and which of them a contract could name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Self

import pyarrow as pa

from connectors.folders.delivery import COMPLETE, DELIVERY, DeliveredFile, Delivery
from connectors.folders.folder import Entry
from connectors.folders.paths import literal_pattern, pattern_of
from connectors.folders.remote import LOCATION, open_folder
from connectors.folders.unpacking import SUFFIXES
from connectors.protocol import Setting, SourceTable
from connectors.settings import batch_rows, source_settings
from contracts.errors import LandbridgeError, SourceUnavailable
from contracts.interval import Interval
from contracts.model import Label, Resource, SourceSystem


@dataclass(frozen=True)
class FileKind(ABC):
    """A kind of files. It says how to read local files as one table (`batches`) and what can be recognised of one (`recognise`)."""

    kind: ClassVar[str]
    CONNECTION_SETTINGS: ClassVar[Mapping[str, Setting]] = {**LOCATION, "complete": COMPLETE}
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = DELIVERY
    SUFFIXES: ClassVar[tuple[str, ...]] = ()
    """Suffixes, in lower case, under which files of this kind are looked for by `resources`; empty for any."""
    COMPANIONS: ClassVar[tuple[str, ...]] = ()
    """Suffixes of files that belong to one of the same name and are no table of their own."""

    delivery: Delivery
    batch_rows: int
    bounds_rows: bool = False

    @classmethod
    def open(cls, connection: Mapping[str, Any], environ: Mapping[str, str]) -> Self:
        home = environ.get("LANDBRIDGE_HOME")
        spool = Path(home) / "spool" if home else None
        folder = open_folder({name: value for name, value in connection.items() if name != "complete"}, environ)
        return cls(Delivery(folder, spool, connection.get("complete", {}), cls.COMPANIONS), batch_rows(environ))

    def read(self, resource: Resource, interval: Interval | None) -> Iterator[pa.RecordBatch]:
        stated = source_settings(self.SOURCE_SETTINGS, resource)
        with self.delivery.files(resource, interval, stated) as files:
            yield from self.batches(files, resource, stated)

    @abstractmethod
    def batches(self, files: list[Path], resource: Resource, stated: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        """The files as one table; `stated` are the resource's settings with the defaults filled in."""

    @property
    def read_files(self) -> tuple[DeliveredFile, ...]:
        """The files of the last `read` that came to its end, with size, version and SHA-256."""
        return self.delivery.read_files

    def changed_files(
        self, resource: Resource, interval: Interval | None, read: Sequence[DeliveredFile]
    ) -> tuple[str, ...]:
        """Names of the files that were changed or added since these were read; no file is opened for it."""
        return self.delivery.changed_files(resource, interval, read)

    def resources(self) -> Iterable[SourceTable]:
        """The files grouped by pattern, each with the settings recognised in the newest file; what cannot be read as this kind is left out."""
        try:
            found = self.delivery.folder.entries("**/*")
        finally:
            self.delivery.folder.close()
        groups: dict[str, list[Entry]] = {}
        for entry in found:
            if self._is_mine(entry.name):
                groups.setdefault(pattern_of(entry.name), []).append(entry)
        for pattern, entries in sorted(groups.items()):
            newest = max(entries, key=lambda entry: entry.name)
            try:
                source = self._recognised(newest)
            except LandbridgeError:
                continue
            if source is not None:
                yield SourceTable(pattern, source)

    def recognise(self, path: Path) -> Mapping[str, Any] | None:
        """Settings under which the file is a table of this kind, None where it is none. May raise SourceBroken to say the same."""
        return {}

    def _is_mine(self, name: str) -> bool:
        suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes]
        if suffixes and suffixes[-1] in SUFFIXES:
            return suffixes[-1] == ".zip" or self._is_mine(name[: -len(suffixes[-1])])
        return not self.SUFFIXES or (bool(suffixes) and suffixes[-1] in self.SUFFIXES)

    def _recognised(self, entry: Entry) -> Mapping[str, Any] | None:
        """A file that is still being written cannot be recognised; it is no reason to hide the others."""
        stated = {name: schema["default"] for name, schema in DELIVERY.items() if "default" in schema}
        one = Delivery(self.delivery.folder, self.delivery.spool, {}, self.COMPANIONS)
        try:
            with one.files(_single(self.kind, entry.name), None, stated) as files:
                return self.recognise(files[0]) if files else None
        except SourceUnavailable:
            return None


def _single(kind: str, name: str) -> Resource:
    """A resource without fields that names one file."""
    system = SourceSystem("system", "", Label("", ""), kind, {})
    return Resource(
        department="", name=name, version="", fingerprint="", label="", description="", owner="", system=system, physical_name=literal_pattern(name),
        source={}, fields=(), rules=(), load_mode="snapshot", schedule="", cycle=timedelta(1), latency=timedelta(), share_type="unconditional",
        resource_code="",
    )  # fmt: skip
