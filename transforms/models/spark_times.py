"""Dates and instants that DuckDB and Spark compute differently: differences, truncation, days of the week, DATE with an interval."""

from __future__ import annotations

import re

from sqlglot import exp

from contracts.errors import ConfigurationError
from transforms.models.spark_numbers import TEXTS, call, cast, known

INSTANTS = frozenset({exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMPLTZ})
LOCAL_TIMES = frozenset({exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ})
_TIMES = INSTANTS | LOCAL_TIMES | {exp.DType.DATE}
_UNITS = ("YEAR", "QUARTER", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_FORMATS = {"%Y": "yyyy", "%m": "MM", "%d": "dd", "%H": "HH", "%M": "mm", "%S": "ss"}
_SECONDS = {"HOUR": 3600, "MINUTE": 60, "SECOND": 1}
# a date as DuckDB finds it at the beginning of a text
_A_DATE = r"^\s*([0-9]{4}([-/])[0-9]{1,2}\2[0-9]{1,2})(?![0-9])"
_PARTS = {
    "YEAR": "YEAR", "MONTH": "MONTH", "DAY": "DAY", "QUARTER": "QUARTER", "HOUR": "HOUR", "MINUTE": "MINUTE", "WEEK": "WEEKOFYEAR",
    "DOY": "DAYOFYEAR", "DAYOFYEAR": "DAYOFYEAR",
}  # fmt: skip


def difference(node: exp.DateDiff) -> exp.Expr:
    """How many boundaries of the unit lie between two times; Spark would count whole units that have passed."""
    later, earlier, unit = node.this, node.expression, node.text("unit").upper()
    _is_time(later, "date_diff")
    _is_time(earlier, "date_diff")
    if unit == "DAY":
        return _days(later, earlier)
    if unit in ("YEAR", "QUARTER", "MONTH"):
        per_year = {"YEAR": 1, "QUARTER": 4, "MONTH": 12}[unit]
        return cast(
            exp.paren(
                exp.Sub(this=_count(later, unit, per_year), expression=exp.paren(_count(earlier, unit, per_year)))
            ),
            "BIGINT",
        )
    if unit in _SECONDS:
        return exp.paren(exp.Sub(this=_seconds(later, unit), expression=_seconds(earlier, unit)))
    raise ConfigurationError(
        f"weeks and {unit.lower()}s are counted differently", remedy=f"unit one of {', '.join(_UNITS).lower()}"
    )


def minus(node: exp.Sub) -> exp.Expr:
    """DATE minus DATE is a number of days; instants are not subtracted."""
    if (
        not isinstance(node.expression, exp.Interval)
        and known(node.this) in _TIMES
        and known(node.expression) in _TIMES
    ):
        if {known(node.this), known(node.expression)} == {exp.DType.DATE}:
            return _days(node.this, node.expression)
        raise ConfigurationError("times are subtracted to an interval", remedy="write date_diff('second', …, …)")
    return moved(node)


def moved(node: exp.Add | exp.Sub) -> exp.Expr:
    """A time and an interval; DATE and an interval are a time of the day in DuckDB."""
    if isinstance(node.expression, exp.Interval) and known(node.this) is exp.DType.DATE:
        made = type(node)(this=cast(node.this, "TIMESTAMP"), expression=node.expression.copy())
        return exp.paren(made)
    return node.copy()


def interval(node: exp.Interval) -> exp.Expr:
    """An interval of a plain number of units."""
    unit = node.text("unit").upper().removesuffix("S")
    number = node.this.name if isinstance(node.this, exp.Literal) else ""
    if unit not in _UNITS or unit == "QUARTER" or not re.fullmatch(r"-?\d+", number):
        raise ConfigurationError(
            "the interval is not a plain number of units", remedy="INTERVAL 1 MONTH; date + n for computed days"
        )
    parent = node.parent
    if not (isinstance(parent, exp.Add | exp.Sub) and parent.expression is node):
        raise ConfigurationError("intervals stand only after + and - of a time", remedy="write … + INTERVAL 1 MONTH")
    return exp.Interval(this=exp.Literal.string(number), unit=exp.var(unit))


def truncated(node: exp.TimestampTrunc | exp.DateTrunc) -> exp.Expr:
    """The beginning of the unit; of a DATE a time of the day, as in DuckDB."""
    unit, value = node.text("unit").upper(), node.this
    if unit not in (*_UNITS, "WEEK"):
        raise ConfigurationError(
            f"{unit.lower()} is cut differently", remedy=f"unit one of {', '.join(_UNITS).lower()}, week"
        )
    if known(value) is exp.DType.DATE:
        whole = value if unit in ("DAY", *_SECONDS) else call("TRUNC", value, exp.Literal.string(unit))
        return cast(whole, "TIMESTAMP")
    if known(value) not in INSTANTS:
        raise ConfigurationError("only DATE and TIMESTAMPTZ are cut alike", remedy="cast it first")
    return call("DATE_TRUNC", exp.Literal.string(unit), value)


def extracted(node: exp.Extract) -> exp.Expr:
    """A part of a time as a number."""
    return taken(node.name.upper(), node.expression)


def taken(part: str, value: exp.Expr) -> exp.Expr:
    """That part of a time; Sunday is 0 to DOW and 7 to ISODOW."""
    _is_time(value, part.lower())
    if part in ("DOW", "DAYOFWEEK", "WEEKDAY"):
        return exp.paren(exp.Sub(this=call("DAYOFWEEK", value), expression=exp.Literal.number(1)))
    if part == "ISODOW":
        return exp.paren(exp.Add(this=call("WEEKDAY", value), expression=exp.Literal.number(1)))
    if part == "EPOCH" and known(value) in INSTANTS:
        micros = cast(call("UNIX_MICROS", value), "DOUBLE")
        return exp.paren(
            exp.Div(this=micros, expression=cast(exp.Literal.number(1_000_000), "DOUBLE"), typed=True, safe=False)
        )
    if part not in _PARTS:
        raise ConfigurationError(
            f"{part.lower()} is counted differently", remedy=f"one of {', '.join(_PARTS).lower()}, dow, isodow"
        )
    return cast(call(_PARTS[part], value), "BIGINT")


def shown(node: exp.TimeToStr) -> exp.Expr:
    """A time as a text of years, months, days, hours, minutes and seconds."""
    _is_time(node.this, "strftime")
    pattern = node.args["format"].name if isinstance(node.args.get("format"), exp.Literal) else "%"
    rest = re.sub("|".join(_FORMATS), "", pattern)
    if re.search(r"[%A-Za-z'\[\]{}#]", rest):
        raise ConfigurationError("its format has more than %Y %m %d %H %M %S", remedy="join the parts with ||")
    for code, java in _FORMATS.items():
        pattern = pattern.replace(code, java)
    return call("DATE_FORMAT", node.this, exp.Literal.string(pattern))


def to_time(node: exp.Cast, target: exp.DType) -> exp.Expr:
    """A cast to a date or an instant; a text must be written out, or become a DATE."""
    if known(node.this) not in TEXTS or isinstance(node.this, exp.Literal):
        return node.copy()
    if target is not exp.DType.DATE:
        raise ConfigurationError(
            "texts are read as instants differently", remedy="let the contract declare the field a timestamp"
        )
    found = call("REGEXP_EXTRACT", node.this, exp.Literal.string(_A_DATE), exp.Literal.number(1))
    date = call(
        "NULLIF", call("REPLACE", found, exp.Literal.string("/"), exp.Literal.string("-")), exp.Literal.string("")
    )
    if isinstance(node, exp.TryCast):
        return exp.TryCast(this=date, to=node.to.copy(), safe=True)
    refused = call("CONCAT", exp.Literal.string("no date: "), node.this)
    return exp.Cast(this=call("COALESCE", date, refused), to=node.to.copy())


def _days(later: exp.Expr, earlier: exp.Expr) -> exp.Expr:
    return cast(call("DATEDIFF", cast(later, "DATE"), cast(earlier, "DATE")), "BIGINT")


def _count(value: exp.Expr, unit: str, per_year: int) -> exp.Expr:
    years: exp.Expr = call("YEAR", value)
    if per_year == 1:
        return years
    return exp.Add(this=exp.Mul(this=years, expression=exp.Literal.number(per_year)), expression=call(unit, value))


def _seconds(value: exp.Expr, unit: str) -> exp.Expr:
    start = call("DATE_TRUNC", exp.Literal.string(unit), exp.cast(value.copy(), "TIMESTAMPTZ"))
    return exp.IntDiv(this=call("UNIX_SECONDS", start), expression=exp.Literal.number(_SECONDS[unit]))


def _is_time(value: exp.Expr, what: str) -> None:
    if known(value) not in _TIMES:
        raise ConfigurationError(f"{what} of something that is no time", remedy="write CAST(… AS DATE) around it")
