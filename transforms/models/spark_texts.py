"""Texts that DuckDB and Spark treat differently: blanks, patterns, positions, and what a value looks like as a text."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from contracts.errors import ConfigurationError
from transforms.models.spark_numbers import FLOATS, TEXTS, call, cast, known, whole
from transforms.models.spark_patterns import first_only, java_pattern, java_replacement
from transforms.models.spark_types import INTEGERS, kind

# what DuckDB's trim takes away: every space of Unicode's category Zs, among them the wide one of Chinese text
_SPACES = "\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_PRINTS_ALIKE = TEXTS | INTEGERS | {exp.DType.DECIMAL, exp.DType.DATE, exp.DType.BOOLEAN, exp.DType.NULL}


def to_text(node: exp.Cast) -> exp.Expr:
    """A cast to text of what looks the same in both."""
    _prints_alike(node.this)
    return node.copy()


def joined(node: exp.DPipe | exp.Concat | exp.ConcatWs) -> exp.Expr:
    """Texts side by side; what is none is cast, since Spark would guess another type."""
    made = node.copy()
    parts = [made.this, made.expression] if isinstance(made, exp.DPipe) else made.expressions
    for part in parts:
        _prints_alike(part)
        if kind(part) not in TEXTS:
            part.replace(cast(part, "VARCHAR"))
    return made


def trimmed(node: exp.Trim) -> exp.Expr:
    """Without the blanks at its ends, the wide ones too."""
    made = node.copy()
    if made.args.get("expression") is None:
        made.set("expression", exp.Literal.string(_SPACES))
        made.set("position", made.args.get("position") or "BOTH")
    return made


def part(node: exp.Substring) -> exp.Expr:
    """A part of a text from a position of 1 or more."""
    start = whole(node.args.get("start"))
    if isinstance(node.args.get("start"), exp.Literal | exp.Neg) and (start is None or start < 1):
        raise ConfigurationError("it starts before the first character", remedy="start at 1, or write right(…, n)")
    return node.copy()


def end(node: exp.Left | exp.Right) -> exp.Expr:
    """The first or last characters, zero or more."""
    if (whole(node.expression) or 0) < 0:
        raise ConfigurationError("it counts from the other end", remedy="write substr with length(…) - n")
    return node.copy()


def split(node: exp.SplitPart) -> exp.Expr:
    """The n-th part between delimiters."""
    if not (_literal(node.args.get("delimiter")) and whole(node.args.get("part_index"))):
        raise ConfigurationError(
            "delimiter and number are not written out", remedy="write a text that is not empty and a number"
        )
    return node.copy()


def like(node: exp.Like | exp.ILike) -> exp.Expr:
    """LIKE; a backslash in the pattern is a character, where Spark would take it for an escape."""
    made, pattern = node.copy(), node.expression
    if not isinstance(pattern, exp.Literal) or "\\" in pattern.name:
        made.set("expression", call("REPLACE", pattern, exp.Literal.string("\\"), exp.Literal.string("\\\\")))
    return made


def matches(node: exp.RegexpLike | exp.RegexpFullMatch) -> exp.Expr:
    """Whether a pattern is found, or is the whole text."""
    pattern = java_pattern(_written(node, "expression"))
    if isinstance(node, exp.RegexpFullMatch):
        pattern = f"(?d)^(?:{pattern.removeprefix('(?d)')})\\z"
    _without_options(node, "flag", "options")
    return call("RLIKE", node.this, exp.Literal.string(pattern))


def replaced(node: exp.RegexpReplace) -> exp.Expr:
    """Every match replaced with 'g', the first without; Spark replaces every one."""
    modifiers = node.args.get("modifiers")
    if modifiers is not None and modifiers.name not in ("g", ""):
        raise ConfigurationError("it has options", remedy="'g' or none; lower() makes case equal")
    first = modifiers is None or modifiers.name == ""
    pattern = java_pattern(_written(node, "expression"))
    replacement = java_replacement(_written(node, "replacement"), first=first)
    pattern = first_only(pattern) if first else pattern
    return call("REGEXP_REPLACE", node.this, exp.Literal.string(pattern), exp.Literal.string(replacement))


def extracted(node: exp.RegexpExtract) -> exp.Expr:
    """A group of the first match, an empty text where there is none."""
    _without_options(node, "parameters", "position", "occurrence")
    group = whole(node.args["group"]) if node.args.get("group") is not None else 0
    if group is None:
        raise ConfigurationError("the group is not a plain number", remedy="write the number")
    pattern = java_pattern(_written(node, "expression"))
    return call("REGEXP_EXTRACT", node.this, exp.Literal.string(pattern), exp.Literal.number(group))


def check_listed(node: exp.GroupConcat) -> None:
    """A text of all values must have a stated order, and stands in no window."""
    order = node.find(exp.Order)
    if order is None:
        raise ConfigurationError("the order of the values is left open", remedy="write string_agg(…, … ORDER BY …)")
    if node.find_ancestor(exp.Window, exp.Select) is not node.find_ancestor(exp.Select):
        raise ConfigurationError("no ordered list over a window", remedy="aggregate in a SELECT of its own and join it")
    if isinstance(node.this.this, exp.Distinct):
        (ordered,) = order.expressions if len(order.expressions) == 1 else (None,)
        if ordered is None or ordered.this != node.this.this.expressions[0]:
            raise ConfigurationError(
                "distinct values in the order of something else", remedy="order them by themselves"
            )


def distinct_list(node: exp.GroupConcat, around: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """`string_agg(DISTINCT x, … ORDER BY x)`; NULL where there is no value."""
    value, ordered = node.this.this.expressions[0], node.this.expressions[0]
    values = call("SORT_ARRAY", around(call("COLLECT_SET", value)), exp.Boolean(this=not ordered.args.get("desc")))
    separator = node.args.get("separator") or exp.Literal.string(",")
    some = exp.GT(this=call("SIZE", around(call("COLLECT_SET", value))), expression=exp.Literal.number(0))
    return exp.case().when(some, call("ARRAY_JOIN", values, separator))


def distinct_count(node: exp.Count, around: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """`count(DISTINCT x)` without DISTINCT: Spark 4.3 fails where that stands beside an ordered list."""
    return cast(call("SIZE", around(call("COLLECT_SET", node.this.expressions[0]))), "BIGINT")


def _prints_alike(value: exp.Expr) -> None:
    type = known(value)
    if type in FLOATS:
        raise ConfigurationError("a DOUBLE looks different as a text", remedy="cast it to DECIMAL(…) first")
    if type not in _PRINTS_ALIKE:
        raise ConfigurationError(
            f"{type.value} looks different as a text", remedy="write strftime(…, '%Y-%m-%d %H:%M:%S')"
        )


def _literal(value: exp.Expr | None) -> bool:
    return isinstance(value, exp.Literal) and value.is_string and bool(value.name)


def _written(node: exp.Expr, part: str) -> str:
    value = node.args.get(part)
    if not isinstance(value, exp.Literal):
        raise ConfigurationError("its pattern is computed", remedy="write the pattern as a text")
    return str(value.name)


def _without_options(node: exp.Expr, *names: str) -> None:
    if any(node.args.get(name) for name in names):
        raise ConfigurationError("it has options", remedy="write it without; lower() makes case equal")
