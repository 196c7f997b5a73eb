"""A model's SELECT in Spark's SQL, with the result it has on DuckDB.

Only what is known to give the same on both engines passes (`spark_rules`): what differs is written so that it does not, all else is refused before
anything runs. Types decide much of that, so the columns of all tables must be known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from transforms.models.spark_numbers import average
from transforms.models.spark_rules import rewritten
from transforms.models.spark_texts import distinct_count, distinct_list
from transforms.models.spark_types import METADATA, can_hold
from transforms.models.sql_text import parse

# name of a variable → its type and, in a run, its value
VARIABLES = {"as_of": "TIMESTAMP WITH TIME ZONE", "as_of_day": "DATE"}
_EXAMPLES = {"as_of": "2020-05-06T18:00:00+00:00", "as_of_day": "2020-05-06"}
_SHOWN = 100


@dataclass(frozen=True)
class SparkSql:
    """A SELECT for Spark, which temporary view stands for which table, and the SELECTs that are first to be computed into views of their own."""

    sql: str
    views: dict[str, str]
    steps: tuple[tuple[str, str], ...] = ()


def to_spark(
    sql: str, columns_of: Mapping[str, Mapping[str, str]], variables: Mapping[str, str], where: str
) -> SparkSql:
    """The SELECT for Spark. `columns_of` gives columns and DuckDB types of every table in it, `variables` the values of as_of and as_of_day.

    Raises ConfigurationError that names the model (`where`) and the first expression that cannot be run with an equal result.
    """
    written, mistakes = _translate(sql, columns_of, variables, where)
    if written is None:
        first = mistakes[0]
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        raise ConfigurationError(f"{first.what}{more}", where=where, remedy=first.remedy)
    return written


def spark_mistakes(sql: str, columns_of: Mapping[str, Mapping[str, str]], where: str) -> list[ConfigurationError]:
    """Every expression of the SELECT that Spark cannot run with an equal result, none where it can run all."""
    return _translate(sql, columns_of, _EXAMPLES, where)[1]


def view_name(table: str) -> str:
    """The temporary view that stands for a table of the lake."""
    return table.replace(".", "__")


def _translate(
    sql: str, columns_of: Mapping[str, Mapping[str, str]], variables: Mapping[str, str], where: str
) -> tuple[SparkSql | None, list[ConfigurationError]]:
    tree = parse(sql, where)
    _write_variables(tree, variables)
    views = _name_views(tree)
    try:
        qualified = _with_types(tree, {view: _held(columns_of.get(table, {})) for view, table in views.items()})
    except SqlglotError as error:
        told = str(error).splitlines()[0]
        return None, [ConfigurationError(told, where=where, remedy=_why_not_found(told, columns_of, views))]
    mistakes = []
    for node in reversed(list(qualified.walk())):
        try:
            made = rewritten(node)
        except ConfigurationError as error:
            text = " ".join(node.sql("duckdb").split())
            shown = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
            mistakes.append(
                ConfigurationError(f"not the same on Spark: {shown}: {error.what}", where=where, remedy=error.remedy)
            )
            continue
        if made is not None:
            made.type = node.type
            node.replace(made)
    if mistakes:
        return None, mistakes
    try:
        _write_aggregates(qualified)
        _write_window_filters(qualified)
        steps = _take_out_steps(qualified)
        return SparkSql(_text(qualified), views, steps), []
    except ConfigurationError as error:
        return None, [ConfigurationError(f"not the same on Spark: {error.what}", where=where, remedy=error.remedy)]
    except SqlglotError as error:
        return None, [
            ConfigurationError(f"Spark has nothing like it: {error}", where=where, remedy="say it in plain SQL")
        ]


def _write_variables(tree: exp.Query, variables: Mapping[str, str]) -> None:
    for call in list(tree.find_all(exp.Anonymous)):
        if call.name.lower() == "getvariable" and call.expressions and call.expressions[0].name in VARIABLES:
            name = call.expressions[0].name
            type = exp.DataType.build(VARIABLES[name], dialect="duckdb")
            call.replace(exp.Cast(this=exp.Literal.string(variables[name]), to=type))


def _name_views(tree: exp.Query) -> dict[str, str]:
    """Put a view's name in place of every table's; returns view → table."""
    made = {cte.alias for cte in tree.find_all(exp.CTE)}
    views = {}
    for table in list(tree.find_all(exp.Table)):
        if not isinstance(table.this, exp.Identifier) or (not table.db and table.name in made):
            continue
        name = f"{table.db}.{table.name}" if table.db else table.name
        views[view_name(name)] = name
        table.replace(
            exp.alias_(exp.to_table(view_name(name), quoted=True), table.alias or table.name, table=True, quoted=True)
        )
    for column in tree.find_all(exp.Column):
        column.set("db", None)
        column.set("catalog", None)
    return views


def _with_types(tree: exp.Query, columns: Mapping[str, Mapping[str, str]]) -> exp.Expr:
    schema = MappingSchema({view: dict(held) for view, held in columns.items()}, dialect="duckdb")
    qualified = qualify(tree, schema=schema, dialect="duckdb")
    return annotate_types(qualified, schema=schema, dialect="duckdb", expression_metadata=METADATA)


def _held(columns: Mapping[str, str]) -> dict[str, str]:
    return {name: type for name, type in columns.items() if can_hold(type)}


def _why_not_found(told: str, columns_of: Mapping[str, Mapping[str, str]], views: Mapping[str, str]) -> str:
    known = {name: type for table in views.values() for name, type in columns_of.get(table, {}).items()}
    for name, type in known.items():
        if not can_hold(type) and f'"{name}"' in told.replace("'", '"'):
            return f"{name} is {type}, which a model on Spark cannot read; let an earlier step make plain columns of it"
    return did_you_mean(told, known) or "see docs/spark.md"


def _write_aggregates(tree: exp.Expr) -> None:
    """Aggregates that become an expression of others, each in the FILTER or window that the first stood in."""
    for select in list(tree.find_all(exp.Select)):
        mine = [node for node in select.find_all(exp.AggFunc) if node.find_ancestor(exp.Select) is select]
        lists = any(isinstance(node, exp.GroupConcat) for node in mine)
        for node in mine:
            outer: exp.Expr = node
            while isinstance(outer.parent, exp.Filter | exp.Window) and outer.parent.this is outer:
                outer = outer.parent
            made = _made(node, lists, _putter(node, outer))
            if made is not None:
                outer.replace(made)


def _made(node: exp.Expr, lists: bool, around: Callable[[exp.Expr], exp.Expr]) -> exp.Expr | None:
    if isinstance(node, exp.Avg):
        return average(node, around)
    if isinstance(node, exp.GroupConcat):
        return distinct_list(node, around) if isinstance(node.this.this, exp.Distinct) else None
    if lists and isinstance(node.this, exp.Distinct):
        if not isinstance(node, exp.Count) or len(node.this.expressions) != 1:
            raise ConfigurationError(
                "DISTINCT beside string_agg", remedy="aggregate one of them in a SELECT of its own"
            )
        return distinct_count(node, around)
    return None


def _putter(node: exp.Expr, outer: exp.Expr) -> Callable[[exp.Expr], exp.Expr]:
    """What puts another aggregate in the node's place within a copy of `outer`."""
    if outer is node:
        return lambda aggregate: aggregate
    marked = "landbridge_place"

    def put(aggregate: exp.Expr) -> exp.Expr:
        node.meta[marked] = True
        made = outer.copy()
        del node.meta[marked]
        place = next(inner for inner in made.walk() if inner.meta.get(marked))
        place.replace(aggregate)
        return made

    return put


