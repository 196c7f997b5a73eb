"""The quarantine: the open problem rows of each resource, with the rules they broke and their values as the source gave them.

A problem row stays open until its key comes again: accepted, refused anew, or deleted at its source. So the table says what is wrong now; what each
run refused stands in its quality results, and the rows themselves in the landing zone.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from contracts.model import Resource
from contracts.quoting import ident, literal
from contracts.rules import MALFORMED, MALFORMED_LINE
from warehouse import fates
from warehouse.lake import count_rows
from warehouse.tables import INTERVAL_COLUMN, of_resource

QUARANTINE = ident("lake", "quarantine", "rows")
FAILING = "failing"

# a row without a whole key is known by its values
_IDENTITY = "coalesce({0}.key, CAST({0}.original AS VARCHAR))"


def open_failing(
    connection: duckdb.DuckDBPyConnection, resource: Resource, standardised: Path, verdict: Path, landing: Path
) -> None:
    """Make the temporary table `failing` (`_row`, `rules`, `key`, `original`, `settled`) of the rows that break an error-level rule.

    `original` holds the row's columns as landed, or of a line that is no record its `file`, `line`, `text` and `reason`.
    """
    complete = " AND ".join(f"s.{ident(name)} IS NOT NULL" for name in resource.key)
    key = f"CASE WHEN {complete} THEN {fates.key_text(resource, 's.')} END" if resource.key else "CAST(NULL AS VARCHAR)"
    landed = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(landing)})").fetchall()
    names = [row[0] for row in landed]
    original = f"to_json(struct_pack({', '.join(f'{ident(n)} := l.{ident(n)}' for n in names if n != MALFORMED)}))"
    if MALFORMED in names:
        original = f"coalesce(CAST(l.{ident(MALFORMED)} AS JSON), {original})"
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {FAILING} AS
        SELECT v._row, v.errors AS rules, {key} AS key, {original} AS original, false AS settled
        FROM (SELECT * FROM read_parquet({literal(verdict)}) WHERE len(errors) > 0) AS v
        LEFT JOIN read_parquet({literal(standardised)}) AS s USING (_row)
        JOIN (SELECT file_row_number + 1 AS _row, * EXCLUDE (file_row_number)
              FROM read_parquet({literal(landing)}, file_row_number = true)) AS l USING (_row)""")


def malformed_lines(connection: duckdb.DuckDBPyConnection) -> int:
    """How many rows of `failing` are lines that are no records."""
    return count_rows(connection, f"{FAILING} WHERE list_contains(rules, {literal(MALFORMED_LINE)})")


def supersede_failing(
    connection: duckdb.DuckDBPyConnection, resource: Resource, table: str, start: datetime, newest: bool
) -> int:
    """Mark in `failing` what a later interval has settled, or restated, already; returns how many rows.

    Only a repeated run of an older interval finds any. Each interval of an `append` resource stands for itself.
    """
    if resource.load_mode == "append" or not count_rows(connection, FAILING):
        return 0
    if resource.load_mode == "snapshot" and not newest:
        connection.execute(f"UPDATE {FAILING} SET settled = true")
        return count_rows(connection, FAILING)
    mine, after = of_resource(resource), f"interval_start > TIMESTAMPTZ {literal(start.isoformat())}"
    connection.execute(f"""
        UPDATE {FAILING} AS f SET settled = true
        WHERE {_IDENTITY.format("f")} IN (SELECT {_IDENTITY.format("q")} FROM {QUARANTINE} AS q WHERE {mine} AND {after})
           OR f.key IN (SELECT key FROM {fates.TOMBSTONES} WHERE {mine} AND {after})
           OR f.key IN (SELECT {fates.key_text(resource)} FROM {table}
                        WHERE {INTERVAL_COLUMN} > TIMESTAMPTZ {literal(start.isoformat())})""")
    return count_rows(connection, f"{FAILING} WHERE settled")


def write_quarantine(
    connection: duckdb.DuckDBPyConnection, resource: Resource, start: datetime, run_id: str, *, held: bool, newest: bool
) -> int:
    """Put `failing` into the quarantine and close what this load settles; returns how many rows were put in.

    A held attempt only adds: what an earlier, loaded attempt refused is still what the lake lacks.
    """
    mine = of_resource(resource)
    scope = f"run_id = {literal(run_id)}" if held else "true"
    connection.execute(
        f"DELETE FROM {QUARANTINE} WHERE {mine} AND interval_start = TIMESTAMPTZ {literal(start.isoformat())} AND {scope}"
    )
    if not held and resource.load_mode != "append":
        _close_settled(connection, resource, start, newest)
    connection.execute(f"""
        INSERT INTO {QUARANTINE}
        SELECT {literal(run_id)}, {literal(resource.department)}, {literal(resource.name)},
               TIMESTAMPTZ {literal(start.isoformat())}, _row, key, rules, original
        FROM {FAILING} WHERE NOT settled""")
    return count_rows(connection, f"{QUARANTINE} WHERE run_id = {literal(run_id)}")


def _close_settled(connection: duckdb.DuckDBPyConnection, resource: Resource, start: datetime, newest: bool) -> None:
    earlier = f"{of_resource(resource)} AND q.interval_start < TIMESTAMPTZ {literal(start.isoformat())}"
    if not count_rows(connection, f"{QUARANTINE} AS q WHERE {earlier}"):
        return  # the keys of a large load are looked through only where there is something to settle
    whole = resource.load_mode == "snapshot" or resource.watermark is None
    if whole and newest:
        # the source was read whole: what it no longer says is no open problem, a row without a key included
        gone = "true" if resource.load_mode == "snapshot" else "q.key IS NULL"
        connection.execute(f"DELETE FROM {QUARANTINE} AS q WHERE {earlier} AND {gone}")
    settled = f"SELECT {fates.key_text(resource)} FROM {fates.CANDIDATES} WHERE _row NOT IN (SELECT _row FROM {fates.FATES} WHERE fate = 'superseded')"
    deleted = f"SELECT key FROM {fates.TOMBSTONES} WHERE {of_resource(resource)}"
    connection.execute(f"""
        DELETE FROM {QUARANTINE} AS q WHERE {earlier} AND (
            {_IDENTITY.format("q")} IN (SELECT {_IDENTITY.format("f")} FROM {FAILING} AS f WHERE NOT f.settled)
            OR q.key IN ({settled if resource.key else "NULL"}) OR q.key IN ({deleted}))""")
