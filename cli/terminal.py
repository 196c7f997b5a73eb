"""How the command line writes: tables and colours in a terminal, plain lines in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from pipeline.workplace import Workplace

# a log has no width of its own: tables are given room there
_LOG_WIDTH = 150
console = Console(highlight=False, width=None if sys.stdout.isatty() else _LOG_WIDTH)
errors = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _LOG_WIDTH)

COLOURS = {"loaded": "green", "held": "yellow", "failed": "red", "not run": "dim"}
_BLOCKS = "▁▂▃▄▅▆▇█"


def now(place: Workplace) -> datetime:
    """The instant a command counts as happening: the demo's clock, otherwise the real time."""
    return place.settings.observed_at(datetime.now(UTC))


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table; a column whose name starts with `#` is aligned right, as figures are."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", title_style="bold")
    for column in columns:
        made.add_column(
            column.removeprefix("#"), justify="right" if column.startswith("#") else "left", overflow="fold"
        )
    return made


def coloured(status: str) -> str:
    return f"[{COLOURS.get(status, 'white')}]{status}[/]"


def percent(value: float | None) -> str:
    """A share as per cent with one decimal; a missing one is said, never 0."""
    return "–" if value is None else f"{value:.1%}"


def sparkline(values: Iterable[float | None], low: float = 0.0, high: float = 1.0) -> str:
    """One block a value between `low` and `high`; a gap where there is none."""
    span = (high - low) or 1.0
    return "".join(
        " " if v is None else _BLOCKS[min(len(_BLOCKS) - 1, max(0, int((v - low) / span * len(_BLOCKS))))]
        for v in values
    )
