"""The comparable rows and the pairs of one run, in temporary tables: `link_comparable`, `link_changed`, `link_pair` and, once decided, `link_alias`."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from typing import Any

import duckdb
import pyarrow as pa

from contracts.quoting import ident, literal
from pipeline.link.judgements import Judgement, components
from pipeline.link.splink import score, score_within
from pipeline.link.tables import SCHEMA, comparable_table, pair_table, record_table
from pipeline.workplace import Workplace
from transforms.link import decide as d
from transforms.link.addresses import read_divisions
from transforms.link.comparable import SUCCESSORS, comparable_sql
from transforms.link.rules import LinkRules
from transforms.link.sounds import SOUNDS, sounds_table
from warehouse.lake import LAKE, count_rows

COMPARABLE, TOUCHED, CHANGED, FRESH = "link_comparable", "link_touched", "link_changed", "link_fresh"
_PAIR = "left_id VARCHAR, right_id VARCHAR, weight DOUBLE, probability DOUBLE, other_name BOOLEAN, levels VARCHAR"


def all_comparable(connection: duckdb.DuckDBPyConnection, place: Workplace, rules: LinkRules, snapshot: int) -> None:
    """Make COMPARABLE of all records as of a snapshot."""
    _prepare(connection, place)
    sql = comparable_sql(rules, f"(FROM {record_table(rules)} AT (VERSION => {snapshot}))", _divisions(place))
    _drop(connection, COMPARABLE)
    connection.execute(f"CREATE TEMP TABLE {COMPARABLE} AS {sql}")


def forms_fingerprint(place: Workplace, rules: LinkRules) -> str:
    """SHA-256 of how values are made comparable: another version of it, or another list of divisions, makes all rows comparable anew."""
    meaning = comparable_sql(rules, "records", _divisions(place)) + repr(sorted(_successors(place).items()))
    return hashlib.sha256(meaning.encode()).hexdigest()


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


def pairs_anew(connection: duckdb.DuckDBPyConnection, rules: LinkRules, settings: dict[str, Any] | None) -> None:
    """Make PAIRS by scoring everything; without settings there is none."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {d.PAIRS} ({_PAIR})")
    _side(connection, "link_known", "identified")
    _side(connection, "link_unknown", "NOT identified")
    if settings is None or not count_rows(connection, "link_unknown"):
        return
    if count_rows(connection, "link_known"):
        score(connection, rules, settings, "link_known", "link_unknown", d.PAIRS, known="link_known")
    score_within(connection, rules, settings, "link_unknown", d.PAIRS)


