"""Numbers that DuckDB and Spark compute differently, said so that both give the same.

What differs: `/` of exact numbers (DOUBLE in DuckDB, DECIMAL in Spark), division by zero (infinite or NULL in DuckDB, an error in Spark), rounding
of a DOUBLE (the binary value in DuckDB, the printed one in Spark), casts to whole numbers (rounded in DuckDB, cut in Spark), `avg` of DECIMAL
(DOUBLE in DuckDB, DECIMAL in Spark), and what counts as a number in a text.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from contracts.errors import ConfigurationError
from transforms.models.spark_types import INTEGERS, kind

FLOATS = frozenset({exp.DType.DOUBLE, exp.DType.FLOAT})
TEXTS = frozenset({exp.DType.VARCHAR, exp.DType.TEXT, exp.DType.CHAR, exp.DType.NVARCHAR})
# digits as DuckDB reads them: Java would also take those of other scripts
_A_NUMBER = r"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"


def call(name: str, *arguments: exp.Expr, type: exp.DataType | None = None) -> exp.Expr:
    """A function of Spark's by its own name."""
    made = exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])
    made.type = type
    return made


def cast(value: exp.Expr, type: str) -> exp.Cast:
    """CAST in DuckDB's type names."""
    return exp.cast(value.copy(), exp.DataType.build(type, dialect="duckdb"))


def known(value: exp.Expr) -> exp.DType:
    """As `kind`, but an unknown type is a mistake: what Spark would do depends on it."""
    found = exp.DType.NULL if isinstance(value, exp.Null) else kind(value)
    if found is exp.DType.UNKNOWN:
        raise ConfigurationError(
            "the type of its operand cannot be told", remedy="write CAST(… AS …) around the operand"
        )
    return found


def scale(value: exp.Expr) -> tuple[int, int]:
    """Precision and scale of a DECIMAL; DuckDB's (18, 3) where none is written."""
    type = value.to if isinstance(value, exp.Cast) else value.type
    parameters = [int(p.name) for p in type.expressions] if isinstance(type, exp.DataType) else []
    return (parameters[0], parameters[1] if len(parameters) > 1 else 0) if parameters else (18, 3)


def whole(value: exp.Expr | None) -> int | None:
    """The number a literal states, None for anything else."""
    if isinstance(value, exp.Neg):
        inner = whole(value.this)
        return None if inner is None else -inner
    return int(value.name) if isinstance(value, exp.Literal) and value.is_int else None


def divide(node: exp.Div) -> exp.Expr:
    """DOUBLE division; by zero it is infinite or NaN, as in DuckDB."""
    left, right = cast(node.this, "DOUBLE"), cast(node.expression, "DOUBLE")
    plain = exp.Div(this=left, expression=right, typed=True, safe=False)
    if _never_zero(node.expression):
        return exp.paren(plain)
    infinite = exp.case().when(exp.EQ(this=right.copy(), expression=exp.Literal.number(0)), exp.Mul(
        this=left.copy(), expression=exp.cast(exp.Literal.string("Infinity"), "DOUBLE")))  # fmt: skip
    return call("COALESCE", call("TRY_DIVIDE", left, right), infinite)


def divide_whole(node: exp.IntDiv) -> exp.Expr:
    """Whole division of whole numbers, NULL by zero; DuckDB does not cut the fraction of other numbers."""
    if {known(node.this), known(node.expression)} - INTEGERS:
        raise ConfigurationError("// is whole division of whole numbers only", remedy="write CAST(… AS BIGINT) or /")
    return exp.IntDiv(this=node.this.copy(), expression=_null_for_zero(node.expression))


def remainder(node: exp.Mod) -> exp.Expr:
    """The remainder, NULL by zero."""
    return exp.Mod(this=node.this.copy(), expression=_null_for_zero(node.expression))


def round_half_up(node: exp.Round) -> exp.Expr:
    """Half away from zero; a DOUBLE is multiplied, rounded and divided, as DuckDB does it."""
    places = whole(node.args["decimals"]) if node.args.get("decimals") is not None else 0
    if places is None or not 0 <= places <= 12 or node.args.get("truncate"):
        raise ConfigurationError("how many places it rounds to is not a plain number", remedy="write one from 0 to 12")
    type = known(node.this)
    if type in INTEGERS:
        return exp.paren(node.this)
    if type is exp.DType.DECIMAL:
        return call("ROUND", node.this, exp.Literal.number(places))
    return _rounded_double(node.this, places)


