"""Which columns of its inputs a model passes on to be read, and not only counts, adds up, compares or chooses by.

Lineage says from which columns a value is made; for masking that is too much: a count of phone numbers shows none. What a CASE gives, what is cut, joined
or translated, least and greatest values and concatenations pass a value on; counts, sums, means and conditions do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlglot.lineage
from sqlglot import exp
from sqlglot.lineage import Node
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from transforms.models.lineage import FieldOf
from transforms.models.model import Model
from transforms.models.sql_text import DIALECT, parse

Columns = Mapping[str, str]
_NOT_PASSED_ON = (
    exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Median, exp.Stddev, exp.LogicalOr, exp.LogicalAnd, exp.Predicate, exp.Connector, exp.Not,
    exp.RowNumber, exp.Exists,
)  # fmt: skip


def passed_on(model: Model, known: Mapping[str, Columns]) -> dict[str, tuple[FieldOf, ...]]:
    """Column of the model → the columns of its inputs whose values it shows; `known` tells the inputs' columns."""
    schema: dict[str, Any] = {}
    for i in model.inputs:
        if columns := known.get(i.name):
            schema_name, table = i.name.split(".", 1)
            schema.setdefault(schema_name, {})[table] = dict(columns)
    tree = qualify(parse(model.sql, model.name), dialect=DIALECT, schema=schema, validate_qualify_columns=False)
    nodes = sqlglot.lineage.lineage(
        None, tree, schema, dialect=DIALECT, scope=build_scope(tree), trim_selects=False, copy=False
    )
    assert isinstance(nodes, dict)
    return {c.name: tuple(sorted(set(_leaves(nodes[c.name], set())))) for c in model.columns if c.name in nodes}


def _leaves(node: Node, seen: set[int]) -> Iterator[FieldOf]:
    if id(node) in seen:
        return
    seen.add(id(node))
    table = node.expression
    if isinstance(table, exp.Table):
        if table.db:
            yield FieldOf(f"{table.db}.{table.name}", node.name.rpartition(".")[2].strip('"'))
        return
    names = {below.name.replace('"', "") for below in node.downstream}
    shown = {f"{c.table}.{c.name}" for c in _columns(node.expression)}
    # a branch of a UNION has a number for a name; and what cannot be told apart counts as shown
    is_unsure = not shown <= names
    for below in node.downstream:
        name = below.name.replace('"', "")
        if is_unsure or "." not in name or name in shown:
            yield from _leaves(below, seen)


def _columns(tree: exp.Expr) -> Iterator[exp.Column]:
    """The columns whose values an expression shows."""
    if isinstance(tree, _NOT_PASSED_ON):
        return
    if isinstance(tree, exp.Column):
        yield tree
        return
    for name, child in tree.args.items():
        # what a CASE asks, and what a window or an aggregate is ordered by, is not shown
        if (isinstance(tree, exp.If) and name == "this") or (isinstance(tree, exp.Window) and name != "this"):
            continue
        if isinstance(tree, exp.Ordered) and name != "this":
            continue
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, exp.Expr):
                yield from _columns(one)
