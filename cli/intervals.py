"""The days and the origin a command is given, as intervals of a resource."""

from __future__ import annotations

from cli.instants import read_day
from cli.terminal import now
from contracts.errors import ConfigurationError
from contracts.interval import Interval, interval_starting_on, intervals_between, newest_interval
from contracts.model import Resource
from contracts.origin import ORIGINS, Origin
from pipeline.workplace import Workplace


def checked_origin(text: str) -> Origin:
    """The origin of that name; ConfigurationError lists those there are."""
    for known in ORIGINS:
        if text == known:
            return known
    raise ConfigurationError(f"unknown origin {text!r}", remedy=", ".join(ORIGINS))


def asked_for(
    place: Workplace, resource: Resource, interval: str | None, first: str | None, last: str | None
) -> list[Interval]:
    """The interval of that local day, those from day to day, or without days the newest that is over; ConfigurationError for what is no day."""
    zone = place.city.timezone
    if interval is not None:
        return [interval_starting_on(read_day(interval), resource.schedule, zone)]
    if first is not None or last is not None:
        begin, end = read_day(first or last or ""), read_day(last or first or "")
        return intervals_between(begin, end, resource.schedule, zone)
    return [newest_interval(resource.schedule, zone, now(place))]
