"""JSON files: one object a line, or with `records` a list of objects somewhere in one document. All columns are text: numbers as written, nested values
as JSON text.

Traps: exporters leave out what is empty, so the columns are those of all records together, and the file is read twice. A line that is no object goes
on as malformed; in a document nobody could say where the next record starts, so a fault there refuses the file. Driver: Python's json.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa

from connectors.files.file_kind import FileKind
from connectors.files.json_documents import document_records, path_of_records
from connectors.files.malformed import Fault, looks_cut, refuse_if_no_table
from connectors.files.text import ENCODING, open_text, recognise_encoding
from connectors.folders.delivery import DELIVERY
from connectors.json_text import parse, record_of
from connectors.protocol import MALFORMED, Setting
from connectors.records import Record, columns_of, record_batches
from contracts.model import Resource

_LONGEST_LINE = 16 << 20
_RECOGNISED_LINES = 20


@dataclass(frozen=True)
class JsonLinesConnector(FileKind):
    """Reads the files of `root` that the contract's pattern names, one after the other."""

    kind: ClassVar[str] = "json_lines"
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {**DELIVERY, "encoding": ENCODING, "records": {"type": "string"}}
    SUFFIXES: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson", ".json", ".jsonlines")

    def batches(self, files: list[Path], resource: Resource, stated: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        names: dict[str, None] = {}
        for path in files:
            for record in _read(path, stated):
                names.update(dict.fromkeys(record))
        names.pop(MALFORMED, None)
        records = (record for path in files for record in _read(path, stated))
        yield from record_batches(records, [*columns_of(resource, names), MALFORMED], self.batch_rows)

    def recognise(self, path: Path) -> Mapping[str, Any] | None:
        encoding = {"encoding": recognise_encoding(path)}
        with open_text(path, encoding["encoding"]) as text:
            lines = [line for line in (text.readline(_LONGEST_LINE) for _ in range(_RECOGNISED_LINES)) if line.strip()]
        if len(lines) > 1 and all(isinstance(_parsed(line), dict) for line in lines):
            return encoding
        if (found := path_of_records(path, encoding["encoding"])) is not None:
            return {**encoding, "records": found}
        return encoding if lines and isinstance(_parsed(lines[0]), dict) else None


def _read(path: Path, stated: Mapping[str, Any]) -> Iterator[Record]:
    if "records" in stated:
        for value in document_records(path, stated["encoding"], stated["records"]):
            yield record_of(value)
    else:
        yield from _lines(path, stated["encoding"])


def _lines(path: Path, encoding: str) -> Iterator[Record]:
    """The lines' objects, and those that are none as MALFORMED; SourceBroken where the last line is cut, or most lines are no objects."""
    records, faults = 0, 0
    first: Fault | None = None
    with open_text(path, encoding) as text:
        line = 0
        while piece := text.readline(_LONGEST_LINE):
            line += 1
            if not piece.strip():
                continue
            value, reason = _object(piece)
            if value is not None:
                records += 1
                yield record_of(value)
                continue
            fault = Fault(line, piece.rstrip("\r\n"), reason)
            if records and not piece.endswith(("\r", "\n")) and len(piece) < _LONGEST_LINE:
                raise looks_cut(path, fault)
            first = first or fault
            faults += 1
            yield {MALFORMED: fault.as_json(path)}
    refuse_if_no_table(path, faults, records, first)


def _object(piece: str) -> tuple[dict[str, Any] | None, str]:
    try:
        value = parse(piece)
    except (ValueError, RecursionError) as error:
        if len(piece) == _LONGEST_LINE:
            return None, f"longer than {_LONGEST_LINE >> 20} million characters"
        if piece.lstrip().startswith("["):
            return None, "the file is a JSON array, not one object a line; state `records`"
        # the decoder's own message names a position, never a value
        return None, str(error)
    return (value, "") if isinstance(value, dict) else (None, "not a JSON object")


def _parsed(line: str) -> Any:
    return _object(line)[0]
