"""The city's code lists in the schema `reference`, a table a list, written only where a list changed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import duckdb

from contracts.quoting import ident, literal
from contracts.settings import Settings
from pipeline.records.tables import STATE, ensure_state
from warehouse.lake import LAKE, commit, table_exists

SCHEMA = "reference"
_DAYS = ("valid_from", "valid_to")
COMMENTS = {
    "code": "代码 code",
    "name": "名称 name",
    "valid_from": "启用日期 first day on which the code was valid, empty where it is not known",
    "valid_to": "停用日期 day from which it was valid no longer, empty while it is",
    "successor": "后继代码 the codes that took its place, parted by semicolons",
}


def load_code_lists(
    connection: duckdb.DuckDBPyConnection, settings: Settings, lists: Mapping[str, Path]
) -> dict[str, int]:
    """Bring `reference` up to the lists' files in one commit; returns the rows of each list that changed."""
    files = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(lists.items())}

    def work() -> dict[str, int]:
        ensure_state(connection)
        loaded = dict(
            connection.execute(f"SELECT resource, mapping FROM {STATE} WHERE entity = {literal(SCHEMA)}").fetchall()
        )
        counts = {}
        for name, digest in files.items():
            if loaded.get(name) != digest:
                counts[f"{SCHEMA}.{name}"] = _load(connection, name, lists[name])
                connection.execute(f"DELETE FROM {STATE} WHERE entity = ? AND resource = ?", [SCHEMA, name])
                connection.execute(f"INSERT INTO {STATE} VALUES (?, ?, ?, NULL)", [SCHEMA, name, digest])
        return counts

    return commit(connection, settings, work, "code lists")


def _load(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> int:
    read = f"read_csv({literal(path)}, header = true, all_varchar = true)"
    columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {read}").fetchall()]
    types = {c: "DATE" if c in _DAYS else "VARCHAR" for c in columns}
    said = ", ".join(f"CAST(nullif(trim({ident(c)}), '') AS {type}) AS {ident(c)}" for c, type in types.items())
    table = ident(LAKE, SCHEMA, name)
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, SCHEMA)}")
    known = {}
    if table_exists(connection, SCHEMA, name):
        known = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {table}").fetchall()}
    if known == types:
        connection.execute(f"DELETE FROM {table}")
        connection.execute(f"INSERT INTO {table} SELECT {said} FROM {read}")
    else:
        connection.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT {said} FROM {read}")
        connection.execute(f"COMMENT ON TABLE {table} IS {literal(f'代码集 code list {name}')}")
        for column in columns:
            text = COMMENTS.get(column, column)
            connection.execute(f"COMMENT ON COLUMN {table}.{ident(column)} IS {literal(text)}")
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
