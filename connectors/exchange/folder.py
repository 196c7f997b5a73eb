"""Batches in a folder of the department's zone, near or far: a manifest, its files, and perhaps a file that marks the batch complete.

The files that the manifest names are linked, or fetched, into a folder of their own and read from there by the resource's connector. So only what
is named is read, and the bytes of the checksum are the bytes that land. Trap: a local file may be replaced in between, so its version is compared at the end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from connectors.digests import file_digest
from connectors.exchange.manifest import LARGEST, read_manifest
from connectors.exchange.receipts import leave
from connectors.exchange.settings import BATCH
from connectors.exchange.zone import Batch, Damage, StatedFile
from connectors.folders.folder import Entry, Folder
from connectors.folders.paths import dated, literal_pattern
from connectors.folders.remote import LOCATION, open_folder
from connectors.registry import open_connector
from contracts.errors import ConfigurationError, LandbridgeError, SourceBroken, SourceUnavailable
from contracts.interval import Interval
from contracts.model import Resource

RECEIPT = ".receipt.json"


@dataclass(frozen=True)
class FolderZone:
    """The folder, and what the contract states of its batches."""

    resource: Resource
    environ: Mapping[str, str] = field(repr=False)
    folder: Folder
    spool: Path | None
    stated: Mapping[str, Any]

    @classmethod
    def open(cls, resource: Resource, environ: Mapping[str, str]) -> FolderZone:
        connection = {name: value for name, value in resource.system.connection.items() if name in LOCATION}
        home = environ.get("LANDBRIDGE_HOME")
        return cls(
            resource,
            environ,
            open_folder(connection, environ),
            Path(home) / "spool" if home else None,
            resource.source[BATCH],
        )

    @property
    def is_dated(self) -> bool:
        return "{date}" in self.stated["manifest"]

    def batch(self, interval: Interval) -> Batch:
        try:
            manifest = self._manifest(interval)
            if "complete" in self.stated and not self._found(self.stated["complete"], interval):
                raise self._waiting(
                    "the department has not marked the batch complete", interval, self.stated["complete"]
                )
            with self._scratch() as scratch:
                data = self.folder.fetch(manifest, scratch).read_bytes()
            where = self.folder.address(manifest.name)
            ending = PurePosixPath(manifest.name).suffix.lower()
            form = self.stated.get("form") or {".json": "json", ".csv": "csv"}.get(ending, "properties")
            read = read_manifest(
                data, form, self.stated.get("names", {}), self.stated.get("algorithm", "sha256"), where
            )
            return self._ours(read.batch(manifest.name, self.stated.get("controlSums", {})), interval, where)
        except OSError as error:
            raise _unreadable(error, self._address) from error
        finally:
            self.folder.close()

    @contextmanager
    def taking(self, batch: Batch, interval: Interval) -> Iterator[Taken]:
        with self._scratch() as scratch:
            try:
                yield self._take(batch, interval, scratch)
            except LandbridgeError as error:
                # the department knows its own folder, not our scratch
                ours = re.escape(str(scratch)) + r"(/(file-\d+|fetched-\d+|all))?"
                error.where = re.sub(ours, lambda _: self._address, error.where)
                raise
            except OSError as error:
                raise _unreadable(error, self._address) from error
            finally:
                self.folder.close()

    def write_receipt(self, batch: Batch, receipt: Mapping[str, Any]) -> str:
        if not self.stated.get("receipt"):
            return ""
        text = json.dumps(receipt, ensure_ascii=False, indent=1) + "\n"
        return leave(self.folder, f"{batch.source}{RECEIPT}", text.encode())

    def entry(self, name: str) -> Entry | None:
        """A file as the folder lists it now; None where it is not there."""
        return next(iter(self.folder.entries(literal_pattern(name))), None)

    def _take(self, batch: Batch, interval: Interval, scratch: Path) -> Taken:
        entries: list[Entry] = []
        paths: list[Path] = []
        damaged: list[Damage] = []
        for n, file in enumerate(batch.files):
            entry = self.entry(file.name)
            if entry is None:
                damaged.append(Damage(file, ""))
                continue
            fetched = scratch / f"fetched-{n}"
            fetched.mkdir()
            path = self.folder.fetch(entry, fetched)
            if file.checksum and (received := file_digest(path, file.algorithm)) != file.checksum:
                damaged.append(Damage(file, received))
            entries.append(entry)
            paths.append(path)
        return Taken(self, batch, interval, scratch, entries, paths, damaged)

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        if self.spool:
            self.spool.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="batch-", dir=self.spool) as folder:
            yield Path(folder)

    def _manifest(self, interval: Interval) -> Entry:
        found = self._found(self.stated["manifest"], interval)
        if not found:
            raise self._waiting("no batch has been delivered", interval, self.stated["manifest"])
        if len(found) > 1:
            raise SourceBroken(
                f"{len(found)} batch manifests belong to one interval: {found[0].name}, {found[1].name}", where=f"{self.resource.id}, {self._address}",
                remedy="ask the department for one batch an interval, or narrow `batch.manifest`",
            )  # fmt: skip
        if (found[0].size or 0) > LARGEST:
            raise SourceBroken(
                "the batch manifest is no manifest: it is too large", where=self.folder.address(found[0].name)
            )
        return found[0]

    def _found(self, pattern: str, interval: Interval) -> list[Entry]:
        pattern = dated(pattern, interval)
        if pattern.startswith("/") or ".." in pattern.split("/"):
            raise ConfigurationError(f"the file pattern {pattern!r} leaves the folder", where=self.resource.id)
        return [entry for entry in self.folder.entries(pattern) if not entry.name.endswith(RECEIPT)]

    def _waiting(self, what: str, interval: Interval, pattern: str) -> SourceUnavailable:
        return SourceUnavailable(
            what, where=f"{self.resource.id}, {self._address}", remedy=f"wait for {dated(pattern, interval)}, or ask {self.resource.department}"
        )  # fmt: skip

    def _ours(self, batch: Batch, interval: Interval, where: str) -> Batch:
        """The batch with the files that the contract's pattern covers. A manifest may only name others where it is `shared`."""
        with self._scratch() as scratch:
            for file in batch.files:
                (scratch / file.name).parent.mkdir(parents=True, exist_ok=True)
                (scratch / file.name).touch()
            pattern = dated(self.resource.physical_name, interval)
            covered = {path.relative_to(scratch).as_posix() for path in scratch.glob(pattern)}
        others = [file.name for file in batch.files if file.name not in covered]
        if len(others) == len(batch.files) or (others and not self.stated.get("shared")):
            raise SourceBroken(
                f"the batch manifest names {others[0]!r}, which the contract's {self.resource.physical_name!r} does not cover", where=where,
                remedy="ask the department; where a manifest speaks of several resources, state `batch.shared: true`",
            )  # fmt: skip
        unlisted = 0
        if self.resource.files_by_date:
            unlisted = len(
                {entry.name for entry in self._found(self.resource.physical_name, interval)} - covered - {batch.source}
            )
        if not others:
            return replace(batch, unlisted=unlisted)
        # a total over files of several resources is none of this one
        return replace(batch, files=tuple(f for f in batch.files if f.name in covered), rows=None, unlisted=unlisted)

    @property
    def _address(self) -> str:
        return self.folder.address("").rstrip("/")


