"""Where departments contradict each other: one row for each value that lost, beside the one that won and why it did."""

from __future__ import annotations

from contracts.model import Label
from contracts.quoting import ident, literal
from transforms.models.model import Column, Input, Model
from transforms.unify.comparing import compared_sql
from transforms.unify.history_model import value_sql
from transforms.unify.mappings import Attribute, Entity, Mappings
from transforms.unify.records import INSTANT, SCHEMA

NAME = f"{SCHEMA}.conflict"
COLUMNS = (
    Column("entity", "VARCHAR", Label("Kind of entity: a table of this schema", "实体类型")),
    Column("entity_id", "VARCHAR", Label("Stable id of the entity", "实体统一标识")),
    Column("key", "VARCHAR", Label("Identifier of the entity, empty where it has none", "实体证件号码")),
    Column("attribute", "VARCHAR", Label("Attribute on which values disagree", "数据项")),
    Column("resource_a", "VARCHAR", Label("Resource whose value won", "采信资源")),
    Column("value_a", "VARCHAR", Label("The value that won", "采信值")),
    Column("since_a", INSTANT, Label("Since when the winner says so", "采信值起始")),
    Column("resource_b", "VARCHAR", Label("Resource whose value lost", "未采信资源")),
    Column("value_b", "VARCHAR", Label("The value that lost", "未采信值")),
    Column("since_b", INSTANT, Label("Since when the loser says so", "未采信值起始")),
    Column("rows_b", "BIGINT", Label("Rows of the resource that say so", "未采信行数")),
    Column(
        "reason", "VARCHAR",
        Label(
            "Why: priority (the source department stands first), recency (the same resource said so later), order (it said both in one interval)",
            "采信依据",
        ),
    ),
)  # fmt: skip


def conflict_model(mappings: Mappings) -> Model:
    """`unified.conflict` over all entities: values that say the same by the attribute's own comparison are none."""
    inputs = [
        Input(f"{SCHEMA}.{name}", by)
        for e in mappings.entities
        for name, by in ((e.name, e.id), (e.record_table, "entity_id"))
    ]
    parts = [p for e in mappings.entities if (p := _of_entity(e, mappings))]
    columns = ", ".join(f"c.{column.name}" for column in COLUMNS)
    differing = ",\n".join(_differing(e) for e in mappings.entities if _compared(e))
    union = "\n    UNION ALL\n    ".join(parts)
    if not parts:
        nothing = ", ".join(f"CAST(NULL AS {c.type}) AS {c.name}" for c in COLUMNS)
        first = mappings.entities[0]
        sql = f"SELECT {nothing} FROM {SCHEMA}.{first.name} AS e WHERE e.{first.id} IS NULL"
    else:
        sql = f"WITH {differing},\nconflicts AS (\n    {union}\n)\nSELECT {columns}\nFROM conflicts AS c"
    return Model(
        NAME, Label("Conflicts", "数据冲突"),
        Label("One row for each value that lost: where resources disagree about one entity.", "同一实体各来源取值不一致之处，每个未采信值一行。"),
        ("entity_id", "attribute", "resource_b", "value_b"), "entity_id", tuple(inputs), COLUMNS, sql,
    )  # fmt: skip


def _compared(entity: Entity) -> list[Attribute]:
    return [a for a in entity.attributes if a.priority]


def _differing(entity: Entity) -> str:
    """Records that differ from the unified record in any attribute, letter by letter: few, and all that need a closer look."""
    attributes = _compared(entity)
    said = ", ".join(
        f"r.{ident(a.name)} AS {ident(f'{a.name} b')}, e.{ident(a.name)} AS {ident(f'{a.name} a')}, "
        f"e.{ident(f'{a.name}_source')}, e.{ident(f'{a.name}_since')}"
        for a in attributes
    )
    differs = "\n        OR ".join(f"r.{ident(a.name)} <> e.{ident(a.name)}" for a in attributes)
    return f"""{ident(f"differing {entity.name}")} AS (
    SELECT r.entity_id, e.{ident(entity.key)} AS key, r.resource, r.valid_from, {said}
    FROM {SCHEMA}.{entity.record_table} AS r
    JOIN {SCHEMA}.{entity.name} AS e ON e.{entity.id} = r.entity_id
    WHERE r.valid_to IS NULL AND (
        {differs})
)"""


def _of_entity(entity: Entity, mappings: Mappings) -> str:
    return "\n    UNION ALL\n    ".join(_of_attribute(entity, a, mappings) for a in _compared(entity))


def _of_attribute(entity: Entity, a: Attribute, mappings: Mappings) -> str:
    won, lost = f"d.{ident(f'{a.name} a')}", f"d.{ident(f'{a.name} b')}"
    source, since = f"d.{ident(f'{a.name}_source')}", f"d.{ident(f'{a.name}_since')}"
    feeding = ", ".join(map(literal, a.priority))
    # told of what grouping leaves: DuckDB would work it out for every record, before the records are known to differ at all
    differs = (
        f"{compared_sql(a, f'MIN({lost})', mappings.divisions)} <> {compared_sql(a, f'MIN({won})', mappings.divisions)}"
    )
    return f"""SELECT {literal(entity.name)} AS entity, d.entity_id, d.key, {literal(a.name)} AS attribute,
        {source} AS resource_a, {value_sql(a, won)} AS value_a, {since} AS since_a,
        d.resource AS resource_b, {value_sql(a, lost)} AS value_b, MIN(d.valid_from) AS since_b, COUNT(*) AS rows_b,
        CASE WHEN {source} <> d.resource THEN 'priority' WHEN {since} > MIN(d.valid_from) THEN 'recency' ELSE 'order' END AS reason
    FROM {ident(f"differing {entity.name}")} AS d
    WHERE {lost} <> {won} AND d.resource IN ({feeding})
    GROUP BY d.entity_id, d.key, {source}, {won}, {since}, d.resource, {lost}
    HAVING {differs}"""
