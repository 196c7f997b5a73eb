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
_TIME_FORMATS = ("%Y-%m-%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y%m%d%H%M%S")
# what the formats are tried on: a year of four digits, and nothing that they would read otherwise than a person does
_USUAL_SHAPE = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( [0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)?|[0-9]{8}|[0-9]{14}"
_ISO_SHAPE = "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?"
_ZONE_SHAPE = " ?(Z|[+-][0-9]{2}(:?[0-9]{2})?)"


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
            bare = f"regexp_replace(upper({text}), '[\\s-]', '', 'g')"
            return f"CASE WHEN regexp_full_match({text}, '[0-9A-Z]{{18}}') THEN {text} ELSE {bare} END"
        case "division_code":
            return f"regexp_replace({text}, '\\s', '', 'g')"
        case "gender":
            cases = " ".join(
                f"WHEN upper({text}) IN ({', '.join(map(literal, words))}) THEN {literal(code)}"
                for code, words in _GENDERS.items()
            )
            return f"CASE {cases} ELSE {text} END"
        case "phone":
            bare = _phone_sql(f"regexp_replace({text}, '[\\s()-]', '', 'g')")
            return f"CASE WHEN regexp_full_match({text}, '1[0-9]{{10}}') THEN {text} ELSE {bare} END"
        case "person_name":
            folded = f"regexp_replace(translate({text}, '•．・∙', '····'), '[\\s\\x{{3000}}]+', ' ', 'g')"
            return f"CASE WHEN regexp_matches({text}, '[•．・∙\\s\\x{{3000}}]') THEN {folded} ELSE {text} END"
        case _:
            return text


def _phone_sql(digits: str) -> str:
    """The number as dialled in the country: without +86, and with the 0 that an area code loses behind it."""
    national = f"regexp_replace({digits}, '^([+]|00)?86(1[0-9]{{10}})$', '\\2')"
    land = f"regexp_replace({national}, '^([+]|00)86([2-9][0-9]{{8,10}})$', '0\\2')"
    return f"regexp_replace({land}, '^([+]|00)86', '')"


def _number_sql(text: str, field: Field) -> str:
    places = decimal_places(field)
    if places:
        # a cast alone would round surplus digits away
        whole, rest = "[0-9]*", f"([.][0-9]{{0,{places[1]}}}0*)?"
    elif field.logical_type == "integer":
        whole, rest = "[0-9]+", "([.]0*)?"
    else:
        whole, rest = "[0-9]*", "([.][0-9]*)?([eE][+-]?[0-9]{1,3})?"
    # 1,234.5 is a number, 1,2 is not: nobody knows which was meant
    grouped = f"[+-]?[0-9]{{1,3}}(,[0-9]{{3}})+{rest}"
    plain, bare = f"try_cast({text} AS {lake_type(field)})", f"try_cast(replace({text}, ',', '') AS {lake_type(field)})"
    if lake_type(field) == "DOUBLE":
        plain, bare = (f"CASE WHEN isfinite({number}) THEN {number} END" for number in (plain, bare))
    return (
        f"CASE WHEN regexp_full_match({text}, '[+-]?{whole}{rest}') THEN {plain} "
        f"WHEN regexp_full_match({text}, '{grouped}') THEN {bare} END"
    )


def _usual_sql(text: str) -> str:
    """The time with hyphens, colons and one blank: 2020年5月4日 10时20分, 2020/5/4 and 2020.5.4 become 2020-5-4 10:20 and 2020-5-4."""
    day = f"regexp_replace({text}, '^([0-9]{{4}})(年|/|[.])([0-9]{{1,2}})(月|/|[.])([0-9]{{1,2}})(日|\\b)', '\\1-\\3-\\5 ')"
    time = f"regexp_replace({day}, '([0-9]{{1,2}})[时点]([0-9]{{1,2}})分(([0-9]{{1,2}})秒)?$', '\\1:\\2:\\4')"
    return f"rtrim(regexp_replace({time}, '\\s+', ' ', 'g'), ': ')"


def _date_sql(text: str) -> str:
    """A date; of a time the day it falls on in the city."""
    # DuckDB's own cast accepts years such as 20205: the shape is checked first
    iso = f"CASE WHEN regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') THEN try_cast({text} AS DATE) END"
    return f"coalesce({iso}, CAST({_timestamp_sql(text)} AS DATE))"


def _timestamp_sql(text: str) -> str:
    """Times without a zone are the city's: the session's TimeZone says which."""
    shape = f"{_ISO_SHAPE}({_ZONE_SHAPE})?"
    # DuckDB reads a zone only behind seconds and without a blank
    exact = f"regexp_replace(replace({text}, ' +', '+'), '^(.{{16}})(Z|[+-].*)$', '\\1:00\\2')"
    iso = f"CASE WHEN regexp_full_match({text}, '{shape}') THEN try_cast({exact} AS TIMESTAMPTZ) END"
    formats = "[" + ", ".join(map(literal, _TIME_FORMATS)) + "]"
    usual = _usual_sql(text)
    parsed = f"CASE WHEN regexp_full_match({usual}, '{_USUAL_SHAPE}') THEN CAST(try_strptime({usual}, {formats}) AS TIMESTAMPTZ) END"
    return f"coalesce({iso}, {parsed})"


def _boolean_sql(text: str) -> str:
    true, false = (", ".join(map(literal, words)) for words in (_TRUE, _FALSE))
    return f"CASE WHEN lower({text}) IN ({true}) THEN true WHEN lower({text}) IN ({false}) THEN false END"
