"""Days and instants as people type them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from contracts.errors import ConfigurationError
from pipeline.workplace import Workplace

_INSTANT = "2020-05-05T09:00:00+08:00"


def read_day(text: str) -> date:
    """The day that YYYY-MM-DD names; ConfigurationError for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is no day", remedy="write it as 2020-05-04") from None


def read_day_if_any(text: str | None) -> date | None:
    """The day, or None where none is given."""
    return read_day(text) if text else None


def read_instant(text: str) -> datetime:
    """The instant that ISO 8601 with a zone names; ConfigurationError for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is no instant", remedy=_INSTANT) from None
    if found.tzinfo is None:
        raise ConfigurationError(f"{text!r} has no zone", remedy=_INSTANT)
    return found


def end_of(place: Workplace, local: date) -> datetime:
    """The last instant of a day of the city."""
    return datetime.combine(local + timedelta(days=1), time(), tzinfo=place.city.timezone) - timedelta(microseconds=1)
