"""CSV read exactly, record by record, with the line and the text of each: for headings, comments and the records that Arrow refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from connectors.files.csv_dialect import STAND_IN, Dialect
from connectors.files.text import no_text
from contracts.errors import SourceBroken

LARGEST_RECORD = 8 << 20
# after the last line; a quote that is still open swallows it
_END = "\ue000\ue001"


@dataclass(frozen=True)
class CsvRecord:
    """`line` is that of the record's first, from 1, `below` the one after it; `text` as it stands in the file, the last line end included."""

    line: int
    below: int
    text: str
    row: list[str]

    @property
    def is_unended(self) -> bool:
        return not self.text.endswith(("\r", "\n"))


def csv_records(path: Path, text: TextIO, dialect: Dialect, line: int) -> Iterator[CsvRecord]:
    """Records from the text's place on, which is before `line`. Empty lines and comments are passed over.

    Lines end as csv has it: with CR, LF or both, those inside quotes included. SourceBroken for NUL bytes, a quote that is never closed, and a
    record of more than 8 MiB.
    """
    lines = _Lines(path, text, dialect, line)
    reader = dialect.reader(iter(lines))
    for row in reader:
        if row and lines.waiting:
            if row[-1].endswith(_END):
                raise SourceBroken(
                    f"line {lines.first}: a quote opened in this record is never closed; the file looks cut", where=str(path),
                    remedy="ask the department for a whole file, or look at `delimiter` and `quote`",
                )  # fmt: skip
            yield CsvRecord(lines.first, lines.next, "".join(lines.waiting), row)
        lines.begin()


class _Lines:
    """Feeds csv line by line and keeps those of the record it is at."""

    def __init__(self, path: Path, text: TextIO, dialect: Dialect, line: int) -> None:
        self.path, self.text, self.dialect = path, text, dialect
        self.next = self.first = line
        self.waiting: list[str] = []
        self.size = 0

    def begin(self) -> None:
        self.first, self.waiting, self.size = self.next, [], 0

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(LARGEST_RECORD):
            self.next += 1
            if "\0" in line:
                raise no_text(self.path, self.next - 1)
            if self.dialect.comment and not self.waiting and line.startswith(self.dialect.comment):
                self.first = self.next
                continue
            self.size += len(line)
            if self.size >= LARGEST_RECORD:
                raise too_large(self.path, self.first)
            if self.dialect.is_replaced and STAND_IN in line:
                raise reserved(self.path)
            self.waiting.append(line)
            yield self.dialect.prepared(line) if self.dialect.needs_preparing else line
        yield _END


def too_large(path: Path, line: int | None = None) -> SourceBroken:
    where = f"line {line}: " if line else ""
    return SourceBroken(
        f"{where}a record is larger than {LARGEST_RECORD >> 20} MiB; a quote or the line ends may be missing", where=str(path),
        remedy="look at the file, at `delimiter`, `quote` and `skipRows`, or ask the department",
    )  # fmt: skip


def reserved(path: Path) -> SourceBroken:
    return SourceBroken(
        "holds the control character U+001F, which stands in for a delimiter of several bytes", where=str(path),
        remedy="ask the department for another delimiter",
    )  # fmt: skip
