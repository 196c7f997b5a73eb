"""Every department's problem rows in files of its own, as CSV and as Excel, readable by the platform's account alone.

Only the newest night's are kept, and no value of them ever enters a log. The files are handed over by whoever may: a share, a mail gateway.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from pipeline.problems.history import SEEN, remember
from pipeline.problems.rows import HEADINGS, ProblemList, ProblemRow
from pipeline.scratch import scratch_path
from pipeline.workplace import Workplace
from sharing.formulas import defused
from warehouse.lake import table_exists

FOLDER = "problems"
_LONGEST_CELL = 32_767
_WIDTHS = {"label": 20, "key": 22, "rule_in_words": 44, "original": 28, "suggested": 24, "note": 36, "dimension": 20}
_PRIVATE = 0o600
# working days left at which a row is due soon
_SOON, _FAR = 2, 10_000


@dataclass(frozen=True)
class Told:
    """What one department was told: how many rows, one a broken rule or challenged value, its files below LANDBRIDGE_HOME, and whether they are new."""

    department: str
    rows: int
    files: tuple[str, ...]
    changed: bool

    def __str__(self) -> str:
        return f"{self.department}: {self.rows:,} problem rows, {self.files[-1]}"


def write_problem_files(connection: duckdb.DuckDBPyConnection, place: Workplace, as_of: datetime) -> list[Told]:
    """Write each department's list as it stands now, named by the local day of `as_of`; returns who was told what, departments by id.

    Files of earlier nights are removed, and all of a department for which nothing is open any more. May be run again: the same rows leave the same files.
    """
    day = as_of.astimezone(place.city.timezone).date()
    if table_exists(connection, "quarantine", "rows"):
        remember(connection, place, day)
    listed = ProblemList(connection, place, day)
    told = [_write(place, listed.rows(department), department, day) for department in sorted(place.city.departments)]
    return [made for made in told if made is not None]


def newest_file(place: Workplace, department: str) -> Path | None:
    """The department's newest list, as Excel; None where nothing is open."""
    return max((place.home / FOLDER / department).glob("problems-*.xlsx"), default=None)


def told_lines(connection: duckdb.DuckDBPyConnection, place: Workplace) -> list[str]:
    """A paragraph of the digest: for each department with open rows how many it has, whom to tell, and the file to hand over."""
    lines = []
    counts: dict[str, int] = {}
    if table_exists(connection, "ops", "problem_rows"):
        counts = dict(connection.execute(f"SELECT department, count(*) FROM {SEEN} GROUP BY 1").fetchall())
    for id, department in sorted(place.city.departments.items()):
        if file := newest_file(place, id):
            rows = f"{counts[id]:,} rows" if counts.get(id) else "challenged rows"
            lines.append(f"  {id} · {rows} · hand to {department.contact}: {file.relative_to(place.home)}")
    return ["", "PROBLEM ROWS  问题数据", *lines] if lines else []


def _write(place: Workplace, rows: Iterator[ProblemRow], department: str, day: date) -> Told | None:
    folder = place.home / FOLDER / department
    old = set(folder.glob("problems-*")) if folder.is_dir() else set()
    first = next(rows, None)
    if first is None:
        for path in old:
            path.unlink(missing_ok=True)
        return None
    for private in (folder.parent, folder):
        private.mkdir(parents=True, exist_ok=True)
        private.chmod(0o700)
    table, sheet = folder / f"problems-{day}.csv", folder / f"problems-{day}.xlsx"
    count, changed = _write_both(table, sheet, chain([first], rows))
    for path in old - {table, sheet}:
        path.unlink(missing_ok=True)
    return Told(department, count, tuple(str(path.relative_to(place.home)) for path in (table, sheet)), changed)


def _write_both(table: Path, sheet: Path, rows: Iterator[ProblemRow]) -> tuple[int, bool]:
    """Write both files whole; returns how many rows they list, and whether they say anything else than before."""
    # one name whatever the day: what a killed process left is found by the next
    scratch, scratch_sheet = (scratch_path(table.with_name(f"problems{end}")) for end in (".csv", ".xlsx"))
    sheets = _Sheets()
    count = 0
    try:
        _make_private(scratch)
        with scratch.open("w", encoding="utf-8-sig", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(HEADINGS.values())
            for row in rows:
                values = astuple(row)
                lines.writerow([value if isinstance(value, int) else defused(value) for value in values])
                sheets.add(row, values)
                count += bool(row.rule)
        _make_private(scratch_sheet)
        sheets.save(scratch_sheet)
        # a workbook carries the time of its writing: one that says the same is left as it is
        changed = not (table.exists() and sheet.exists() and table.read_bytes() == scratch.read_bytes())
        if changed:
            scratch_sheet.replace(sheet)
            scratch.replace(table)
    finally:
        for left in (scratch, scratch_sheet):
            left.unlink(missing_ok=True)
    return count, changed


def _make_private(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, _PRIVATE))


class _Sheets:
    """The workbook: one sheet, its heading frozen and filtered, every text stored as text, what is overdue in red, what is due soon in amber."""

    def __init__(self) -> None:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
        from openpyxl.styles import Alignment, Font
        from openpyxl.utils import get_column_letter

        self._cell, self._unwritable = WriteOnlyCell, ILLEGAL_CHARACTERS_RE
        self._bold, self._red, self._amber = Font(bold=True), Font(color="C00000"), Font(color="B45F06")
        self._wrap = Alignment(wrap_text=True, vertical="top")
        self._book = Workbook(write_only=True)
        self._book.properties.creator, self._book.properties.created = "Landbridge", datetime(2000, 1, 1, tzinfo=UTC)
        self._page: Any = self._book.create_sheet("问题数据 problem rows")
        self._page.freeze_panes = "B2"
        names = [f.name for f in fields(ProblemRow)]
        for place, name in enumerate(names, 1):
            self._page.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(name, 15)
        self._last, self._rows = get_column_letter(len(names)), 1
        self._page.append([self._made(text, self._bold) for text in HEADINGS.values()])

    def add(self, row: ProblemRow, values: tuple[object, ...]) -> None:
        left = _FAR if row.days_left is None else row.days_left
        self._rows += 1
        font = self._red if left < 0 else self._amber if left <= _SOON else None
        self._page.append([self._made(value, font) for value in values])

    def save(self, path: Path) -> None:
        self._page.auto_filter.ref = f"A1:{self._last}{self._rows}"
        self._book.save(path)

    def _made(self, value: object, font: Any = None) -> Any:
        text = isinstance(value, str)
        cell = self._cell(self._page, self._unwritable.sub("\ufffd", str(value))[:_LONGEST_CELL] if text else value)
        if text:
            # editing the cell does not make a formula of it either
            cell.data_type, cell.quotePrefix, cell.alignment = "s", True, self._wrap
        if font is not None:
            cell.font = font
        return cell
