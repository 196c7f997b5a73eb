"""What the lake holds of the fields that lines ask for: one scan of each resource's snapshot counts them all, within every row scope asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import duckdb
import pyarrow as pa

from contracts.catalogue import City
from contracts.model import Field, Resource
from contracts.quoting import ident, literal
from sharing.loads import Load
from sharing.policy import Policy

FILLS = "rate_fills"

_FILLS = (
    ("resource", pa.string()), ("row_scope", pa.string()), ("field", pa.string()), ("needed", pa.float64()), ("in_table", pa.bool_()),
    ("rows", pa.int64()), ("filled", pa.int64()),
)  # fmt: skip
_NOT_NULL = "expect_column_values_to_not_be_null"


def division_field(resource: Resource) -> Field | None:
    """The field by which rows of a division are told: the first whose semantic type is a division."""
    return next((f for f in resource.fields if f.semantic_type == "division_code"), None)


def needed_fill(resource: Resource, field: Field, policy: Policy) -> float:
    """The share of rows in which the field must be filled: all of them where the contract requires it, otherwise by policy."""
    required = any(r.type == _NOT_NULL and r.column == field.name and r.severity == "error" for r in resource.rules)
    if required or field.required or field.primary_key:
        return 1.0
    return policy.min_fill_by_field.get(f"{resource.id}.{field.name}", policy.min_fill)


def measure(
    connection: duckdb.DuckDBPyConnection, city: City, policy: Policy, loads: Mapping[str, Load], lines: str
) -> None:
    """Make `rate_fills`: `resource, row_scope, field, needed, in_table, rows, filled` for every field that the lines ask for and contracts know."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {FILLS} (resource VARCHAR, row_scope VARCHAR, field VARCHAR, needed DOUBLE, in_table BOOLEAN, "
        "rows BIGINT, filled BIGINT)"
    )
    asked: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for resource, scope, names in connection.execute(
        f"SELECT resource, row_scope, list_sort(list_distinct(flatten(list(fields)))) FROM {lines} GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        asked[resource][scope] = names
    for id, scopes in asked.items():
        if id in city.resources:
            _measure_resource(connection, city.resources[id], policy, loads.get(id), scopes)


def _measure_resource(
    connection: duckdb.DuckDBPyConnection,
    resource: Resource,
    policy: Policy,
    load: Load | None,
    scopes: dict[str, list[str]],
) -> None:
    fields = {f.name: f for f in resource.fields}
    division = division_field(resource)
    wanted = [(scope, name) for scope, names in scopes.items() for name in names if name in fields]
    counted: dict[tuple[str, str], tuple[int, int]] = {}
    present: set[str] = set()
    if load is not None:
        source = f"{ident('lake', resource.department, resource.name)} AT (VERSION => {load.snapshot})"
        present = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        counted = _count(connection, source, wanted, present, division.name if division else None)
    rows = [
        (resource.id, scope, name, needed_fill(resource, fields[name], policy), name in present, *counted.get((scope, name), (None, None)))
        for scope, name in wanted
    ]  # fmt: skip
    columns = {name: [row[place] for row in rows] for place, (name, _) in enumerate(_FILLS)}
    connection.register("rate_fills_read", pa.table(columns, schema=pa.schema(list(_FILLS))))
    connection.execute(f"INSERT INTO {FILLS} SELECT * FROM rate_fills_read")
    connection.unregister("rate_fills_read")


def _count(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    wanted: list[tuple[str, str]],
    present: set[str],
    division: str | None,
) -> dict[tuple[str, str], tuple[int, int]]:
    """(scope, field) → (rows, rows in which it is filled), in one scan. Scopes of a resource without divisions are not counted."""
    pairs = [(s, n) for s, n in wanted if n in present and (s == "" or division in present)]
    if not pairs:
        return {}
    columns = []
    for scope, name in pairs:
        within = f"FILTER (starts_with({ident(division)}, {literal(scope)}))" if scope and division else ""
        columns += [f"count(*) {within}", f"count({ident(name)}) {within}"]
    row = connection.execute(f"SELECT {', '.join(columns)} FROM {source}").fetchone()
    assert row is not None
    return {pair: (int(row[2 * n]), int(row[2 * n + 1])) for n, pair in enumerate(pairs)}
