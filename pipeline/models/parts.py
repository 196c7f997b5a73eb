"""Ranges of the increment's values, one after the other: how a rebuild that is larger than memory is computed, checked and compared.

A row depends only on input rows of its own value, so any parting is right. The bounds are those of a sample, so that ranges are about equal whatever
the values are; where rows lie in the order of their values, as records and entities do, a range reads little else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from contracts.quoting import ident, literal
from transforms.models.model import Model
from warehouse.engine import parts_that_fit
from warehouse.lake import LAKE, count_rows

# bytes that DuckDB works with for each input row, at the most seen
_WORKING_BYTES = 640
# input rows of one value that changed, generously
_ROWS_OF_VALUE = 16
_SAMPLE = 4_096


@dataclass(frozen=True)
class Range:
    """Values from `first` up to `end`, which is not in it, both as text; None is open. NULL lies in the range that has no `first`."""

    first: str | None = None
    end: str | None = None

    def holds(self, column: str) -> str:
        """Condition over a table: the column's value lies in the range."""
        name = ident(column)
        below = f"{name} < {literal(self.end)}" if self.end is not None else ""
        if self.first is None:
            return f"({below} OR {name} IS NULL)" if below else "true"
        above = f"{name} >= {literal(self.first)}"
        return f"({above} AND {below})" if below else above


WHOLE = (Range(),)


def ranges_of(
    connection: duckdb.DuckDBPyConnection, model: Model, by: Mapping[str, str], changed: tuple[str, int] | None
) -> tuple[Range, ...]:
    """The ranges in which memory holds a rebuild; one that is open where one is enough, or where the key says nothing of the value.

    `by` are the inputs that the lake holds, with their columns of the value; `changed` the table of an increment's values and how many.
    """
    if not by or model.increment not in model.key:
        return WHOLE
    rows = {name: count_rows(connection, _table(name)) for name in by}
    total = sum(rows.values())
    largest = max(rows, key=lambda name: rows[name])
    source, column = _table(largest), by[largest]
    if changed is not None:
        source, column = ident(changed[0]), "value"
        total = min(total, changed[1] * _ROWS_OF_VALUE)
    count = parts_that_fit(connection, total * _WORKING_BYTES)
    if count == 1:
        return WHOLE
    sample = connection.execute(
        f"SELECT CAST(value AS VARCHAR) FROM (SELECT {ident(column)} AS value FROM {source} WHERE {ident(column)} IS NOT NULL) "
        f"USING SAMPLE reservoir({_SAMPLE} ROWS) ORDER BY value"
    ).fetchall()
    bounds = list(dict.fromkeys(sample[len(sample) * n // count][0] for n in range(1, count))) if sample else []
    return tuple(Range(first, end) for first, end in zip([None, *bounds], [*bounds, None], strict=True))


def parts_of(model: Model, sql: str, by: Mapping[str, str], ranges: Sequence[Range]) -> list[str]:
    """The SELECT over each of the ranges alone: the inputs `by` narrowed to it, and so the result."""
    if ranges == WHOLE:
        return [sql]
    # sqlglot is imported where it is needed
    from transforms.models.sql_text import with_tables

    parts = []
    for values in ranges:
        narrow = {
            name: f"SELECT * FROM {ident(*name.split('.', 1))} WHERE {values.holds(column)}"
            for name, column in by.items()
        }
        parts.append(
            f"SELECT * FROM ({with_tables(sql, narrow, model.name)}) WHERE {values.holds(model.increment or '')}"
        )
    return parts


def _table(name: str) -> str:
    return ident(LAKE, *name.split(".", 1))
