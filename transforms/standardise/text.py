"""Text made plain: blanks, full-width forms, null-likes and known dirty values."""

from __future__ import annotations

from contracts.model import Field
from contracts.quoting import literal, literals

_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_FULL_WIDTH = "".join(chr(c + 0xFEE0) for c in range(0x21, 0x7F))
_ALPHANUMERIC = "".join(c for c in _ASCII if c.isalnum())
_FULL_WIDTH_ALPHANUMERIC = "".join(chr(ord(c) + 0xFEE0) for c in _ALPHANUMERIC)
_BLANKS = " \t\r\n\x0b\x0c\u00a0\u3000\ufeff"
_WIDE_SIGN = "[\\x{FF01}-\\x{FF5E}]"


def plain_text_sql(value: str, field: Field) -> str:
    """SQL of the value without blanks around it and with half-width signs.

    Running text keeps its full-width punctuation, which is right in Chinese; letters and digits become half-width everywhere, and
    every sign does in identifiers, codes, numbers and dates.
    """
    wide, narrow = _translation(field)
    trimmed = f"trim({value}, {literal(_BLANKS)})"
    # trimming and translating cost ten times as much as looking whether there is anything to do, and there hardly ever is
    clean_ends = f"{value} >= '!' AND {value}[-1] >= '!'"
    blank_ends = f"contains({literal(_BLANKS)}, {value}[1]) OR contains({literal(_BLANKS)}, {value}[-1])"
    return (
        f"CASE WHEN strlen({value}) = length({value}) "
        f"THEN CASE WHEN {clean_ends} THEN {value} ELSE trim({value}, E' \\t\\r\\n\\x0b\\x0c') END "
        f"WHEN regexp_matches({value}, '{_WIDE_SIGN}') THEN translate({trimmed}, {literal(wide)}, {literal(narrow)}) "
        f"WHEN {blank_ends} THEN {trimmed} ELSE {value} END"
    )


def known_text_sql(text: str, field: Field) -> str:
    """SQL of a plain text with known dirty values put right, NULL where the source says nothing.

    `text` stands in it several times: let it be a column, since DuckDB computes an expression anew at each place inside a condition.
    """
    wide, narrow = _translation(field)
    # what the contract lists is compared in the form the value has by now
    nulls = sorted({"", *(_plain(word, wide, narrow) for word in field.null_values)})
    said = f"CASE WHEN {text} NOT IN ({literals(nulls)}) THEN {text} END"
    if not field.lookups:
        return said
    known = {_plain(dirty, wide, narrow): right for dirty, right in field.lookups.items()}
    cases = " ".join(f"WHEN {literal(dirty)} THEN {literal(right)}" for dirty, right in known.items())
    return f"CASE {text} {cases} ELSE {said} END"


def _translation(field: Field) -> tuple[str, str]:
    prose = field.logical_type == "string" and field.semantic_type in (None, "person_name")
    return (_FULL_WIDTH_ALPHANUMERIC, _ALPHANUMERIC) if prose else (_FULL_WIDTH, _ASCII)


def _plain(text: str, wide: str, narrow: str) -> str:
    trimmed = text.strip(_BLANKS)
    return trimmed if trimmed.isascii() else trimmed.translate(str.maketrans(wide, narrow))
