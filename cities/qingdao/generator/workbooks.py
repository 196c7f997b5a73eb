"""Workbooks as offices keep them: a title over the table, and headings that span several rows and columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

_MADE = datetime.fromisoformat("2020-05-04")


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name or 1-based place, the title, where the heading begins, how many rows it spans, and the rows.

    A column named `a/b` stands under the part `a`, which is merged over its neighbours; fewer parts than rows are merged downwards.
    """

    name: str | int
    title: str
    header_row: int
    header_rows: int
    frame: pd.DataFrame


def write_workbook(path: Path, sheets: list[Sheet]) -> None:
    """Write the sheets into one workbook, those without a name at their places."""
    book = Workbook()
    book.remove(book.active)
    book.properties.created = book.properties.modified = _MADE
    for sheet in sorted(sheets, key=lambda s: s.name if isinstance(s.name, int) else len(sheets) + 1):
        _fill(book.create_sheet(sheet.name if isinstance(sheet.name, str) else f"Sheet{sheet.name}"), sheet)
    book.save(path)


def _fill(page: Worksheet, sheet: Sheet) -> None:
    columns = list(sheet.frame.columns)
    if sheet.header_row > 1:
        page.cell(1, 1, sheet.title).font = Font(bold=True, size=14)
        if len(columns) > 1:
            page.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(columns))
    _heading(page, sheet, columns)
    row = sheet.header_row + sheet.header_rows - 1
    for _ in range(row - page.max_row):
        page.append([])
    values = [_cells(sheet.frame[name]) for name in columns]
    for line in zip(*values, strict=True):
        page.append(line)


def _heading(page: Worksheet, sheet: Sheet, columns: list[str]) -> None:
    depth = sheet.header_rows
    parts = [name.split("/", depth - 1) if depth > 1 else [name] for name in columns]
    for place, part in enumerate(parts, 1):
        for level, text in enumerate(part):
            same_before = place > 1 and parts[place - 2][: level + 1] == part[: level + 1] and level < len(part) - 1
            if same_before:
                continue
            top = sheet.header_row + level
            right = place
            if level < len(part) - 1:
                while right < len(parts) and parts[right][: level + 1] == part[: level + 1]:
                    right += 1
            bottom = sheet.header_row + depth - 1 if level == len(part) - 1 else top
            cell = page.cell(top, place, text)
            cell.alignment = Alignment(horizontal="center", vertical="center")
            if right > place or bottom > top:
                page.merge_cells(start_row=top, end_row=bottom, start_column=place, end_column=right)


def _cells(values: pd.Series) -> list[Any]:
    if pd.api.types.is_datetime64_any_dtype(values):
        return [None if pd.isna(value) else value.to_pydatetime() for value in values]
    return values.astype(object).where(values.notna(), None).tolist()
