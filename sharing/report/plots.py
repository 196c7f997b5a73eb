"""Where the marks of a plot lie, in the units of its SVG; the template draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import floor
from typing import Any

from sharing.report.labels import DATED, STATES, percent

SERIES = ("declared", "verified", "on_time")
_LABEL_GAP, _MARK = 17.0, 20.0


@dataclass(frozen=True)
class Line:
    """One rate over time, or the goal: its path (none for the goal), its nights as dots while they are few, and where its name stands."""

    kind: str
    path: str
    dots: list[tuple[float, float]]
    end: tuple[float, float]
    label_y: float
    last: float


@dataclass(frozen=True)
class Trend:
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    lines: list[Line]
    ticks: list[tuple[float, str]]
    days: list[tuple[float, str]]
    goal_y: float | None
    marks: list[tuple[float, float, int]]


def trend(
    nights: Sequence[dict[str, Any]], goal: float | None, marks: Sequence[date], width: float, height: float
) -> Trend:
    """Rates over time. The scale begins below the lowest value shown, at a whole tenth, and ends at 100 %."""
    first, last = nights[0]["day"], nights[-1]["day"]
    span = max((last - first).days, 1)
    left, right, bottom = 44.0, width - 108.0, height - 26.0

    def x(day: date) -> float:
        return round(right if first == last else left + (right - left) * (day - first).days / span, 1)

    placed, top = _apart([(x(day), number) for number, day in enumerate(marks, 1) if first <= day <= last])
    values = [n[kind] for n in nights for kind in SERIES if n[kind] is not None] + ([goal] if goal is not None else [])
    low = max(0.0, floor(10 * min(values, default=0.0) - 0.5) / 10)

    def y(value: float) -> float:
        return round(bottom - (bottom - top) * (value - low) / (1.0 - low or 1.0), 1)

    step = 0.1 if 1.0 - low > 0.25 else 0.05
    count = round((1.0 - low) / step)
    ticks = [
        (y(low + n * step), f"{100 * (low + n * step):.0f}") for n in range(count + 1) if n % (1 + count // 7) == 0
    ]
    lines = [_line(kind, nights, x, y) for kind in SERIES if any(n[kind] is not None for n in nights)]
    if goal is not None:
        lines.append(Line("goal", "", [], (right, y(goal)), y(goal) + 4, goal))
    return Trend(
        width, height, left, right, top, bottom, _spread(lines, top, bottom), ticks, _day_ticks(first, last, x, right - left), None if goal is None else y(goal),
        placed,
    )  # fmt: skip


def _apart(marks: list[tuple[float, int]]) -> tuple[list[tuple[float, float, int]], float]:
    """(x, y, number) of each mark, set as high as needed so that none covers another; and where the plot below them begins."""
    rows: list[float] = []
    levels = []
    for x, _ in marks:
        level = next((n for n, taken in enumerate(rows) if x - taken >= _MARK), len(rows))
        rows[level : level + 1] = [x]
        levels.append(level)
    top = 8.0 + _MARK * max(len(rows), 1)
    return [(x, top - 14 - _MARK * level, number) for (x, number), level in zip(marks, levels, strict=True)], top


def _line(kind: str, nights: Sequence[dict[str, Any]], x: Any, y: Any) -> Line:
    told = [(x(n["day"]), y(n[kind]), n[kind]) for n in nights if n[kind] is not None]
    path = " ".join(f"{'M' if place == 0 else 'L'}{px} {py}" for place, (px, py, _) in enumerate(told))
    dots = [(px, py) for px, py, _ in told] if len(told) <= 31 else []
    end = told[-1]
    return Line(kind, path, dots, (end[0], end[1]), end[1] + 4, end[2])


def _spread(lines: list[Line], top: float, bottom: float) -> list[Line]:
    """Names at the lines' ends, moved apart so that none covers another and none leaves the drawing."""
    ordered = sorted(lines, key=lambda line: line.label_y)
    least, places = top, []
    for line in ordered:
        places.append(max(line.label_y, least))
        least = places[-1] + 2 * _LABEL_GAP
    most = bottom - _LABEL_GAP
    for number in range(len(places) - 1, -1, -1):
        places[number] = min(places[number], most)
        most = places[number] - 2 * _LABEL_GAP
    return [replace(line, label_y=round(y, 1)) for line, y in zip(ordered, places, strict=True)]


def _day_ticks(first: date, last: date, x: Any, length: float) -> list[tuple[float, str]]:
    """Days below an axis of that length, as many as stand beside one another; with the year where the nights span most of one."""
    span = (last - first).days
    form, wide = (0, 88) if span > 300 else (5, 56)
    if span < 1:
        return [(x(last), last.isoformat()[form:])]
    step = -(-span // max(1, min(span, int(length // wide))))
    # counted from the end, so that the newest day has its name
    days = [last - timedelta(days=step * n) for n in range(span // step + 1)]
    return [(x(day), day.isoformat()[form:]) for day in reversed(days)]


@dataclass(frozen=True)
class Bin:
    """One column of a histogram: from bottom to top, what is in it by state."""

    label: str
    past: bool
    parts: list[tuple[str, int]]

    @property
    def total(self) -> int:
        return sum(lines for _, lines in self.parts)


_BINS = [
    *((str(n * 20), n * 2 - 1, n * 2) for n in range(1, 6)),
    ("150", 11, 15),
    ("200", 16, 20),
    ("> 200", 21, 10**9),
]


def histogram(rows: Sequence[dict[str, Any]]) -> list[Bin]:
    """Lines by the share of their lawful time that was used, in per cent up to the label."""
    bins = []
    for label, low, high in _BINS:
        parts = []
        for state in DATED:
            lines = sum(
                r["lines"] for r in rows if r["state"] == state and low <= max(r["used_tenths"] or 0, 1) <= high
            )
            if lines:
                parts.append((state, lines))
        bins.append(Bin(label, low > 10, parts))
    return bins


def state_totals(rows: Sequence[dict[str, Any]]) -> list[tuple[str, int, str]]:
    """State → lines and share of all."""
    total = sum(r["lines"] for r in rows)
    counted = {state: sum(r["lines"] for r in rows if r["state"] == state) for state in STATES}
    return [(state, lines, percent(lines / total) if total else "–") for state, lines in counted.items()]


def grade(holding: int, due: int) -> str:
    """The class of a matrix cell: how much of what is due holds."""
    if not due:
        return "g-none"
    share = holding / due
    return "g-all" if share == 1 else "g-most" if share >= 0.9 else "g-some" if share >= 0.5 else "g-few"
