"""The page itself: one HTML file with its style and drawings inside, which needs no script and no network."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from contracts.catalogue import City
from sharing.report import labels, plots
from sharing.report.facts import OTHERS, Facts
from sharing.report.proof import CONDITIONS, SOURCES

_TEMPLATES = Path(__file__).parent / "templates"
WIDE, NARROW = (920.0, 320.0), (360.0, 300.0)
_LAST_NIGHTS, _ALARMS, _ISLAND_OWNERS, _HEAD = 7, 10, 10, 2000


def page(facts: Facts, csv_name: str, list_name: str = "", stamp: str = "") -> str:
    """The whole page; the same facts give the same bytes.

    `csv_name` is the file beside it that lists every line, `list_name` the one that lists the other nights, if there is one. `stamp` says in the
    page's head what it was made of, for `says_stamp`.
    """
    marks = [mark["as_of"].astimezone(facts.city.timezone).date() for mark in facts.marks]
    trends = {
        name: plots.trend(facts.trend, facts.goal, marks, *size) for name, size in (("wide", WIDE), ("narrow", NARROW))
    }
    return _environment().get_template("page.html").render(
        f=facts,
        labels=labels,
        csv_name=csv_name,
        list_name=list_name,
        stamp=stamp,
        trends=trends,
        last_nights=facts.trend[-_LAST_NIGHTS:][::-1],
        histograms={duty: plots.histogram(rows) for duty, rows in facts.deadlines.items()},
        totals={duty: plots.state_totals(rows) for duty, rows in facts.deadlines.items()},
        grade=plots.grade,
        funnel=_funnel(facts.funnel),
        others=OTHERS,
        sources=SOURCES,
        condition_names=CONDITIONS,
        alarms_shown=_ALARMS,
        island_owners_shown=_ISLAND_OWNERS,
    )  # fmt: skip


def says_stamp(file: Path, stamp: str) -> bool:
    """Whether a page was made of what the stamp says; only its beginning is read."""
    with file.open("rb") as page:
        return f'content="{stamp}"'.encode() in page.read(_HEAD)


def nights_page(city: City, nights: Sequence[Mapping[str, Any]], files: Mapping[str, str]) -> str:
    """A list of every night judged, newest first, with its rates; `files` says which day's report lies where."""
    return _environment().get_template("nights.html").render(city=city, nights=nights, files=files, labels=labels)


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {
        "percent": labels.percent,
        "points": labels.points,
        "signed": labels.signed,
        "count": _count,
        "breakable": _breakable,
    }
    return made


def _count(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"


def _breakable(id: str) -> Markup:
    """An id that may be broken into lines after its points and underscores."""
    return Markup("<wbr>").join(re.findall(r"[^._]+[._]?|[._]", id))


def _funnel(stages: Sequence[tuple[str, int]]) -> list[tuple[str, int, float | None, float | None]]:
    """Stage, lines, their share of what was asked for, and of the stage before."""
    asked, before, shown = stages[0][1], stages[0][1], []
    for stage, lines in stages:
        shown.append((stage, lines, lines / asked if asked else None, lines / before if before else None))
        before = lines
    return shown
