"""SQL of the schema `unified`: one row an entity, and one row for each value that lost against another.

An attribute's value comes from the first resource of its list that has one for the key; within a resource the newest interval counts, and
where one interval holds several values the greatest. So the content follows from the rows alone and not from their order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from contracts.quoting import ident, literal
from transforms.unify.mappings import Attribute, Entity, Feed, Mappings, Source

SCHEMA = "unified"
CONFLICT = "conflict"
_INTERVAL = "_interval_start"
_CONFLICT_COLUMNS = {
    "entity": ("VARCHAR", "实体类型 kind of entity: a table of this schema"),
    "key": ("VARCHAR", "实体标识 the entity's identifier"),
    "attribute": ("VARCHAR", "数据项 the attribute on which values disagree"),
    "resource_a": ("VARCHAR", "采信资源 resource whose value won"),
    "value_a": ("VARCHAR", "采信值 the value that won"),
    "interval_a": ("TIMESTAMP WITH TIME ZONE", "采信值数据区间 newest interval in which the winner said so"),
    "resource_b": ("VARCHAR", "未采信资源 resource whose value lost"),
    "value_b": ("VARCHAR", "未采信值 the value that lost"),
    "interval_b": ("TIMESTAMP WITH TIME ZONE", "未采信值数据区间 newest interval in which the loser said so"),
    "reason": (
        "VARCHAR",
        "采信依据 why: priority (the source department 数源 of the item stands first), recency (the same resource said so later), "
        "order (the same resource said both in one interval)",
    ),
}


@dataclass(frozen=True)
class Statement:
    """A table to make from a SELECT, with its comment and its columns'. Statements run in order, in one transaction."""

    schema: str
    table: str
    sql: str
    comment: str
    column_comments: dict[str, str]


def build_sql(mappings: Mappings, present: Mapping[str, Collection[str]]) -> list[Statement]:
    """The tables of `unified`, entities first and what they conflict on last; nothing where the city maps nothing.

    `present` gives the columns of the resources that the lake holds. A resource or column not there yet is left out; the tables keep their
    columns all the same. `conflict` reads the entities' tables, so run the statements in order.
    """
    if not mappings.entities:
        return []
    known = [_known(entity, present) for entity in mappings.entities]
    return [*(_entity_table(entity) for entity in known), _conflict_table(known)]


def _known(entity: Entity, present: Mapping[str, Collection[str]]) -> Entity:
    """The entity with only those feeds and sources that the lake holds."""
    feeds = tuple(f for f in entity.feeds if f.key in present.get(f.resource, ()))
    ids = {f.resource for f in feeds}
    attributes = tuple(
        Attribute(
            a.name, a.label, a.type, tuple(s for s in a.sources if s.resource in ids and s.field in present[s.resource])
        )
        for a in entity.attributes
    )
    return Entity(entity.name, entity.label, entity.key, feeds, attributes)


def _entity_table(entity: Entity) -> Statement:
    return Statement(
        SCHEMA, entity.name, entity_sql(entity), f"{entity.label}: one row a {entity.key}, from every resource that knows it",
        {
            entity.key: f"{entity.label.zh}标识 stable id of the {entity.label.en.lower()}",
            **{name: text for a in entity.attributes for name, text in _attribute_comments(a).items()},
            "resources": "来源资源 resources that hold this entity",
            "resource_count": "来源资源数 how many resources hold this entity",
        },
    )  # fmt: skip


def _attribute_comments(attribute: Attribute) -> dict[str, str]:
    order = " > ".join(dict.fromkeys(s.resource for s in attribute.sources)) or "no resource loaded yet"
    return {
        attribute.name: f"{attribute.label} ({order})",
        f"{attribute.name}_source": f"{attribute.label.zh}数源 resource that gave {attribute.name}",
    }


def entity_sql(entity: Entity) -> str:
    """SELECT of one row a key: attributes by priority, the resource each came from, and the resources that know the key."""
    key = ident(entity.key)
    columns = [f"k.{key}"]
    for attribute in entity.attributes:
        columns += _chosen(attribute, entity.feeds)
    tail = "k.resources, CAST(len(k.resources) AS BIGINT) AS resource_count"
    if not entity.feeds:
        return f"SELECT CAST(NULL AS VARCHAR) AS {key}, {_empty(entity)} WHERE false"
    known = " UNION ALL ".join(
        f"SELECT {ident(f.key)} AS {key}, {literal(f.resource)} AS resource FROM {_table(f.resource)} WHERE {ident(f.key)} IS NOT NULL"
        for f in entity.feeds
    )
    parts = [f"keys AS (SELECT {key}, list_sort(list(DISTINCT resource)) AS resources FROM ({known}) GROUP BY {key})"]
    joins = []
    for n, feed in enumerate(entity.feeds):
        if fields := _fields_of(entity, feed.resource):
            parts.append(f"feed_{n} AS ({_newest(feed, fields, entity.key)})")
            joins.append(f"LEFT JOIN feed_{n} ON feed_{n}.{key} = k.{key}")
    return "\n".join([f"WITH {', '.join(parts)}", f"SELECT {', '.join([*columns, tail])}", "FROM keys AS k", *joins])