def pairs_again(
    connection: duckdb.DuckDBPyConnection, place: Workplace, rules: LinkRules, settings: dict[str, Any], snapshot: int, *, changed: bool
) -> None:  # fmt: skip
    """Make PAIRS of those stored and, where records changed, those of changed own ids scored again; also CHANGED, FRESH and COMPARABLE."""
    stored = comparable_table(rules)
    if changed:
        _prepare(connection, place)
        records = (
            f"(FROM {record_table(rules)} AT (VERSION => {snapshot}) WHERE own_id IN (SELECT own_id FROM {TOUCHED}))"
        )
        fresh = comparable_sql(rules, records, _divisions(place))
    else:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {TOUCHED} (own_id VARCHAR)")
        fresh = f"SELECT * FROM {stored} WHERE false"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {FRESH} AS {fresh}")
    columns = ", ".join(["own_id", "identified", *map(ident, rules.columns)])
    before = f"SELECT {columns} FROM {stored} WHERE own_id IN (SELECT own_id FROM {TOUCHED})"
    now = f"SELECT {columns} FROM {FRESH}"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {CHANGED} AS "
        f"SELECT DISTINCT own_id FROM (({before} EXCEPT {now}) UNION ALL ({now} EXCEPT {before}))"
    )
    _drop(connection, COMPARABLE)
    connection.execute(
        f"CREATE TEMP VIEW {COMPARABLE} AS SELECT {columns} FROM {stored} WHERE own_id NOT IN (SELECT own_id FROM {CHANGED}) "
        f"UNION ALL SELECT {columns} FROM {FRESH} WHERE own_id IN (SELECT own_id FROM {CHANGED})"
    )
    kept = f"left_id NOT IN (SELECT own_id FROM {CHANGED}) AND right_id NOT IN (SELECT own_id FROM {CHANGED})"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {d.PAIRS} AS SELECT * FROM {pair_table(rules)} WHERE {kept}")
    among = f"own_id IN (SELECT own_id FROM {CHANGED})"
    _side(connection, "link_known", "identified")
    _side(connection, "link_unknown", "NOT identified")
    _side(connection, "link_new_known", f"identified AND {among}")
    _side(connection, "link_new_unknown", f"NOT identified AND {among}")
    _side(connection, "link_old", f"NOT {among}")
    if count_rows(connection, "link_new_known") and count_rows(connection, "link_unknown"):
        score(connection, rules, settings, "link_new_known", "link_unknown", d.PAIRS, known="link_known")
    if news := count_rows(connection, "link_new_unknown"):
        score(connection, rules, settings, "link_old", "link_new_unknown", d.PAIRS, known="link_known")
        if news > 1:
            score_within(connection, rules, settings, "link_new_unknown", d.PAIRS)


def decide(connection: duckdb.DuckDBPyConnection, rules: LinkRules, judgements: Iterable[Judgement]) -> None:
    """Make `link_alias`, every own id that is not its own entity, from COMPARABLE, PAIRS and the judgements in force."""
    listed = list(judgements)
    same = sorted(components(listed).items())
    apart = [(j.left_id, j.right_id) for j in listed if j.decision == "different"]
    _table(connection, d.SAME, {"own_id": [i for i, _ in same], "component": [c for _, c in same]})
    _table(connection, d.DIFFERENT, {"left_id": [a for a, _ in apart], "right_id": [b for _, b in apart]})
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {d.NODES} AS SELECT own_id, identified FROM {COMPARABLE}")
    for name, sql in (
        (d.MEMBERS, d.members_sql()), (d.EDGES, d.edges_sql()), (d.JOINED, d.joined_sql(rules)),
        (d.LOOSE, d.loose_edges_sql(rules)), (d.GROUPS, d.first_groups_sql()),
    ):  # fmt: skip
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")
    while True:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE link_next AS {d.next_groups_sql()}")
        moved = count_rows(connection, f"(FROM link_next EXCEPT FROM {d.GROUPS})")
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {d.GROUPS} AS FROM link_next")
        if not moved:
            break
    connection.execute(f"CREATE OR REPLACE TEMP TABLE link_alias AS {d.alias_sql()}")


def _prepare(connection: duckdb.DuckDBPyConnection, place: Workplace) -> None:
    connection.register(SOUNDS, sounds_table())
    old, new = [], []
    for code, successor in _successors(place).items():
        old.append(code)
        new.append(successor)
    _table(connection, SUCCESSORS, {"code": old, "successor": new})


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


def _side(connection: duckdb.DuckDBPyConnection, name: str, condition: str) -> None:
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * EXCLUDE (identified) FROM {COMPARABLE} WHERE {condition}"
    )


def _table(connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, list[str]]) -> None:
    connection.register("link_given", pa.table({c: pa.array(v, pa.string()) for c, v in columns.items()}))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM link_given")
    connection.unregister("link_given")


def _drop(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    row = connection.execute(
        "SELECT table_type FROM information_schema.tables WHERE table_catalog = 'temp' AND table_name = ?", [name]
    ).fetchone()
    if row is not None:
        connection.execute(f"DROP {'VIEW' if row[0] == 'VIEW' else 'TABLE'} temp.{ident(name)}")
