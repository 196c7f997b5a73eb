"""Measures one column: how much of it is filled, how many values differ, and which share of them has which form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from contracts.identifiers import credit_code, resident_id
from contracts.model import Field
from contracts.quoting import ident, literals
from transforms.standardise.text import plain_text_sql
from transforms.standardise.values import semantic_sql, typed_sql

# shares are measured on so many different values; whole columns are judged when the rules are
_LOOKED_AT = 20_000
FEW = 50
NULL_WORDS = (
    "N/A",
    "n/a",
    "#N/A",
    "NULL",
    "Null",
    "null",
    "None",
    "NaN",
    "nan",
    "无",
    "暂无",
    "不详",
    "-",
    "--",
    "—",
    "/",
)


@dataclass(frozen=True)
class ColumnFacts:
    """`shares` are of the filled rows, 0 to 1; `values` holds every value where they are few. `kind` is DuckDB's type without its arguments."""

    name: str
    kind: str
    type: str
    rows: int
    filled: int
    distinct: int
    longest: int
    shortest: int
    null_words: tuple[str, ...]
    shares: Mapping[str, float]
    digits: int
    decimals: int
    form: str
    form_share: float
    values: tuple[str, ...]

    def share(self, form: str) -> float:
        return self.shares.get(form, 0.0)


def measure_column(connection: duckdb.DuckDBPyConnection, relation: str, name: str, type: str) -> ColumnFacts:
    """The facts of a column of `relation` (SQL, quoted by the caller), whose values are looked at as plain text."""
    kind = type.partition("(")[0].removesuffix("[]") if not type.endswith("[]") else "LIST"
    if kind in ("BLOB", "LIST", "STRUCT", "MAP"):
        row = connection.execute(f"SELECT count(*), count({ident(name)}) FROM {relation}").fetchone() or (0, 0)
        return ColumnFacts(name, kind, type, row[0], row[1], 0, 0, 0, (), {}, 0, 0, "", 0.0, ())
    text = _text_sql(ident(name), kind)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE given AS SELECT value, count(*) AS n FROM (SELECT {text} AS value FROM {relation}) GROUP BY value"
    )
    null_word = f"value IN ({literals(NULL_WORDS)})"
    rows, filled, distinct, longest, shortest = connection.execute(
        "SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (sound), 0), count(*) FILTER (sound), "
        "coalesce(max(length(value)) FILTER (sound), 0), coalesce(min(length(value)) FILTER (sound), 0) "
        f"FROM (SELECT *, value <> '' AND NOT {null_word} AS sound FROM given)"
    ).fetchone()  # type: ignore[misc]  # an aggregate always gives a row
    words = connection.execute(f"SELECT value FROM given WHERE {null_word} ORDER BY value").fetchall()
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE looked_at AS SELECT value, n FROM given WHERE value <> '' AND NOT {null_word} "
        f"ORDER BY md5(value), value LIMIT {_LOOKED_AT}"
    )
    shares, digits, decimals = _shares(connection)
    form, form_share = _form(connection) if kind == "VARCHAR" and 0 < longest <= 40 else ("", 0.0)
    values = connection.execute("SELECT value FROM looked_at ORDER BY value").fetchall() if distinct <= FEW else []
    return ColumnFacts(
        name, kind, type, int(rows), int(filled), int(distinct), int(longest), int(shortest), tuple(w for (w,) in words),
        shares, digits, decimals, form, form_share, tuple(v for (v,) in values),
    )  # fmt: skip


def _text_sql(column: str, kind: str) -> str:
    if kind == "VARCHAR":
        return plain_text_sql(column, Field("value", "value", "", "", "date"))
    if kind in ("DOUBLE", "FLOAT"):
        whole = f"{column} = trunc({column}) AND abs({column}) < 1e15"
        return f"CASE WHEN {whole} THEN CAST(CAST({column} AS BIGINT) AS VARCHAR) ELSE CAST({column} AS VARCHAR) END"
    return f"CAST({column} AS VARCHAR)"


def _typed(logical_type: str) -> str:
    return typed_sql("value", Field("value", "value", "", "", logical_type))


