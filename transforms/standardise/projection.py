"""The one projection that turns a landing file into business fields."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.model import Field, Resource
from contracts.quoting import ident, literal
from contracts.rules import MALFORMED
from contracts.types import lake_type
from transforms.standardise.text import known_text_sql, plain_text_sql
from transforms.standardise.values import typed_sql

ROW_COLUMN = "_row"
UNCASTABLE_COLUMN = "_uncastable"


def standardise_sql(
    resource: Resource, landing: str, landed_types: Mapping[str, str], bounds: tuple[str, str] | None = None
) -> str:
    """SELECT of `_row` (1-based, as landed), the business fields in their lake types, and `_uncastable`.

    A landed line that is no record (MALFORMED) is left out. `landing` is the path of the landed Parquet file, `landed_types` its columns' DuckDB types. `_uncastable` lists the fields whose value
    cannot be read as its type: they are NULL here and as given in the landing zone. `bounds` (ISO instants) keeps the rows whose watermark lies
    in `[from, to)` or cannot be read, for sources that cannot select them themselves.
    """
    suspects = [f for f in resource.fields if f.logical_type != "string"]
    plain = [f"{_plain(f, landed_types[f.physical_name])} AS {ident(f.name)}" for f in resource.fields]
    cleaned = [f"{_clean(f, landed_types[f.physical_name])} AS {ident(f.name)}" for f in resource.fields]
    typed = [f"{_typed(f, landed_types[f.physical_name])} AS {ident(f.name)}" for f in resource.fields]
    given = [f"{ident(f.name)} IS NOT NULL AS {_given(f)}" for f in suspects]
    return f"""
WITH plain AS (
    SELECT {", ".join([f"file_row_number + 1 AS {ROW_COLUMN}", *plain])}
    FROM read_parquet({literal(landing)}, file_row_number = true){_records(landed_types)}
),
cleaned AS (SELECT {", ".join([ROW_COLUMN, *cleaned])} FROM plain),
typed AS (SELECT {", ".join([ROW_COLUMN, *typed, *given])} FROM cleaned)
SELECT {", ".join([ROW_COLUMN, *(ident(f.name) for f in resource.fields)])}, {_uncastable(suspects)} AS {UNCASTABLE_COLUMN}
FROM typed{_within(resource, bounds)}
"""


_NUMBERS = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT",
    "DOUBLE", "DECIMAL",
)  # fmt: skip
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")
# the source's types that a cast reads as they are; any other goes through text, where the forms of `values` apply
_DIRECT = {"integer": _NUMBERS, "number": _NUMBERS, "date": _TIMES, "timestamp": _TIMES, "boolean": ("BOOLEAN",)}


def _goes_through_text(field: Field, landed_type: str) -> bool:
    if landed_type == "VARCHAR" or field.lookups or field.null_values:
        return True
    return landed_type.partition("(")[0] not in _DIRECT.get(field.logical_type, ())


def _plain(field: Field, landed_type: str) -> str:
    """Text is cleaned; a typed value of the source is taken as it is, and made text only where the contract wants text."""
    column = ident(field.physical_name)
    if not _goes_through_text(field, landed_type):
        return column
    if landed_type in ("DOUBLE", "FLOAT"):
        # a code such as 370203 that a spreadsheet keeps as 370203.0
        whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
        column = f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    elif landed_type != "VARCHAR":
        column = f"CAST({column} AS VARCHAR)"
    return plain_text_sql(column, field)


def _clean(field: Field, landed_type: str) -> str:
    column = ident(field.name)
    return known_text_sql(column, field) if _goes_through_text(field, landed_type) else column


def _typed(field: Field, landed_type: str) -> str:
    column, type = ident(field.name), lake_type(field)
    if _goes_through_text(field, landed_type):
        return f"CAST({typed_sql(column, field)} AS {type})"
    if field.logical_type not in ("integer", "number") or type == "DOUBLE":
        return f"try_cast({column} AS {type})"
    if landed_type in ("DOUBLE", "FLOAT"):
        # the noise of binary fractions is no digit of the source: 0.1 + 0.2 is 0.3, but 1.239 is not 1.24
        noise = "1e-12" if landed_type == "DOUBLE" else "1e-6"
        exact = f"abs(CAST(try_cast({column} AS {type}) AS DOUBLE) - {column}) <= {noise} * greatest(abs({column}), 1)"
    else:
        exact = f"try_cast({column} AS {type}) = {column}"
    # a cast alone would round surplus digits away
    return f"CASE WHEN {exact} THEN try_cast({column} AS {type}) END"


def _given(field: Field) -> str:
    return ident(f"_given {field.name}")


def _uncastable(suspects: list[Field]) -> str:
    """NULL for the many sound rows, so that no list is built for them."""
    if not suspects:
        return "CAST(NULL AS VARCHAR[])"
    tests = [f"({_given(f)} AND {ident(f.name)} IS NULL)" for f in suspects]
    names = ", ".join(f"CASE WHEN {test} THEN {literal(f.name)} END" for f, test in zip(suspects, tests, strict=True))
    return f"CASE WHEN {' OR '.join(tests)} THEN list_filter([{names}], x -> x IS NOT NULL) END"


def _records(landed_types: Mapping[str, str]) -> str:
    return f" WHERE {ident(MALFORMED)} IS NULL" if MALFORMED in landed_types else ""


def _within(resource: Resource, bounds: tuple[str, str] | None) -> str:
    if bounds is None or resource.watermark is None:
        return ""
    column = ident(resource.watermark.column)
    start, end = (f"TIMESTAMPTZ {literal(instant)}" for instant in bounds)
    return f"\nWHERE {column} IS NULL OR ({column} >= {start} AND {column} < {end})"
