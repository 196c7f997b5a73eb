"""One CSV file as a heading and a stream of Arrow batches, lines that are no records among them.

Arrow parses strictly decoded text at full speed and passes over the rows it refuses. It cannot tell their lines: only where there are any, the file
is read again, record by record. Files with comments are read that way from the start, for Arrow knows no comments.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from connectors.columns import rows_within, text_schema
from connectors.files.csv_dialect import NULL_STAND_IN, STAND_IN, Dialect
from connectors.files.csv_records import LARGEST_RECORD, csv_records, reserved, too_large
from connectors.files.malformed import Fault, fault_batch, looks_cut, refuse_if_no_table, sound, with_malformed
from connectors.files.text import no_text, open_text
from contracts.errors import SourceBroken

_BLOCK = LARGEST_RECORD
_PIECE = 1 << 20
_TRAILING = "\x1etrailing"
_END = "\ue000\ue001"


@contextmanager
def open_table(path: Path, dialect: Dialect, batch_rows: int) -> Iterator[CsvTable]:
    """The file with its heading read; SourceBroken where it should have one and has none."""
    with open_text(path, dialect.encoding) as text:
        for _ in range(dialect.skip_rows):
            text.readline()
        if not dialect.has_heading:
            yield CsvTable(path, dialect, batch_rows, text, [], dialect.skip_rows + 1)
            return
        first = next(csv_records(path, text, dialect, dialect.skip_rows + 1), None)
        if first is None:
            raise SourceBroken(
                "not a table: the file has no heading",
                where=str(path),
                remedy="ask the department to deliver the file again",
            )
        heading = first.row[:-1] if dialect.trailing and first.row[-1] == "" else first.row
        yield CsvTable(path, dialect, batch_rows, text, heading, first.below)


def first_width(path: Path, dialect: Dialect) -> int:
    """How many cells the first record has, 0 in an empty file."""
    with open_text(path, dialect.encoding) as text:
        for _ in range(dialect.skip_rows):
            text.readline()
        first = next(csv_records(path, text, dialect, 1), None)
        return len(first.row) - dialect.trailing if first else 0


@dataclass
class CsvTable:
    path: Path
    dialect: Dialect
    batch_rows: int
    text: TextIO
    heading: list[str]
    line: int
    refused: int = field(default=0, init=False)

    def batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """The records below the heading, with MALFORMED as last column; SourceBroken where the file is cut or no such table."""
        if self.dialect.comment:
            yield from self._exactly(names)
            return
        end = self.dialect.delimiter.join([_END] * len(names) + [""] * self.dialect.trailing)
        pieces = _Pieces(self.path, self.text, self.dialect, f"\n{end}\n")
        if pieces.is_blank():
            return
        records = 0
        last: pa.RecordBatch | None = None
        for batch in self._parsed(pieces, names):
            if last is not None:
                records += last.num_rows
                yield sound(last)
            last = batch if batch.num_rows else last
        # a quote that is open at the end swallows the line that was put there; Arrow would take what it has for a record
        if last is None or last.column(0)[-1].as_py() != _END:
            for _ in self._faults(names):
                pass
            raise self._contradiction()
        records += last.num_rows - 1
        yield sound(last.slice(0, last.num_rows - 1))
        if self.refused:
            yield from self._refused(names, records)

    def _parsed(self, pieces: _Pieces, names: list[str]) -> Iterator[pa.RecordBatch]:
        columns = [*names, _TRAILING] if self.dialect.trailing else names
        try:
            with pacsv.open_csv(
                pa.PythonFile(pieces, mode="r"),
                read_options=pacsv.ReadOptions(column_names=columns, block_size=_BLOCK),
                parse_options=pacsv.ParseOptions(
                    delimiter=self.dialect.byte, quote_char=self.dialect.quote or False, escape_char=self.dialect.escape or False,
                    newlines_in_values=bool(self.dialect.quote or self.dialect.escape), invalid_row_handler=self._refuse,
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=bool(self.dialect.nulls),
                    null_values=self.dialect.null_texts, quoted_strings_can_be_null=False, check_utf8=False,
                ),
            ) as reader:  # fmt: skip
                for batch in reader:
                    yield self._restored(self._without_trailing(batch))
        except pa.ArrowInvalid as error:
            # Arrow quotes the record, which may be personal data; an open quote may be why it grew
            if "straddl" in str(error):
                for _ in self._faults(names):
                    pass
                raise too_large(self.path) from None
            raise self._contradiction() from None

    def _refuse(self, row: Any) -> str:
        self.refused += 1
        return "skip"

    def _without_trailing(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not self.dialect.trailing:
            return batch
        is_whole = pc.equal(batch.column(batch.num_columns - 1), "")
        whole = batch.filter(pc.fill_null(is_whole, True))
        self.refused += batch.num_rows - whole.num_rows
        return whole.select(range(batch.num_columns - 1))

    def _restored(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not self.dialect.quote or not self.dialect.needs_preparing:
            return batch
        columns = batch.columns
        if self.dialect.is_replaced:
            columns = [pc.replace_substring(c, STAND_IN, self.dialect.delimiter) for c in columns]
        if self.dialect.escaped_null:
            columns = [pc.replace_substring(c, NULL_STAND_IN, self.dialect.unescaped_null) for c in columns]
        return pa.RecordBatch.from_arrays(columns, schema=batch.schema)

    def _refused(self, names: list[str], records: int) -> Iterator[pa.RecordBatch]:
        """The lines that Arrow refused, found again with their numbers."""
        schema = with_malformed(text_schema(names))
        found = self._faults(names)
        count, first = 0, None
        while faults := list(islice(found, self.batch_rows)):
            first = first or faults[0]
            refuse_if_no_table(self.path, self.refused, records, first)
            count += len(faults)
            yield fault_batch(faults, self.path, schema)
        if count != self.refused:
            raise self._contradiction()

    def _faults(self, names: list[str]) -> Iterator[Fault]:
        with open_text(self.path, self.dialect.encoding) as text:
            for _ in range(self.line - 1):
                text.readline()
            for record in csv_records(self.path, text, self.dialect, self.line):
                if reason := self.dialect.fault(record.row, len(names)):
                    fault = Fault(record.line, record.text.rstrip("\r\n"), reason)
                    if record.is_unended and len(record.row) < len(names):
                        raise looks_cut(self.path, fault)
                    yield fault

    def _exactly(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """Every record by Python's csv, a tenth as fast."""
        schema = text_schema(names)
        size = rows_within(self.batch_rows, len(names))
        nulls = frozenset(self.dialect.null_texts)
        records = faults = 0
        first: Fault | None = None
        found = csv_records(self.path, self.text, self.dialect, self.line)
        while piece := list(islice(found, size)):
            rows, bad = [], []
            for record in piece:
                if reason := self.dialect.fault(record.row, len(names)):
                    bad.append(Fault(record.line, record.text.rstrip("\r\n"), reason))
                    if record.is_unended and len(record.row) < len(names):
                        raise looks_cut(self.path, bad[-1])
                else:
                    rows.append(
                        [None if cell in nulls else self.dialect.restored(cell) for cell in record.row[: len(names)]]
                    )
            records, faults = records + len(rows), faults + len(bad)
            first = first or (bad[0] if bad else None)
            columns = [pa.array([row[n] for row in rows], pa.string()) for n in range(len(names))]
            yield sound(pa.RecordBatch.from_arrays(columns, schema=schema))
            if bad:
                yield fault_batch(bad, self.path, with_malformed(schema))
        refuse_if_no_table(self.path, faults, records, first)

    def _contradiction(self) -> SourceBroken:
        return SourceBroken(
            "cannot be parsed as CSV", where=str(self.path), remedy="look at `delimiter`, `quote` and `escape`, or ask the department"
        )  # fmt: skip


