"""What a value becomes on its way out: SQL that keeps a head and a tail, a street, a pseudonym, or nothing at all.

Every mask is total: a value that has not the form its mask expects keeps nothing. NULL stays NULL, for a gap is no secret text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from contracts.model import Field
from contracts.quoting import ident
from contracts.types import lake_type
from sharing.delivery.pseudonym import pseudonym_sql

PSEUDONYM, WITHHELD = "pseudonym", "withheld"
_GIVEN = ("public", "internal")
# what is left of a value that has not the form its mask expects
_NOTHING = "'********'"


def _name(text: str) -> str:
    return f"left({text}, 1) || '*'"


def _resident_id(text: str) -> str:
    return _head_and_tail(text, "[0-9]{14}[0-9X]|[0-9]{17}[0-9X]", 6, 4)


def _phone(text: str) -> str:
    return _head_and_tail(text, "[0-9]{10,13}", 3, 4)


def _credit_code(text: str) -> str:
    return _head_and_tail(text, "[0-9A-Z]{18}", 8, 0)


def _address(text: str) -> str:
    """Up to the first street or road, otherwise the district; both of Han characters only, no more than 30."""
    street = f"nullif(regexp_extract({text}, '^\\p{{Han}}{{1,29}}?(?:街道|大道|胡同|路|街|镇|乡|巷)'), '')"
    district = f"nullif(regexp_extract({text}, '^\\p{{Han}}{{1,29}}?(?:区|县|市)'), '')"
    return f"CASE WHEN {text} IS NOT NULL THEN coalesce({street}, {district}, '') || '***' END"


MASKS: dict[str, Callable[[str], str]] = {
    "person_name": _name,
    "resident_id": _resident_id,
    "phone": _phone,
    "credit_code": _credit_code,
    "address": _address,
}
"""Mask → its SQL over a text; `pseudonym` and `withheld` need the field, not only its text."""

WORDS = {
    "person_name": "姓名保留首字 first character kept",
    "resident_id": "证件号码保留前六后四 first six and last four kept",
    "phone": "电话保留前三后四 first three and last four kept",
    "credit_code": "信用代码保留前八 first eight kept",
    "address": "地址截至道路 cut after the street",
    PSEUDONYM: "加密假名 keyed pseudonym, one for one value within a requester",
    WITHHELD: "不予提供 withheld: always empty",
}


def mask_of(field: Field, unmasked: Collection[str] = (), pseudonyms: Collection[str] = ()) -> str | None:
    """The mask a granted field gets, None for none: by its classification, unless the grant lifts it or the city wants a pseudonym.

    A field that no contract classifies counts as sensitive.
    """
    if field.name in unmasked:
        return None
    if field.classification == "important":
        return WITHHELD
    if field.name in pseudonyms:
        return PSEUDONYM
    if field.classification in _GIVEN:
        return None
    if field.primary_key:
        return PSEUDONYM
    if field.semantic_type in MASKS:
        return field.semantic_type
    # no semantic type says address; the contract's own name for it does
    is_address = field.semantic_type is None and field.logical_type == "string"
    return "address" if is_address and (field.name == "address" or field.name.endswith("_address")) else WITHHELD


def masked_sql(field: Field, mask: str | None, resource: str, digest: str) -> str:
    """SQL of the field's value as delivered. A withheld field keeps its type and is NULL in every row."""
    column = ident(field.name)
    if mask is None:
        return column
    if mask == WITHHELD:
        return f"CAST(NULL AS {lake_type(field)})"
    if mask == PSEUDONYM:
        return pseudonym_sql(f"CAST({column} AS VARCHAR)", field.semantic_type or f"{resource}.{field.name}", digest)
    return MASKS[mask](column)


def _head_and_tail(text: str, form: str, head: int, tail: int) -> str:
    stars = f"repeat('*', length({text}) - {head + tail})"
    kept = f"left({text}, {head}) || {stars}" + (f" || right({text}, {tail})" if tail else "")
    return f"CASE WHEN regexp_full_match({text}, '{form}') THEN {kept} WHEN {text} IS NOT NULL THEN {_NOTHING} END"
