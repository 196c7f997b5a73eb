"""How frequent a name is: an equal rare name says more than an equal frequent one.

Frequencies are stored with the model, so that an increment scores like a full run. Only values that at least `LEAST` bearers share are
stored by themselves; all others count with their average, so the model points at nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from contracts.quoting import ident, literal

LEAST = 5


def frequencies_sql(columns: Sequence[str], comparable: str) -> str:
    """SELECT `column_name`, `value`, `frequency` (a share) of every frequent value, and one row with value NULL for the average of all others."""
    return "\nUNION ALL\n".join(_column(column, comparable) for column in columns) or _NONE


def looked_up_sql(column: str, relations: Sequence[str], frequencies: str) -> str:
    """SELECT every value of a column in the comparable relations with its stored frequency: Splink's lookup of term frequencies."""
    value = ident(column)
    values = " UNION ".join(
        f"SELECT DISTINCT {value} FROM {relation} WHERE {value} IS NOT NULL" for relation in relations
    )
    mine = f"SELECT value, frequency FROM {frequencies} WHERE column_name = {literal(column)}"
    return (
        f"SELECT v.{value}, coalesce(f.frequency, other.frequency) AS {ident(f'tf_{column}')} FROM ({values}) AS v "
        f"LEFT JOIN ({mine} AND value IS NOT NULL) AS f ON f.value = v.{value} LEFT JOIN ({mine} AND value IS NULL) AS other ON true"
    )


_NONE = "SELECT CAST(NULL AS VARCHAR) AS column_name, CAST(NULL AS VARCHAR) AS value, CAST(NULL AS DOUBLE) AS frequency WHERE false"


def _column(column: str, comparable: str) -> str:
    name, value = literal(column), ident(column)
    return f"""(
WITH counted AS (SELECT {value} AS value, count(*) AS n FROM {comparable} WHERE {value} IS NOT NULL GROUP BY 1),
whole AS (SELECT CAST(sum(n) AS DOUBLE) AS n FROM counted)
SELECT {name} AS column_name, value, counted.n / whole.n AS frequency FROM counted, whole WHERE counted.n >= {LEAST}
UNION ALL
SELECT {name}, NULL, coalesce(avg(counted.n), {LEAST}) / any_value(whole.n) FROM whole LEFT JOIN counted ON counted.n < {LEAST} HAVING any_value(whole.n) > 0)"""
