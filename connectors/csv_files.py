"""CSV files of a drop folder. All columns are text, an empty cell is the empty text.

Traps: the encoding is what the department states, so it is checked; a quoted cell may hold line breaks; a record with a cell too many or too
few is never guessed at. Driver: pyarrow, fed with strictly decoded text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import pyarrow as pa

from connectors.columns import check_same_columns, column_names, no_rows, text_schema
from connectors.csv_table import Dialect, open_table
from connectors.files import files_of
from connectors.protocol import Setting
from connectors.settings import ROOT, resolve, source_settings
from connectors.text import ENCODING
from contracts.interval import Interval
from contracts.model import Resource


@dataclass(frozen=True)
class CsvFilesConnector:
    """Reads the files of `root` that the contract's pattern names, one after the other."""

    kind: ClassVar[str] = "csv_files"
    CONNECTION_SETTINGS: ClassVar[Mapping[str, Setting]] = {"root": ROOT}
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        "encoding": ENCODING,
        "delimiter": {"type": "string", "pattern": r"\A[ -~\t]\Z", "default": ","},
        "quote": {"type": "string", "pattern": r"\A[!-~]?\Z", "default": '"'},
        "skipRows": {"type": "integer", "minimum": 0, "default": 0},
    }

    root: Path
    bounds_rows: bool = False

    @classmethod
    def open(cls, connection: Mapping[str, Any], environ: Mapping[str, str]) -> Self:
        return cls(Path(resolve(connection["root"], environ)))

    def read(self, resource: Resource, interval: Interval | None) -> Iterator[pa.RecordBatch]:
        """Batches of some megabytes each: they follow bytes, not LANDBRIDGE_BATCH_ROWS."""
        stated = source_settings(self.SOURCE_SETTINGS, resource)
        dialect = Dialect(stated["encoding"], stated["delimiter"], stated["quote"], stated["skipRows"])
        files = files_of(self.root, resource, interval)
        wanted: list[str] = []
        for path in files:
            with open_table(path, dialect) as table:
                names = column_names(table.heading, resource, str(path))
                if not wanted:
                    wanted = names
                    yield no_rows(text_schema(names))
                check_same_columns(path, names, files[0], wanted)
                for batch in table.batches(names):
                    yield batch.select(wanted)
