"""Items that a department collects again although the source department gives them: told from a small sample of the data itself.

Decree 809 art. 19 forbids collecting again what sharing gives. An item is given where the city names its source (the first resource of an attribute
in `unified.yaml`), that resource has rows in the lake and may be shared. Another department's field is the same item where, of the people or firms
that both hold, enough have the same value in both. Keys, names and whatever else the policy lists are no findings: without them nobody could say
whom a record is about. Nor is a field that the department gets from the source: its delivery is in force.

The sample is the smallest hashes of the key (bottom-k), so every resource samples the same people, whatever its size; hashes stay in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from contracts.model import Field, Label, Resource
from contracts.quoting import ident, literal
from sharing.islands.ground import ASSETS, LINES, Ground

SKETCH, ITEMS, NAMES = "island_sketch", "island_items", "island_names"

# Keys a resource's sample holds at most: the share of equal values is then known to about one percentage point.
_KEYS = 4096
# rows read for the sample at most, were every key's rows as many as the table's mean
_ROWS = 4 * _KEYS
# Values that agree must be at least so many different ones: a state or a grade is equal by chance.
_DIFFERENT = 20
_HIGHEST = 2**64 - 1
# the query that counts the same over all rows
_CHECK = """
           'SELECT count(*) AS entities, count(*) FILTER (s.' || source_field || ' = o.' || same.field || ') AS with_the_same_value FROM ' || source
           || ' AS s JOIN ' || same.resource || ' AS o ON s.' || source_key || ' = o.' || same.key
           || ' WHERE s.' || source_field || ' IS NOT NULL AND o.' || same.field || ' IS NOT NULL'"""


@dataclass(frozen=True)
class Item:
    """An attribute and the field its source department gives it in; `key` is that resource's field for the entity's identifier."""

    attribute: str
    label: Label
    resource: str
    key: str
    field: str


def make_sketches(connection: duckdb.DuckDBPyConnection, ground: Ground, items: Sequence[Item]) -> None:
    """Make `island_items` and `island_sketch`: of each source field and each field that could hold the same, the sampled keys and values, hashed."""
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {ITEMS} (attribute VARCHAR, zh VARCHAR, en VARCHAR, resource VARCHAR, key VARCHAR, field VARCHAR)""")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {NAMES} (resource VARCHAR, key VARCHAR, field VARCHAR, label VARCHAR)""")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {SKETCH} (resource VARCHAR, key_type VARCHAR, key VARCHAR, field VARCHAR, h UBIGINT, v UBIGINT, below UBIGINT)""")
    wanted = [item for item in items if _is_given(ground, item)]
    if not wanted:
        return
    connection.executemany(
        f"INSERT INTO {ITEMS} VALUES (?, ?, ?, ?, ?, ?)",
        [[i.attribute, i.label.zh, i.label.en, i.resource, i.key, i.field] for i in wanted],
    )
    types = {key.semantic_type for i in wanted if (key := _field(ground.city.resources[i.resource], i.key))}
    kinds = {source.logical_type for i in wanted if (source := _field(ground.city.resources[i.resource], i.field))}
    rows = dict(connection.execute(f"SELECT resource, rows FROM {ASSETS} WHERE rows > 0").fetchall())
    for id in rows:
        resource = ground.city.resources[id]
        sources = {(i.key, i.field) for i in wanted if i.resource == id}
        keys = [f for f in resource.fields if f.semantic_type in types]
        present = _present(connection, ground, resource) if keys else set()
        for key in (k for k in keys if k.name in present):
            fields = [
                f for f in resource.fields
                if f.name != key.name and f.name in present and ((key.name, f.name) in sources or _could_be(ground, resource, f, kinds))
            ]  # fmt: skip
            if fields:
                _sample(connection, ground, resource, rows[id], key, fields)


