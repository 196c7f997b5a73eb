"""Step one: a source's records into the landing zone – or the decision that the interval is replayed from there."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from connectors.exchange.settings import BATCH, keeps_batches
from connectors.protocol import MALFORMED, Connector, DeliversFiles, KnowsNewestMark
from connectors.registry import open_connector
from contracts.errors import HistoryUnavailable
from contracts.interval import Interval
from contracts.model import Resource
from contracts.origin import Origin
from pipeline.landing import Manifest, Progress, empty_manifest, land, landed_intervals, read_current, verify
from pipeline.noticed import noticed
from pipeline.reconcile import Earlier, open_batch
from pipeline.workplace import Workplace
from transforms.standardise.drift import check_drift

log = logging.getLogger("landbridge.extract")

_REPORT_SECONDS = 10
# before any record a source could hold; late enough for every time zone to count in whole minutes
BEGINNING = datetime(1930, 1, 1, tzinfo=UTC)


def extract(
    place: Workplace,
    resource: Resource,
    interval: Interval,
    observed_at: datetime,
    origin: Origin = "auto",
    progress: Progress | None = None,
    secrets: Mapping[str, str] | None = None,
) -> Manifest:
    """Land the interval's records and return the manifest that counts.

    `auto` asks the source where it can still give this interval, and otherwise replays what landed; `source` and `landing` insist, `whole` reads
    the source's whole history up to the interval's end, as a first load does. `secrets` are values of references besides the environment's.
    Raises HistoryUnavailable where neither can, SchemaDrift, SourceUnavailable and SourceBroken as the source gives cause.
    """
    interval = interval.at(place.city.timezone)
    folder = place.landing_folder(resource, interval)
    landed = replayed(place, resource, interval, observed_at, origin)
    if landed is not None:
        verify(folder, landed)
        log.info(
            "%s %s: replayed from landing, %s rows", resource.id, interval.id(place.city.timezone), f"{landed.rows:,}"
        )
        return landed
    environ = {**place.settings.source_environment, **(secrets or {})}
    connector = open_connector(resource.system, environ)
    span, bounds = bounds_of(place, resource, interval, whole=origin == "whole")
    zone = open_batch(resource, interval, environ, folder, _reconciled(place, resource), observed_at)
    batches = zone.batches() if zone else connector.read(resource, span)
    first = next(batches)
    drift = check_drift(resource, {field.name: str(field.type) for field in first.schema})
    if drift.added:
        log.warning(
            "%s: the source has new columns %s; add them to the contract or to ignoredColumns",
            resource.id,
            ", ".join(drift.added),
        )
    newest_mark = connector.newest_mark(resource) if isinstance(connector, KnowsNewestMark) and not zone else None
    manifest = empty_manifest(
        resource, interval, observed_at, bounds, connector.bounds_rows and not zone, drift.added, newest_mark
    )
    keys = _whole_keys(connector, resource) if _needs_keys(resource) else None
    manifest = replace(manifest, notes=noticed(place, resource, interval, manifest, connector))
    manifest = land(
        folder,
        manifest,
        chain([first], batches),
        keys,
        progress or _reporter(resource),
        zone.conclude if zone else lambda: None,
        lambda: connector.read_files if isinstance(connector, DeliversFiles) else (),
    )
    log.info("%s %s: %s rows landed", resource.id, interval.id(place.city.timezone), f"{manifest.rows:,}")
    return manifest


def replayed(
    place: Workplace, resource: Resource, interval: Interval, observed_at: datetime, origin: Origin = "auto"
) -> Manifest | None:
    """The landed extraction that an extraction would replay, or None where it would ask the source; HistoryUnavailable where neither can."""
    if origin != "landing" and (origin != "auto" or _source_still_gives(place, resource, interval, observed_at)):
        return None
    landed = read_current(place.landing_folder(resource, interval))
    if landed is None:
        raise _no_history(place, resource, interval, origin)
    return landed


def bounds_of(
    place: Workplace, resource: Resource, interval: Interval, whole: bool = False
) -> tuple[Interval, Interval | None]:
    """The span to ask the source for, and the watermark bounds that follow from it.

    The first load of a resource reads its whole history up to the interval's end, so that the increments after it leave no gap. A repeated first
    load is still the first: what counts is that nothing landed for an earlier interval.
    """
    if resource.watermark is None or resource.files_by_date:
        return interval, None
    earlier = [name for name in landed_intervals(place.home, resource) if name < interval.id(place.city.timezone)]
    if whole or not earlier:
        all_of_it = Interval(BEGINNING.astimezone(place.city.timezone), interval.end)
        return Interval(all_of_it.start + resource.watermark.lookback, all_of_it.end), all_of_it
    return interval, Interval(interval.start - resource.watermark.lookback, interval.end)


def _reconciled(place: Workplace, resource: Resource) -> Iterator[Earlier]:
    """The batches of an exchange zone that landed, whatever their interval."""
    if BATCH not in resource.source:
        return
    root = place.home / "landing" / resource.department / resource.name
    for name in landed_intervals(place.home, resource):
        landed = read_current(root / name)
        if landed and landed.reconciliation:
            yield Earlier(name, datetime.fromisoformat(landed.interval_start), landed.reconciliation)


def _source_still_gives(place: Workplace, resource: Resource, interval: Interval, observed_at: datetime) -> bool:
    """A source without history shows only its present: that belongs to the newest interval, until the next one is over."""
    if resource.has_history or keeps_batches(resource.source):
        return True
    newer = [name for name in landed_intervals(place.home, resource) if name > interval.id(place.city.timezone)]
    return not newer and observed_at < interval.end + (interval.end - interval.start)


def _no_history(place: Workplace, resource: Resource, interval: Interval, origin: Origin) -> HistoryUnavailable:
    held = landed_intervals(place.home, resource)
    have = (
        f"landing holds {held[0]} to {held[-1]} ({len(held)} intervals)"
        if held
        else "landing holds nothing of this resource"
    )
    why = "landing was asked for" if origin == "landing" else "the source shows only its present state"
    return HistoryUnavailable(
        f"interval {interval.id(place.city.timezone)} cannot be had: {why}, and {have}",
        where=resource.id,
        remedy="choose an interval that landed; the past is never invented",
    )


def _needs_keys(resource: Resource) -> bool:
    return resource.watermark is not None and resource.deletions is not None and resource.deletions.mode == "absence"


def _whole_keys(connector: Connector, resource: Resource) -> Iterator[pa.RecordBatch]:
    """The key columns of the whole source: what is not among them was deleted there."""
    columns = [resource.field(name).physical_name for name in resource.key]
    for batch in connector.read(resource, None):
        if MALFORMED in batch.schema.names:
            batch = batch.filter(pc.is_null(batch.column(MALFORMED)))
        yield batch.select(columns)


def _reporter(resource: Resource) -> Progress:
    """Plain log lines, at most one in ten seconds."""
    started = last = time.monotonic()

    def report(rows: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _REPORT_SECONDS:
            last = now
            log.info("%s: %s rows, %s a second", resource.id, f"{rows:,}", f"{rows / (now - started):,.0f}")

    return report
