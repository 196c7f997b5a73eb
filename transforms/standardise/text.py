"""Text made plain: blanks, full-width forms, null-likes and known dirty values."""

from __future__ import annotations

from contracts.model import Field
from contracts.quoting import literal, literals

_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_FULL_WIDTH = "".join(chr(c + 0xFEE0) for c in range(0x21, 0x7F))
_ALPHANUMERIC = "".join(c for c in _ASCII if c.isalnum())
_FULL_WIDTH_ALPHANUMERIC = "".join(chr(ord(c) + 0xFEE0) for c in _ALPHANUMERIC)
_BLANKS = "[\\s\\x{00A0}\\x{3000}\\x{FEFF}]"


def plain_text_sql(value: str, field: Field) -> str:
    """SQL of the field's cleaned text, NULL where the source says nothing.

    Running text keeps its full-width punctuation, which is right in Chinese; letters and digits become half-width everywhere, and
    every sign does in identifiers, codes, numbers and dates.
    """
    prose = field.logical_type == "string" and field.semantic_type in (None, "person_name")
    wide, narrow = (_FULL_WIDTH_ALPHANUMERIC, _ALPHANUMERIC) if prose else (_FULL_WIDTH, _ASCII)
    trimmed = f"regexp_replace({value}, '^{_BLANKS}+|{_BLANKS}+$', '', 'g')"
    # most values are ASCII: only the others pay for the translation
    clean = (
        f"CASE WHEN strlen({value}) = length({value}) THEN trim({value}, E' \\t\\r\\n\\x0b\\x0c') "
        f"ELSE translate({trimmed}, {literal(wide)}, {literal(narrow)}) END"
    )
    # what the contract lists is compared in the form the value has by now
    nulls = {"", *(_plain(text, wide, narrow) for text in field.null_values)}
    nothing = (
        f"CASE WHEN {clean} IN ({literals(sorted(nulls))}) THEN NULL ELSE {clean} END"
        if len(nulls) > 1
        else f"nullif({clean}, '')"
    )
    if not field.lookups:
        return nothing
    right = {_plain(dirty, wide, narrow): clean for dirty, clean in field.lookups.items()}
    cases = " ".join(f"WHEN {literal(dirty)} THEN {literal(clean)}" for dirty, clean in right.items())
    return f"CASE {clean} {cases} ELSE {nothing} END"


def _plain(text: str, wide: str, narrow: str) -> str:
    trimmed = text.strip(" \t\r\n\x0b\x0c\u00a0\u3000\ufeff")
    return trimmed if trimmed.isascii() else trimmed.translate(str.maketrans(wide, narrow))
