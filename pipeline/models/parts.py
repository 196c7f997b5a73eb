"""A full rebuild in parts, where its inputs are larger than memory holds at once: ranges of the values by which the model could be rebuilt anyway.

A row depends only on input rows of its own value, so ranges may be computed one after the other. The ranges are those of entity ids, which are spread
evenly; records lie in their order, so that a range reads little else. A model that is rebuilt by anything else is computed as a whole.
"""

from __future__ import annotations

import duckdb

from contracts.quoting import ident, literal
from pipeline.models.engine import Reading
from transforms.models.model import Model
from warehouse.lake import LAKE, count_rows

PARTS = "model_parts"
# bytes that DuckDB works with for each input row, at the most seen
_WORKING_BYTES = 640
_MOST = 128
_IDS = 256


def parts_of(connection: duckdb.DuckDBPyConnection, reading: Reading) -> list[str]:
    """The SELECTs that make the model together; its own where one is enough."""
    model = reading.model
    by = {i.name: i.by for i in model.inputs if i.by is not None and i.name in reading.tables}
    if reading.changed is not None or not by:
        return [reading.sql]
    rows = sum(count_rows(connection, ident(LAKE, *name.split(".", 1))) for name in by)
    count = _count(connection, model, rows)
    if count <= 1:
        return [reading.sql]
    # sqlglot is imported where it is needed
    from transforms.models.sql_text import with_tables

    parts = []
    for number in range(count):
        instead = {
            name: f"SELECT * FROM {ident(*name.split('.', 1))} WHERE {_within(column, number, count)}"
            for name, column in by.items()
        }
        sql = with_tables(reading.sql, instead, model.name)
        parts.append(f"SELECT * FROM ({sql}) WHERE {_within(model.increment or '', number, count)}")
    return parts


def ranges_of(connection: duckdb.DuckDBPyConnection, model: Model, rows: int) -> list[str]:
    """Conditions over the model's own rows that part so many of them into ranges which memory holds; one that is always true where one is enough."""
    count = _count(connection, model, rows)
    return [_within(model.increment or "", number, count) for number in range(count)] if count > 1 else ["true"]


def _count(connection: duckdb.DuckDBPyConnection, model: Model, rows: int) -> int:
    if next((c.type for c in model.columns if c.name == model.increment), "") != "VARCHAR":
        return 1
    return max(1, min(_MOST, -(-rows * _WORKING_BYTES // _memory(connection))))


def _within(column: str, number: int, count: int) -> str:
    """Condition: the value lies in the range; what is no entity id, and NULL, lies in the first or the last."""
    first, last = (f"{_IDS * n // count:02x}" for n in (number, number + 1))
    name = ident(column)
    above = f"{name} >= {literal(first)}" if number else ""
    below = f"{name} < {literal(last)}" if number + 1 < count else ""
    if not number:
        return f"({below} OR {name} IS NULL)"
    return f"({above} AND {below})" if below else above


def _memory(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchone()
    return int(row[0]) if row and row[0] else 1
