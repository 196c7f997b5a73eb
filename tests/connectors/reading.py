"""Reads a resource as a test sees it: the records as one table, and apart from them the lines that are none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.protocol import MALFORMED
from connectors.registry import open_connector
from contracts.model import Resource
from tests.connectors.conftest import NIGHT, resource


def read_all(it: Resource, environ: Mapping[str, str] | None = None) -> tuple[pa.Table, list[dict[str, Any]]]:
    """The records, and the malformed lines as what stands in their column; each row is the one or the other."""
    batches = list(open_connector(it.system, environ or {}).read(it, NIGHT))
    return apart(pa.Table.from_batches(batches))


def apart(table: pa.Table) -> tuple[pa.Table, list[dict[str, Any]]]:
    if MALFORMED not in table.column_names:
        return table, []
    assert table.column_names[-1] == MALFORMED
    is_record = table[MALFORMED].is_null()
    faults = table.filter(pc.invert(is_record))
    assert all(column.null_count == len(column) for column in faults.drop_columns(MALFORMED).columns)
    return table.filter(is_record).drop_columns(MALFORMED), [json.loads(text) for text in faults[MALFORMED].to_pylist()]


def by_path(url: str) -> dict[str, pa.Table]:
    """The table `things` of a database as each path gives it, in the order of its column `n`."""
    found = {}
    for path in ("columnar", "generic"):
        it = resource("database", {"url": url, "path": path}, "things")
        found[path] = pa.Table.from_batches(list(open_connector(it.system, {}).read(it, NIGHT))).sort_by("n")
    return found
