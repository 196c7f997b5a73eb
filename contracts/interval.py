"""The half-open span of business time that one run covers, and how a cron schedule cuts time into such spans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter

from contracts.errors import ConfigurationError


@dataclass(frozen=True, order=True)
class Interval:
    """`[start, end)`, both aware; equal instants compare equal whatever their zone."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ConfigurationError("an interval needs times with a zone", where=f"{self.start} – {self.end}")
        if self.start >= self.end:
            raise ConfigurationError(
                "an interval must end after it starts",
                where=f"{self.start} – {self.end}",
                remedy="schedule the DAG with CronDataIntervalTimetable, not with a bare cron string",
            )
        # Airflow hands over pendulum's times, whose arithmetic loses a zone that is not pendulum's own
        object.__setattr__(self, "start", _plain(self.start))
        object.__setattr__(self, "end", _plain(self.end))

    @property
    def utc(self) -> Interval:
        return Interval(self.start.astimezone(UTC), self.end.astimezone(UTC))

    def at(self, zone: ZoneInfo) -> Interval:
        """The same span, told in a city's zone: what dates in file names and local times at a source are taken from."""
        return Interval(self.start.astimezone(zone), self.end.astimezone(zone))

    def id(self, zone: ZoneInfo) -> str:
        """Name of the interval in paths and messages: its start in the city's zone, `20200504T0200`."""
        return self.start.astimezone(zone).strftime("%Y%m%dT%H%M")


def _plain(instant: datetime) -> datetime:
    return datetime.combine(instant.date(), instant.time(), instant.tzinfo)


def parse_cron(expression: str) -> str:
    """Return the five-field expression; raise ConfigurationError where no clock could ever follow it."""
    if len(expression.split()) != 5 or not croniter.is_valid(expression):
        raise ConfigurationError(
            f"{expression!r} is not a five-field cron expression", remedy="for example '0 2 * * *'"
        )
    try:
        croniter(expression, datetime(2020, 1, 1, tzinfo=UTC)).get_next(datetime)
    except Exception as cause:  # croniter raises several kinds for dates that never come, such as 31 February
        raise ConfigurationError(f"the schedule {expression!r} never comes due") from cause
    return expression


def interval_starting_on(day: date, cron: str, zone: ZoneInfo) -> Interval:
    """The schedule's interval whose start falls on `day` (local) or, for rarer schedules, the one that holds that day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    start = croniter(cron, midnight - timedelta(seconds=1)).get_next(datetime)
    if start.date() != day:
        start = croniter(cron, midnight).get_prev(datetime)
    return Interval(start, croniter(cron, start).get_next(datetime))


def intervals_between(first: date, last: date, cron: str, zone: ZoneInfo) -> list[Interval]:
    """All intervals of the schedule that start on `first` to `last` (local days, both included), oldest first."""
    found: list[Interval] = []
    cursor = croniter(cron, datetime(first.year, first.month, first.day, tzinfo=zone) - timedelta(seconds=1))
    start = cursor.get_next(datetime)
    while start.date() <= last:
        end = cursor.get_next(datetime)
        found.append(Interval(start, end))
        start = end
    return found


def newest_interval(cron: str, zone: ZoneInfo, instant: datetime) -> Interval:
    """The schedule's newest interval that is over at `instant`."""
    day = instant.astimezone(zone).date()
    span = interval_starting_on(day, cron, zone)
    while span.end > instant:
        day -= timedelta(days=1)
        span = interval_starting_on(day, cron, zone)
    return span
