"""The landing zone: what a source gave, as it gave it – immutable Parquet and a manifest beside it.

Each extraction that differs from the last is a new attempt; `current.json` names the attempt that counts. Files appear under their final
name only when they are whole, so a killed extraction leaves nothing that could be mistaken for data.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.folders.delivery import DeliveredFile
from contracts.errors import InternalError, SourceBroken
from contracts.interval import Interval
from contracts.model import Resource
from pipeline.scratch import scratch_path, write_atomically
from warehouse.reconciliations import Reconciliation

_CURRENT = "current.json"
_ROW_GROUP = 131_072

Progress = Callable[[int], None]
Conclude = Callable[[], Reconciliation | None]
"""What is said of the records after the last has come, before they count; it may refuse them."""


@dataclass(frozen=True)
class Manifest:
    """Evidence of one extraction. Holds counts, names, times and hashes, never a value of the data.

    `bounds` are the watermark's `[from, to)`, None where the source was read whole; `bounded_by_source` says that the source kept to them itself.
    `reconciliation` compares the batch of an exchange zone with its department's figures. `files` are the delivered files as they were read,
    `newest_mark` is the newest watermark anywhere in the source, where it can tell; `notes` say what was noticed, in sentences.
    """

    resource: str
    interval_start: str
    interval_end: str
    attempt: int
    file: str
    rows: int
    bytes: int
    sha256: str
    columns: dict[str, str]
    added_columns: tuple[str, ...]
    bounds: tuple[str, str] | None
    bounded_by_source: bool
    source_system: str
    connector: str
    contract_version: str
    contract_fingerprint: str
    extracted_at: str
    keys_file: str | None = None
    reconciliation: Reconciliation | None = None
    files: tuple[DeliveredFile, ...] = ()
    newest_mark: str | None = None
    notes: tuple[str, ...] = ()

    def save(self, folder: Path) -> None:
        write_atomically(
            folder / f"attempt-{self.attempt}.json", json.dumps(asdict(self), ensure_ascii=False, indent=2)
        )


def read_current(folder: Path) -> Manifest | None:
    """The manifest of the attempt that counts, None where nothing landed."""
    pointer = folder / _CURRENT
    if not pointer.exists():
        return None
    data = json.loads((folder / json.loads(pointer.read_text())["manifest"]).read_text())
    bounds = tuple(data["bounds"]) if data["bounds"] else None
    found = Reconciliation.from_json(data["reconciliation"]) if data.get("reconciliation") else None
    return Manifest(
        **{**data, "added_columns": tuple(data["added_columns"]), "bounds": bounds, "reconciliation": found,
           "files": tuple(DeliveredFile(**file) for file in data.get("files", ())), "notes": tuple(data.get("notes", ()))}
    )  # fmt: skip


def landed_intervals(home: Path, resource: Resource) -> list[str]:
    """Names of the intervals that can be replayed, oldest first."""
    root = home / "landing" / resource.department / resource.name
    return sorted(pointer.parent.name for pointer in root.glob("*/current.json"))


def land(
    folder: Path,
    manifest: Manifest,
    batches: Iterator[pa.RecordBatch],
    key_batches: Iterator[pa.RecordBatch] | None = None,
    progress: Progress = lambda rows: None,
    conclude: Conclude = lambda: None,
    files_read: Callable[[], tuple[DeliveredFile, ...]] = tuple,
) -> Manifest:
    """Write the batches as the next attempt and make it the current one; `manifest` comes without figures and goes back with them.

    Where the current attempt holds the very same bytes it stays, and its manifest is returned. Memory holds two row groups:
    one is written while the next is read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scratch, key_scratch = scratch_path(folder / "extracting.parquet"), scratch_path(folder / "keys.parquet")
    try:
        rows, schema = _write(scratch, batches, manifest.resource, progress)
        files = files_read()  # before the source is read again, for its keys
        digest = file_sha256(scratch)
        key_digest = ""
        if key_batches is not None:
            _write(key_scratch, key_batches, manifest.resource, lambda _: None)
            key_digest = file_sha256(key_scratch)
        found = conclude()
        with _locked(folder):
            last = read_current(folder)
            now = (digest, manifest.bounds, found, files, manifest.newest_mark, manifest.notes)
            same = last is not None and now == (
                last.sha256, last.bounds, last.reconciliation, last.files, last.newest_mark, last.notes
            )  # fmt: skip
            if last is not None and same and _same_keys(folder, last, key_digest):
                return last
            attempt = 1 + max((int(p.stem.split("-")[1]) for p in folder.glob("attempt-*.json")), default=0)
            final = folder / f"attempt-{attempt}.parquet"
            manifest = replace(
                manifest, attempt=attempt, file=final.name, rows=rows, bytes=scratch.stat().st_size, sha256=digest,
                columns={field.name: str(field.type) for field in schema},
                keys_file=f"attempt-{attempt}.keys.parquet" if key_batches is not None else None, reconciliation=found, files=files,
            )  # fmt: skip
            if manifest.keys_file:
                key_scratch.rename(folder / manifest.keys_file)
            scratch.rename(final)
            manifest.save(folder)
            write_atomically(folder / _CURRENT, json.dumps({"manifest": f"attempt-{attempt}.json"}))
            return manifest
    finally:
        scratch.unlink(missing_ok=True)
        key_scratch.unlink(missing_ok=True)


