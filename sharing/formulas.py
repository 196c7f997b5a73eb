"""Text that no spreadsheet computes: what would begin a formula gets an apostrophe before it, the same way in Python and in SQL.

A plain number stays as it is, its sign included. Beginnings are those of OWASP's page on CSV injection, and their full-width twins, also after
blanks that a spreadsheet cuts off.
"""

from __future__ import annotations

import re

_BLANK = " \\t\\r\\n\\v\\f\u00a0\u3000\ufeff\u200b"
_BEGINNING = f"^([\\t\\r\\n]|[{_BLANK}]*[-=+@＝＋－＠])"
_NUMBER = "[-+]?[0-9]+([.][0-9]+)?"


def defused(value: object) -> str:
    """The value as the text of a CSV's cell: nothing for None, `true` and `false`."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    is_formula = re.match(_BEGINNING, text, re.ASCII) and not re.fullmatch(_NUMBER, text)
    return f"'{text}" if is_formula else text


def defused_sql(text: str) -> str:
    """SQL of the same, of the SQL of a text; NULL for NULL."""
    is_formula = f"regexp_matches({text}, '{_BEGINNING}') AND NOT regexp_full_match({text}, '{_NUMBER}')"
    return f"CASE WHEN {is_formula} THEN '''' || {text} ELSE {text} END"
