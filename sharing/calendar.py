"""Working days of the city: the days that differ from an ordinary week, from `calendar.csv`, and counting by them.

Legal limits are in working days; the day on which a limit starts is not counted (Civil Code art. 201), and a limit ends with the last
moment of its last working day in the city's time zone.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from contracts.catalogue import City
from contracts.errors import ConfigurationError

COLUMNS = ("day", "kind", "reason", "notice")
KINDS = ("working", "rest")
WARNING_DAYS = 60
_REMEDY = "add the State Council's notice for the next year to calendar.csv (cities/qingdao/make_calendar.py shows how)"


@dataclass(frozen=True)
class Day:
    """A day that differs from an ordinary week, and the notice that says so."""

    working: bool
    reason: str
    notice: str


@dataclass(frozen=True)
class Calendar:
    """Working and rest days from `first` to `last`, both included; days not in `listed` follow the week."""

    first: date
    last: date
    listed: Mapping[date, Day] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Whether people work on that day; ConfigurationError outside the calendar."""
        if not self.first <= day <= self.last:
            raise self.too_short(f"{day} is outside the calendar")
        listed = self.listed.get(day)
        return listed.working if listed else day.weekday() < 5

    def add_working_days(self, day: date, working_days: int) -> date:
        """The last day of a limit that starts on `day`, which is not counted; zero working days is the day itself.

        Raises ConfigurationError where the calendar ends before the limit does.
        """
        if working_days < 0:
            raise ConfigurationError(f"a limit of {working_days} working days", remedy="limits count forwards")
        if not self.first <= day <= self.last:
            raise self.too_short(f"{day} is outside the calendar")
        if working_days == 0:
            return day
        place = bisect_right(self._working, day) + working_days - 1
        if place >= len(self._working):
            raise self.too_short(f"{working_days} working days from {day} go beyond the calendar's last day")
        return self._working[place]

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after `start` up to and including `end`; 0 where `end` is not later."""
        return max(0, bisect_right(self._working, end) - bisect_right(self._working, start))

    def deadline(self, day: date, working_days: int, zone: ZoneInfo) -> datetime:
        """The first instant at which a limit that starts on `day` is over: local midnight after its last day."""
        after = self.add_working_days(day, working_days) + timedelta(days=1)
        return datetime.combine(after, time(), tzinfo=zone)

    def days(self) -> Iterator[tuple[date, bool]]:
        """Every day of the calendar with whether it is a working day, oldest first."""
        for offset in range((self.last - self.first).days + 1):
            day = self.first + timedelta(days=offset)
            yield day, self.is_working(day)

    def working_days_left(self, day: date) -> int:
        """How many working days the calendar still knows after `day`: what a warning months ahead is made of."""
        return self.working_days_between(day, self.last)

    @cached_property
    def _working(self) -> list[date]:
        return [day for day, working in self.days() if working]

    def ends_soon(self, day: date) -> str:
        """A warning where the calendar knows fewer than 60 working days after `day`, otherwise nothing.

        The longest way to the data is 40 working days, so this comes weeks before the first deadline that cannot be set.
        """
        left = self.working_days_left(day)
        if left >= WARNING_DAYS:
            return ""
        return (
            f"calendar.csv knows {left} more working days only: deadlines beyond {self.last} cannot be set; {_REMEDY}"
        )

    def too_short(self, what: str) -> ConfigurationError:
        """The error of a day or deadline that the calendar does not reach."""
        return ConfigurationError(what, where=f"calendar.csv, {self.first} to {self.last}", remedy=_REMEDY)


def read_calendar(city: City) -> Calendar:
    """The city's calendar; its range is `calendar: {from, to}` of city.yaml, otherwise the whole years that calendar.csv speaks of."""
    path = city.folder / "calendar.csv"
    listed = _listed(path)
    if not listed and (city.calendar_from is None or city.calendar_to is None):
        raise ConfigurationError("the calendar is empty", where=str(path), remedy="list the days of the notices")
    first = city.calendar_from or date(min(listed).year, 1, 1)
    last = city.calendar_to or date(max(listed).year, 12, 31)
    if first > last:
        raise ConfigurationError(f"the calendar runs from {first} to {last}", where="city.yaml, calendar")
    for day in listed:
        if not first <= day <= last:
            raise ConfigurationError(
                f"{day} is outside the calendar's range",
                where=str(path),
                remedy="widen calendar: {from, to} in city.yaml",
            )
    return Calendar(first, last, listed)


def _listed(path: Path) -> dict[date, Day]:
    if not path.is_file():
        raise ConfigurationError(
            "the city has no calendar.csv", where=str(path.parent), remedy=f"a file with {','.join(COLUMNS)}"
        )
    listed: dict[date, Day] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise ConfigurationError("wrong heading", where=str(path), remedy=f"write {','.join(COLUMNS)}")
        for row in rows:
            where = f"{path.name}, line {rows.line_num}"
            try:
                day = date.fromisoformat(row["day"])
            except (TypeError, ValueError) as error:
                raise ConfigurationError(f"{row['day']!r} is no day", where=where, remedy="2020-05-01") from error
            if row["kind"] not in KINDS:
                raise ConfigurationError(f"kind is {row['kind']!r}", where=where, remedy="working or rest")
            if day in listed:
                raise ConfigurationError(f"{day} stands twice", where=where, remedy="keep the notice that holds")
            if not row["notice"]:
                raise ConfigurationError(f"{day} has no notice", where=where, remedy="name the notice that says so")
            listed[day] = Day(row["kind"] == "working", row["reason"] or "", row["notice"])
    return listed
