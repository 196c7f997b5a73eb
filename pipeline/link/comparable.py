"""The comparable rows of one run, in temporary tables: `link_comparable`, and after an increment `link_touched`, `link_fresh` and `link_changed`."""

from __future__ import annotations

import csv
import hashlib

import duckdb
import pyarrow as pa

from contracts.quoting import ident, literal
from pipeline.link.tables import SCHEMA, comparable_table, record_table
from pipeline.workplace import Workplace
from transforms.link.addresses import read_divisions
from transforms.link.comparable import SUCCESSORS, comparable_sql
from transforms.link.rules import LinkRules
from transforms.link.sounds import SOUNDS, sounds_table
from warehouse.lake import LAKE, count_rows

COMPARABLE, TOUCHED, CHANGED, FRESH = "link_comparable", "link_touched", "link_changed", "link_fresh"


def all_comparable(connection: duckdb.DuckDBPyConnection, place: Workplace, rules: LinkRules, snapshot: int) -> None:
    """Make COMPARABLE of all records as of a snapshot."""
    _prepare(connection, place)
    sql = comparable_sql(rules, f"(FROM {record_table(rules)} AT (VERSION => {snapshot}))", _divisions(place))
    drop(connection, COMPARABLE)
    connection.execute(f"CREATE TEMP TABLE {COMPARABLE} AS {sql}")


def changed_comparable(
    connection: duckdb.DuckDBPyConnection, place: Workplace, rules: LinkRules, snapshot: int, *, touched: bool
) -> None:
    """Make FRESH, the rows of TOUCHED own ids, CHANGED, those of them whose row is another than the stored one, and COMPARABLE, a view of what holds now."""
    stored = comparable_table(rules)
    if touched:
        _prepare(connection, place)
        records = f"(FROM {record_table(rules)} AT (VERSION => {snapshot}) SEMI JOIN {TOUCHED} USING (own_id))"
        fresh = comparable_sql(rules, records, _divisions(place))
    else:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {TOUCHED} (own_id VARCHAR)")
        fresh = f"SELECT * FROM {stored} WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {FRESH} AS {fresh}")
    columns = ", ".join(["own_id", "identified", *map(ident, rules.columns)])
    before = f"SELECT {columns} FROM {stored} SEMI JOIN {TOUCHED} USING (own_id)"
    now = f"SELECT {columns} FROM {FRESH}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {CHANGED} AS "
        f"SELECT DISTINCT own_id FROM (({before} EXCEPT {now}) UNION ALL ({now} EXCEPT {before}))"
    )
    drop(connection, COMPARABLE)
    connection.execute(
        f"CREATE TEMP VIEW {COMPARABLE} AS SELECT {columns} FROM {stored} ANTI JOIN {CHANGED} USING (own_id) "
        f"UNION ALL SELECT {columns} FROM {FRESH} SEMI JOIN {CHANGED} USING (own_id)"
    )


def touched_comparable(connection: duckdb.DuckDBPyConnection, rules: LinkRules, since: int, snapshot: int) -> bool:
    """Make TOUCHED, the own ids whose records changed after one snapshot up to another; whether there is any.

    What this step itself writes, the entity's id, does not count.
    """
    selects = [
        f"SELECT own_id, md5(CAST(row(*COLUMNS(* EXCLUDE (entity_id))) AS VARCHAR)) AS h, {sign} AS n "
        f"FROM ducklake_table_{feed}({literal(LAKE)}, {literal(SCHEMA)}, {literal(f'{rules.entity}_record')}, {since + 1}, {snapshot})"
        for feed, sign in (("insertions", 1), ("deletions", -1))
    ]
    rows = " UNION ALL ".join(selects)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {TOUCHED} AS "
        f"SELECT DISTINCT own_id FROM (SELECT own_id, h FROM ({rows}) GROUP BY own_id, h HAVING sum(n) <> 0)"
    )
    return count_rows(connection, TOUCHED) > 0


def forms_fingerprint(place: Workplace, rules: LinkRules) -> str:
    """SHA-256 of how values are made comparable: another version of it, or another list of divisions, makes all rows comparable anew."""
    meaning = comparable_sql(rules, "records", _divisions(place)) + repr(sorted(_successors(place).items()))
    return hashlib.sha256(meaning.encode()).hexdigest()


def _prepare(connection: duckdb.DuckDBPyConnection, place: Workplace) -> None:
    connection.register(SOUNDS, sounds_table())
    follows = _successors(place)
    connection.register("link_given", pa.table({"code": [*follows], "successor": [*follows.values()]}, _SUCCESSORS))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {SUCCESSORS} AS SELECT * FROM link_given")
    connection.unregister("link_given")


_SUCCESSORS = pa.schema({"code": pa.string(), "successor": pa.string()})


def _successors(place: Workplace) -> dict[str, str]:
    """Division → the one that took its place in the end, where there is exactly one."""
    path = place.city.code_lists.get("divisions")
    if path is None:
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        follows = {row["code"]: row.get("successor") or "" for row in csv.DictReader(file)}
    found = {}
    for code in follows:
        last, steps = code, 0
        while follows.get(last) and ";" not in follows[last] and steps < 20:
            last, steps = follows[last], steps + 1
        if last != code:
            found[code] = last
    return found


def _divisions(place: Workplace) -> tuple[str, ...]:
    path = place.city.code_lists.get("divisions")
    return read_divisions(path) if path else ()


def drop(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Drop the temporary table or view of that name, if there is one."""
    row = connection.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_catalog = 'temp' AND table_name = ?", [name]
    ).fetchone()
    if row is not None:
        connection.execute(f"DROP {'VIEW' if row[0] == 'VIEW' else 'TABLE'} temp.{ident(name)}")
