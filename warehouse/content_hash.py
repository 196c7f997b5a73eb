"""A fingerprint of what a table holds: equal for equal rows in any order, whatever files they lie in."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from contracts.quoting import ident
from warehouse.lake import LAKE, tables_of
from warehouse.tables import RUN_COLUMN

# Run records and their companions grow with every attempt, by design; the rest must not change when a run is repeated.
_ATTEMPT_SCHEMAS = ("ops",)
_NEVER_PART = (RUN_COLUMN, "snapshot_id", "run_id")
# the place of a problem row in its run's landing file: a repeated extraction may give the same rows in another order
_NEVER_PART_OF = {("quarantine", "rows"): ("row_number",)}


def content_hashes(
    connection: duckdb.DuckDBPyConnection, schemas: Iterable[str] | None = None
) -> dict[str, tuple[int, str]]:
    """`schema.table` → (rows, hash) for every table of the lake but the run records.

    The hash is the sum over rows of a 64-bit hash of all columns except those that name the run, a row's place in it, or the snapshot.
    """
    chosen = set(schemas) if schemas is not None else None
    return {
        f"{schema}.{table}": _hash(connection, ident(LAKE, schema, table), _NEVER_PART_OF.get((schema, table), ()))
        for schema, table in sorted(tables_of(connection))
        if schema not in _ATTEMPT_SCHEMAS and (chosen is None or schema in chosen)
    }


def _hash(connection: duckdb.DuckDBPyConnection, name: str, without: tuple[str, ...]) -> tuple[int, str]:
    described = connection.execute(f"DESCRIBE {name}").fetchall()
    columns = [row[0] for row in described if row[0] not in (*_NEVER_PART, *without)]
    packed = ", ".join(f"{ident(column)} := {ident(column)}" for column in sorted(columns))
    row = connection.execute(
        f"SELECT count(*), coalesce(sum(CAST(hash(struct_pack({packed})) AS HUGEINT)), 0) FROM {name}"
    ).fetchone()
    assert row is not None
    return int(row[0]), f"{int(row[1]) % 2**128:032x}"
