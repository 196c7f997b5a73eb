"""What a backfill would do, interval by interval: ask the source, for which span, or replay what landed – nothing is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from connectors.folders.paths import dated
from contracts.errors import HistoryUnavailable
from contracts.interval import Interval
from contracts.model import Resource
from contracts.origin import Origin
from pipeline.extract import bounds_of, replayed
from pipeline.landing import read_current
from pipeline.workplace import Workplace
from warehouse.lake import open_lake_if_any, table_exists
from warehouse.runs import RunRecord, latest_run

What = Literal["extract", "replay", "impossible"]


@dataclass(frozen=True)
class Step:
    """One interval of a plan: `what` would be done, `how` in words; `landed` rows of the extraction that counts now, the newest `run`."""

    interval: Interval
    what: What
    how: str
    landed: int | None
    run: RunRecord | None


def plan(
    place: Workplace, resource: Resource, intervals: Iterable[Interval], observed_at: datetime, origin: Origin = "auto"
) -> Iterator[Step]:
    """A step an interval, in the order given. Neither the source is asked nor anything written."""
    runs = _runs(place, resource, tuple(intervals))
    for interval, run in runs:
        span = interval.at(place.city.timezone)
        landed = read_current(place.landing_folder(resource, span))
        rows = landed.rows if landed else None
        if observed_at < interval.end:
            yield Step(interval, "impossible", f"is not over before {span.end:%Y-%m-%d %H:%M}", rows, run)
            continue
        try:
            found = replayed(place, resource, span, observed_at, origin)
        except HistoryUnavailable as error:
            yield Step(interval, "impossible", error.what, rows, run)
            continue
        if found is not None:
            how = f"attempt {found.attempt}, {found.rows:,} rows, extracted {_local(place, found.extracted_at)}"
            yield Step(interval, "replay", how, rows, run)
        else:
            yield Step(interval, "extract", asks_for(place, resource, span, whole=origin == "whole"), rows, run)


def asks_for(place: Workplace, resource: Resource, interval: Interval, whole: bool = False) -> str:
    """What an extraction of the interval asks the source for, in words."""
    if resource.files_by_date:
        return f"files {dated(resource.physical_name, interval)}"
    _, bounds = bounds_of(place, resource, interval, whole)
    if bounds is None or resource.watermark is None:
        return f"the whole of {resource.physical_name}, as it is then"
    column = resource.watermark.column
    if bounds.start < interval.start - resource.watermark.lookback:
        why = "asked for" if whole else "the first load reads all history"
        return f"{resource.physical_name} up to {bounds.end:%Y-%m-%d %H:%M} of {column}: {why}"
    return (
        f"{resource.physical_name} where {column} is from {bounds.start:%Y-%m-%d %H:%M} to before {bounds.end:%Y-%m-%d %H:%M}, "
        "or unknown"
    )


def _runs(
    place: Workplace, resource: Resource, intervals: tuple[Interval, ...]
) -> list[tuple[Interval, RunRecord | None]]:
    lake = open_lake_if_any(place.settings, place.city.timezone.key)
    if lake is None:
        return [(interval, None) for interval in intervals]
    try:
        known = table_exists(lake, "ops", "runs")
        return [(interval, latest_run(lake, resource, interval) if known else None) for interval in intervals]
    finally:
        lake.close()


def _local(place: Workplace, instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(place.city.timezone):%Y-%m-%d %H:%M}"
