"""What the unified record of an entity said from when to when, attribute by attribute: so that an analyst can ask what was known on a day.

At each instant at which any record of the entity began or ended, the record that counts is chosen as it is chosen today: by priority, then recency.
The rank of a record does not depend on the instant, so a record that a better one covers from its beginning to now never counts and is left out first:
nearly all that is left is one record an attribute, and only where there are more are instants looked at one by one. There instants meet records by
equality alone, and what was in force is sorted out after: a join on a range of time costs the square of the entities that changed.
"""

from __future__ import annotations

from contracts.model import Label
from contracts.quoting import ident, literal
from transforms.models.model import Column, Input, Model
from transforms.unify.mappings import Attribute, Entity
from transforms.unify.ranking import priority_sql, ranked_sql
from transforms.unify.records import INSTANT, SCHEMA

COLUMNS = (
    Column("entity_id", "VARCHAR", Label("Stable id of the entity", "实体统一标识")),
    Column("attribute", "VARCHAR", Label("Attribute", "数据项")),
    Column("value", "VARCHAR", Label("What the unified record said, as text", "统一记录取值")),
    Column("source", "VARCHAR", Label("Resource that said so first", "数源")),
    Column("snapshot", "BIGINT", Label("Snapshot of the lake that shows it", "快照")),
    Column("valid_from", INSTANT, Label("Start of the interval since which it said so", "起始")),
    Column("valid_to", INSTANT, Label("Until when; empty while it does", "终止")),
)


def history_model(entity: Entity) -> Model:
    """`unified.<entity>_history`: one row for each time that a value of an attribute counted."""
    attributes = [a for a in entity.attributes if a.priority]
    source = f"{SCHEMA}.{entity.record_table}"
    return Model(
        f"{SCHEMA}.{entity.name}_history",
        Label(f"History of a {entity.label.en.lower()}", f"{entity.label.zh}历史"),
        Label(
            "What the unified record said of each attribute from when to when; equal values that follow each other are one row.",
            "统一记录各数据项的取值及其起止时间，相邻的相同取值合并为一行。",
        ),
        ("entity_id", "attribute", "valid_from"), "entity_id", (Input(source, "entity_id"),), COLUMNS, _sql(entity, attributes),
    )  # fmt: skip


def value_sql(attribute: Attribute, value: str) -> str:
    """SQL of a value as text, alike in every engine: a floating number is written with six decimals."""
    if attribute.type == "VARCHAR":
        return value
    exact = f"CAST({value} AS DECIMAL(38,6))" if attribute.type == "DOUBLE" else value
    return f"CAST({exact} AS VARCHAR)"