def _empty(entity: Entity) -> str:
    columns = [
        f"CAST(NULL AS {type}) AS {ident(name)}"
        for a in entity.attributes
        for name, type in ((a.name, a.type), (f"{a.name}_source", "VARCHAR"))
    ]
    return ", ".join([*columns, "CAST(NULL AS VARCHAR[]) AS resources", "CAST(NULL AS BIGINT) AS resource_count"])


def _fields_of(entity: Entity, resource: str) -> list[str]:
    return sorted({s.field for a in entity.attributes for s in a.sources if s.resource == resource})


def _newest(feed: Feed, fields: list[str], key: str) -> str:
    """One row a key with the newest value of each field."""
    from_where = f"FROM {_table(feed.resource)} WHERE {ident(feed.key)} IS NOT NULL"
    if feed.unique:
        values = ", ".join(f"{ident(f)} AS {_value(f)}" for f in fields)
        return f"SELECT {ident(feed.key)} AS {ident(key)}, {values} {from_where}"
    values = ", ".join(
        f"(max(struct_pack(i := {ident(_INTERVAL)}, v := {ident(f)})) FILTER (WHERE {ident(f)} IS NOT NULL)).v AS {_value(f)}"
        for f in fields
    )
    return f"SELECT {ident(feed.key)} AS {ident(key)}, {values} {from_where} GROUP BY {ident(feed.key)}"


def _value(field: str) -> str:
    # apart from the key's own name
    return ident(f"value {field}")


def _chosen(attribute: Attribute, feeds: tuple[Feed, ...]) -> list[str]:
    place = {f.resource: n for n, f in enumerate(feeds)}
    values = [f"feed_{place[s.resource]}.{_value(s.field)}" for s in attribute.sources]
    cases = " ".join(
        f"WHEN {value} IS NOT NULL THEN {literal(s.resource)}"
        for value, s in zip(values, attribute.sources, strict=True)
    )
    chosen = f"coalesce({', '.join(values)})" if values else "NULL"
    source = f"CASE {cases} END" if cases else "NULL"
    return [
        f"CAST({chosen} AS {attribute.type}) AS {ident(attribute.name)}",
        f"CAST({source} AS VARCHAR) AS {ident(f'{attribute.name}_source')}",
    ]


def _conflict_table(entities: list[Entity]) -> Statement:
    selects = [conflict_sql(e, a) for e in entities for a in e.attributes if a.sources]
    if not selects:
        columns = ", ".join(f"CAST(NULL AS {type}) AS {ident(name)}" for name, (type, _) in _CONFLICT_COLUMNS.items())
        selects = [f"SELECT {columns} WHERE false"]
    return Statement(
        SCHEMA, CONFLICT, "\nUNION ALL\n".join(selects),
        "数据冲突 one row for each value that lost: where departments disagree about one entity",
        {name: comment for name, (_, comment) in _CONFLICT_COLUMNS.items()},
    )  # fmt: skip


def conflict_sql(entity: Entity, attribute: Attribute) -> str:
    """SELECT of the values that differ from the one in the entity's table, each beside the one that won."""
    keys = {f.resource: f.key for f in entity.feeds}
    claims = " UNION ALL ".join(_claims(source, keys[source.resource]) for source in attribute.sources)
    table = ident(SCHEMA, entity.name)
    key, value, source = ident(entity.key), ident(attribute.name), ident(f"{attribute.name}_source")
    return f"""(
WITH claims AS (SELECT key, resource, value, max(seen) AS seen FROM ({claims}) GROUP BY key, resource, value),
settled AS (SELECT {key} AS key, CAST({value} AS VARCHAR) AS value, {source} AS resource FROM {table} WHERE {value} IS NOT NULL)
SELECT {literal(entity.name)} AS entity, b.key, {literal(attribute.name)} AS attribute,
    a.resource AS resource_a, a.value AS value_a, a.seen AS interval_a, b.resource AS resource_b, b.value AS value_b, b.seen AS interval_b,
    CASE WHEN a.resource <> b.resource THEN 'priority' WHEN a.seen > b.seen THEN 'recency' ELSE 'order' END AS reason
FROM claims AS b JOIN settled AS s ON s.key = b.key AND s.value <> b.value
JOIN claims AS a ON a.key = s.key AND a.resource = s.resource AND a.value = s.value)"""


def _claims(source: Source, key: str) -> str:
    return (
        f"SELECT {ident(key)} AS key, {literal(source.resource)} AS resource, CAST({ident(source.field)} AS VARCHAR) AS value, "
        f"{ident(_INTERVAL)} AS seen FROM {_table(source.resource)} WHERE {ident(key)} IS NOT NULL AND {ident(source.field)} IS NOT NULL"
    )


def _table(resource: str) -> str:
    return ident(*resource.split(".", 1))
