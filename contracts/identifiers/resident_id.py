"""公民身份号码 resident identity numbers (GB 11643-1999).

Six digits of division, eight of birth date, three of order (odd: male), one ISO 7064 MOD 11-2 check character. Numbers of
15 digits, issued until 1999, lack the century and the check character and are widened, not refused. The division is the one
where the person lived when the number was issued (1984 on), so it need not have existed in the birth year; besides the codes
of GB/T 2260 of any year, numbers carry xxxx01 (市辖区), xxxx20 (市区) and 810000/820000/830000 (residents of Hong Kong, Macao and Taiwan).

>>> compact(" 11010519491231002x ")
'11010519491231002X'
>>> compact("130503670401001")
'130503196704010016'
>>> has_check_digit("11010519491231002X")
True
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from datetime import date

from stdnum.iso7064 import mod_11_2

from contracts.quoting import literals

_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]", re.ASCII)
_OLD_SHAPE = re.compile(r"[1-9][0-9]{14}", re.ASCII)
_SPECIAL_DIVISIONS = ("810000", "820000", "830000")


def compact(number: str) -> str:
    """The number half-width, upper-case, without blanks and hyphens; 15 digits widened to 18 in the twentieth century."""
    text = unicodedata.normalize("NFKC", re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", number)).upper())
    if _OLD_SHAPE.fullmatch(text):
        body = f"{text[:6]}19{text[6:]}"
        return body + mod_11_2.calc_check_digit(body)
    return text


def has_check_digit(number: str) -> bool:
    """Whether the compacted number has the shape of 18 characters and the right check character."""
    return bool(_SHAPE.fullmatch(number)) and mod_11_2.is_valid(number)


def is_plausible(number: str, divisions: Container[str], on: date) -> bool:
    """Whether the birth date is real, not after `on` and at most 130 years before, and the division of any year is known."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    division = number[:6]
    known = division in divisions or (division[4:] in ("01", "20") and f"{division[:4]}00" in divisions)
    return (known or division in _SPECIAL_DIVISIONS) and born <= on and on.year - born.year <= 130


def widen_sql(value: str) -> str:
    """SQL of the compacted number: `value` is an expression already half-width and upper-case."""
    clean = f"regexp_replace({value}, '[\\s-]', '', 'g')"
    body = f"substr({clean}, 1, 6) || '19' || substr({clean}, 7)"
    # nearly every number comes as it should be: the others pay for being put right
    return (
        f"CASE WHEN regexp_full_match({value}, '[0-9]{{17}}[0-9X]') THEN {value} "
        f"WHEN regexp_full_match({clean}, '[1-9][0-9]{{14}}') THEN {body} || {_check_character_sql(body)} ELSE {clean} END"
    )


def has_check_digit_sql(value: str) -> str:
    """SQL condition: shape and check character are right; NULL for NULL."""
    return (
        f"(regexp_full_match({value}, '[1-9][0-9]{{16}}[0-9X]') "
        f"AND substr({value}, 18, 1) = {_check_character_sql(value)})"
    )


def is_plausible_sql(value: str, divisions: str, on: str) -> str:
    """SQL condition of `is_plausible`, true for NULL: `divisions` is a one-column SELECT of codes, `on` a DATE expression."""
    born = f"try_cast(substr({value}, 7, 4) || '-' || substr({value}, 11, 2) || '-' || substr({value}, 13, 2) AS DATE)"
    in_time = f"{born} BETWEEN make_date(year({on}) - 130, 1, 1) AND {on}"
    cities = f"FROM ({divisions}) AS d(code) WHERE substr(code, 5) = '00'"
    known = (
        f"{divisions} UNION ALL SELECT substr(code, 1, 4) || '01' {cities} UNION ALL SELECT substr(code, 1, 4) || '20' {cities} "
        f"UNION ALL SELECT unnest([{literals(_SPECIAL_DIVISIONS)}])"
    )
    return f"({value} IS NULL OR (coalesce({in_time}, false) AND substr({value}, 1, 6) IN ({known})))"


def _check_character_sql(value: str) -> str:
    """SQL of the check character that belongs to the first 17 digits; NULL where they are no digits.

    The weights of GB 11643 are powers of two modulo 11, and the sum of d(k) 2^k over the digits of a number n is
    n - 8 (n//10 + 2 (n//100) + 4 (n//1000) + …): whole numbers, where cutting the text into 17 pieces takes three times as long.
    """
    # the lambda has the number computed once: DuckDB shares no expression inside a condition
    carried = " + ".join(f"{2**k} * (digits // {10 ** (k + 1)})" for k in range(16))
    total = f"lambda digits: (2 * (digits - 8 * ({carried}))) % 11"
    return f"substr('10X98765432', list_transform([try_cast(substr({value}, 1, 17) AS BIGINT)], {total})[1] + 1, 1)"
