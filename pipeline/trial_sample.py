"""The rows that a trial is made with: the newest where the source keeps to a watermark, otherwise the first that come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

import pyarrow as pa

from connectors.protocol import Connector
from contracts.errors import SourceUnavailable
from contracts.interval import Interval, newest_interval
from contracts.model import Resource
from pipeline.judge import Verdict
from pipeline.workplace import Workplace

# how far back the newest rows are looked for before the whole is read
_SPANS = (timedelta(days=1), timedelta(days=31), timedelta(days=366))


@dataclass
class Trial:
    """What came of the trial as far as it went: `verdict` and `rows` of the sample, `span` it was taken from (None: the whole source)."""

    verdict: Verdict | None = None
    rows: int = 0
    is_whole: bool = False
    span: Interval | None = None


def sample_batches(
    place: Workplace, connector: Connector, resource: Resource, rows: int, observed_at: datetime, trial: Trial
) -> Iterator[pa.RecordBatch]:
    """The first batch and up to `rows` rows: of the newest span that holds so many, where the source keeps to a watermark, otherwise of the whole."""
    now = observed_at.astimezone(place.city.timezone)
    spans: list[Interval | None] = [None]
    if resource.files_by_date:
        spans = [newest_interval(resource.schedule, place.city.timezone, observed_at), None]
    elif resource.watermark and connector.bounds_rows:
        spans = [*(Interval(now - span, now) for span in _SPANS), None]
    for span in spans:
        try:
            held = list(_first(read_span(connector, resource, span), rows))
        except SourceUnavailable:
            if span is None:
                raise
            continue
        taken = sum(batch.num_rows for batch in held)
        if span is None or taken >= rows or (resource.files_by_date and taken):
            trial.span, trial.is_whole = span, taken < rows and (span is None or resource.files_by_date)
            return iter(held)
    raise AssertionError("unreachable")


def _first(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    left = rows
    for batch in batches:
        yield batch.slice(0, left)
        left -= min(left, batch.num_rows)
        if not left:
            return


def read_span(connector: Connector, resource: Resource, span: Interval | None) -> Iterator[pa.RecordBatch]:
    # a span of a trial needs no look-back
    bare = (
        replace(resource, watermark=replace(resource.watermark, lookback=timedelta(0)))
        if resource.watermark
        else resource
    )
    batches = connector.read(bare, span)
    try:
        yield from chain([next(batches)], batches)
    finally:
        close = getattr(batches, "close", None)
        if close is not None:
            close()
