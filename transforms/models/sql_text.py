"""The SELECT of a model as sqlglot reads it: the tables it names, the columns it gives, and the same text with other tables in their place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from contracts.errors import ConfigurationError
from contracts.quoting import ident

DIALECT = "duckdb"


@dataclass(frozen=True)
class TableName:
    """A table as the SQL names it: `start` and `end` are its place in the text; a table without an alias goes by its own name."""

    name: str
    start: int
    end: int
    alias: str | None


def parse(sql: str, where: str = "") -> exp.Query:
    """The one SELECT; ConfigurationError where it is none, or several statements."""
    try:
        trees = [tree for tree in sqlglot.parse(sql, dialect=DIALECT) if tree is not None]
    except SqlglotError as error:
        told = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
        place = f", line {told['line']}, column {told['col']} of the SELECT" if told.get("line") else ""
        said = str(told.get("description") or error).splitlines()[0].partition(" <Token")[0]
        raise ConfigurationError(
            f"the SQL cannot be read: {said}", where=f"{where}{place}", remedy="one SELECT in DuckDB's dialect"
        ) from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise ConfigurationError("the SQL is not one SELECT", where=where, remedy="one SELECT, or WITH … SELECT")
    return trees[0]


def tables_named(tree: exp.Query) -> list[TableName]:
    """Every place where a table is named, in order of the text; names of WITH are none, and a name without a schema stays without one."""
    made = {cte.alias for cte in tree.find_all(exp.CTE)}
    found = []
    for table in tree.find_all(exp.Table):
        schema, identifier = table.args.get("db"), table.this
        if not isinstance(identifier, exp.Identifier):
            found.append(TableName(table.sql(DIALECT), 0, 0, table.alias or None))
            continue
        if schema is None and identifier.name in made:
            continue
        first = schema if isinstance(schema, exp.Identifier) else identifier
        name = f"{schema.name}.{identifier.name}" if isinstance(schema, exp.Identifier) else identifier.name
        start, end = first.meta.get("start", 0), identifier.meta.get("end", -1) + 1
        found.append(TableName(name, start, end, table.alias or None))
    return sorted(found, key=lambda t: (t.start, t.name))


def columns_given(tree: exp.Query) -> list[str]:
    """Names of the columns in order; a column without a name is an empty text, a star is `*`."""
    return [selected.alias_or_name for selected in tree.selects]


def with_tables(sql: str, instead: Mapping[str, str], where: str = "") -> str:
    """The same text with each of these tables replaced by a SELECT in brackets; all else stays as it was written."""
    if not instead:
        return sql
    parts, at = [], 0
    for table in tables_named(parse(sql, where)):
        if table.name in instead:
            alias = "" if table.alias else f" AS {ident(table.name.partition('.')[2])}"
            parts += [sql[at : table.start], f"({instead[table.name]}){alias}"]
            at = table.end
    return "".join([*parts, sql[at:]])
