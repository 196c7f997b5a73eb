"""Records of an entity: SQL of what each row of a resource says in the entity's own words, and the columns of `unified.<entity>_record`."""

from __future__ import annotations

from collections.abc import Collection

from contracts.quoting import ident, literal
from transforms.unify.identity import key_sql, old_key_sql
from transforms.unify.mappings import Attribute, Entity, Feed, Source

SCHEMA = "unified"
INSTANT = "TIMESTAMP WITH TIME ZONE"
SAID_FROM = "said_from"
"""Column of `mapped_sql`: start of the interval since which the row says what it says."""

_HEAD = {
    "record_id": ("VARCHAR", "记录标识 id of the record: one row of one resource"),
    "own_id": ("VARCHAR", "自身标识 id that follows from the record's identifier; its own where it has none"),
    "entity_id": ("VARCHAR", "实体标识 id of the entity, as links and judgements have it"),
    "resource": ("VARCHAR", "来源资源 the resource that says so"),
    "record_key": ("VARCHAR", "来源主键 key of the row in its resource"),
}
_TAIL = {
    "valid_from": (INSTANT, "起始 start of the interval since which the source says this"),
    "valid_to": (INSTANT, "终止 start of the interval since which it does not, empty while it does"),
    "from_snapshot": ("BIGINT", "起始快照 snapshot of the lake in which it was first read"),
    "to_snapshot": ("BIGINT", "终止快照 snapshot in which it was found gone"),
}


def record_columns(entity: Entity) -> dict[str, tuple[str, str]]:
    """Column → type and comment of the entity's table of records."""
    keys = {
        entity.key: (
            "VARCHAR",
            f"{entity.label.zh}证件号码 identifier of the {entity.label.en.lower()}, empty where the record has none",
        )
    }
    if entity.old_key:
        keys[entity.old_key] = ("VARCHAR", "旧号码 number used before the identifier, empty where the record has none")
    attributes = {a.name: (a.type, str(a.label)) for a in entity.attributes}
    return {**_HEAD, **keys, **attributes, **_TAIL}


def said_columns(entity: Entity) -> list[str]:
    """The columns of a record that its source says: a change of one of them ends the version."""
    return [entity.key, *([entity.old_key] if entity.old_key else []), *(a.name for a in entity.attributes)]


def mapped_sql(entity: Entity, feed: Feed, present: Collection[str], row_key: str, interval: str) -> str:
    """SELECT of `record_key`, keys, attributes and `said_from` of every row of the resource.

    `present` are the columns that the lake's table has, `row_key` the SQL of a row's key as one text, `interval` the column of the interval's start.
    Rows without a key of their own are known by all that they say: two that say the same are one. Of an appended key the newest interval counts.
    """
    key = key_sql(entity, _field(feed.key, present))
    columns = {entity.key: key}
    if entity.old_key:
        columns[entity.old_key] = old_key_sql(_field(feed.old_key, present))
    for attribute in entity.attributes:
        columns[attribute.name] = f"CAST({_value(attribute, feed.resource, present)} AS {attribute.type})"
    said = ", ".join(f"{sql} AS {ident(name)}" for name, sql in columns.items())
    table = ident(*feed.resource.split(".", 1))
    is_record = _is_record(entity, feed, present)
    if feed.record_key:
        newest = (
            f" QUALIFY row_number() OVER (PARTITION BY {row_key} ORDER BY {interval} DESC) = 1" if feed.appended else ""
        )
        return (
            f"SELECT {row_key} AS record_key, {said}, {interval} AS {SAID_FROM} FROM {table} WHERE {is_record}{newest}"
        )
    names = ", ".join(map(ident, columns))
    whole = (
        "md5(concat_ws(chr(31), " + ", ".join(f"coalesce(CAST({ident(n)} AS VARCHAR), chr(30))" for n in columns) + "))"
    )
    return (
        f"SELECT {whole} AS record_key, {names}, min({SAID_FROM}) AS {SAID_FROM} "
        f"FROM (SELECT {said}, {interval} AS {SAID_FROM} FROM {table} WHERE {is_record}) GROUP BY ALL"
    )


def _is_record(entity: Entity, feed: Feed, present: Collection[str]) -> str:
    """SQL condition: the row is about such an entity at all."""
    stated = [_field(name, present) for name in dict.fromkeys((feed.key, feed.old_key)) if name is not None]
    conditions = []
    if stated and not feed.keyless:
        conditions.append(
            "(" + " OR ".join(f"nullif(trim(CAST({f} AS VARCHAR)), '') IS NOT NULL" for f in stated) + ")"
        )
    conditions += [
        f"{_value(a, feed.resource, present)} IS NOT NULL"
        for a in entity.attributes
        if a.required and a.of(feed.resource)
    ]
    return " AND ".join(conditions) or "true"


def _field(name: str | None, present: Collection[str]) -> str:
    return ident(name) if name is not None and name in present else "CAST(NULL AS VARCHAR)"


def _value(attribute: Attribute, resource: str, present: Collection[str]) -> str:
    """The first of the resource's own sources that says something."""
    values = [_source(s) for s in attribute.of(resource) if s.field is None or s.field in present]
    return "NULL" if not values else values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _source(source: Source) -> str:
    if source.field is None:
        return literal(source.constant)
    if not source.codes:
        return ident(source.field)
    cases = " ".join(f"WHEN {literal(code)} THEN {literal(word)}" for code, word in source.codes)
    return f"CASE CAST({ident(source.field)} AS VARCHAR) {cases} END"
