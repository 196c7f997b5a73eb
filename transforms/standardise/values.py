"""Plain text into typed values: each function returns SQL that is NULL where the text cannot be read, and never guesses."""

from __future__ import annotations

from contracts.identifiers import resident_id
from contracts.model import Field
from contracts.quoting import literal
from contracts.types import decimal_places, lake_type

_GENDERS = {
    "1": ("1", "男", "男性", "M", "MALE"),
    "2": ("2", "女", "女性", "F", "FEMALE"),
    "0": ("0", "未知", "未知的性别"),
    "9": ("9", "未说明", "未说明的性别"),
}
_TRUE = ("true", "t", "yes", "y", "1", "是", "有", "真")
_FALSE = ("false", "f", "no", "n", "0", "否", "无", "假")
_DATE_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S")


def typed_sql(text: str, field: Field) -> str:
    """SQL of the field's value in its lake type, from cleaned text."""
    match field.logical_type:
        case "integer" | "number":
            return _number_sql(text, field)
        case "date":
            return _date_sql(text)
        case "timestamp":
            return _timestamp_sql(text)
        case "boolean":
            return _boolean_sql(text)
        case _:
            return semantic_sql(text, field.semantic_type)


def semantic_sql(text: str, semantic_type: str | None) -> str:
    """SQL of a text in the form its semantic type asks for."""
    match semantic_type:
        case "resident_id":
            return resident_id.widen_sql(f"upper({text})")
        case "credit_code":
            return f"regexp_replace(upper({text}), '[\\s-]', '', 'g')"
        case "division_code":
            return f"regexp_replace({text}, '\\s', '', 'g')"
        case "gender":
            cases = " ".join(
                f"WHEN upper({text}) IN ({', '.join(map(literal, words))}) THEN {literal(code)}"
                for code, words in _GENDERS.items()
            )
            return f"CASE {cases} ELSE {text} END"
        case "phone":
            return f"regexp_replace(regexp_replace({text}, '[\\s()-]', '', 'g'), '^(\\+|00)86', '')"
        case "person_name":
            return f"regexp_replace(translate({text}, '•．・∙', '····'), '[\\s\\x{3000}]+', ' ', 'g')"
        case _:
            return text


def _number_sql(text: str, field: Field) -> str:
    bare = f"replace({text}, ',', '')"
    places = decimal_places(field)
    if places:
        # a cast alone would round surplus digits away
        exact = f"regexp_full_match({bare}, '[+-]?[0-9]*([.][0-9]{{0,{places[1]}}}0*)?')"
        return f"CASE WHEN {exact} THEN try_cast({bare} AS {lake_type(field)}) END"
    if field.logical_type == "integer":
        return f"CASE WHEN regexp_full_match({bare}, '[+-]?[0-9]+([.]0*)?') THEN try_cast({bare} AS BIGINT) END"
    return f"try_cast({bare} AS DOUBLE)"


def _usual_date_sql(text: str) -> str:
    """The date with its year, month and day parted by hyphens: 2020年5月4日, 2020/5/4 and 2020.5.4 become 2020-5-4."""
    return f"regexp_replace(regexp_replace({text}, '^([0-9]{{4}})[年/.]([0-9]{{1,2}})[月/.]([0-9]{{1,2}})日?', '\\1-\\2-\\3'), '\\s+', ' ')"


def _formats() -> str:
    return "[" + ", ".join(map(literal, _DATE_FORMATS)) + "]"


def _date_sql(text: str) -> str:
    # DuckDB's own cast accepts years such as 20205: the shape is checked first
    iso = f"CASE WHEN regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') THEN try_cast({text} AS DATE) END"
    return f"CASE WHEN {text} IS NULL THEN NULL ELSE coalesce({iso}, CAST(try_strptime({_usual_date_sql(text)}, {_formats()}) AS DATE)) END"


def _timestamp_sql(text: str) -> str:
    """Times without a zone are the city's: the session's TimeZone says which."""
    shape = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)? ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
    iso = f"CASE WHEN regexp_full_match({text}, '{shape}') THEN try_cast({text} AS TIMESTAMPTZ) END"
    usual = f"CAST(try_strptime({_usual_date_sql(text)}, {_formats()}) AS TIMESTAMPTZ)"
    return f"CASE WHEN {text} IS NULL THEN NULL ELSE coalesce({iso}, {usual}) END"


def _boolean_sql(text: str) -> str:
    true, false = (", ".join(map(literal, words)) for words in (_TRUE, _FALSE))
    return f"CASE WHEN lower({text}) IN ({true}) THEN true WHEN lower({text}) IN ({false}) THEN false END"
