"""The column type in the lake that follows from a field's logical and physical type."""

from __future__ import annotations

import re

from contracts.model import Field

_DECIMAL = re.compile(r"(?:decimal|numeric|number)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", re.IGNORECASE)
_TYPES = {
    "string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip


def decimal_places(field: Field) -> tuple[int, int] | None:
    """Precision and scale of an exact number, None for any other field. Precision above 38 is cut to 38."""
    match = _DECIMAL.fullmatch((field.physical_type or "").strip())
    if field.logical_type not in ("number", "integer") or not match:
        return None
    return min(int(match[1]), 38), int(match[2] or 0)


def lake_type(field: Field) -> str:
    """DuckDB type of the field's column: `DECIMAL(p,s)` where the contract states one, otherwise by logical type."""
    places = decimal_places(field)
    return f"DECIMAL({places[0]},{places[1]})" if places else _TYPES[field.logical_type]
