"""What becomes of each row that passed its rules: written, or one of the fates that keep it from being written.

Every function returns SQL over three temporary relations of the commit: `candidates` (the standardised rows that passed), `fates`
(`_row`, `fate`) and the resource's table in the lake. Fates: `duplicate` (a newer row of the same key came in the same extraction),
`tombstone` (the row says that its key was deleted), `superseded` (the lake holds something newer), `unchanged` (the lake holds the same).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from contracts.model import Resource
from contracts.quoting import ident, literal, literals
from warehouse.tables import INTERVAL_COLUMN, of_resource

CANDIDATES, FATES = "candidates", "fates"
TOMBSTONES = ident("lake", "ops", "tombstones")
KEY_SEPARATOR = "\x1f"
"""Stands between the parts of a key that is written as one text: a unit separator."""


def key_columns(resource: Resource, prefix: str = "") -> str:
    return ", ".join(f"{prefix}{ident(name)}" for name in resource.key)


def key_text(resource: Resource, prefix: str = "") -> str:
    """SQL of the key as one text: the parts, parted by KEY_SEPARATOR; NULL where the resource has no key."""
    if not resource.key:
        return "CAST(NULL AS VARCHAR)"
    return f"concat_ws({literal(KEY_SEPARATOR)}, {', '.join(f'CAST({prefix}{ident(name)} AS VARCHAR)' for name in resource.key)})"


def same_key(resource: Resource, left: str, right: str) -> str:
    return " AND ".join(f"{left}.{ident(name)} = {right}.{ident(name)}" for name in resource.key)


def duplicates_sql(resource: Resource) -> str:
    """The rows that a newer row of the same key replaces: newest by watermark, then the later in the extraction.

    Only keys that occur more than once are ranked, so that memory follows the duplicates and not the table.
    """
    newest = f"{ident(resource.watermark.column)} DESC NULLS LAST, " if resource.watermark else ""
    columns = key_columns(resource)
    return f"""
        SELECT _row, 'duplicate' AS fate FROM (
            SELECT _row, row_number() OVER (PARTITION BY {columns} ORDER BY {newest}_row DESC) AS place
            FROM {CANDIDATES}
            WHERE ({columns}) IN (SELECT ({columns}) FROM {CANDIDATES} GROUP BY {columns} HAVING count(*) > 1)
        ) WHERE place > 1"""


def tombstones_sql(resource: Resource) -> str:
    """The rows that mark their key as deleted, where nothing newer is known of the key."""
    assert resource.deletions is not None and resource.deletions.column is not None
    column = ident(resource.deletions.column)
    return f"""
        SELECT _row, 'tombstone' AS fate FROM {CANDIDATES}
        WHERE CAST({column} AS VARCHAR) IN ({literals(resource.deletions.values)}) AND _row NOT IN (SELECT _row FROM {FATES})"""


def superseded_sql(resource: Resource, table: str, start: datetime, newest: bool) -> str:
    """The rows that lose against what the lake holds from a later interval, a later change, or a later deletion.

    A whole extraction of an old interval (no watermark) says nothing about keys a newer one has seen.
    """
    instant = f"TIMESTAMPTZ {literal(start.isoformat())}"
    if resource.watermark:
        mark = ident(resource.watermark.column)
        loses = (
            f"(t.{INTERVAL_COLUMN} > {instant} AND coalesce(t.{mark} >= c.{mark}, true)) "
            f"OR (t.{INTERVAL_COLUMN} < {instant} AND t.{mark} > c.{mark})"
        )
    else:
        loses = "false" if newest else "true"
    return f"""
        SELECT c._row, 'superseded' AS fate FROM {CANDIDATES} AS c JOIN {table} AS t ON {same_key(resource, "c", "t")}
        WHERE ({loses}) AND c._row NOT IN (SELECT _row FROM {FATES})
        UNION ALL
        SELECT c._row, 'superseded' AS fate FROM {CANDIDATES} AS c
        WHERE c._row NOT IN (SELECT _row FROM {FATES}) AND EXISTS (
            SELECT 1 FROM {TOMBSTONES} AS d
            WHERE {of_resource(resource)} AND d.interval_start > {instant} AND d.key = {key_text(resource, "c.")})"""


def unchanged_sql(resource: Resource, table: str) -> str:
    """The rows that the lake already holds, field by field."""
    same = " AND ".join(
        f"c.{ident(f.name)} IS NOT DISTINCT FROM t.{ident(f.name)}"
        for f in resource.fields
        if f.name not in resource.key
    )
    return f"""
        SELECT c._row, 'unchanged' AS fate FROM {CANDIDATES} AS c JOIN {table} AS t ON {same_key(resource, "c", "t")}
        WHERE {same or "true"} AND c._row NOT IN (SELECT _row FROM {FATES})"""


def by_absence(resource: Resource) -> bool:
    """Whether a key that the source no longer holds is deleted in the lake."""
    if resource.deletions is not None:
        return resource.deletions.mode == "absence"
    return resource.load_mode == "snapshot"


def gone_sql(resource: Resource, table: str, start: str, newest: bool, keys: Path | None, standardised: Path) -> str:
    """SELECT of `key` (text) of what the source deleted, from the lake and from the open problem rows; empty where this load cannot tell."""
    if resource.deletions and resource.deletions.mode == "tombstone":
        return (
            f"SELECT {key_text(resource)} AS key FROM {CANDIDATES} "
            f"WHERE _row IN (SELECT _row FROM {FATES} WHERE fate = 'tombstone')"
        )
    if not (by_absence(resource) and newest):
        return ""
    # a key whose row fails is at the source all the same
    seen = f"read_parquet({literal(keys or standardised)})"
    complete = " AND ".join(f"{ident(name)} IS NOT NULL" for name in resource.key)
    return f"""
        SELECT {key_text(resource, "t.")} AS key FROM {table} AS t ANTI JOIN {seen} AS k ON {same_key(resource, "t", "k")}
        UNION ALL
        SELECT q.key FROM {ident("lake", "quarantine", "rows")} AS q
        WHERE {of_resource(resource)} AND q.key IS NOT NULL AND q.interval_start < {start}
          AND q.key NOT IN (SELECT {key_text(resource)} FROM {seen} WHERE {complete})"""
