"""CSV files of a drop folder. All columns are text, an empty cell is the empty text.

Traps: the encoding is what the department states, so it is checked; a quoted cell may hold line breaks; a record with a cell too many or too
few is never guessed at but goes on as malformed. Driver: pyarrow, fed with strictly decoded text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from connectors.columns import check_same_columns, column_names, no_rows, text_schema
from connectors.files.csv_dialect import DIALECT, Dialect
from connectors.files.csv_sniffing import recognise_csv
from connectors.files.csv_table import first_width, open_table
from connectors.files.file_kind import FileKind
from connectors.files.malformed import with_malformed
from connectors.folders.delivery import DELIVERY
from connectors.protocol import MALFORMED, Setting
from contracts.errors import ConfigurationError
from contracts.model import Resource


@dataclass(frozen=True)
class CsvFilesConnector(FileKind):
    """Reads the files of `root` that the contract's pattern names, one after the other."""

    kind: ClassVar[str] = "csv_files"
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {**DELIVERY, **DIALECT}
    SUFFIXES: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".del", ".asc", ".unl")

    def batches(self, files: list[Path], resource: Resource, stated: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        """Batches of at most LANDBRIDGE_BATCH_ROWS, cut from blocks of some megabytes."""
        dialect = Dialect.stated(stated)
        if "columns" in stated and dialect.has_heading:
            raise ConfigurationError(
                "source: columns are stated, but the files have a heading", where=resource.id, remedy="state `header: false` too"
            )  # fmt: skip
        wanted: list[str] = []
        for path in files:
            with open_table(path, dialect, self.batch_rows) as table:
                heading = table.heading or self._columns(path, dialect, resource, stated)
                names = column_names(heading, resource, str(path))
                if not wanted:
                    wanted = names
                    yield no_rows(with_malformed(text_schema(names)))
                check_same_columns(path, names, files[0], wanted)
                for batch in table.batches(names):
                    whole = batch.select([*wanted, MALFORMED])
                    for start in range(0, max(1, whole.num_rows), self.batch_rows):
                        yield whole.slice(start, self.batch_rows)

    def recognise(self, path: Path) -> Mapping[str, Any] | None:
        return recognise_csv(path)

    def _columns(self, path: Path, dialect: Dialect, resource: Resource, stated: Mapping[str, Any]) -> list[str]:
        """Names where there is no heading: those stated, or the contract's in their order, or numbers where a contract is yet to be drafted."""
        if "columns" in stated:
            return list(stated["columns"])
        if resource.fields:
            return [field.physical_name for field in resource.fields]
        return [""] * max(1, first_width(path, dialect))
