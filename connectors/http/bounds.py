"""The watermark's bounds as an interface wants them: in its own form, and cut into steps where it refuses long spans.

Steps are half-open and follow one another without a gap or an overlap. `untilIncluded` is for an interface that counts an end as inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.protocol import Setting
from contracts.errors import ConfigurationError
from contracts.interval import Interval
from contracts.model import Resource

_TEXT: Setting = {"type": "string", "minLength": 1}
SETTINGS: dict[str, Setting] = {
    "since": _TEXT, "until": _TEXT, "boundsForm": {"enum": ["iso", "local", "date", "seconds", "milliseconds"], "default": "iso"},
    "untilIncluded": {"type": "boolean", "default": False}, "stepHours": {"type": "integer", "minimum": 1},
    "begin": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
}  # fmt: skip


@dataclass(frozen=True)
class Bounds:
    """Names of the two parameters, the form of their values, and the length of a step."""

    since: str
    until: str
    form: str
    until_included: bool
    step: timedelta | None
    begin: date | None

    @classmethod
    def stated(cls, stated: Mapping[str, Any], resource: Resource) -> Bounds:
        """Raises ConfigurationError where the settings do not fit together."""
        step = timedelta(hours=stated["stepHours"]) if "stepHours" in stated else None
        try:
            begin = date.fromisoformat(stated["begin"]) if "begin" in stated else None
        except ValueError:
            raise _mistake(resource, f"begin {stated['begin']!r} is no date") from None
        if step and not ("since" in stated and "until" in stated and resource.watermark):
            raise _mistake(resource, "stepHours needs since, until and a watermark")
        if step and stated["boundsForm"] == "date" and stated["stepHours"] % 24:
            raise _mistake(resource, "stepHours must be whole days where bounds are dates")
        return cls(
            stated.get("since", ""), stated.get("until", ""), stated["boundsForm"], stated["untilIncluded"], step, begin
        )  # fmt: skip

    def parameters(self, resource: Resource, interval: Interval | None, now: datetime) -> Iterator[dict[str, Any]]:
        """The parameters of each step, oldest first; one set for all where nothing is cut.

        The whole source, None, is asked for without bounds – or in steps from `begin` to `now`, where steps are stated.
        """
        bounds = resource.watermark_bounds(interval) if interval else None
        if bounds is None:
            if self.step is None:
                yield {}
                return
            if self.begin is None:
                raise _mistake(resource, "stepHours needs begin where the whole source is read")
            # without an interval the city's zone is unknown: a day more at both ends covers every zone
            day = timedelta(days=1)
            start, end = datetime.combine(self.begin, time(), now.tzinfo) - day, now + day
        else:
            start, end = bounds[1], bounds[2]
        if self.begin and interval:
            start = max(start, datetime.combine(self.begin, time(), start.tzinfo))
        if self.form == "date":
            start, end = _midnight(start), _midnight(end + timedelta(days=1) - timedelta(microseconds=1))
        for low, high in self._steps(start, end):
            values = {self.since: self._value(low, False), self.until: self._value(high, self.until_included)}
            yield {name: value for name, value in values.items() if name}

    def _steps(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        if self.step is None:
            yield start, max(start, end)
            return
        # dates are counted on the local calendar, all else in elapsed time: a day of summer time has 23 or 25 hours
        zone = start.tzinfo
        here, last = (start, end) if self.form == "date" else (start.astimezone(UTC), end.astimezone(UTC))
        while here < last:
            following = min(here + self.step, last)
            yield here.astimezone(zone), following.astimezone(zone)
            here = following

    def _value(self, instant: datetime, included: bool) -> Any:
        match self.form:
            case "date":
                return (instant.date() - timedelta(days=included)).isoformat()
            case "milliseconds":
                return round(instant.timestamp() * 1000) - included
            case "seconds":
                return int(instant.timestamp()) - included
        instant = (instant.astimezone(UTC) - timedelta(seconds=included)).astimezone(instant.tzinfo)
        return instant.isoformat() if self.form == "iso" else instant.strftime("%Y-%m-%d %H:%M:%S")


def _midnight(instant: datetime) -> datetime:
    return datetime.combine(instant.date(), time(), instant.tzinfo)


def _mistake(resource: Resource, what: str) -> ConfigurationError:
    return ConfigurationError(f"source: {what}", where=resource.id, remedy="see docs/connectors.md")
