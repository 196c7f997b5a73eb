"""Deliveries as files below LANDBRIDGE_HOME/deliveries: Parquet, CSV, Excel – one folder a line, for its requester's reader alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from connectors.digests import file_digest
from contracts.errors import ConfigurationError, SourceUnavailable
from contracts.quoting import literal
from sharing.delivery import spreadsheet
from sharing.delivery.doors import Found, Removed, Staged, telling_no_values
from sharing.delivery.grants import Grant
from sharing.delivery.manifest import MANIFEST
from sharing.delivery.names import safe_name
from sharing.delivery.projection import REQUEST_COLUMN, Projection
from sharing.delivery.ways import Way
from sharing.delivery.work import Work
from sharing.formulas import defused_sql

_SUFFIXES = {"parquet": "parquet", "csv": "csv", "excel": "xlsx"}
_BOM = "\ufeff"


class FileDoor:
    """One file of a line, with the manifest beside it."""

    may_key = True

    def __init__(self, work: Work, grant: Grant, way: Way) -> None:
        self.work, self.grant, self.way = work, grant, way
        self.folder = work.folder / grant.delivery_id
        self.file = self.folder / f"data.{_SUFFIXES[way.name]}"
        self.staged = work.staging / f"{safe_name(grant.line_id)}.{_SUFFIXES[way.name]}"

    def stage(self, projection: Projection) -> Staged:
        """ConfigurationError where a spreadsheet cannot hold the data."""
        with telling_no_values(f"line {self.grant.line_id}"), projection.keyed(self.work):
            if self.way.name == "excel":
                rows = spreadsheet.write(self.work, projection, self.staged)
            else:
                row = self.work.connection.execute(self._copy_sql(projection)).fetchone()
                rows = int(row[0]) if row else 0
        self.staged.chmod(0o600)
        return Staged(rows, file_digest(self.staged, "sha256"))

    def publish(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder.parent, self.folder):
            folder.chmod(0o700)
        with self.staged.open("rb") as staged:
            os.fsync(staged.fileno())
        self.staged.replace(self.file)
        # what the line was delivered as before is no delivery any more
        for other in self.folder.iterdir():
            if other.name not in (self.file.name, MANIFEST):
                other.unlink()

    def discard(self) -> None:
        self.staged.unlink(missing_ok=True)

    def is_there(self) -> bool:
        return self.file.is_file()

    def find(self) -> Found:
        """SourceUnavailable where the file is not there or cannot be opened as what it is."""
        try:
            columns, rows = self._read()
        except (OSError, pa.ArrowInvalid, ValueError, KeyError) as error:
            raise SourceUnavailable(
                f"the file cannot be read: {type(error).__name__}", where=self.grant.delivery_id
            ) from None
        return Found(columns, rows, file_digest(self.file, "sha256"))

    def copy_to(self, target: Path) -> None:
        with self.file.open("rb") as source, open_new(target) as copy:
            shutil.copyfileobj(source, copy)

    def remove(self) -> Removed:
        sha256 = file_digest(self.file, "sha256") if self.is_there() else ""
        what = tuple(sorted(path.name for path in self.folder.iterdir())) if self.folder.is_dir() else ()
        self.staged.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        return Removed(what, sha256, not self.folder.exists())

    def _copy_sql(self, projection: Projection) -> str:
        target = literal(self.staged)
        if self.way.name == "parquet":
            told = {
                "request_id": self.grant.request_id,
                "line_id": self.grant.line_id,
                "resource": projection.resource.id,
            }
            metadata = ", ".join(f"{name}: {literal(value)}" for name, value in told.items())
            options = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{metadata}}}"
            return f"COPY ({projection.sql()}) TO {target} ({options})"
        # a byte order mark is the first letter of the first header, whose name is never quoted
        first = (_BOM if self.way.bom else "") + REQUEST_COLUMN
        return f"COPY ({projection.sql(defused_sql, first=first)}) TO {target} (FORMAT csv, HEADER)"

    def _read(self) -> tuple[tuple[str, ...], int]:
        if self.way.name == "parquet":
            with pyarrow.parquet.ParquetFile(self.file) as parquet:
                rows = sum(batch.num_rows for batch in parquet.iter_batches())
                return tuple(parquet.schema_arrow.names), rows
        if self.way.name == "excel":
            return spreadsheet.read(self.file)
        options = {
            "parse_options": pyarrow.csv.ParseOptions(newlines_in_values=True),
            # nothing is guessed from the first rows, which the later ones might contradict
            "convert_options": pyarrow.csv.ConvertOptions(
                column_types={name: pa.string() for name in _header(self.file)}
            ),
        }
        with pyarrow.csv.open_csv(self.file, **options) as reader:
            return tuple(reader.schema.names), sum(batch.num_rows for batch in reader)


def open_new(target: Path):  # type: ignore[no-untyped-def]
    """A new file only its owner may read; ConfigurationError where there is one already."""
    try:
        return os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except FileExistsError:
        raise ConfigurationError("the file is there already", where=str(target), remedy="give another name") from None
    except OSError as error:
        raise ConfigurationError(f"the file cannot be made: {error.strerror}", where=str(target)) from None


def _header(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig") as text:
        return text.readline().rstrip("\n").split(",")
