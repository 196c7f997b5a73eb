"""From which columns a column of a model is made: through one SELECT, and on through the models before it.

Every column of the expression counts, those of its conditions too; one that stands only in JOIN, WHERE or GROUP BY does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlglot.lineage
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from contracts.errors import ConfigurationError
from transforms.models.model import Model
from transforms.models.sql_text import DIALECT, parse

Columns = Mapping[str, str]


@dataclass(frozen=True, order=True)
class FieldOf:
    """A column of a table."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


Lineage = dict[FieldOf, tuple[FieldOf, ...]]
"""A column to the columns it is made from directly; an empty tuple where it is made from none, as a count of rows is."""


def field_lineage(models: Iterable[Model], columns_of: Mapping[str, Columns]) -> Lineage:
    """The direct origins of every column of these models; `columns_of` tells the columns of tables that are read.

    Raises ConfigurationError where the SQL of a model cannot be read or names a column that is not there.
    """
    listed = list(models)
    known = {**columns_of, **{m.name: {c.name: c.type for c in m.columns} for m in listed}}
    found: Lineage = {}
    for model in listed:
        found |= _of_one(model, known)
    return found


def origins(lineage: Mapping[FieldOf, tuple[FieldOf, ...]], field: FieldOf) -> list[FieldOf]:
    """Where the column comes from in the end: columns of which the lineage knows no origin, each once, in order."""
    found: set[FieldOf] = set()
    seen: set[FieldOf] = set()
    waiting = [field]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in lineage:
            waiting += lineage[current]
        else:
            found.add(current)
    return sorted(found)


def _of_one(model: Model, known: Mapping[str, Columns]) -> Lineage:
    where = str(model.path or model.name)
    tables: dict[str, dict[str, object]] = {}
    for i in model.inputs:
        if columns := known.get(i.name):
            schema_name, table = i.name.split(".", 1)
            tables.setdefault(schema_name, {})[table] = dict(columns)
    schema: dict[str, object] = {**tables}
    try:
        tree = qualify(parse(model.sql, where), dialect=DIALECT, schema=schema, validate_qualify_columns=False)
        nodes = sqlglot.lineage.lineage(
            None, tree, schema, dialect=DIALECT, scope=build_scope(tree), trim_selects=False, copy=False
        )
    except (SqlglotError, ValueError) as error:
        raise ConfigurationError(
            f"the lineage cannot be told: {str(error).splitlines()[0]}", where=where, remedy="landbridge model check"
        ) from None
    assert isinstance(nodes, dict)
    return {FieldOf(model.name, c.name): _leaves(nodes[c.name]) for c in model.columns if c.name in nodes}


def _leaves(top: Node) -> tuple[FieldOf, ...]:
    found, seen, waiting = set(), set(), [top]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        waiting += node.downstream
        table = node.expression
        if isinstance(table, exp.Table) and table.db:
            found.add(FieldOf(f"{table.db}.{table.name}", node.name.rpartition(".")[2].strip('"')))
    return tuple(sorted(found))
