"""Tables of the step `records`: one of versions for each entity, and what was last read of each resource."""

from __future__ import annotations

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import ident, literal
from transforms.unify import Entity
from transforms.unify.records import SCHEMA, record_columns
from warehouse.lake import LAKE, table_exists

STATE = ident(LAKE, "ops", "record_state")
GUARD = ""
"""Stands for a resource in the one row of STATE that every commit of an entity's records touches: what makes two of them meet in any catalogue.
Its mapping is the attribute within which the identifier is one, empty where it is one by itself."""
_STATE_COMMENT = "归集进度 which snapshot of the lake the records of an entity were last read from, by resource, and with which mapping"


def ensure_state(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of what was last read where it is missing; runs inside the caller's transaction."""
    if not table_exists(connection, "ops", "record_state"):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'ops')}")
        connection.execute(f"CREATE TABLE {STATE} (entity VARCHAR, resource VARCHAR, mapping VARCHAR, snapshot BIGINT)")
        connection.execute(f"COMMENT ON TABLE {STATE} IS {literal(_STATE_COMMENT)}")


def ensure_record_table(connection: duckdb.DuckDBPyConnection, entity: Entity) -> bool:
    """Make or widen the entity's table of records; returns whether a column was added. Runs inside the caller's transaction, after `ensure_state`.

    Raises ConfigurationError where an attribute changed its type: the versions of the past cannot follow it.
    """
    table = ident(LAKE, SCHEMA, entity.record_table)
    columns = record_columns(entity)
    if not table_exists(connection, SCHEMA, entity.record_table):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, SCHEMA)}")
        listed = ", ".join(f"{ident(name)} {type}" for name, (type, _) in columns.items())
        connection.execute(f"CREATE TABLE {table} ({listed})")
        comment = f"{entity.label.zh}来源记录 one row a version of a record: what a resource says of one {entity.label.en.lower()}, since when and until when"
        connection.execute(f"COMMENT ON TABLE {table} IS {literal(comment)}")
        for name, (_, text) in columns.items():
            connection.execute(f"COMMENT ON COLUMN {table}.{ident(name)} IS {literal(text)}")
        connection.execute(f"INSERT INTO {STATE} VALUES (?, ?, '', NULL)", [entity.name, GUARD])
        return False
    known = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
    added = False
    for name, (type, text) in columns.items():
        if name not in known:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {ident(name)} {type}")
            connection.execute(f"COMMENT ON COLUMN {table}.{ident(name)} IS {literal(text)}")
            added = True
        elif known[name] != type:
            raise ConfigurationError(
                f"{name} is {known[name]} in the records so far and {type} now",
                where=f"unified.yaml, {entity.name}.attributes.{name}",
                remedy="give the changed attribute a new name",
            )
    return added
