"""When two values of an attribute say the same: SQL of what is compared in place of the value itself.

Plain functions that DuckDB and Spark have alike: a full-width letter, a blank or a dash is no disagreement between departments.
"""

from __future__ import annotations

import re

from contracts.quoting import literal
from transforms.unify.mappings import Attribute, Divisions

_WIDE = "".join(chr(code) for code in range(0xFF01, 0xFF5F)) + "\u3000"
_NARROW = "".join(chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)) + " "
_SIGNS = r"[\s\-_.,;:·・、，。；：()\[\]{}<>《》〈〉“”‘’'\"/\\#*—–―]"


def compared_sql(attribute: Attribute, value: str, divisions: Divisions | None = None) -> str:
    """SQL of what is compared of `value`, an expression of the attribute's type; NULL for NULL."""
    if attribute.compare == "exact":
        return value if attribute.type == "VARCHAR" else f"CAST({value} AS VARCHAR)"
    # a value that is signs alone is compared by them
    plain = f"regexp_replace(translate({value}, {literal(_WIDE)}, {literal(_NARROW)}), {literal(_SIGNS)}, '', 'g')"
    folded = f"coalesce(nullif(upper({plain}), ''), {value})"
    if attribute.compare != "address" or divisions is None or not divisions.names:
        return folded
    names = "|".join(re.escape(name) for name in divisions.names)
    return f"regexp_replace({folded}, {literal(f'^({names})+')}, '')"
