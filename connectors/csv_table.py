"""One CSV file as a heading and a stream of Arrow batches, and the exact place of what is wrong with it.

Arrow parses strictly decoded text at full speed. Its errors quote the record, which may be personal data, and number records, not lines: where it
refuses, the file is read again with Python's csv module to name the line.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.csv as pc

from connectors.text import no_text, open_text
from contracts.errors import SourceBroken

_BLOCK = 8 << 20
_HEADING = 1 << 20
# after the last line; a quote that is still open swallows it
_END = "\x1e"


@dataclass(frozen=True)
class Dialect:
    """How a department writes its CSV. An empty `quote` means that nothing is quoted."""

    encoding: str
    delimiter: str
    quote: str
    skip_rows: int

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        if not self.quote:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote)


@contextmanager
def open_table(path: Path, dialect: Dialect) -> Iterator[CsvTable]:
    """The file with its heading read; SourceBroken where it has none."""
    with open_text(path, dialect.encoding) as text:
        for _ in range(dialect.skip_rows):
            text.readline()
        yield CsvTable(path, dialect, text, _heading(path, dialect, text))


@dataclass(frozen=True)
class CsvTable:
    path: Path
    dialect: Dialect
    text: TextIO
    heading: list[str]

    def batches(self, names: list[str]) -> Iterator[pa.RecordBatch]:
        """The records below the heading; SourceBroken names the first line that is no record of this table."""
        pieces = _Pieces(self.path, self.text, self.dialect.quote)
        if pieces.is_blank():
            return
        try:
            with pc.open_csv(
                pa.PythonFile(pieces, mode="r"),
                read_options=pc.ReadOptions(column_names=names, block_size=_BLOCK),
                parse_options=pc.ParseOptions(
                    delimiter=self.dialect.delimiter, quote_char=self.dialect.quote or False, newlines_in_values=bool(self.dialect.quote)
                ),
                convert_options=pc.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            ) as reader:  # fmt: skip
                yield from reader
        except pa.ArrowInvalid as error:
            found = _first_fault(self.path, self.dialect, len(names))
            raise found or _unparsed(self.path, too_large="straddl" in str(error)) from None
        # only an odd number of quotes can leave one open at the end, where Arrow takes what it has for a whole record
        if pieces.quotes % 2 and (found := _first_fault(self.path, self.dialect, len(names))):
            raise found


class _Pieces(io.RawIOBase):
    """The rest of a text as UTF-8 for Arrow, never more bytes at once than asked for."""

    def __init__(self, path: Path, text: TextIO, quote: str) -> None:
        self.path, self.text, self.quote = path, text, quote
        self.quotes = 0
        self.waiting = ""

    def readable(self) -> bool:
        return True

    def is_blank(self) -> bool:
        """Whether nothing but line ends is left; what was read to find out stays to be read."""
        while piece := self.text.read(_BLOCK // 8):
            if piece.strip("\r\n"):
                # Arrow would take a first U+FEFF for a byte order mark; an empty line before it is passed over
                self.waiting = "\n" + piece
                return False
        return True

    def read(self, size: int = -1) -> bytes:
        piece, self.waiting = self.waiting or self.text.read(max(1, size // 4)), ""
        if "\0" in piece:
            raise _nul(self.path, self.text.encoding)
        if self.quote:
            self.quotes += piece.count(self.quote)
        return piece.encode()


def _heading(path: Path, dialect: Dialect, text: TextIO) -> list[str]:
    heading = next((row for row in dialect.reader(_limited(path, text)) if row), None)
    if heading is None:
        raise SourceBroken(
            "not a table: the file has no heading",
            where=str(path),
            remedy="ask the department to deliver the file again",
        )
    return heading


def _limited(path: Path, text: TextIO) -> Iterator[str]:
    """Lines of the heading, so that a file without line ends does not end up in memory."""
    while line := text.readline(_HEADING):
        if "\0" in line:
            raise _nul(path, text.encoding)
        if len(line) == _HEADING:
            raise SourceBroken(
                "not a table: its first line does not end", where=str(path), remedy="look at the file, and at skipRows"
            )
        yield line


def _first_fault(path: Path, dialect: Dialect, width: int) -> SourceBroken | None:
    """The first line that does not hold `width` cells, or whose quote is never closed."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        with open_text(path, dialect.encoding) as text:
            # counts as csv does: by line ends of any kind, those inside quotes included
            reader = csv_reader = dialect.reader(chain(islice(text, dialect.skip_rows, None), [_END]))
            next((row for row in reader if row), None)
            line = csv_reader.line_num + 1  # type: ignore[attr-defined]
            for row in reader:
                if row == [_END]:
                    return None
                if row and (len(row) != width or row[-1].endswith(_END)):
                    is_last = row[-1].endswith(_END) or next((r for r in reader if r), None) == [_END]
                    return _fault(path, line + dialect.skip_rows, len(row), width, row[-1].endswith(_END), is_last)
                line = csv_reader.line_num + 1  # type: ignore[attr-defined]
    finally:
        csv.field_size_limit(limit)
    return None


def _fault(path: Path, line: int, cells: int, width: int, is_open: bool, is_last: bool) -> SourceBroken:
    if is_open:
        what = f"line {line}: a quote opened in this record is never closed; the file looks cut"
    else:
        what = f"line {line}: {cells} cell{'s' if cells != 1 else ''} where the heading has {width}"
        if is_last and cells < width:
            what += "; it is the last line, and the file looks cut"
    return SourceBroken(
        what, where=str(path), remedy="ask the department for a whole file, or look at `delimiter` and `quote`"
    )


def _unparsed(path: Path, too_large: bool) -> SourceBroken:
    what = (
        f"a record is larger than {_BLOCK >> 20} MiB; a quote may be missing"
        if too_large
        else "cannot be parsed as CSV"
    )
    return SourceBroken(what, where=str(path), remedy="look at `delimiter` and `quote`, or ask the department")


def _nul(path: Path, codec: str) -> SourceBroken:
    line = 1
    with path.open(encoding=codec, newline="") as text:
        while piece := text.read(_HEADING):
            if "\0" in piece:
                return no_text(path, line + piece[: piece.index("\0")].count("\n"))
            line += piece.count("\n")
    return no_text(path, line)
