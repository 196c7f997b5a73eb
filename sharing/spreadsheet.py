"""Excel, written row by row: every text is stored as text, so that nothing in it is a formula; what a spreadsheet's cell cannot hold as it is becomes text."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import ident

MOST_ROWS = 1_048_576
_LONGEST_TEXT = 32_767
# a spreadsheet counts the days from 1900, whose February it believes to have 29
_FIRST_DAY = date(1900, 3, 1)
# more digits than a spreadsheet's number keeps
_DIGITS = 15
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True)
class Book:
    """What stands in a workbook beside the data: when it was made, an identifier, and a sheet that says what a reader must know."""

    created: datetime
    identifier: str
    about: Mapping[str, str]


def check_fits(connection: duckdb.DuckDBPyConnection, sql: str, texts: Sequence[str], where: str) -> int:
    """The rows of a SELECT; ConfigurationError for more than a sheet holds, or a text – in the columns `texts` – longer than a cell."""
    longest = f"coalesce(greatest({', '.join(f'max(length({ident(t)}))' for t in texts)}), 0)" if texts else "0"
    row = connection.execute(f"SELECT count(*), {longest} FROM ({sql})").fetchone()
    rows, letters = (int(row[0]), int(row[1])) if row else (0, 0)
    remedy = "take csv or parquet"
    if rows + 1 > MOST_ROWS:
        raise ConfigurationError(
            f"a sheet holds {MOST_ROWS:,} rows, and these are {rows:,} and a header", where=where, remedy=remedy
        )
    if letters > _LONGEST_TEXT:
        raise ConfigurationError("a text is longer than a cell holds", where=where, remedy=remedy)
    return rows


def write_book(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    names: Sequence[str],
    target: Path,
    staging: Path,
    batch_rows: int,
    book: Book,
) -> None:
    """Write a SELECT's rows as the sheet `data`, and the sheet `about`; the library's own temporary files lie, and go, in `staging`."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    made = Workbook(write_only=True)
    made.properties.creator, made.properties.created = "Landbridge", book.created.astimezone(UTC).replace(tzinfo=None)
    made.properties.identifier = book.identifier
    sheet, about = made.create_sheet("data"), made.create_sheet("说明 about")
    sheet.freeze_panes = "A2"
    for n in range(len(names)):
        sheet.column_dimensions[get_column_letter(n + 1)].width = 22
    about.column_dimensions["A"].width, about.column_dimensions["B"].width = 34, 80

    def cell(value: Any, *, bold: bool = False) -> Any:
        if isinstance(value, str):
            written = WriteOnlyCell(sheet, _UNWRITABLE.sub("\ufffd", value))
            written.data_type = "s"
            # editing the cell does not make a formula of it either
            written.quotePrefix = True
            if bold:
                written.font = Font(bold=True)
            return written
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            return value if len(str(value).strip("-").replace(".", "")) <= _DIGITS else cell(str(value))
        is_strange = (isinstance(value, float) and not isfinite(value)) or (
            isinstance(value, date) and value < _FIRST_DAY
        )
        return cell(str(value)) if is_strange else value

    with _temporary_files_in(staging):
        sheet.append([cell(name, bold=True) for name in names])
        for batch in connection.execute(sql).to_arrow_reader(batch_rows):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                sheet.append([cell(value) for value in row])
        for name, told in book.about.items():
            about.append([cell(name, bold=True), cell(told)])
        made.save(target)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """The library writes sheets to temporary files of its own: they lie, and go, with what is staged."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
