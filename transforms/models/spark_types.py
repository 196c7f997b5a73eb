"""Types: those of the lake as Spark names them, and what DuckDB makes of an expression where sqlglot's own table says otherwise or nothing."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB

INTEGERS = frozenset({exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT, exp.DType.INT128})

_TYPES = {
    "VARCHAR": "STRING", "BIGINT": "BIGINT", "INTEGER": "INT", "SMALLINT": "SMALLINT", "TINYINT": "TINYINT", "DOUBLE": "DOUBLE", "FLOAT": "FLOAT",
    "BOOLEAN": "BOOLEAN", "DATE": "DATE", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "TIMESTAMPTZ": "TIMESTAMP", "TIMESTAMP": "TIMESTAMP_NTZ",
}  # fmt: skip
_DECIMAL = re.compile(r"DECIMAL\(\d+, ?\d+\)")


def can_hold(type: str) -> bool:
    """Whether Spark reads this type of DuckDB's from a Parquet file as the same values."""
    return type.upper() in _TYPES or _DECIMAL.fullmatch(type.upper()) is not None


def spark_type(type: str) -> str:
    """Spark's name of a type for which `can_hold` is true."""
    return _TYPES.get(type.upper(), type.upper())


def kind(value: exp.Expr) -> exp.DType:
    """The type that was found for an expression; UNKNOWN where none was."""
    found = value.type.this if isinstance(value.type, exp.DataType) else exp.DType.UNKNOWN
    return found if isinstance(found, exp.DType) else exp.DType.UNKNOWN


# Any: sqlglot's annotator, of whose class nothing is public
def _of_operand(annotator: Any, node: Any) -> Any:
    return annotator._annotate_by_args(node, "this")


def _of_ceil(annotator: Any, node: Any) -> Any:
    if kind(node.this) in INTEGERS:
        return annotator._set_type(node, exp.DType.DOUBLE)
    return _of_operand(annotator, node)


def _of_minus(annotator: Any, node: Any) -> Any:
    if kind(node.this) is kind(node.expression) is exp.DType.DATE:
        return annotator._set_type(node, exp.DType.BIGINT)
    return DuckDB.EXPRESSION_METADATA[exp.Sub]["annotator"](annotator, node)


def _of_name(annotator: Any, node: Any) -> Any:
    is_part = node.name.lower() in ("date_part", "datepart", "weekday")
    return annotator._set_type(node, exp.DType.BIGINT if is_part else exp.DType.UNKNOWN)


_TEXTUAL = (exp.Left, exp.Right, exp.Replace, exp.SplitPart, exp.Pad, exp.RegexpReplace, exp.RegexpExtract)
METADATA: dict[Any, Any] = (
    DuckDB.EXPRESSION_METADATA
    | {kind_of_node: {"returns": exp.DType.VARCHAR} for kind_of_node in _TEXTUAL}
    | {kind_of_node: {"returns": exp.DType.DOUBLE} for kind_of_node in (exp.Div, exp.Median)}
    | {kind_of_node: {"annotator": _of_ceil} for kind_of_node in (exp.Ceil, exp.Floor)}
    | {exp.Round: {"annotator": _of_operand}, exp.Sub: {"annotator": _of_minus}, exp.Anonymous: {"annotator": _of_name}}
)