@dataclass(frozen=True)
class Taken:
    """A batch's files at hand: which of them are damaged, and their rows."""

    zone: FolderZone
    batch: Batch
    interval: Interval
    scratch: Path
    entries: list[Entry]
    paths: list[Path]
    damaged: Sequence[Damage]

    def parts(self) -> Iterator[tuple[str | None, pa.RecordBatch]]:
        """The rows with their file's name, or None where the files' columns differ and only their connector can make them one table."""
        files = list(zip(self.batch.files, self.paths, strict=True))
        singly = [self._linked(f"file-{n}", [file]) for n, file in enumerate(files)]
        if len(files) == 1 or self._are_alike(singly):
            yield from self._one_by_one(singly)
        else:
            for rows in self._read(self._linked("all", files)):
                yield None, rows
        if [self.zone.entry(file.name) for file in self.batch.files] != self.entries:
            raise SourceUnavailable(
                "a file of the batch changed while it was read", where=str(self.scratch), remedy="wait until it is whole and run the interval again"
            )  # fmt: skip

    def _linked(self, name: str, files: list[tuple[StatedFile, Path]]) -> Path:
        root = self.scratch / name
        for file, path in files:
            link = root / file.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
        return root

    def _read(self, root: Path) -> Iterator[pa.RecordBatch]:
        """Whole files: rows outside the interval are the platform's to leave out, after they were counted."""
        resource = self.zone.resource
        # the batch's own mark says that its files are complete
        connection = {
            name: value for name, value in resource.system.connection.items() if name not in (*LOCATION, "complete")
        }
        system = replace(resource.system, connection={**connection, "root": str(root)})
        source = {name: value for name, value in resource.source.items() if name not in (BATCH, "complete")}
        staged = replace(resource, system=system, source=source, watermark=None)
        return open_connector(system, self.zone.environ).read(staged, self.interval)

    def _are_alike(self, roots: list[Path]) -> bool:
        """Whether all files have the same columns of the same types, so that each can be read and counted by itself."""
        seen = set()
        for root in roots:
            rows = self._read(root)
            seen.add(frozenset((column.name, str(column.type)) for column in next(rows).schema))
            getattr(rows, "close", lambda: None)()
        return len(seen) == 1

    def _one_by_one(self, roots: list[Path]) -> Iterator[tuple[str | None, pa.RecordBatch]]:
        names: list[str] = []
        for file, root in zip(self.batch.files, roots, strict=True):
            for rows in self._read(root):
                names = names or rows.schema.names
                yield file.name, rows.select(names)


def _unreadable(error: OSError, where: str) -> LandbridgeError:
    reason = error.strerror or type(error).__name__
    if isinstance(error, PermissionError):
        return ConfigurationError(
            f"may not be read: {reason}", where=where, remedy="give the service's user the right to read it"
        )
    return SourceUnavailable(f"cannot be read: {reason}", where=where, remedy="wait, or look at the mount")
