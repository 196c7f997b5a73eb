"""JSON lines: one JSON object a line. All columns are text: numbers as written, nested values as JSON text.

Traps: exporters leave out what is empty, so the columns are those of all records together, and the file is read twice. A file that is one large JSON
array is refused: it cannot be streamed. Driver: Python's json.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import pyarrow as pa

from connectors.files import files_of
from connectors.json_text import parse, record_of
from connectors.protocol import Setting
from connectors.records import Record, columns_of, record_batches
from connectors.settings import ROOT, batch_rows, resolve, source_settings
from connectors.text import ENCODING, open_text
from contracts.errors import SourceBroken
from contracts.interval import Interval
from contracts.model import Resource

_LONGEST_LINE = 16 << 20


@dataclass(frozen=True)
class JsonLinesConnector:
    """Reads the files of `root` that the contract's pattern names, one after the other."""

    kind: ClassVar[str] = "json_lines"
    CONNECTION_SETTINGS: ClassVar[Mapping[str, Setting]] = {"root": ROOT}
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {"encoding": ENCODING}

    root: Path
    batch_rows: int
    bounds_rows: bool = False

    @classmethod
    def open(cls, connection: Mapping[str, Any], environ: Mapping[str, str]) -> Self:
        return cls(Path(resolve(connection["root"], environ)), batch_rows(environ))

    def read(self, resource: Resource, interval: Interval | None) -> Iterator[pa.RecordBatch]:
        encoding = source_settings(self.SOURCE_SETTINGS, resource)["encoding"]
        files = files_of(self.root, resource, interval)
        names: dict[str, None] = {}
        for path in files:
            for value in _objects(path, encoding):
                names.update(dict.fromkeys(value))
        yield from record_batches(_records(files, encoding), columns_of(resource, names), self.batch_rows)


def _records(files: list[Path], encoding: str) -> Iterator[Record]:
    for path in files:
        for value in _objects(path, encoding):
            yield record_of(value)


def _objects(path: Path, encoding: str) -> Iterator[dict[str, Any]]:
    """The objects of a file; SourceBroken names the line that holds none, and says so where it is the last: the file may be cut."""
    with open_text(path, encoding) as text:
        line = 0
        while piece := text.readline(_LONGEST_LINE):
            line += 1
            if not piece.strip():
                continue
            try:
                value = parse(piece)
            except (ValueError, RecursionError) as error:
                raise _no_object(path, line, _reason(piece, error), is_last=not text.read(1)) from None
            if not isinstance(value, dict):
                raise _no_object(path, line, "not a JSON object", is_last=False)
            yield value


def _reason(piece: str, error: Exception) -> str:
    if len(piece) == _LONGEST_LINE:
        return f"longer than {_LONGEST_LINE >> 20} million characters"
    if piece.lstrip().startswith("["):
        return "the file is a JSON array, not one object a line"
    # the decoder's own message names a position, never a value
    return str(error)


def _no_object(path: Path, line: int, reason: str, is_last: bool) -> SourceBroken:
    cut = "; it is the last line, and the file looks cut" if is_last and line > 1 else ""
    return SourceBroken(
        f"line {line}: {reason}{cut}", where=str(path), remedy="ask the department for a whole file of JSON lines"
    )
