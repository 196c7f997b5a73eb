"""The one projection that turns a landing file into business fields."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.model import Field, Resource
from contracts.quoting import ident, literal
from contracts.types import lake_type
from transforms.standardise.text import plain_text_sql
from transforms.standardise.values import typed_sql

ROW_COLUMN = "_row"
UNCASTABLE_COLUMN = "_uncastable"


def standardise_sql(
    resource: Resource, landing: str, landed_types: Mapping[str, str], bounds: tuple[str, str] | None = None
) -> str:
    """SELECT of `_row` (1-based, as landed), the business fields in their lake types, and `_uncastable`.

    `landing` is the path of the landed Parquet file, `landed_types` its columns' DuckDB types. `_uncastable` lists the fields whose value
    cannot be read as its type: they are NULL here and as given in the landing zone. `bounds` (ISO instants) keeps the rows whose watermark lies
    in `[from, to)` or cannot be read, for sources that cannot select them themselves.
    """
    suspects = [f for f in resource.fields if f.logical_type != "string"]
    cleaned = [f"{_clean(f, landed_types[f.physical_name])} AS {ident(f.name)}" for f in resource.fields]
    typed = [f"{_typed(f, landed_types[f.physical_name])} AS {ident(f.name)}" for f in resource.fields]
    given = [f"{ident(f.name)} IS NOT NULL AS {_given(f)}" for f in suspects]
    return f"""
WITH landed AS (
    SELECT file_row_number + 1 AS {ROW_COLUMN}, * EXCLUDE (file_row_number)
    FROM read_parquet({literal(landing)}, file_row_number = true)
),
cleaned AS (SELECT {", ".join([ROW_COLUMN, *cleaned])} FROM landed),
typed AS (SELECT {", ".join([ROW_COLUMN, *typed, *given])} FROM cleaned)
SELECT {", ".join([ROW_COLUMN, *(ident(f.name) for f in resource.fields)])}, {_uncastable(suspects)} AS {UNCASTABLE_COLUMN}
FROM typed{_within(resource, bounds)}
"""


def _clean(field: Field, landed_type: str) -> str:
    """Text is cleaned; a typed value of the source is taken as it is, and made text only where the contract wants text."""
    column = ident(field.physical_name)
    if landed_type == "VARCHAR":
        return plain_text_sql(column, field)
    if field.logical_type == "string" or field.lookups or field.null_values:
        return plain_text_sql(f"CAST({column} AS VARCHAR)", field)
    return column


def _typed(field: Field, landed_type: str) -> str:
    column = ident(field.name)
    if landed_type == "VARCHAR" or field.logical_type == "string" or field.lookups or field.null_values:
        return f"CAST({typed_sql(column, field)} AS {lake_type(field)})"
    if field.logical_type == "integer" and landed_type in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN {column} = trunc({column}) THEN try_cast({column} AS {lake_type(field)}) END"
    return f"try_cast({column} AS {lake_type(field)})"


def _given(field: Field) -> str:
    return ident(f"_given {field.name}")


def _uncastable(suspects: list[Field]) -> str:
    """NULL for the many sound rows, so that no list is built for them."""
    if not suspects:
        return "CAST(NULL AS VARCHAR[])"
    tests = [f"({_given(f)} AND {ident(f.name)} IS NULL)" for f in suspects]
    names = ", ".join(f"CASE WHEN {test} THEN {literal(f.name)} END" for f, test in zip(suspects, tests, strict=True))
    return f"CASE WHEN {' OR '.join(tests)} THEN list_filter([{names}], x -> x IS NOT NULL) END"


def _within(resource: Resource, bounds: tuple[str, str] | None) -> str:
    if bounds is None or resource.watermark is None:
        return ""
    column = ident(resource.watermark.column)
    start, end = (f"TIMESTAMPTZ {literal(instant)}" for instant in bounds)
    return f"\nWHERE {column} IS NULL OR ({column} >= {start} AND {column} < {end})"