def average(node: exp.Avg, around: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """The exact sum as DOUBLE through the count; `around` puts the aggregates into the FILTER or window that the average stood in."""
    value = node.this
    if isinstance(value, exp.Distinct):
        raise ConfigurationError("avg of DISTINCT values", remedy="make them distinct in a SELECT of its own")
    type = known(value)
    if type in FLOATS:
        return around(node.copy())
    count = around(exp.Count(this=value.copy()))
    if type is exp.DType.DECIMAL and scale(value)[0] <= 24:
        # as whole numbers: both operands are exact then, so that the quotient is the same to the last bit
        factor = 10 ** scale(value)[1]
        total: exp.Expr = exp.Mul(this=around(exp.Sum(this=value.copy())), expression=exp.Literal.number(factor))
        divisor: exp.Expr = exp.Mul(this=cast(count, "DOUBLE"), expression=cast(exp.Literal.number(factor), "DOUBLE"))
    else:
        total, divisor = around(exp.Sum(this=value.copy())), cast(count, "DOUBLE")
    return call("TRY_DIVIDE", cast(exp.paren(total), "DOUBLE"), divisor)


def to_number(node: exp.Cast, target: exp.DType) -> exp.Expr:
    """A cast to a number from a text or another number."""
    source, value = known(node.this), node.this
    attempt = isinstance(node, exp.TryCast)
    if source in TEXTS:
        return _from_text(node, target)
    if target in INTEGERS and source in FLOATS:
        value = call("RINT", value)
    elif target in INTEGERS and source is exp.DType.DECIMAL:
        value = call("ROUND", value, exp.Literal.number(0))
    elif target is exp.DType.DECIMAL and source in FLOATS:
        value = _decimal_of_double(value, *scale(node), attempt=attempt)
    made = exp.TryCast if attempt else exp.Cast
    return made(this=value.copy(), to=node.to.copy(), **({"safe": True} if attempt else {}))


def ceil_or_floor(node: exp.Ceil | exp.Floor) -> exp.Expr:
    """Rounded up or down; of a DOUBLE and of a whole number a DOUBLE."""
    if node.args.get("decimals") is not None:
        raise ConfigurationError("it has a number of places", remedy="multiply and divide by hand")
    name = "CEIL" if isinstance(node, exp.Ceil) else "FLOOR"
    return cast(call(name, node.this), "DOUBLE") if known(node.this) in FLOATS | INTEGERS else call(name, node.this)


def _from_text(node: exp.Cast, target: exp.DType) -> exp.Expr:
    text = node.this
    if isinstance(text, exp.Literal):
        return node.copy()
    # what is no number: NULL to TRY_CAST, an error to CAST, also where Spark would read one
    other = exp.Null() if isinstance(node, exp.TryCast) else call("CONCAT", exp.Literal.string("no number: "), text)
    guarded = exp.case().when(call("RLIKE", text, exp.Literal.string(_A_NUMBER)), text.copy()).else_(other)
    made = exp.TryCast if isinstance(node, exp.TryCast) else exp.Cast
    safe = {"safe": True} if isinstance(node, exp.TryCast) else {}
    if target not in INTEGERS:
        return made(this=guarded, to=node.to.copy(), **safe)
    exact = made(this=guarded, to=exp.DataType.build("DECIMAL(38,10)"), **safe)
    return made(this=call("ROUND", exact, exp.Literal.number(0)), to=node.to.copy(), **safe)


def _rounded_double(value: exp.Expr, places: int) -> exp.Expr:
    value = cast(value, "DOUBLE")
    if places == 0:
        return call("ROUND", value, exp.Literal.number(0), type=value.type)
    factor = cast(exp.Literal.number(10**places), "DOUBLE")
    return exp.paren(exp.Div(
        this=call("ROUND", exp.Mul(this=value, expression=factor), exp.Literal.number(0)), expression=factor.copy(), typed=True, safe=False,
    ))  # fmt: skip


def _decimal_of_double(value: exp.Expr, precision: int, places: int, *, attempt: bool) -> exp.Expr:
    """The binary value times 10^places as a whole number, exactly, and back; Spark would take the digits it prints."""
    if precision > 18:
        return _rounded_double(value, places)
    factor = cast(exp.Literal.number(10**places), "DOUBLE")
    rounded = call("ROUND", exp.Mul(this=cast(value, "DOUBLE"), expression=factor), exp.Literal.number(0))
    whole = (
        exp.TryCast(this=rounded, to=exp.DataType.build("BIGINT"), safe=True) if attempt else cast(rounded, "BIGINT")
    )
    return exp.Mul(this=whole, expression=exp.Literal.number(f"0.{'1'.rjust(places, '0')}")) if places else whole


def _never_zero(value: exp.Expr) -> bool:
    while isinstance(value, exp.Paren | exp.Cast):
        value = value.this
    if isinstance(value, exp.Nullif):
        return isinstance(value.expression, exp.Literal) and float(value.expression.name or 1) == 0
    return isinstance(value, exp.Literal) and not value.is_string and float(value.name) != 0


def _null_for_zero(value: exp.Expr) -> exp.Expr:
    if _never_zero(value):
        return value.copy()
    return call("NULLIF", value, exp.Literal.number(0))
