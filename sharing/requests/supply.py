"""On what terms what was found can be had, and how good it is now: share type, classification, newest data, filled."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from contracts.catalogue import City
from contracts.quoting import literal
from sharing.fill import FILLS, measure
from sharing.loads import last_loads
from sharing.policy import read_policy
from sharing.requests.match import Candidate
from warehouse.lake import table_exists
from warehouse.runs import LOADED, RUNS

_ASKED = "request_asked"


@dataclass(frozen=True)
class Supply:
    """The terms of a resource or a field; `newest` is the end of the last interval loaded, None where nothing ever was, and `filled` the share of its
    rows in which the field is filled, None where there is no field or no row."""

    share_type: str
    condition: str
    classification: str
    newest: datetime | None
    stale: bool
    rows: int | None
    filled: float | None


def ever_loaded(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The resources of which any load was accepted."""
    if not table_exists(connection, "ops", "runs"):
        return frozenset()
    sql = f"SELECT DISTINCT department || '.' || resource FROM {RUNS} WHERE status = {literal(LOADED)}"
    return frozenset(id for (id,) in connection.execute(sql).fetchall())


def supplies(
    connection: duckdb.DuckDBPyConnection, city: City, as_of: datetime, candidates: Collection[Candidate]
) -> dict[tuple[str, str], Supply]:
    """(resource, field) → its terms and its state as of an instant; nothing is written, and every resource is read once."""
    resources = [city.resources[id] for id in sorted({c.resource for c in candidates})]
    at = as_of.astimezone(UTC).isoformat()
    loads = last_loads(connection, resources, at) if table_exists(connection, "ops", "runs") else {}
    # any key field will do to count the rows of a resource that is asked for as a whole
    asked = {
        r.id: sorted({c.field or r.fields[0].name for c in candidates if c.resource == r.id}) for r in resources
    }  # fmt: skip
    table = pa.table(
        {
            "resource": pa.array(list(asked), pa.string()),
            "row_scope": pa.array([""] * len(asked), pa.string()),
            "fields": pa.array(list(asked.values()), pa.list_(pa.string())),
        }
    )
    connection.register("request_asked_read", table)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ASKED} AS SELECT * FROM request_asked_read")
    connection.unregister("request_asked_read")
    measure(connection, city, read_policy(city.folder), loads, _ASKED)
    counted = {
        (resource, field): (rows, filled)
        for resource, field, rows, filled in connection.execute(
            f"SELECT resource, field, rows, filled FROM {FILLS}"
        ).fetchall()
    }
    found = {}
    for candidate in candidates:
        resource, load = city.resources[candidate.resource], loads.get(candidate.resource)
        rows, filled = counted.get((resource.id, candidate.field or resource.fields[0].name), (None, None))
        field = resource.field(candidate.field) if candidate.field else None
        found[candidate.resource, candidate.field] = Supply(
            share_type=resource.share_type,
            condition=resource.share_condition or "",
            classification=(field.classification or "") if field else "",
            newest=load.interval_end if load else None,
            stale=load is not None and load.interval_end < as_of - resource.cycle - resource.latency,
            rows=rows,
            filled=filled / rows if field and rows else None,
        )
    return found
