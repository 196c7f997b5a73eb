"""`scorecard.yaml` read into definitions of figures: what each says, where it was said in public, and the query that gives it.

Every figure is a query over the lake. None is a constant: a figure that no record gives is shown as no data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from contracts.catalogue import City, load_city
from contracts.errors import ConfigurationError
from contracts.mistakes import Mistake, Mistakes, did_you_mean
from contracts.model import Label
from contracts.reader import load_yaml
from sharing.calendar import Calendar, read_calendar

FILE = "scorecard.yaml"
PERCENT = "%"

# tables that the engine itself puts beside the lake for a query that asks for them in `needs`
CALENDAR, FIGURES, RESOURCE_ROWS = "calendar", "figures", "resource_rows"
ENGINE_TABLES = (CALENDAR, FIGURES, RESOURCE_ROWS)
# schemas the platform fills; every other need is a resource of the city
PLATFORM_SCHEMAS = ("ops", "sharing", "unified", "quarantine")

_KEYS = ("id", "name", "unit", "decimals", "said", "sql", "per", "needs")
_REQUIRED = ("id", "name", "unit", "sql", "needs")
_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PLATFORM_NEED = re.compile(rf"({'|'.join(PLATFORM_SCHEMAS)})\.[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Said:
    """What was said in public: the words, the value where they hold one, and where it was said."""

    text: str
    value: float | None
    source: str

    def __str__(self) -> str:
        return f"{self.text} ({self.source})" if self.source else self.text


@dataclass(frozen=True)
class Breakdown:
    """The figure by its parts: what they are called, and a query that gives `part, value`."""

    name: Label
    sql: str


@dataclass(frozen=True)
class FigureDefinition:
    """One figure. `sql` gives one row with `value` and optionally `n`, the records it rests on.

    `needs` are the tables it reads; `calendar` is the city's, for figures that count working days.
    """

    id: str
    name: Label
    unit: Label
    sql: str
    needs: tuple[str, ...]
    said: Said | None = None
    decimals: int | None = None
    per: Breakdown | None = None
    calendar: Calendar | None = None


def read_figures(folder: Path) -> tuple[FigureDefinition, ...]:
    """The city's figures in the file's order; none where the city has no scorecard.

    Raises ConfigurationError that names the file and the figure.
    """
    mistakes = Mistakes(FILE)
    figures = _read(folder, mistakes)
    if mistakes.found:
        first = mistakes.found[0]
        raise ConfigurationError(first.what, where=f"{FILE}, {first.place}", remedy=first.remedy)
    return tuple(figures)


def check_figures(folder: Path, city: City) -> list[Mistake]:
    """Every mistake of the scorecard, sorted: of form, ids that stand twice, labels missing in a language, unknown resources."""
    mistakes = Mistakes(FILE)
    known = {*city.resources, *city.broken}
    for figure in _read(folder, mistakes):
        for need in figure.needs:
            if need not in ENGINE_TABLES and need not in known and not _PLATFORM_NEED.fullmatch(need):
                mistakes.add(figure.id, f"needs an unknown resource {need!r}", did_you_mean(need, known))
    return sorted(set(mistakes.found))


def _read(folder: Path, mistakes: Mistakes) -> list[FigureDefinition]:
    path = folder / FILE
    if not path.exists():
        return []
    loaded = load_yaml(path, mistakes)
    if not isinstance(loaded, list):
        if not mistakes.found:
            mistakes.add("file", "is no list", "each figure starts with `- id: …`")
        return []
    figures: list[FigureDefinition] = []
    calendar: Calendar | None = None
    for number, item in enumerate(loaded, 1):
        before = len(mistakes.found)
        place = str(item.get("id") or f"item {number}") if isinstance(item, dict) else f"item {number}"
        if not isinstance(item, dict) or not _has_form(item, place, mistakes):
            if len(mistakes.found) == before:
                mistakes.add(place, "is no mapping", "each figure starts with `- id: …`")
            continue
        if place in {figure.id for figure in figures}:
            mistakes.add(place, "stands twice", "ids are unique")
        if CALENDAR in item["needs"] and calendar is None:
            calendar = _calendar(folder, place, mistakes)
        figures.append(_figure(item, calendar if CALENDAR in item["needs"] else None, place, mistakes))
    return figures


def _has_form(item: dict[str, Any], place: str, mistakes: Mistakes) -> bool:
    before = len(mistakes.found)
    for key in sorted(set(map(str, item)) - set(_KEYS)):
        mistakes.add(place, f"unknown key {key!r}", did_you_mean(key, _KEYS))
    for key in _REQUIRED:
        if key not in item:
            mistakes.add(place, f"no {key}", "see docs/scorecard.md")
    if not _ID.fullmatch(str(item.get("id", ""))):
        mistakes.add(place, f"id is {item.get('id')!r}", "lower snake case, such as cloud_share")
    needs = item.get("needs")
    if not isinstance(needs, list) or not needs or not all(isinstance(need, str) for need in needs):
        mistakes.add(place, "needs is no list of tables", "needs: [department.resource]")
    if not isinstance(item.get("decimals", 0), int):
        mistakes.add(place, f"decimals is {item['decimals']!r}", "a whole number")
    return len(mistakes.found) == before


def _figure(item: dict[str, Any], calendar: Calendar | None, place: str, mistakes: Mistakes) -> FigureDefinition:
    unit = item["unit"]
    per = item.get("per")
    breakdown = None
    if isinstance(per, dict) and set(per) == {"name", "sql"}:
        breakdown = Breakdown(
            _label(per["name"], f"{place} per", mistakes), _query(per["sql"], f"{place} per", mistakes)
        )
    elif per is not None:
        mistakes.add(place, "per cannot be used", "per: {name: {en, zh}, sql: SELECT … AS part, … AS value}")
    return FigureDefinition(
        id=place,
        name=_label(item["name"], place, mistakes),
        unit=Label(PERCENT, PERCENT) if unit == PERCENT else _label(unit, f"{place} unit", mistakes),
        sql=_query(item["sql"], place, mistakes),
        needs=tuple(item["needs"]),
        said=_said(item.get("said"), place, mistakes),
        decimals=item.get("decimals"),
        per=breakdown,
        calendar=calendar,
    )


def _label(value: Any, place: str, mistakes: Mistakes) -> Label:
    texts = value if isinstance(value, dict) else {}
    for language in ("en", "zh"):
        if not isinstance(texts.get(language), str) or not texts[language].strip():
            mistakes.add(place, f"no label in {language}", "write {en: …, zh: …}")
    return Label(str(texts.get("en")), str(texts.get("zh")))


def _said(value: Any, place: str, mistakes: Mistakes) -> Said | None:
    if value is None:
        return None
    number = value.get("value") if isinstance(value, dict) else None
    fits = isinstance(value, dict) and isinstance(value.get("text"), str) and isinstance(number, int | float | None)
    if not fits or set(value) - {"text", "value", "source"}:
        mistakes.add(place, "said cannot be used", "said: {text: …, value: a number, source: …}")
        return None
    return Said(value["text"], None if number is None else float(number), str(value.get("source", "")))


def _query(sql: Any, place: str, mistakes: Mistakes) -> str:
    """The text of one SELECT; anything else is a mistake, so that no figure can write."""
    try:
        statements = duckdb.extract_statements(str(sql))
    except duckdb.Error as error:
        mistakes.add(place, f"its sql cannot be read: {first_line(error)}", "correct the query")
        return ""
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        mistakes.add(place, "its sql is not one SELECT", "a figure reads, in a single statement")
        return ""
    return str(sql).strip().rstrip(";")


def _calendar(folder: Path, place: str, mistakes: Mistakes) -> Calendar | None:
    try:
        return read_calendar(load_city(folder, only_department="-"))  # the city's head is enough: no contract is read
    except ConfigurationError as error:
        mistakes.add(place, f"needs the calendar: {error.what}", error.remedy)
        return None


def first_line(error: BaseException) -> str:
    """What DuckDB complains of, without the query it quotes."""
    return str(error).strip().splitlines()[0]
