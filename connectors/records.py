"""Records without a heading – JSON objects, XML elements – as one table of text columns.

Which columns there are only shows at the end of the source, so it is read twice: once for the names, once for the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from connectors.columns import no_rows, rows_within, text_schema
from contracts.model import Resource

Record = Mapping[str, str | None]


def columns_of(resource: Resource, seen: Iterable[str]) -> list[str]:
    """Column names in the order in which they were first seen.

    Sources leave out what is empty. So a column of the contract that no record holds counts as empty – unless a record holds a name that the
    contract neither loads nor ignores, for then it may have been renamed, and stays missing. A key or required column is never supposed.
    """
    names = list(dict.fromkeys(seen))
    known = {f.physical_name for f in resource.fields}
    if not names:
        return [f.physical_name for f in resource.fields]
    if set(names) <= known | set(resource.ignored_columns):
        names += [
            f.physical_name
            for f in resource.fields
            if f.physical_name not in names and not (f.required or f.primary_key)
        ]
    return names


def record_batches(records: Iterator[Record], names: Sequence[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
    """A batch without rows for the schema, then the records; a name that a record does not hold is NULL there."""
    schema = text_schema(names)
    yield no_rows(schema)
    size = rows_within(batch_rows, len(names))
    waiting: list[Record] = []
    for record in records:
        waiting.append(record)
        if len(waiting) == size:
            yield _batch(waiting, schema)
            waiting = []
    if waiting:
        yield _batch(waiting, schema)


def _batch(records: list[Record], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array([record.get(name) for record in records], pa.string()) for name in schema.names]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
