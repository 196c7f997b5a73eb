"""What a query to be exported may read: tables that the dictionary describes, by `schema.table`, and nothing else that the engine could reach."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from contracts.errors import ConfigurationError

_TABLE_FUNCTIONS = ("generate_series", "range", "unnest")
_VARIABLES = ("as_of", "as_of_day")
# functions that reach beyond the query: the process, files, other queries
_FORBIDDEN = (
    "current_setting",
    "getenv",
    "read_blob",
    "read_text",
    "query",
    "query_table",
    "which_secret",
    "duckdb_secrets",
)
_REMEDY = "one SELECT over tables named schema.table; landbridge dictionary lists them"


def tables_read(connection: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
    """The `schema.table` names a query reads, as DuckDB's own parser finds them.

    Raises ConfigurationError for anything but one SELECT, a catalogue named, a file, a table function, or a function that reaches outside.
    """
    row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    parsed: dict[str, Any] = json.loads(row[0]) if row else {"error": True}
    if parsed.get("error"):
        raise ConfigurationError(f"this cannot be exported: {parsed.get('error_message', 'no SQL')}", remedy=_REMEDY)
    if len(parsed["statements"]) != 1:
        raise ConfigurationError("more than one statement", remedy=_REMEDY)
    nodes = list(_nodes(parsed["statements"][0]))
    named = {entry["key"].lower() for node in nodes for entry in _ctes(node)}
    found = set()
    for node in nodes:
        kind = node.get("type")
        if kind == "BASE_TABLE":
            name = _table(node, named)
            found |= {name} if name else set()
        elif kind == "TABLE_FUNCTION" and _function(node) not in _TABLE_FUNCTIONS:
            raise ConfigurationError(f"{_function(node)}(…) reads more than the lake's tables", remedy=_REMEDY)
        elif node.get("class") == "FUNCTION":
            _check_function(node)
    return found


def _table(node: dict[str, Any], named: set[str]) -> str | None:
    catalogue, schema, table = node.get("catalog_name"), node.get("schema_name"), node.get("table_name", "")
    if node.get("at_clause"):
        raise ConfigurationError("an export reads one state of the lake", remedy="--as-of in place of AT (…)")
    if catalogue:
        raise ConfigurationError(f"{catalogue}.{schema}.{table} names a catalogue", remedy=f"write {schema}.{table}")
    if not schema:
        if table.lower() in named:
            return None
        raise ConfigurationError(f"{table!r} is no table of the lake", remedy=_REMEDY)
    return f"{schema}.{table}".lower()


def _check_function(node: dict[str, Any]) -> None:
    name = str(node.get("function_name", "")).lower()
    if name in _FORBIDDEN:
        raise ConfigurationError(f"{name}(…) reaches outside the query", remedy=_REMEDY)
    if name == "getvariable":
        said = [child.get("value", {}).get("value") for child in node.get("children", ())]
        if said not in [[v] for v in _VARIABLES]:
            raise ConfigurationError("an export knows two variables", remedy=" and ".join(_VARIABLES))


def _function(node: dict[str, Any]) -> str:
    return str((node.get("function") or {}).get("function_name", "")).lower()


def _ctes(node: dict[str, Any]) -> list[dict[str, Any]]:
    listed = (node.get("cte_map") or {}).get("map") or []
    return [entry for entry in listed if isinstance(entry, dict) and "key" in entry]


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
