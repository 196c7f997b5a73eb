"""What stands in place of an input: only the rows of changed values, or an empty table where the lake does not hold it yet."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.quoting import ident


def of_values(column: str, changed: str, *, null: bool) -> str:
    """Condition over a table: its rows whose column is one of the values in the table `changed`, or NULL where that is among them."""
    found = f"{ident(column)} IN (SELECT value FROM {ident(changed)})"
    return f"({found} OR {ident(column)} IS NULL)" if null else found


def restricted(table: str, by: str, changed: str, *, null: bool) -> str:
    """SELECT of an input's rows of changed values."""
    return f"SELECT * FROM {ident(*table.split('.', 1))} WHERE {of_values(by, changed, null=null)}"


def empty(columns: Mapping[str, str]) -> str:
    """SELECT of no row with these columns and types."""
    listed = ", ".join(f"CAST(NULL AS {type}) AS {ident(name)}" for name, type in columns.items())
    return f"SELECT {listed} FROM (SELECT 1 AS one) AS nothing WHERE one = 0"


def widened(table: str, columns: Mapping[str, str]) -> str:
    """SELECT of a table with further columns that it does not hold yet."""
    listed = ", ".join(f"CAST(NULL AS {type}) AS {ident(name)}" for name, type in columns.items())
    return f"SELECT *, {listed} FROM {ident(*table.split('.', 1))}"
