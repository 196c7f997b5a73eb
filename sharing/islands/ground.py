"""What every kind of finding rests on, as temporary tables: the catalogue with what the lake holds of each entry, and the lines that ask for it.

A resource is read as its last load whose interval had ended by the instant left it, so the same instant finds the same islands again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa

from contracts.catalogue import City
from contracts.model import Resource
from contracts.quoting import ident, literal
from sharing.islands.rules import IslandRules
from sharing.ledger.store import ledger_exists
from sharing.lines import REVOKED, SUSPENDED, lines_sql
from sharing.loads import Load, last_loads
from warehouse.lake import LAKE, table_exists

ASSETS, LINES = "island_assets", "island_lines"

# the columns of a finding, in the order in which each kind's SQL gives them
COLUMNS = "kind, subject, name, owner, requests, evidence, check_sql"


@dataclass(frozen=True)
class Ground:
    """The city as of an instant: `day` is the local day the night ended on, `loads` the load of each resource that counts."""

    city: City
    rules: IslandRules
    as_of: datetime
    day: date
    loads: Mapping[str, Load]

    def rows_of(self, resource: Resource) -> str:
        """The resource's table as its last load left it, quoted for FROM; it must be loaded."""
        return f"{ident(LAKE, resource.department, resource.name)} AT (VERSION => {self.loads[resource.id].snapshot})"

    @property
    def today(self) -> str:
        return f"DATE {literal(self.day.isoformat())}"


def prepare(connection: duckdb.DuckDBPyConnection, city: City, rules: IslandRules, as_of: datetime) -> Ground:
    """Make `island_assets` and `island_lines` as of an aware instant, and say what they were made from."""
    at = as_of.astimezone(UTC).isoformat()
    loads: Mapping[str, Load] = {}
    if table_exists(connection, "ops", "runs"):
        loads = last_loads(connection, city.resources.values(), at)
    ground = Ground(city, rules, as_of, as_of.astimezone(city.timezone).date(), loads)
    _make_assets(connection, ground)
    _make_lines(connection, ground, at)
    return ground


def _make_assets(connection: duckdb.DuckDBPyConnection, ground: Ground) -> None:
    """One row a resource of the catalogue: `rows` and `interval_end` of its last load, both empty where it was never loaded."""
    resources = list(ground.city.resources.values())
    table = pa.table({
        "resource": [r.id for r in resources],
        "department": [r.department for r in resources],
        "label": [r.label for r in resources],
        "code": [r.resource_code for r in resources],
        "share_type": [r.share_type for r in resources],
        "cycle_seconds": pa.array([r.cycle.total_seconds() for r in resources], pa.float64()),
        "latency_seconds": pa.array([r.latency.total_seconds() for r in resources], pa.float64()),
        "interval_end": pa.array(
            [ground.loads[r.id].interval_end if r.id in ground.loads else None for r in resources],
            pa.timestamp("us", tz="UTC"),
        ),
    })  # fmt: skip
    loaded = [r for r in resources if r.id in ground.loads]
    counts = " UNION ALL ".join(f"SELECT {literal(r.id)} AS resource, count(*) AS rows FROM {ground.rows_of(r)}" for r in loaded)  # fmt: skip
    counts = counts or "SELECT CAST(NULL AS VARCHAR) AS resource, CAST(NULL AS BIGINT) AS rows WHERE false"
    connection.register("island_catalogue", table)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {ASSETS} AS SELECT * FROM island_catalogue LEFT JOIN ({counts}) USING (resource)"
    )
    connection.unregister("island_catalogue")


def _make_lines(connection: duckdb.DuckDBPyConnection, ground: Ground, at: str) -> None:
    """One row a line of the ledger that lives; `receives` says that its delivery is in force on the day. None where there is no ledger."""
    dead = "withdrawn_at IS NOT NULL OR ruled_outside_at IS NOT NULL"
    receives = (
        f"delivered_at IS NOT NULL AND granted_to >= {ground.today} AND NOT coalesce({REVOKED}, false) "
        f"AND NOT coalesce({SUSPENDED}, false)"
    )
    lines = lines_sql(at) if ledger_exists(connection) else None
    columns = f"line_id, requester, provider, resource, fields, answer, coalesce({receives}, false) AS receives, delivered_fields"
    if lines is None:
        types = (
            "line_id VARCHAR, requester VARCHAR, provider VARCHAR, resource VARCHAR, fields VARCHAR[], answer VARCHAR"
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {LINES} ({types}, receives BOOLEAN, delivered_fields VARCHAR[])"
        )
        return
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {LINES} AS SELECT {columns} FROM ({lines}) WHERE NOT coalesce({dead}, false)"
    )


def asked_for_sql(resource: str) -> str:
    """SQL of how many living lines ask for the resource that an expression names."""
    return f"(SELECT count(*) FROM {LINES} AS asked WHERE asked.resource = {resource})"


def codes_sql(text: str) -> str:
    """SQL of the catalogue codes in a text, parted by `;`, `,`, `、` or blanks; an empty list for none."""
    parted = f"regexp_split_to_array(coalesce({text}, ''), '[;,；，、\\s]+')"
    return f"list_filter({parted}, x -> x <> '')"