class _Pieces(io.RawIOBase):
    """The rest of a text as UTF-8 for Arrow, never more bytes at once than asked for; `end` is put behind it."""

    def __init__(self, path: Path, text: TextIO, dialect: Dialect, end: str) -> None:
        self.path, self.text, self.dialect, self.end = path, text, dialect, end
        self.waiting = ""
        self.held = ""
        self.ready = b""

    def readable(self) -> bool:
        return True

    def is_blank(self) -> bool:
        """Whether nothing but line ends is left; what was read to find out stays to be read."""
        while piece := self.text.read(_PIECE):
            if piece.strip("\r\n"):
                # Arrow would take a first U+FEFF for a byte order mark; an empty line before it is passed over
                self.waiting = "\n" + piece
                return False
        return True

    def read(self, size: int = -1) -> bytes:
        if self.dialect.needs_preparing:
            while not self.ready and (piece := self._next(_PIECE)):
                self.ready = self._whole_lines(piece).encode()
            if not self.ready:
                self.ready, self.held = self.dialect.prepared(self.held).encode(), ""
            piece_ready, self.ready = self.ready[:size], self.ready[size:]
            return piece_ready
        return self._next(max(1, size // 4)).encode()

    def _next(self, characters: int) -> str:
        piece, self.waiting = self.waiting or self.text.read(characters), ""
        if not piece:
            piece, self.end = self.end, ""
        if "\0" in piece:
            raise _nul(self.path, self.dialect.encoding)
        return piece

    def _whole_lines(self, piece: str) -> str:
        """Stand-ins are put into whole lines only; the rest of a line waits for the next piece."""
        if self.dialect.is_replaced and STAND_IN in piece:
            raise reserved(self.path)
        text = self.held + piece
        end = max(text.rfind("\n"), text.rfind("\r")) + 1
        self.held = text[end:]
        if len(self.held) > LARGEST_RECORD:
            raise too_large(self.path)
        return self.dialect.prepared(text[:end])


def _nul(path: Path, encoding: str) -> SourceBroken:
    line = 1
    with open_text(path, encoding) as text:
        while piece := text.read(_PIECE):
            if "\0" in piece:
                return no_text(path, line + piece[: piece.index("\0")].count("\n"))
            line += piece.count("\n")
    return no_text(path, line)
