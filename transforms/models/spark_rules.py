"""What may stand in a model that both engines run: signs and functions that mean the same, and those that are written differently for Spark.

A function that is in neither list is refused: that it has the same name, or that it was translated, does not say that it gives the same.
Each line here has its test in tests/transforms/models/test_spark_dialect.py, run on both engines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from contracts.errors import ConfigurationError
from transforms.models import spark_numbers as numbers
from transforms.models import spark_texts as texts
from transforms.models import spark_times as times
from transforms.models.spark_types import INTEGERS

_SAME: frozenset[type[exp.Expr]] = frozenset({
    # the SELECT itself
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Order, exp.Ordered, exp.CTE, exp.Subquery, exp.Union, exp.Except, exp.Intersect,
    exp.Table, exp.TableAlias, exp.Identifier, exp.Column, exp.Alias, exp.Star, exp.Paren, exp.Tuple, exp.Values, exp.Filter, exp.Qualify,
    exp.Literal, exp.Boolean, exp.Null, exp.Var, exp.DataType, exp.DataTypeParam,
    # conditions
    exp.Case, exp.If, exp.In, exp.Between, exp.Is, exp.Not, exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.Exists, exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least,
    # numbers
    exp.Mul, exp.Neg, exp.Abs, exp.Sign, exp.Sqrt,
    # aggregates and windows
    exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg, exp.LogicalAnd, exp.LogicalOr, exp.Window, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag,
    exp.Lead, exp.FirstValue, exp.LastValue, exp.NthValue, exp.Ntile, exp.PercentRank, exp.CumeDist, exp.IgnoreNulls,
    # texts
    exp.Lower, exp.Upper, exp.Length, exp.Replace, exp.Translate, exp.StrPosition, exp.StartsWith, exp.EndsWith, exp.Contains, exp.Pad,
    exp.Repeat, exp.MD5, exp.SHA2,
    # times
    exp.LastDay, exp.DateFromParts,
})  # fmt: skip


def rewritten(node: exp.Expr) -> exp.Expr | None:
    """What stands for this node on Spark, None where it stays; ConfigurationError where nothing gives the same."""
    rule = _RULES.get(type(node))
    if rule is not None:
        return rule(node)
    if type(node) not in _SAME:
        raise ConfigurationError(
            "not known to give the same on both engines", remedy="say it with what docs/spark.md lists"
        )
    return None


def _cast(node: exp.Cast) -> exp.Expr:
    target = node.to.this
    if target in numbers.TEXTS:
        return texts.to_text(node)
    if target in INTEGERS or target in (exp.DType.DECIMAL, exp.DType.DOUBLE):
        return numbers.to_number(node, target)
    if target is exp.DType.DATE or target in times.INSTANTS or target in times.LOCAL_TIMES:
        return times.to_time(node, target)
    if target is exp.DType.BOOLEAN and numbers.known(node.this) not in numbers.TEXTS:
        return node.copy()
    raise ConfigurationError(
        f"a cast to {node.to.sql('duckdb')}",
        remedy="VARCHAR, BIGINT, DOUBLE, DECIMAL(p,s), DATE or TIMESTAMPTZ; a text is compared, not cast, to become BOOLEAN",
    )


def _join(node: exp.Join) -> None:
    if node.args.get("method") or node.kind.upper() not in ("", "INNER", "CROSS", "OUTER", "SEMI", "ANTI"):
        raise ConfigurationError("no join that Spark knows", remedy="JOIN … ON, LEFT JOIN … ON, or EXISTS")


def _with(node: exp.With) -> None:
    if node.args.get("recursive"):
        raise ConfigurationError(
            "a recursion has limits on Spark", remedy="join a table to itself as often as it is deep"
        )


def _ordered_choice(node: exp.Limit | exp.Distinct) -> None:
    """A choice of rows must say which."""
    chooses = isinstance(node, exp.Limit) or node.args.get("on") is not None
    if chooses and (node.parent is None or node.parent.args.get("order") is None):
        raise ConfigurationError(
            "which rows it takes is left open", remedy="write ORDER BY with columns that identify a row"
        )


def _frame(node: exp.WindowSpec) -> None:
    if node.text("kind").upper() == "GROUPS" or node.args.get("exclude"):
        raise ConfigurationError("Spark's windows have ROWS and RANGE only", remedy="ROWS BETWEEN … AND …")


def _median(node: exp.Median) -> None:
    if numbers.known(node.this) not in INTEGERS | numbers.FLOATS:
        raise ConfigurationError(
            "median of something that is neither whole nor DOUBLE", remedy="write CAST(… AS DOUBLE)"
        )


def _by_name(node: exp.Anonymous) -> exp.Expr:
    """Functions that the parser has no class for."""
    name, arguments = node.name.lower(), node.expressions
    if name in ("date_part", "datepart") and len(arguments) == 2:
        return times.taken(arguments[0].name.upper(), arguments[1])
    if name == "weekday" and len(arguments) == 1:
        return times.taken(name.upper(), arguments[0])
    raise ConfigurationError(
        "not known to give the same on both engines", remedy="say it with what docs/spark.md lists"
    )


def _part(name: str) -> Callable[[exp.Expr], exp.Expr]:
    return lambda node: times.taken(name, node.this)


# Any: each rule takes its own class of nodes
_RULES: dict[type[exp.Expr], Callable[[Any], exp.Expr | None]] = {
    exp.Cast: _cast, exp.TryCast: _cast, exp.Join: _join, exp.With: _with, exp.Limit: _ordered_choice, exp.Distinct: _ordered_choice,
    exp.WindowSpec: _frame, exp.Anonymous: _by_name, exp.Median: _median,
    exp.Div: numbers.divide, exp.IntDiv: numbers.divide_whole, exp.Mod: numbers.remainder, exp.Round: numbers.round_half_up,
    exp.Ceil: numbers.ceil_or_floor, exp.Floor: numbers.ceil_or_floor,
    exp.DPipe: texts.joined, exp.Concat: texts.joined, exp.ConcatWs: texts.joined, exp.Trim: texts.trimmed, exp.Substring: texts.part,
    exp.Left: texts.end, exp.Right: texts.end, exp.SplitPart: texts.split, exp.Like: texts.like, exp.ILike: texts.like,
    exp.RegexpLike: texts.matches, exp.RegexpFullMatch: texts.matches, exp.RegexpReplace: texts.replaced, exp.RegexpExtract: texts.extracted,
    exp.GroupConcat: texts.check_listed,
    exp.DateDiff: times.difference, exp.Add: times.moved, exp.Sub: times.minus, exp.Interval: times.interval,
    exp.TimestampTrunc: times.truncated, exp.DateTrunc: times.truncated, exp.Extract: times.extracted, exp.TimeToStr: times.shown,
    exp.Year: _part("YEAR"), exp.Month: _part("MONTH"), exp.Day: _part("DAY"), exp.Quarter: _part("QUARTER"), exp.Hour: _part("HOUR"),
    exp.Minute: _part("MINUTE"), exp.Week: _part("WEEK"), exp.WeekOfYear: _part("WEEK"), exp.DayOfWeek: _part("DOW"),
    exp.DayOfWeekIso: _part("ISODOW"), exp.DayOfYear: _part("DOY"), exp.TimeToUnix: _part("EPOCH"),
}  # fmt: skip