def same_items_sql(ground: Ground) -> str:
    """SELECT of the fields that hold an item again; of several items the one that agrees best. `make_sketches` comes first."""
    rules = ground.rules
    return f"""
    WITH pairs AS (
        SELECT i.attribute, i.zh, i.en, i.resource AS source, i.field AS source_field, i.key AS source_key, o.resource, o.key, o.field,
               count(DISTINCT o.h) AS entities, count(DISTINCT o.h) FILTER (o.v = s.v) AS agreeing,
               count(DISTINCT o.v) FILTER (o.v = s.v) AS values
        FROM {ITEMS} AS i JOIN {SKETCH} AS s USING (resource, key, field)
        JOIN {SKETCH} AS o ON o.key_type = s.key_type AND o.h = s.h AND o.resource <> s.resource AND s.h <= o.below AND o.h <= s.below
        WHERE split_part(o.resource, '.', 1) <> split_part(s.resource, '.', 1)
          AND NOT EXISTS (SELECT 1 FROM {ITEMS} AS own WHERE own.resource = o.resource AND own.field = o.field)
        GROUP BY ALL
    ),
    same AS (
        SELECT *, agreeing / entities AS share FROM pairs
        WHERE entities >= {rules.entities} AND values >= {_DIFFERENT} AND agreeing >= {rules.agree} * entities
        QUALIFY row_number() OVER (PARTITION BY resource, field ORDER BY agreeing / entities DESC, entities DESC, attribute) = 1
    )
    SELECT 'same_item' AS kind, same.resource || '.' || same.field AS subject, a.label || '·' || n.label || ' = ' || zh || ' ' || en AS name,
           a.department AS owner, (SELECT count(*) FROM {LINES} AS l WHERE l.resource = source AND list_contains(l.fields, source_field)) AS requests,
           to_json({{item: attribute, source: source || '.' || source_field, key: same.key, entities_sampled: entities, with_the_same_value: agreeing,
                     share: round(share, 3)}}) AS evidence,
           {_CHECK} AS check_sql
    FROM same JOIN {ASSETS} AS a USING (resource) JOIN {NAMES} AS n USING (resource, key, field)
    WHERE NOT EXISTS (
        SELECT 1 FROM {LINES} AS l WHERE l.requester = a.department AND l.resource = source AND l.receives
          AND list_contains(l.delivered_fields, source_field))"""


def _is_given(ground: Ground, item: Item) -> bool:
    """Whether the source gives the item: loaded, may be shared, and nothing that everybody may hold."""
    resource = ground.city.resources.get(item.resource)
    if resource is None or item.resource not in ground.loads or resource.share_type == "not_shared":
        return False
    key, field = _field(resource, item.key), _field(resource, item.field)
    if key is None or field is None or key.semantic_type is None or item.field == item.key:
        return False
    return field.semantic_type not in ground.rules.not_types and item.attribute not in ground.rules.not_items


def _could_be(ground: Ground, resource: Resource, field: Field, kinds: set[str]) -> bool:
    rules = ground.rules
    return not (
        field.primary_key or field.semantic_type in rules.not_types or field.logical_type not in kinds
        or f"{resource.id}.{field.name}" in rules.not_items
    )  # fmt: skip


def _field(resource: Resource, name: str) -> Field | None:
    return next((f for f in resource.fields if f.name == name), None)


def _sample(
    connection: duckdb.DuckDBPyConnection, ground: Ground, resource: Resource, rows: int, key: Field, fields: Sequence[Field]
) -> None:  # fmt: skip
    """Add to the sketch what the resource says of the keys with the smallest hashes: one scan, which keeps a bounded number of rows."""
    source, hashed = ground.rows_of(resource), f"md5_number_lower(upper(trim(CAST({ident(key.name)} AS VARCHAR))))"
    limit = _HIGHEST if rows <= _ROWS else int(_HIGHEST * (_ROWS / rows))
    columns = ", ".join(f"{_value(field)} AS v{place}" for place, field in enumerate(fields))
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE island_sample AS
        WITH drawn AS (
            SELECT {hashed} AS h, {columns} FROM {source} WHERE {ident(key.name)} IS NOT NULL AND {hashed} <= {limit}::UBIGINT
        )
        SELECT * FROM drawn QUALIFY dense_rank() OVER (ORDER BY h) <= {_KEYS}""")
    drawn = connection.execute("SELECT count(DISTINCT h), max(h) FROM island_sample").fetchone() or (0, None)
    below = limit if drawn[0] < _KEYS else drawn[1]
    head = f"{literal(resource.id)}, {literal(key.semantic_type or '')}, {literal(key.name)}"
    each = " UNION ALL ".join(
        f"SELECT {head}, {literal(field.name)}, h, v{place}, {below}::UBIGINT FROM island_sample WHERE v{place} IS NOT NULL"
        for place, field in enumerate(fields)
    )
    connection.execute(f"INSERT INTO {SKETCH} SELECT DISTINCT * FROM ({each})")
    connection.executemany(
        f"INSERT INTO {NAMES} VALUES (?, ?, ?, ?)", [[resource.id, key.name, f.name, f.label] for f in fields]
    )
    connection.execute("DROP TABLE island_sample")


def _present(connection: duckdb.DuckDBPyConnection, ground: Ground, resource: Resource) -> set[str]:
    """The columns the load's snapshot has: a field that came into the contract later is not among them."""
    return {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {ground.rows_of(resource)}").fetchall()}


def _value(field: Field) -> str:
    """SQL of a value's hash, blanks and capitals aside."""
    text = f"lower(regexp_replace(CAST({ident(field.name)} AS VARCHAR), '\\s', '', 'g'))"
    return f"md5_number_lower(nullif({text}, ''))"
