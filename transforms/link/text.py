"""Text made comparable: what two people may write differently and mean the same becomes one form. Pure SQL, no word lists of a city."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from contracts.quoting import literal

_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
_NARROW = "".join(map(chr, range(0x21, 0x7F)))
_SIMPLIFIED = Path(__file__).with_name("simplified.txt")
_KEPT = "[^\\p{L}\\p{N}]+"


def compared_text_sql(value: str) -> str:
    """SQL of a text with half-width signs, simplified characters, capital letters without accents, and nothing but letters and digits.

    NULL where nothing is left. All three steps in one; over whole tables take them one after the other, each on a column.
    """
    return letters_sql(simplified_sql(half_width_sql(value)))


def letters_sql(value: str) -> str:
    """SQL of the text's letters and digits alone, in capitals and without accents; NULL where there is none."""
    plain = f"upper(strip_accents(regexp_replace({value}, '{_KEPT}', '', 'g')))"
    return f"nullif(CASE WHEN strlen({value}) = length({value}) THEN upper(regexp_replace({value}, '[^A-Za-z0-9]+', '', 'g')) ELSE {plain} END, '')"


def half_width_sql(value: str) -> str:
    """SQL of the text with full-width signs and blanks made half-width."""
    wide, narrow = literal(_WIDE + "\u3000"), literal(_NARROW + " ")
    return f"CASE WHEN regexp_matches({value}, '[\\x{{FF01}}-\\x{{FF5E}}\\x{{3000}}]') THEN translate({value}, {wide}, {narrow}) ELSE {value} END"


def simplified_sql(value: str) -> str:
    """SQL of the text with traditional characters made simplified, character by character."""
    traditional, simplified = simplified_forms()
    # translating costs a table of thousands of characters a row; looking whether there is anything to translate costs one pass
    return (
        f"CASE WHEN regexp_matches({value}, '[{traditional}]') "
        f"THEN translate({value}, {literal(traditional)}, {literal(simplified)}) ELSE {value} END"
    )


@cache
def simplified_forms() -> tuple[str, str]:
    """All traditional characters, and their simplified forms in the same order."""
    lines = _SIMPLIFIED.read_text(encoding="utf-8").splitlines()
    pairs = [pair for line in lines if not line.startswith("#") for pair in line.split()]
    return "".join(p[0] for p in pairs), "".join(p[1] for p in pairs)