def _take_out_steps(tree: exp.Expr) -> tuple[tuple[str, str], ...]:
    """Parts of WITH that are read several times, each with the parts it needs: Spark would compute them, and what they read, each time anew."""
    if not isinstance(tree, exp.Query):
        return ()
    steps: list[tuple[str, str]] = []
    kept = []
    for cte in list(tree.ctes):
        readers = [table for table in tree.find_all(exp.Table) if table.name == cte.alias]
        if len(readers) < 2 or cte.args["alias"].columns:
            kept.append(cte)
            continue
        query = cte.this.copy()
        for earlier in kept:
            query = query.with_(exp.to_identifier(earlier.alias, quoted=True), as_=earlier.this.copy(), copy=False)
        # numbered, for a name of a WITH may hold what no view's name may
        view = f"with__{len(steps)}"
        steps.append((view, _text(query)))
        for table in readers:
            table.set("this", exp.to_identifier(view, quoted=True))
        cte.pop()
    emptied = tree.find(exp.With)
    if emptied is not None and not emptied.expressions:
        emptied.pop()
    return tuple(steps)


def _text(tree: exp.Expr) -> str:
    return tree.sql("spark", unsupported_level=ErrorLevel.RAISE)


def _write_window_filters(tree: exp.Expr) -> None:
    """`sum(x) FILTER (WHERE c) OVER …` as `sum(CASE WHEN c THEN x END) OVER …`: Spark has no FILTER over a window."""
    for window in list(tree.find_all(exp.Window)):
        if not isinstance(window.this, exp.Filter):
            continue
        aggregate, condition = window.this.this, window.this.expression.this
        if aggregate.expressions or isinstance(aggregate.this, exp.Distinct):
            raise ConfigurationError(
                "FILTER with DISTINCT over a window", remedy="aggregate in a SELECT of its own and join it"
            )
        value = exp.Literal.number(1) if isinstance(aggregate.this, exp.Star) else aggregate.this.copy()
        kept = aggregate.copy()
        kept.set("this", exp.case().when(condition.copy(), value))
        window.set("this", kept)
