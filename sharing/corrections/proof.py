"""What the lake says of disputed rows at the snapshot of a load: still refused, corrected, gone at the source, or as they were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from contracts.model import Resource
from contracts.quoting import ident, literal
from contracts.rules import MALFORMED_LINE
from sharing.corrections.disputed_rows import MISSING, DisputedRow
from sharing.fill import division_field
from sharing.loads import Load
from warehouse.fates import TOMBSTONES, by_absence, key_text
from warehouse.lake import LAKE, table_exists
from warehouse.quarantine import QUARANTINE
from warehouse.runs import QUALITY
from warehouse.tables import of_resource

_ROWS = "proof_rows"
# a row without a whole key is known by its values
_IDENTITY = "coalesce(key, CAST(original AS VARCHAR))"


@dataclass(frozen=True)
class Proof:
    """How many of the disputed rows a load shows `corrected` or `gone` at their source, how many it `left`, and why nothing is proved where nothing is."""

    corrected: int
    gone: int
    left: int
    why_not: str = ""


def in_lake(
    connection: duckdb.DuckDBPyConnection, resource: Resource, snapshot: int, keys: Collection[str], rows: str
) -> set[str]:
    """Which of the keys the resource's table holds at the snapshot, within the rows whose division begins with `rows`."""
    field = division_field(resource)
    within = f"starts_with({ident(field.name)}, {literal(rows)})" if field and rows else "true" if not rows else "false"
    _read(connection, [DisputedRow(key, True) for key in keys])
    found = connection.execute(
        f"SELECT DISTINCT {key_text(resource)} FROM {_table(resource)} AT (VERSION => {snapshot}) "
        f"WHERE {key_text(resource)} IN (SELECT identity FROM {_ROWS}) AND {within}"
    ).fetchall()
    return {key for (key,) in found}


def in_quarantine(
    connection: duckdb.DuckDBPyConnection, resource: Resource, snapshot: int, rule: str
) -> dict[str, DisputedRow]:
    """The rows refused by the rule and open at the snapshot, by what they are known by."""
    found = connection.execute(
        f"SELECT {_IDENTITY}, bool_and(key IS NOT NULL) FROM {QUARANTINE} AT (VERSION => {snapshot}) "
        f"WHERE {of_resource(resource)} AND list_contains(rules, ?) GROUP BY 1 ORDER BY 1",
        [rule],
    ).fetchall()
    return {identity: DisputedRow(identity, is_key) for identity, is_key in found}


def prove(
    connection: duckdb.DuckDBPyConnection, resource: Resource, load: Load, rows: Sequence[DisputedRow],
    asked_snapshot: int, rule: str | None, field: str | None,
) -> Proof:  # fmt: skip
    """What the load proves of the rows that were disputed as the lake had them at `asked_snapshot`.

    A row that is in quarantine is not corrected, whatever rule keeps it there now. A refused row is corrected once the lake holds it although its
    rule is still asked; a disputed value once it is another, and not merely emptied. A row is gone only where its source says so: by a deletion mark,
    or by its absence from a whole reading in which every line was a record. A row that was missing is corrected once the lake holds it.
    """
    if load.snapshot <= asked_snapshot:
        return Proof(0, 0, len(rows), "nothing was loaded since it was asked")
    if rule and rule != MISSING and not _is_asked(connection, load, rule):
        return Proof(0, 0, len(rows), "the rule is no longer asked as an error")
    _read(connection, rows)
    standing = _standing_sql(connection, resource, load.snapshot, asked_snapshot, field)
    counts = dict(connection.execute(f"SELECT standing, count(*) FROM ({standing}) GROUP BY 1").fetchall())
    corrected, gone, left = (counts.get(name, 0) for name in ("corrected", "gone", "left"))
    # what was missing cannot go
    return Proof(corrected, 0, left + gone) if rule == MISSING else Proof(corrected, gone, left)


def _standing_sql(
    connection: duckdb.DuckDBPyConnection, resource: Resource, snapshot: int, asked: int, field: str | None
) -> str:
    now, then = f"AT (VERSION => {snapshot})", f"AT (VERSION => {asked})"
    mine, listed = of_resource(resource), f"IN (SELECT identity FROM {_ROWS})"
    table = f"{_table(resource)} {now}" if table_exists(connection, resource.department, resource.name) else ""
    key, value = key_text(resource), f"CAST({ident(field)} AS VARCHAR)" if field else "''"

    def values(relation: str) -> str:
        # an appended resource may hold a key more than once: none of its rows may say what was disputed
        return f"SELECT {key} AS identity, list(DISTINCT {value}) AS said, count(*) AS held, count({value}) AS filled FROM {relation} WHERE {key} {listed} GROUP BY 1"

    empty = "SELECT CAST(NULL AS VARCHAR) AS identity, [] :: VARCHAR[] AS said, 0 AS held, 0 AS filled WHERE false"
    changed = "n.filled = n.held AND NOT list_has_any(n.said, t.said)" if field else "true"
    whole = f"""{str(by_absence(resource)).lower()} AND NOT EXISTS (
            SELECT 1 FROM {QUARANTINE} {now} WHERE {mine} AND list_contains(rules, {literal(MALFORMED_LINE)}))"""
    return f"""
        WITH refused AS (SELECT DISTINCT {_IDENTITY} AS identity FROM {QUARANTINE} {now} WHERE {mine}),
        deleted AS (SELECT key AS identity FROM {TOMBSTONES} {now} WHERE {mine}),
        n AS ({values(table) if table else empty}),
        t AS ({values(f"{_table(resource)} {then}") if field else empty})
        SELECT CASE
            WHEN r.identity IN (SELECT identity FROM refused) THEN 'left'
            WHEN n.identity IS NOT NULL THEN CASE WHEN {changed} THEN 'corrected' ELSE 'left' END
            WHEN NOT r.is_key OR r.identity IN (SELECT identity FROM deleted) OR ({whole}) THEN 'gone'
            ELSE 'left' END AS standing
        FROM {_ROWS} AS r LEFT JOIN n USING (identity) LEFT JOIN t USING (identity)"""


def _is_asked(connection: duckdb.DuckDBPyConnection, load: Load, rule: str) -> bool:
    found = connection.execute(
        f"SELECT 1 FROM {QUALITY} WHERE run_id = ? AND rule = ? AND severity = 'error' LIMIT 1", [load.run_id, rule]
    ).fetchone()
    # a line that is no record is found by the connector, whatever the contract asks
    return found is not None or rule == MALFORMED_LINE


def _read(connection: duckdb.DuckDBPyConnection, rows: Sequence[DisputedRow]) -> None:
    told = pa.table(
        {"identity": pa.array([r.identity for r in rows], pa.string()), "is_key": pa.array([r.is_key for r in rows], pa.bool_())}
    )  # fmt: skip
    connection.register("proof_rows_read", told)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS SELECT * FROM proof_rows_read")
    connection.unregister("proof_rows_read")


def _table(resource: Resource) -> str:
    return ident(LAKE, resource.department, resource.name)
