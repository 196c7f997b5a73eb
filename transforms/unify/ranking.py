"""Which of several records counts for an attribute: the resource that stands first in its list, within a resource the newest, then a fixed order.

The rank is one whole number, so that the least of them is found by grouping, in any engine: the place of the resource in the attribute's list, times
WIDE, plus the record's place among all of its entity.
"""

from __future__ import annotations

from contracts.quoting import ident, literal
from transforms.unify.mappings import Attribute, Entity
from transforms.unify.records import SCHEMA, said_columns

WIDE = 1_000_000_000_000


def ranked_sql(entity: Entity, condition: str) -> str:
    """SELECT of the records (`r`) that meet the condition, each with its `place`: newest first."""
    said = ", ".join(f"r.{ident(c)}" for c in said_columns(entity))
    return f"""SELECT r.entity_id, r.record_id, r.resource, {said},
        r.valid_from, r.valid_to, r.from_snapshot,
        ROW_NUMBER() OVER (PARTITION BY r.entity_id ORDER BY r.valid_from DESC, r.record_id, r.from_snapshot DESC) AS place
    FROM {SCHEMA}.{entity.record_table} AS r
    WHERE {condition}"""


def priority_sql(attribute: Attribute, alias: str) -> str:
    """SQL of the record's rank for the attribute, NULL where it says nothing of it; a resource that no longer feeds it has no rank."""
    if not attribute.priority:
        return "CAST(NULL AS BIGINT)"
    places = " ".join(f"WHEN {literal(id)} THEN {n * WIDE}" for n, id in enumerate(attribute.priority))
    return f"CASE WHEN {alias}.{ident(attribute.name)} IS NOT NULL THEN CASE {alias}.resource {places} END + {alias}.place END"
