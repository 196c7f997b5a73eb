"""Excel workbooks (xlsx, xls, xlsb, ods) of a drop folder: one sheet, all columns text.

Traps: the format cannot be streamed, a sheet lies in memory as a whole, so a workbook beyond `maxMegabytes` (unpacked) is refused. Excel keeps 15
digits of a number: identifiers typed as numbers are lost in the file already. A row without any text is none. Driver: python-calamine.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from connectors.columns import check_same_columns, column_names, no_rows, text_schema
from connectors.files.excel_cells import cell_text, heading_of
from connectors.files.file_kind import FileKind
from connectors.folders.delivery import DELIVERY
from connectors.folders.paths import foreign_content, not_a_table, reading
from connectors.protocol import Setting
from contracts.errors import SourceBroken
from contracts.mistakes import did_you_mean
from contracts.model import Resource

_MEGABYTE = 1 << 20
_MOST_MEGABYTES = 200
_RECOGNISED_ROWS = 30


@dataclass(frozen=True)
class ExcelFilesConnector(FileKind):
    """Reads one sheet of each file of `root` that the contract's pattern names."""

    kind: ClassVar[str] = "excel_files"
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        **DELIVERY,
        "sheet": {"type": ["string", "integer"], "minimum": 1, "minLength": 1, "default": 1},
        "headerRow": {"type": "integer", "minimum": 1, "default": 1},
        "headerRows": {"type": "integer", "minimum": 1, "maximum": 10, "default": 1},
        "maxMegabytes": {"type": "number", "minimum": 1, "default": _MOST_MEGABYTES},
    }

    SUFFIXES: ClassVar[tuple[str, ...]] = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".et")

    def batches(self, files: list[Path], resource: Resource, stated: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        first, wanted = None, list[str]()
        for path in files:
            with reading(path):
                sheet = _sheet(path, stated["sheet"], stated["maxMegabytes"])
                names, places = _columns(path, sheet, stated["headerRow"], stated["headerRows"], resource)
                if first is None:
                    first, wanted = path, names
                    yield no_rows(text_schema(names))
                check_same_columns(path, names, first, wanted)
                rows = islice(_rows(sheet), stated["headerRow"] - 1 + stated["headerRows"], None)
                order = [places[names.index(name)] for name in wanted]
                yield from _batches(rows, order, text_schema(wanted), self.batch_rows)

    def recognise(self, path: Path) -> Mapping[str, Any] | None:
        """The first sheet that is shown and holds a table, and its first row of at least two texts without a gap."""
        with reading(path):
            _check_size(path, _MOST_MEGABYTES)
            with _book(path) as book:
                visible = [
                    s.name
                    for s in book.sheets_metadata
                    if s.visible == SheetVisibleEnum.Visible and s.typ == SheetTypeEnum.WorkSheet
                ]
                for name in visible:
                    if (row := _heading_row(book.get_sheet_by_name(name))) is not None:
                        return {
                            **({"sheet": name} if book.sheet_names.index(name) else {}),
                            **({"headerRow": row} if row > 1 else {}),
                        }
        return None


def _sheet(path: Path, wanted: str | int, megabytes: float) -> CalamineSheet:
    _check_size(path, megabytes)
    with _book(path) as book:
        sheets = book.sheet_names
        name = wanted if isinstance(wanted, str) else sheets[wanted - 1] if wanted <= len(sheets) else ""
        if name not in sheets:
            raise SourceBroken(f"no sheet {wanted!r}", where=str(path), remedy=did_you_mean(str(wanted), sheets))
        return book.get_sheet_by_name(name)


def _check_size(path: Path, megabytes: float) -> None:
    with path.open("rb") as file:
        head = file.read(512)
    found = foreign_content(head)
    if found and "office" not in found:
        raise not_a_table(path, found, "an Excel workbook")
    if (size := _unpacked_size(path)) > megabytes * _MEGABYTE:
        raise SourceBroken(
            f"the workbook is too large to be read in memory: {size / _MEGABYTE:,.0f} MB unpacked, at most {megabytes:,.0f}", where=str(path),
            remedy="ask the department for CSV or Parquet, or raise `maxMegabytes` (a sheet needs about five times as much memory)",
        )  # fmt: skip


@contextmanager
def _book(path: Path) -> Iterator[CalamineWorkbook]:
    try:
        with CalamineWorkbook.from_path(path) as book:
            yield book
    except PasswordError:
        raise SourceBroken(
            "the workbook has a password", where=str(path), remedy="ask the department for one without"
        ) from None
    except CalamineError as error:
        raise SourceBroken(
            "not a whole Excel workbook", where=str(path), remedy="ask the department to deliver it again"
        ) from error


def _heading_row(sheet: CalamineSheet) -> int | None:
    """The first row, from 1, of at least two texts, nothing but texts, and as many cells as the next row that holds anything."""
    rows = list(islice(_rows(sheet), _RECOGNISED_ROWS))
    filled = [sum(cell != "" for cell in row) for row in rows]
    widest = max(filled, default=0)
    for n, row in enumerate(rows):
        if filled[n] and filled[n] >= min(widest, max(2, widest // 2)) and all(isinstance(cell, str) for cell in row):
            return n + 1
    return None


def _unpacked_size(path: Path) -> int:
    try:
        with zipfile.ZipFile(path) as archive:
            return sum(entry.file_size for entry in archive.infolist() if entry.filename.endswith((".xml", ".bin")))
    except zipfile.BadZipFile:
        return path.stat().st_size


def _rows(sheet: CalamineSheet) -> Iterator[list[Any]]:
    """Rows from the sheet's first, cells from its column A; calamine leaves out the empty columns before the first filled one."""
    lead = [""] * (sheet.start[1] if sheet.start else 0)
    for row in sheet.iter_rows():
        yield lead + row


def _columns(
    path: Path, sheet: CalamineSheet, header_row: int, header_rows: int, resource: Resource
) -> tuple[list[str], list[int]]:
    """Names of the columns and where they stand: those with a heading, and as `column_<n>` those without one that hold anything."""
    rows = _rows(sheet)
    heading = heading_of(
        list(islice(rows, header_row - 1, header_row - 1 + header_rows)), header_row - 1, sheet.merged_cell_ranges
    )
    if not any(heading):
        raise SourceBroken(
            f"not a table: row {header_row} holds no heading", where=f"{path}, sheet {sheet.name}",
            remedy="look at `headerRow`, `headerRows` and `sheet`",
        )  # fmt: skip
    filled = {n for n, name in enumerate(heading) if name}
    for row in rows:
        filled.update(n for n, cell in enumerate(row) if cell != "")
    places = sorted(filled)
    names = [heading[n] if n < len(heading) and heading[n] else f"column_{n + 1}" for n in places]
    return column_names(names, resource, f"{path}, sheet {sheet.name}"), places


def _batches(
    rows: Iterator[list[Any]], places: list[int], schema: pa.Schema, batch_rows: int
) -> Iterator[pa.RecordBatch]:
    while piece := list(islice(rows, batch_rows)):
        filled = [row for row in piece if any(cell != "" for cell in row)]
        columns = [
            pa.array([cell_text(row[n]) if n < len(row) else None for row in filled], pa.string()) for n in places
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
