"""What changed in the resources since their records were last read: which tables, and the keys of the rows that came or went."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from contracts.quoting import literal
from pipeline.models.inputs import Changes, changes_since
from warehouse.lake import LAKE


class ChangeFeeds:
    """The tables that changed up to a snapshot, asked once for each snapshot from which somebody wants to know."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, resources: Sequence[str], now: int) -> None:
        self._connection, self._resources, self._now = connection, resources, now
        self._told: dict[int, Changes | None] = {}

    def since(self, snapshot: int) -> Changes | None:
        """What changed after the snapshot; None where one of those in between has expired, so that nobody can tell."""
        if snapshot not in self._told:
            self._told[snapshot] = changes_since(self._connection, self._resources, snapshot, self._now)
        return self._told[snapshot]


def changed_keys_sql(schema: str, table: str, row_key: str, read: int, now: int) -> str:
    """SELECT of `record_key` of the rows that came or went after snapshot `read`, up to `now`, which must be later."""
    bounds = f"{literal(LAKE)}, {literal(schema)}, {literal(table)}, {read + 1}, {now}"
    return " UNION ".join(
        f"SELECT {row_key} AS record_key FROM ducklake_table_{what}({bounds})" for what in ("insertions", "deletions")
    )
