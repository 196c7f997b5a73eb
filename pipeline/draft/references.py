"""References between drafted tables: a column whose values all but always stand in another's key, and whose name agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from contracts.quoting import ident, literal
from pipeline.draft.model import Draft, DraftField, DraftRule

_REFERENCE = "expect_column_values_to_exist_in_resource"
_CONTAINED = 0.99
_TELLING_VALUES = 2


def suggest_references(
    connection: duckdb.DuckDBPyConnection, drafts: Sequence[Draft], standardised: Mapping[str, Path]
) -> None:
    """Add a warning rule for each column of which at least 99 % of the different values stand in another table's key of one column."""
    for target in drafts:
        keys = [f for f in target.fields if f.primary_key]
        if len(keys) != 1 or not target.rows:
            continue
        for draft in drafts:
            for field in draft.fields:
                if (
                    draft is not target
                    and field.logical_type == keys[0].logical_type
                    and _agree(draft, field, target, keys[0])
                ):
                    _suggest(connection, draft, field, target, keys[0], standardised)


def _suggest(
    connection: duckdb.DuckDBPyConnection, draft: Draft, field: DraftField, target: Draft, key: DraftField, standardised: Mapping[str, Path]
) -> None:  # fmt: skip
    here, there = (f"read_parquet({literal(standardised[d.id])})" for d in (draft, target))
    column, other = ident(field.name), ident(key.name)
    row = connection.execute(
        f"SELECT count(*), count(*) FILTER (known), coalesce(sum(n), 0), coalesce(sum(n) FILTER (NOT known), 0) FROM (SELECT value, n, value IN "
        f"(SELECT {other} FROM {there} WHERE {other} IS NOT NULL) AS known FROM (SELECT {column} AS value, count(*) AS n FROM {here} WHERE {column} IS NOT NULL GROUP BY 1))"
    ).fetchone()
    if row is None or row[0] < _TELLING_VALUES or row[1] < _CONTAINED * row[0]:
        return
    name = f"{field.name}.in_{target.name}"
    rule = DraftRule(_REFERENCE, {"resource": target.id, "field": key.name}, "warning", name, int(row[2]), int(row[3]))
    field.rules.append(rule)


def _agree(draft: Draft, field: DraftField, target: Draft, key: DraftField) -> bool:
    """The column is called as the key is, or after the table; an identifier needs no name. A key does not refer to a view of its own table."""
    if draft.key == (field.name,) and field.name == key.name and not target.table.key:
        return False
    if field.semantic_type and field.semantic_type == key.semantic_type:
        return True
    bare = target.name.rstrip("s").removesuffix("ie")
    return (
        field.name == key.name or field.name.endswith(f"_{key.name}") or (len(bare) > 2 and field.name.startswith(bare))
    )
