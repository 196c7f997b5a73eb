"""The rows that a draft is measured on: streamed into one Parquet file, so that memory holds a row group and not the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.protocol import MALFORMED, Connector
from contracts.errors import SourceBroken
from contracts.interval import Interval
from contracts.model import Resource

_ROW_GROUP = 131_072


@dataclass(frozen=True)
class Sample:
    """`is_whole`: the source held no more. `malformed` lines are no records and not among the `rows`."""

    file: Path
    rows: int
    is_whole: bool
    malformed: int
    schema: pa.Schema


def take_sample(
    connector: Connector, resource: Resource, interval: Interval | None, limit: int | None, file: Path
) -> Sample:
    """The first `limit` rows of the source (all for None) in its own order. Raises what reading raises."""
    batches = connector.read(resource, interval)
    try:
        return _write(batches, resource, limit, file)
    finally:
        close = getattr(batches, "close", None)
        if close is not None:
            close()


def _write(batches: Iterator[pa.RecordBatch], resource: Resource, limit: int | None, file: Path) -> Sample:
    first = next(batches)
    schema = first.schema
    kept = [name for name in schema.names if name != MALFORMED]
    narrow = pa.schema([schema.field(name) for name in kept])
    rows = malformed = 0
    is_whole = True
    with pq.ParquetWriter(file, narrow, compression="zstd", compression_level=1) as writer:
        waiting: list[pa.RecordBatch] = []
        batch: pa.RecordBatch | None = first
        while batch is not None:
            if not batch.schema.equals(schema):
                raise SourceBroken("the source changed its columns while it was read", where=resource.physical_name)
            if MALFORMED in schema.names:
                sound = batch.column(MALFORMED).is_null()
                malformed += batch.num_rows - sound.true_count
                batch = batch.filter(sound).select(kept)
            if limit is not None and rows + batch.num_rows > limit:
                batch, is_whole = batch.slice(0, limit - rows), False
            waiting.append(batch)
            rows += batch.num_rows
            if sum(b.num_rows for b in waiting) >= _ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting), row_group_size=_ROW_GROUP)
                waiting = []
            batch = next(batches, None) if is_whole else None
        writer.write_table(pa.Table.from_batches(waiting, narrow), row_group_size=_ROW_GROUP)
    return Sample(file, rows, is_whole, malformed, narrow)
