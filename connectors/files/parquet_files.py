"""Parquet files of a drop folder: columns keep the types the files give them.

Traps: several files are one table only if they share one schema; a file is read row group by row group, so huge row groups need memory. Driver: pyarrow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.columns import no_rows
from connectors.files.file_kind import FileKind
from connectors.folders.paths import reading
from connectors.protocol import MALFORMED
from contracts.errors import SourceBroken
from contracts.model import Resource

_UNREADABLE = (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError)


@dataclass(frozen=True)
class ParquetFilesConnector(FileKind):
    """Reads the files of `root` that the contract's pattern names, one after the other."""

    kind: ClassVar[str] = "parquet_files"
    SUFFIXES: ClassVar[tuple[str, ...]] = (".parquet", ".parq", ".pq")

    def batches(self, files: list[Path], resource: Resource, stated: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        schemas = [_schema(path) for path in files]
        for path, schema in zip(files, schemas, strict=True):
            _check_same_schema(path, schema, files[0], schemas[0])
        yield no_rows(schemas[0])
        for path in files:
            with reading(path):
                try:
                    with pq.ParquetFile(path, pre_buffer=False) as file:
                        for batch in file.iter_batches(self.batch_rows):
                            yield pa.RecordBatch.from_arrays(batch.select(schemas[0].names).columns, schema=schemas[0])
                except _UNREADABLE as error:
                    _raise_broken(path, error)

    def recognise(self, path: Path) -> Mapping[str, Any] | None:
        _schema(path)
        return {}


def _schema(path: Path) -> pa.Schema:
    with reading(path):
        try:
            schema = pq.read_schema(path).remove_metadata()
        except _UNREADABLE as error:
            _raise_broken(path, error)
    if len(set(schema.names)) != len(schema.names):
        raise SourceBroken(
            "a column name stands twice", where=str(path), remedy="ask the department to name its columns apart"
        )
    if MALFORMED in schema.names:
        raise SourceBroken(
            f"a column is named {MALFORMED!r}, which is ours",
            where=str(path),
            remedy="ask the department for another name",
        )
    # field metadata differs between writers and means nothing here
    return pa.schema([pa.field(f.name, f.type) for f in schema])


def _check_same_schema(path: Path, schema: pa.Schema, first: Path, wanted: pa.Schema) -> None:
    differing = sorted({f"{f.name} {f.type}" for f in schema} ^ {f"{f.name} {f.type}" for f in wanted})
    if differing:
        raise SourceBroken(
            f"its schema differs from that of {first.name}: {', '.join(differing)}", where=str(path),
            remedy="ask the department to deliver all files of an interval in one form",
        )  # fmt: skip


def _raise_broken(path: Path, error: Exception) -> NoReturn:
    if "encrypted" in str(error) or "encryption" in str(error):
        raise SourceBroken(
            "the file is encrypted",
            where=str(path),
            remedy="ask the department for a plain file over an encrypted line",
        ) from None
    # spoilt content is an OSError without a number; one with a number comes from the system
    if isinstance(error, OSError) and error.errno is not None:
        raise error
    raise SourceBroken(
        "not a whole Parquet file", where=str(path), remedy="ask the department to deliver the file again"
    ) from error
