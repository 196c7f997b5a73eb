"""Phones, dates, codes and gender made comparable."""

from __future__ import annotations

from contracts.quoting import literals
from transforms.link.text import half_width_sql


def phone_sql(value: str) -> str:
    """SQL of a phone number's digits without the country's code 86; NULL below seven digits, where it can name nobody."""
    digits = f"regexp_replace({half_width_sql(value)}, '[^0-9]+', '', 'g')"
    national = f"regexp_replace({digits}, '^(?:00)?86(1[0-9]{{10}})$', '\\1')"
    return f"CASE WHEN length({national}) >= 7 THEN {national} END"


def date_sql(value: str) -> str:
    """SQL of a date's digits, year first: `19800517`, or `198005` and `1980` where no more is known. Read from a date or from such a text."""
    text = f"CAST({value} AS VARCHAR)"
    # 1980-5-7: first the month gets its zero, then the day
    two_digits = "'([^0-9])([0-9])([^0-9]|$)', '\\10\\2\\3'"
    padded = f"regexp_replace(regexp_replace({half_width_sql(text)}, {two_digits}), {two_digits})"
    digits = f"regexp_replace(left({padded}, 11), '[^0-9]+', '', 'g')"
    return f"CASE WHEN length({digits}) IN (4, 6, 8) THEN {digits} END"


def code_sql(value: str) -> str:
    """SQL of a code's letters and digits in capitals."""
    return f"nullif(upper(regexp_replace({half_width_sql(f'CAST({value} AS VARCHAR)')}, '[^A-Za-z0-9]+', '', 'g')), '')"


def gender_sql(value: str) -> str:
    """SQL of GB/T 2261's 1 and 2; NULL for unknown and unstated, which say nothing."""
    plain = f"upper(trim(CAST({value} AS VARCHAR)))"
    return (
        f"CASE WHEN {plain} IN ({literals(('1', '男', '男性', 'M', 'MALE'))}) THEN '1' "
        f"WHEN {plain} IN ({literals(('2', '女', '女性', 'F', 'FEMALE'))}) THEN '2' END"
    )
