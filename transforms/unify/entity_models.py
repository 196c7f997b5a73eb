"""The models of the unified city, compiled from `unified.yaml`: one table an entity, its history, what departments contradict each other on, divisions."""

from __future__ import annotations

from contracts.model import Label
from contracts.quoting import ident, literal
from transforms.models.model import Column, Input, Model
from transforms.unify.conflict_model import conflict_model
from transforms.unify.division_model import division_model
from transforms.unify.history_model import history_model
from transforms.unify.mappings import Entity, Mappings
from transforms.unify.ranking import WIDE, priority_sql, ranked_sql
from transforms.unify.records import INSTANT, SCHEMA


def entity_models(mappings: Mappings) -> list[Model]:
    """Every model that follows from the mappings; none where the city unifies nothing."""
    if not mappings.entities:
        return []
    models = [m for entity in mappings.entities for m in (entity_model(entity), history_model(entity))]
    models.append(conflict_model(mappings))
    if mappings.divisions is not None:
        models.append(division_model(mappings.divisions))
    return models


def entity_model(entity: Entity) -> Model:
    """One row an entity: of every attribute the value that counts, the resource that gave it, since when it says so, and the snapshot that shows it.

    The resource that stands first in an attribute's list counts, within a resource the newest, and of equals a fixed order.
    """
    source = f"{SCHEMA}.{entity.record_table}"
    keys = [entity.key, *([entity.old_key] if entity.old_key else [])]
    columns = [
        Column(entity.id, "VARCHAR", Label(f"Stable id of the {entity.label.en.lower()}", f"{entity.label.zh}统一标识"))
    ]
    columns.append(Column(entity.key, "VARCHAR", Label("Identifier, empty where no record has one", "证件号码")))
    if entity.old_key:
        columns.append(Column(entity.old_key, "VARCHAR", Label("Number used before the identifier", "旧号码")))
    chosen = []
    for a in entity.attributes:
        order = " > ".join(a.priority) or "no resource"
        columns += [
            Column(a.name, a.type, Label(f"{a.label.en} ({order})", f"{a.label.zh}（{order}）")),
            Column(f"{a.name}_source", "VARCHAR", Label(f"Resource that gave {a.name}", f"{a.label.zh}数源")),
            Column(
                f"{a.name}_since",
                INSTANT,
                Label(f"Start of the interval since which it says so: {a.name}", f"{a.label.zh}起始数据区间"),
            ),
            Column(
                f"{a.name}_snapshot",
                "BIGINT",
                Label(f"Snapshot of the lake that shows it: {a.name}", f"{a.label.zh}快照"),
            ),
        ]
        won = f"CASE WHEN k.place = MOD(w.{ident(f'{a.name} rank')}, {WIDE}) THEN k.{{}} END"
        for what, name in (
            (ident(a.name), a.name),
            ("resource", f"{a.name}_source"),
            ("valid_from", f"{a.name}_since"),
            ("from_snapshot", f"{a.name}_snapshot"),
        ):
            chosen.append(f"MAX({won.format(what)}) AS {ident(name)}")
    columns += [
        Column("resources", "VARCHAR", Label("Resources that know it, sorted, parted by commas", "来源资源")),
        Column("resource_count", "BIGINT", Label("How many resources know it", "来源资源数")),
    ]
    ranks = [f"MIN({priority_sql(a, 'k')}) AS {ident(f'{a.name} rank')}" for a in entity.attributes]
    held = [
        f"MAX(CASE WHEN k.resource = {literal(id)} THEN {literal(id)} END)"
        for id in sorted({f.resource for f in entity.feeds})
    ]
    once = ["w.entity_id", *(f"w.{ident(k)}" for k in keys), "w.resources", "w.resource_count"]
    sql = f"""WITH ranked AS (
    {ranked_sql(entity, "r.valid_to IS NULL")}
),
won AS (
    SELECT k.entity_id, {", ".join(f"MIN(k.{ident(k)}) AS {ident(k)}" for k in keys)},
        CONCAT_WS(',', {", ".join(held) or "NULL"}) AS resources,
        COUNT(DISTINCT k.resource) AS resource_count{"".join(f",{chr(10)}        {r}" for r in ranks)}
    FROM ranked AS k
    GROUP BY k.entity_id
)
SELECT w.entity_id AS {entity.id}, {", ".join(once[1:-2])}{"".join(f",{chr(10)}    {c}" for c in chosen)},
    w.resources, w.resource_count
FROM won AS w
JOIN ranked AS k ON k.entity_id = w.entity_id
GROUP BY {", ".join(once)}"""
    return Model(
        f"{SCHEMA}.{entity.name}", entity.label,
        Label(
            f"One row a {entity.label.en.lower()}, from every resource that knows it, with the source of every value.",
            f"每个{entity.label.zh}一行，汇集各来源资源，每个数据项注明数源。",
        ),
        (entity.id,), entity.id, (Input(source, "entity_id"),), tuple(columns), sql,
    )  # fmt: skip