_GENDER_WORDS = ("男", "女", "男性", "女性", "M", "F", "MALE", "FEMALE", "未知", "未说明", "0", "1", "2", "9")
_DAY = "(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
_RESIDENT_ID = f"[1-8][0-9]{{5}}(18|19|20)[0-9]{{2}}{_DAY}[0-9]{{3}}[0-9Xx]"
_OLD_RESIDENT_ID = f"[1-8][0-9]{{5}}[0-9]{{2}}{_DAY}[0-9]{{3}}"
_FORMS = {
    "integer": "regexp_full_match(value, '[+-]?(0|[1-9][0-9]{0,17})([.]0*)?')",
    "leading_zero": "regexp_full_match(value, '[+-]?0[0-9]+')",
    "number": f"({_typed('number')}) IS NOT NULL",
    "negative": "starts_with(value, '-')",
    "moment": f"({_typed('timestamp')}) BETWEEN TIMESTAMPTZ '1850-01-01' AND TIMESTAMPTZ '2100-01-01'",
    "with_time": "regexp_matches(value, '[0-9]:[0-9]{2}|^[0-9]{14}$|[0-9][时点][0-9]')",
    "american_date": "regexp_full_match(value, '(0?[1-9]|1[0-2])/(0?[1-9]|[12][0-9]|3[01])/(18|19|20)[0-9]{2}.*')",
    "boolean": f"({_typed('boolean')}) IS NOT NULL",
    # 15 digits get their check digit when they are widened: their date must be one, and no hyphen stand among them
    "resident_id": f"CASE WHEN length(value) = 15 THEN regexp_full_match(value, '{_OLD_RESIDENT_ID}') "
    f"ELSE regexp_full_match(resident, '{_RESIDENT_ID}') AND coalesce({resident_id.has_check_digit_sql('resident')}, false) END",
    "resident_shape": f"regexp_full_match(value, '{_RESIDENT_ID}')",
    "credit_code": f"coalesce({credit_code.has_check_digit_sql('credit')}, false)",
    "mobile": "regexp_full_match(phone, '1[3-9][0-9]{9}')",
    "phone": "regexp_full_match(phone, '1[3-9][0-9]{9}|(0[0-9]{2,3}-?)?[2-9][0-9]{6,7}([-#][0-9]{1,6})?|[48]00[0-9]{7}')",
    "division": "regexp_full_match(value, '[1-8][0-9]{5}([0-9]{3}){0,2}')",
    "six_digits": "regexp_full_match(value, '[0-9]{6}')",
    "luhn": "regexp_full_match(value, '[3-6][0-9]{15,18}') AND list_sum(list_transform(list_reverse(string_split(regexp_extract(value, '^[0-9]*$'), '')), "
    "lambda c, i: CASE WHEN i % 2 = 1 THEN try_cast(c AS INTEGER) "
    "ELSE (2 * try_cast(c AS INTEGER)) % 10 + (2 * try_cast(c AS INTEGER)) // 10 END)) % 10 = 0",
    "gender": f"upper(value) IN ({literals(_GENDER_WORDS)})",
    "gender_word": "upper(value) IN ('男', '女', '男性', '女性', 'MALE', 'FEMALE')",
    "han_name": "regexp_full_match(value, '[\\x{3400}-\\x{9FFF}\\x{20000}-\\x{3FFFF}]{2,4}|[\\x{3400}-\\x{9FFF}]+[·•][\\x{3400}-\\x{9FFF}·•]+')",
    "email": "regexp_full_match(value, '[^@\\s]+@[^@\\s]+[.][A-Za-z]{2,}')",
    "foreign_letters": "strlen(value) > length(value)",
    "blank_inside": "contains(value, ' ')",
}  # fmt: skip


def _shares(connection: duckdb.DuckDBPyConnection) -> tuple[dict[str, float], int, int]:
    """The share of each form, most digits before and after the point of a number, all in one pass over the values looked at."""
    sums = ", ".join(
        f"coalesce(sum(n) FILTER ({test}), 0) / greatest(sum(n), 1) AS {form}" for form, test in _FORMS.items()
    )
    number = "regexp_full_match(value, '[+-]?[0-9,]*([.][0-9]*)?')"
    row = connection.execute(
        f"SELECT {sums}, max(length(regexp_replace(split_part(value, '.', 1), '[^0-9]', '', 'g'))) FILTER ({number}), "
        f"max(length(rtrim(split_part(value, '.', 2), '0'))) FILTER ({number}) "
        f"FROM (SELECT *, {semantic_sql('value', 'resident_id')} AS resident, {semantic_sql('value', 'credit_code')} AS credit, "
        f"{semantic_sql('value', 'phone')} AS phone FROM looked_at)"
    ).fetchone()
    assert row is not None
    *shares, digits, decimals = row
    return dict(zip(_FORMS, (float(s or 0) for s in shares), strict=True)), int(digits or 0), int(decimals or 0)


def _form(connection: duckdb.DuckDBPyConnection) -> tuple[str, float]:
    """The commonest form of the values as a regular expression, runs of digits and letters with their length where it is always the same."""
    runs = (
        "regexp_replace(regexp_replace(regexp_replace(value, '[0-9]', '9', 'g'), '[A-Z]', 'A', 'g'), '[a-z]', 'a', 'g')"
    )
    best: tuple[str, float] = ("", 0.0)
    for shape in (runs, f"regexp_replace(regexp_replace(regexp_replace({runs}, '9+', '9', 'g'), 'A+', 'A', 'g'), 'a+', 'a', 'g')"):  # fmt: skip
        row = connection.execute(
            f"SELECT {shape} AS shape, sum(n) / (SELECT sum(n) FROM looked_at) AS share FROM looked_at GROUP BY shape ORDER BY share DESC, shape LIMIT 1"
        ).fetchone()
        if row is None:
            return best
        exact = shape is runs
        if row[1] >= (0.95):
            return _pattern(row[0], exact), float(row[1])
        best = ("", float(row[1]))
    return best


_CLASSES = {"9": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}


def _pattern(shape: str, exact: bool) -> str:
    """`99-AA` as `[0-9]{2}-[A-Z]{2}`, or with `+` where only the order of the runs is always the same."""
    pattern, at = "", 0
    while at < len(shape):
        end = at
        while end < len(shape) and shape[end] == shape[at]:
            end += 1
        sign, count = shape[at], end - at
        one = _CLASSES.get(sign) or (sign if sign.isalnum() or sign in " -_:,;#@%&=~" else f"\\{sign}")
        if sign in _CLASSES and not exact:
            pattern += f"{one}+"
        else:
            pattern += one if count == 1 else f"{one}{{{count}}}"
        at = end
    return pattern
