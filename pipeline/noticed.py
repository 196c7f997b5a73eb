"""What an extraction notices of its source besides the rows: a watermark that moved backwards, a clock ahead, files changed after they were read."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from connectors.protocol import Connector, DeliversFiles
from contracts.errors import LandbridgeError
from contracts.interval import Interval
from contracts.model import Resource
from pipeline.landing import Manifest, landed_intervals, read_current
from pipeline.workplace import Workplace

log = logging.getLogger("landbridge.extract")

# clocks of two machines are seldom the same; an hour apart, one of them is wrong
_CLOCKS_APART = timedelta(hours=1)
# nights whose files are looked at again: departments that correct a file do so within days
_NIGHTS_LOOKED_AT = 7


def noticed(
    place: Workplace, resource: Resource, interval: Interval, manifest: Manifest, connector: Connector
) -> tuple[str, ...]:
    """Sentences for the run's message, each with what to do; none where all is as it should be. They never stop a load."""
    notes = [*_clock(place, resource, manifest), *_changed_files(place, resource, interval, connector)]
    for note in notes:
        log.warning("%s: %s", resource.id, note)
    return tuple(notes)


def _clock(place: Workplace, resource: Resource, manifest: Manifest) -> list[str]:
    if manifest.newest_mark is None or resource.watermark is None:
        return []
    column, newest = resource.watermark.column, _instant(place, manifest.newest_mark)
    extracted_at = datetime.fromisoformat(manifest.extracted_at)
    if newest > extracted_at + _CLOCKS_APART:
        return [
            f"the newest {column} at the source is {_shown(place, newest)}, which is still to come: its clock is ahead, and rows stamped by it are "
            f"loaded only when that time has come; ask {resource.department} to set the clock"
        ]
    earlier = [
        _instant(place, landed.newest_mark)
        for name in landed_intervals(place.home, resource)
        if (landed := read_current(place.home / "landing" / resource.department / resource.name / name))
        and landed.newest_mark
        and datetime.fromisoformat(landed.extracted_at) < extracted_at
    ]
    if earlier and newest < max(earlier):
        return [
            f"the newest {column} at the source is {_shown(place, newest)}, and was {_shown(place, max(earlier))} before: the source was set back, or its "
            f"clock was; rows may carry a {column} of an interval that is loaded already: landbridge run {resource.id} --origin whole"
        ]
    return []


def _changed_files(place: Workplace, resource: Resource, interval: Interval, connector: Connector) -> list[str]:
    """Files of earlier nights that are not what was read then. A file without a date in its name is meant to change."""
    if not (resource.files_by_date and isinstance(connector, DeliversFiles)):
        return []
    root = place.home / "landing" / resource.department / resource.name
    names = [name for name in landed_intervals(place.home, resource) if name < interval.id(place.city.timezone)]
    notes = []
    for name in names[-_NIGHTS_LOOKED_AT:]:
        landed = read_current(root / name)
        if landed is None or not landed.files:
            continue
        then = Interval(datetime.fromisoformat(landed.interval_start), datetime.fromisoformat(landed.interval_end)).at(
            place.city.timezone
        )
        try:
            changed = connector.changed_files(resource, then, landed.files)
        except LandbridgeError:
            continue  # a look back must not stop tonight's load
        if changed:
            notes.append(
                f"changed after it was read: {', '.join(changed)}; "
                f"landbridge run {resource.id} --interval {then.start:%Y-%m-%d} --origin source"
            )
    return notes


def _instant(place: Workplace, mark: str) -> datetime:
    found = datetime.fromisoformat(mark)
    return found if found.tzinfo else found.replace(tzinfo=place.city.timezone)


def _shown(place: Workplace, instant: datetime) -> str:
    return f"{instant.astimezone(place.city.timezone):%Y-%m-%d %H:%M:%S}"