def verify(folder: Path, manifest: Manifest) -> Path:
    """The landed file; raises InternalError where it is gone or no longer what the manifest says."""
    path = folder / manifest.file
    if not path.exists() or path.stat().st_size != manifest.bytes:
        raise InternalError(
            "a landed file is missing or was changed",
            where=str(path),
            remedy="landing is evidence and must not be touched: restore it from the backup, or extract the interval again",
        )
    return path


def empty_manifest(
    resource: Resource, interval: Interval, extracted_at: datetime, bounds: Interval | None, bounded_by_source: bool,
    added_columns: tuple[str, ...] = (), newest_mark: str | None = None,
) -> Manifest:  # fmt: skip
    """The manifest's known part before a row has come."""
    return Manifest(
        resource=resource.id, interval_start=interval.start.isoformat(), interval_end=interval.end.isoformat(), attempt=0, file="",
        rows=0, bytes=0, sha256="", columns={}, added_columns=added_columns,
        bounds=(bounds.start.isoformat(), bounds.end.isoformat()) if bounds else None, bounded_by_source=bounded_by_source,
        source_system=resource.system.id, connector=resource.system.connector, contract_version=resource.version,
        contract_fingerprint=resource.fingerprint, extracted_at=extracted_at.isoformat(), newest_mark=newest_mark,
    )  # fmt: skip


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, batches: Iterator[pa.RecordBatch], resource: str, progress: Progress) -> tuple[int, pa.Schema]:
    first = next(batches, None)
    if first is None:
        raise InternalError(
            "the connector gave no batch at all", where=resource, remedy="even an empty source has a schema"
        )
    rows = 0
    with (
        pq.ParquetWriter(path, first.schema, compression="zstd", compression_level=1) as writer,
        ThreadPoolExecutor(1) as thread,
    ):
        waiting: list[pa.RecordBatch] = []
        writing: Future[None] | None = None
        for batch in chain([first], batches):
            if not batch.schema.equals(first.schema):
                raise SourceBroken(
                    "the source changed its columns while it was read", where=resource, remedy="run the interval again"
                )
            waiting.append(batch)
            rows += batch.num_rows
            progress(rows)
            if sum(b.num_rows for b in waiting) >= _ROW_GROUP:
                if writing:
                    writing.result()
                writing = thread.submit(writer.write_table, pa.Table.from_batches(waiting), row_group_size=_ROW_GROUP)
                waiting = []
        if writing:
            writing.result()
        writer.write_table(pa.Table.from_batches(waiting, first.schema), row_group_size=_ROW_GROUP)
    return rows, first.schema


def _same_keys(folder: Path, last: Manifest, digest: str) -> bool:
    if last.keys_file is None:
        return not digest
    return file_sha256(folder / last.keys_file) == digest


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
