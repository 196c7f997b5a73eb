"""Which columns tell rows apart: the source's declared key where it holds, otherwise the smallest combination that is unique and never empty."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import duckdb

from contracts.quoting import ident
from pipeline.draft.columns import ColumnFacts
from pipeline.draft.model import DraftField
from pipeline.draft.names import hints

_LARGEST = 3
_CANDIDATES = 12
_LONGEST_VALUE = 64
# a combination that repeats among these is refuted without reading the rest
_FIRST_ROWS = 20_000
_IDENTIFIERS = ("resident_id", "credit_code")
_DELIVERED_TWICE = 0.03
# below this a unique column says little
_TELLING_ROWS = 10


def find_key(
    connection: duckdb.DuckDBPyConnection, table: str, fields: Sequence[DraftField], facts: dict[str, ColumnFacts],
    declared: Sequence[str], rows: int,
) -> tuple[tuple[str, ...], str]:  # fmt: skip
    """Names of the key's fields and what speaks for them, or none and what was found instead. `table` holds the standardised rows."""
    by_physical = {f.physical_name: f for f in fields}
    note = ""
    if declared and all(name in by_physical for name in declared):
        names = tuple(by_physical[name].name for name in declared)
        repeated = _repeated(connection, table, names)
        if not repeated:
            return names, "the source declares this key" + (f"; unique in {rows:,} rows" if rows else "")
        note = f"the source declares ({', '.join(names)}) as its key, but {repeated:,} rows repeat it or lack a part; "
    if rows < _TELLING_ROWS:
        return (), f"{note}too few rows ({rows}) to find a key in"
    candidates = _candidates(fields, facts, rows)
    if found := _nearly_unique(connection, table, candidates, facts, rows):
        return found[0], note + found[1]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE first_rows AS SELECT * FROM {table} LIMIT {_FIRST_ROWS}")
    nearest: tuple[int, tuple[str, ...]] | None = None
    for size in range(1, _LARGEST + 1):
        for group in combinations(candidates, size):
            possible = 1
            for field in group:
                possible *= facts[field.physical_name].distinct
            if possible < rows:
                continue
            names = tuple(f.name for f in group)
            refuted = _repeated(connection, "first_rows", names)
            repeated = refuted if refuted > _FIRST_ROWS // 100 else _repeated(connection, table, names)
            if not repeated:
                return names, f"{note}unique and never empty in {rows:,} rows"
            if nearest is None or (repeated < nearest[0] and (size == len(nearest[1]) or nearest[0] > rows // 100)):
                nearest = repeated, names
    if nearest and nearest[0] <= rows // 100:
        note += f"nearest: ({', '.join(nearest[1])}), which {nearest[0]:,} of {rows:,} rows repeat; "
    return (), f"{note}no combination of up to {_LARGEST} columns is unique"


def _nearly_unique(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    candidates: Sequence[DraftField],
    facts: dict[str, ColumnFacts],
    rows: int,
) -> tuple[tuple[str, ...], str] | None:
    """An identifier by value or name that hardly ever repeats: likelier the key with rows delivered twice than half of a longer key."""
    for field in candidates:
        about = facts[field.physical_name]
        named = field.semantic_type in _IDENTIFIERS or "code" in hints(field.physical_name, field.label)
        if not named or rows - about.distinct > _DELIVERED_TWICE * rows:
            continue
        repeated = _repeated(connection, table, (field.name,))
        if not repeated:
            return (field.name,), f"unique and never empty in {rows:,} rows"
        if repeated <= _DELIVERED_TWICE * rows:
            return (
                (field.name,),
                f"never empty, and {repeated:,} of {rows:,} rows repeat it, of which the newest wins: see whether they are the same",
            )
    return None


def _candidates(fields: Sequence[DraftField], facts: dict[str, ColumnFacts], rows: int) -> list[DraftField]:
    """Filled columns that could identify, the likeliest first: by name, then where a value seldom comes again, then in the source's order."""

    def rank(pair: tuple[int, DraftField]) -> tuple[int, int]:
        position, field = pair
        says = hints(field.physical_name, field.label)
        unique = facts[field.physical_name].distinct == rows
        named = field.semantic_type in _IDENTIFIERS or "code" in says
        return (0 if unique and named else 1 if named else 2 if unique else 3), position

    fit = [
        (n, f) for n, f in enumerate(fields)
        if facts[f.physical_name].filled == rows and facts[f.physical_name].distinct > 1 and f.logical_type not in ("number", "boolean")
        and facts[f.physical_name].longest <= _LONGEST_VALUE and f.semantic_type not in ("gender", "person_name", "phone")
        and "updated" not in hints(f.physical_name, f.label)
    ]  # fmt: skip
    return [f for _, f in sorted(fit, key=rank)[:_CANDIDATES]]


def _repeated(connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str]) -> int:
    """Rows that are not the first of their key, or that lack a part of it."""
    columns = ", ".join(map(ident, names))
    whole = " AND ".join(f"{ident(name)} IS NOT NULL" for name in names)
    row = connection.execute(
        f"SELECT (SELECT count(*) FROM {table}) - (SELECT count(*) FROM (SELECT DISTINCT {columns} FROM {table} WHERE {whole}))"
    ).fetchone()
    return int(row[0]) if row else 0
