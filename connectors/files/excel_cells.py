"""What stands in a cell, as text; and headings that span several rows and merged cells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

Ranges = Sequence[tuple[tuple[int, int], tuple[int, int]]]


def cell_text(cell: Any) -> str | None:
    """The cell as text, None for an empty one: dates in ISO form, numbers as Excel shows them, with at most 15 digits."""
    match cell:
        case "":
            return None
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() else _decimal(cell)
        case datetime():
            return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case timedelta():
            seconds = round(cell.total_seconds())
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(cell)


def _decimal(number: float) -> str:
    text = f"{number:.15g}"
    return text if "e" not in text else f"{number:.20f}".rstrip("0")


def heading_of(rows: Sequence[Sequence[Any]], top: int, merged: Ranges | None) -> list[str]:
    """One name a column from heading rows that start at sheet row `top` (from 0).

    A merged cell's text fills its range to the right; parts one below the other are joined by `/`, empty ones left out, the same part written once.
    """
    width = max((len(row) for row in rows), default=0)
    grid = [[cell_text(cell) or "" for cell in row] + [""] * (width - len(row)) for row in rows]
    grid = [[cell.strip() for cell in row] for row in grid]
    if merged is None:
        _fill_by_sight(grid)
    for (first_row, first_column), (last_row, last_column) in merged or ():
        for row in range(max(first_row, top), min(last_row, top + len(grid) - 1) + 1):
            text = grid[first_row - top][first_column] if first_row >= top and first_column < width else ""
            for column in range(first_column, min(last_column, width - 1) + 1):
                grid[row - top][column] = text or grid[row - top][column]
    return ["/".join(_once([row[n] for row in grid])) for n in range(width)]


def _fill_by_sight(grid: list[list[str]]) -> None:
    """Formats that do not tell their merged cells: an upper part reaches to the right until the next one."""
    for row in grid[:-1]:
        last = ""
        for n, cell in enumerate(row):
            last = row[n] = cell or last


def _once(parts: list[str]) -> list[str]:
    return list(dict.fromkeys(part for part in parts if part))
