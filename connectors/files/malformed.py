"""Lines that are no records: how they travel beside the records, and when a file has so many that it is no table at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from connectors.protocol import MALFORMED
from contracts.errors import SourceBroken


@dataclass(frozen=True)
class Fault:
    """A line, or several that a quote holds together, from 1; `reason` never holds a value."""

    line: int
    text: str
    reason: str

    def as_json(self, path: Path) -> str:
        """What stands in the MALFORMED column."""
        found = {"file": path.name, "line": self.line, "text": self.text, "reason": self.reason}
        return json.dumps(found, ensure_ascii=False)


def with_malformed(schema: pa.Schema) -> pa.Schema:
    return schema.append(pa.field(MALFORMED, pa.string()))


def sound(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of records with the column for lines that are none, empty."""
    columns = [*batch.columns, pa.nulls(batch.num_rows, pa.string())]
    return pa.RecordBatch.from_arrays(columns, schema=with_malformed(batch.schema.remove_metadata()))


def fault_batch(faults: Sequence[Fault], path: Path, schema: pa.Schema) -> pa.RecordBatch:
    """The faults as a batch of `schema`, whose last column is MALFORMED."""
    columns = [pa.nulls(len(faults), field.type) for field in schema][:-1]
    return pa.RecordBatch.from_arrays(
        [*columns, pa.array([f.as_json(path) for f in faults], pa.string())], schema=schema
    )


def refuse_if_no_table(path: Path, faults: int, records: int, first: Fault | None) -> None:
    """SourceBroken where more than half of the lines are no records: then the form itself is not as stated."""
    if first is not None and faults > records:
        raise SourceBroken(
            f"line {first.line}: {first.reason}; so {faults:,} of {faults + records:,} lines are no records", where=str(path),
            remedy="look at the settings of `source`, or ask the department to deliver the file again",
        )  # fmt: skip


def looks_cut(path: Path, fault: Fault) -> SourceBroken:
    return SourceBroken(
        f"line {fault.line}: {fault.reason}; it is the last line, and the file looks cut", where=str(path),
        remedy="ask the department for a whole file",
    )  # fmt: skip