def _sql(entity: Entity, attributes: list[Attribute]) -> str:
    ranks = "".join(f",\n        {priority_sql(a, 'k')} AS {ident(f'{a.name} rank')}" for a in attributes)
    best = ", ".join(f"MIN(CASE WHEN k.valid_to IS NULL THEN k.{_rank(a)} END) AS {_rank(a)}" for a in attributes)
    since = ", ".join(
        f"MIN(CASE WHEN k.{_rank(a)} = b.{_rank(a)} THEN k.valid_from END) AS {ident(f'{a.name} since')}"
        for a in attributes
    )
    grouped = ", ".join(["b.entity_id", *(f"b.{_rank(a)}" for a in attributes)])
    claims = "\n    UNION ALL\n    ".join(_claims(a) for a in attributes)
    names = ", ".join(f"k.{ident(a.name)}" for a in attributes)
    empty = "SELECT CAST(NULL AS VARCHAR) AS entity_id, CAST(NULL AS VARCHAR) AS attribute, CAST(NULL AS VARCHAR) AS value, CAST(NULL AS VARCHAR) AS source"
    if not attributes:
        tail = f"CAST(NULL AS BIGINT) AS snapshot, CAST(NULL AS {INSTANT}) AS valid_from, CAST(NULL AS {INSTANT}) AS valid_to"
        return f"{empty}, {tail} FROM {SCHEMA}.{entity.record_table} AS r WHERE r.entity_id IS NULL"
    return f"""WITH ranked AS (
    {ranked_sql(entity, "r.valid_to IS NULL OR r.valid_to > r.valid_from")}
),
weighed AS (
    SELECT k.entity_id, k.resource, {names}, k.valid_from, k.valid_to, k.from_snapshot{ranks}
    FROM ranked AS k
),
best AS (
    SELECT k.entity_id, {best} FROM weighed AS k GROUP BY k.entity_id
),
today AS (
    SELECT {grouped}, {since}
    FROM best AS b JOIN weighed AS k ON k.entity_id = b.entity_id
    GROUP BY {grouped}
),
claims AS (
    {claims}
),
counted AS (
    SELECT c.entity_id, c.attribute, c.value, c.source, c.snapshot, c.valid_from, c.valid_to, c.weight,
        COUNT(*) OVER (PARTITION BY c.entity_id, c.attribute) AS claims
    FROM claims AS c
),
several AS (
    SELECT c.entity_id, c.attribute, c.value, c.source, c.snapshot, c.valid_from, c.valid_to, c.weight FROM counted AS c WHERE c.claims > 1
),
points AS (
    SELECT s.entity_id, s.attribute, s.valid_from AS instant FROM several AS s
    UNION
    SELECT s.entity_id, s.attribute, s.valid_to AS instant FROM several AS s WHERE s.valid_to IS NOT NULL
),
chosen AS (
    SELECT p.entity_id, p.attribute, p.instant,
        MIN(CASE WHEN s.valid_from <= p.instant AND (s.valid_to IS NULL OR s.valid_to > p.instant) THEN s.weight END) AS weight
    FROM points AS p JOIN several AS s ON s.entity_id = p.entity_id AND s.attribute = p.attribute
    GROUP BY p.entity_id, p.attribute, p.instant
),
said AS (
    SELECT h.entity_id, h.attribute, h.instant, s.value, s.source, s.snapshot
    FROM chosen AS h
    LEFT JOIN several AS s ON s.entity_id = h.entity_id AND s.attribute = h.attribute AND s.weight = h.weight
),
steps AS (
    SELECT d.entity_id, d.attribute, d.instant, d.value, d.source, d.snapshot,
        LAG(d.value) OVER (PARTITION BY d.entity_id, d.attribute ORDER BY d.instant) AS before
    FROM said AS d
),
turns AS (
    SELECT t.entity_id, t.attribute, t.instant, t.value, t.source, t.snapshot,
        LEAD(t.instant) OVER (PARTITION BY t.entity_id, t.attribute ORDER BY t.instant) AS until
    FROM steps AS t
    WHERE (t.value IS NULL) <> (t.before IS NULL) OR t.value <> t.before
)
SELECT c.entity_id, c.attribute, c.value, c.source, c.snapshot, c.valid_from, c.valid_to
FROM counted AS c
WHERE c.claims = 1
UNION ALL
SELECT t.entity_id, t.attribute, t.value, t.source, t.snapshot, t.instant AS valid_from, t.until AS valid_to
FROM turns AS t
WHERE t.value IS NOT NULL"""


def _rank(attribute: Attribute) -> str:
    return ident(f"{attribute.name} rank")


def _claims(a: Attribute) -> str:
    """SELECT of the records that counted for the attribute at some time: the one of today, what stands before it, and what was there earlier."""
    rank, since = f"k.{_rank(a)}", f"y.{ident(f'{a.name} since')}"
    return (
        f"SELECT k.entity_id, {literal(a.name)} AS attribute, {value_sql(a, f'k.{ident(a.name)}')} AS value, k.resource AS source, "
        f"k.from_snapshot AS snapshot, k.valid_from, k.valid_to, {rank} AS weight\n"
        f"    FROM weighed AS k JOIN today AS y ON y.entity_id = k.entity_id\n"
        f"    WHERE {rank} IS NOT NULL AND (y.{_rank(a)} IS NULL OR {rank} <= y.{_rank(a)} OR k.valid_from < {since})"
    )
