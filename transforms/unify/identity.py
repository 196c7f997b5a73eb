"""Who a record is about: identifiers put into their one right form, and the ids that follow from them. SQL of expressions, nothing else."""

from __future__ import annotations

from contracts.identifiers import credit_code, registration_no, resident_id
from contracts.quoting import ident, literal
from transforms.unify.mappings import Entity

# between the parts of what is hashed; it stands in no identifier
_PART = "|"


def key_sql(entity: Entity, value: str) -> str:
    """The identifier in its right form, NULL where the value is none: old resident ids of 15 digits get their 18."""
    clean = f"nullif(trim(CAST({value} AS VARCHAR)), '')"
    if entity.key_kind == "resident_id":
        clean = resident_id.widen_sql(f"upper({clean})")
        return f"CASE WHEN {resident_id.has_check_digit_sql(clean)} THEN {clean} END"
    if entity.key_kind == "credit_code":
        clean = f"upper({clean})"
        return f"CASE WHEN {credit_code.has_check_digit_sql(clean)} THEN {clean} END"
    return clean


def old_key_sql(value: str) -> str:
    """The registration number, NULL where the value is none."""
    clean = f"nullif(trim(CAST({value} AS VARCHAR)), '')"
    return f"CASE WHEN {registration_no.has_check_digit_sql(clean)} THEN {clean} END"


def record_id_sql(entity: Entity, resource: str, record_key: str) -> str:
    return f"md5({literal(f'{entity.name}{_PART}{resource}{_PART}')} || {record_key})"


def own_id_sql(entity: Entity, key: str, old_key: str, record_id: str, resolved: str = "NULL") -> str:
    """The id that follows from the identifier, else from the old number – from the identifier that took its place where `resolved` knows it – else the
    record's own. Where the identifier is one only within an attribute, that column must be in scope."""
    within = f"{ident(entity.key_within)} || {literal(_PART)} || " if entity.key_within else ""
    own = f"md5({literal(f'{entity.name}{_PART}')} || {within}{{}})"
    old = f"WHEN {old_key} IS NOT NULL THEN {own.format(f'coalesce({resolved}, {old_key})')} " if entity.old_key else ""
    return f"CASE WHEN {key} IS NOT NULL THEN {own.format(key)} {old}ELSE {record_id} END"
