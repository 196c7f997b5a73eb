"""Who is one entity, from COMPARABLE, the pairs and the judgements: of everybody, or of those alone whom a change can reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import duckdb
import pyarrow as pa

from pipeline.link.comparable import CHANGED, COMPARABLE, drop
from pipeline.link.judgements import Judgement, components
from pipeline.link.pairs import SCORED
from pipeline.link.tables import pair_table
from transforms.link import decide as d
from transforms.link.rules import LinkRules
from warehouse.lake import count_rows

REACHED, ALIAS = "link_reached", "link_alias"
_FRONTIER, _JUDGED = "link_frontier", "link_judged"


def decide_all(
    connection: duckdb.DuckDBPyConnection, rules: LinkRules, judgements: Iterable[Judgement], *, anew: bool
) -> None:
    """Make ALIAS, every own id that is not its own entity. `anew` says that SCORED holds all pairs; otherwise the stored ones count that hold no
    CHANGED own id."""
    _judged(connection, judgements)
    for name in (d.PAIRS, d.NODES):
        drop(connection, name)
    connection.execute(f"CREATE TEMP VIEW {d.PAIRS} AS {f'FROM {SCORED}' if anew else _pairs_now(rules)}")
    connection.execute(f"CREATE TEMP VIEW {d.NODES} AS SELECT own_id, identified FROM {COMPARABLE}")
    _decide(connection, rules)


def decide_reached(
    connection: duckdb.DuckDBPyConnection, rules: LinkRules, judgements: Iterable[Judgement], rejudged: Collection[str]
) -> None:
    """Make REACHED, the own ids that a CHANGED or a rejudged one can reach, and ALIAS, those of them that are not their own entity.

    A change reaches whoever is paired with it or judged together with it. It goes on from there, except from one that has an identifier and is reached
    by a pair: who else is paired with that one is decided without it.
    """
    for name in (d.PAIRS, d.NODES):
        drop(connection, name)
    _judged(connection, judgements)
    _reach(connection, rules, rejudged)
    touching = f"left_id IN (FROM {REACHED}) OR right_id IN (FROM {REACHED})"
    _materialise(connection, d.PAIRS, f"SELECT * FROM ({_pairs_now(rules)}) WHERE {touching}")
    needed = f"FROM {REACHED} UNION SELECT left_id FROM {d.PAIRS} UNION SELECT right_id FROM {d.PAIRS} UNION SELECT own_id FROM {d.SAME}"
    _materialise(connection, "link_needed", needed)
    _materialise(connection, d.NODES, f"SELECT own_id, identified FROM {COMPARABLE} WHERE own_id IN (FROM link_needed)")
    _decide(connection, rules)
    connection.execute(f"DELETE FROM {ALIAS} WHERE own_id NOT IN (FROM {REACHED})")


def _reach(connection: duckdb.DuckDBPyConnection, rules: LinkRules, rejudged: Collection[str]) -> None:
    connection.register("link_given", pa.table({"own_id": pa.array(sorted(rejudged), pa.string())}))
    _materialise(connection, REACHED, f"SELECT own_id FROM {CHANGED} UNION SELECT own_id FROM link_given")
    connection.unregister("link_given")
    _materialise(connection, _FRONTIER, f"FROM {REACHED}")
    # stored pairs that are gone reach too
    pairs = f"(SELECT left_id, right_id FROM {pair_table(rules)} UNION ALL SELECT left_id, right_id FROM {SCORED})"
    while count_rows(connection, _FRONTIER):
        paired, judged = (
            f"SELECT right_id AS own_id FROM {edges} WHERE left_id IN (FROM {_FRONTIER}) "
            f"UNION ALL SELECT left_id FROM {edges} WHERE right_id IN (FROM {_FRONTIER})"
            for edges in (pairs, _JUDGED)
        )
        _materialise(connection, "link_paired", f"SELECT DISTINCT own_id FROM ({paired}) ANTI JOIN {REACHED} USING (own_id)")  # fmt: skip
        going_on = (
            f"SELECT own_id FROM {COMPARABLE} WHERE NOT identified AND own_id IN (FROM link_paired) UNION {judged}"
        )
        _materialise(connection, "link_further", f"SELECT DISTINCT own_id FROM ({going_on}) ANTI JOIN {REACHED} USING (own_id)")  # fmt: skip
        _materialise(connection, _FRONTIER, "FROM link_further")
        connection.execute(f"INSERT INTO {REACHED} FROM {_FRONTIER}")


def _pairs_now(rules: LinkRules) -> str:
    kept = f"left_id NOT IN (FROM {CHANGED}) AND right_id NOT IN (FROM {CHANGED})"
    return f"SELECT * FROM {pair_table(rules)} WHERE {kept} UNION ALL SELECT * FROM {SCORED}"


def _judged(connection: duckdb.DuckDBPyConnection, judgements: Iterable[Judgement]) -> None:
    listed = list(judgements)
    same = sorted(components(listed).items())
    apart = [(j.left_id, j.right_id) for j in listed if j.decision == "different"]
    _table(connection, _JUDGED, ("left_id", "right_id"), [(j.left_id, j.right_id) for j in listed])
    _table(connection, d.SAME, ("own_id", "component"), same)
    _table(connection, d.DIFFERENT, ("left_id", "right_id"), apart)


def _decide(connection: duckdb.DuckDBPyConnection, rules: LinkRules) -> None:
    for name, sql in (
        (d.MEMBERS, d.members_sql()), (d.EDGES, d.edges_sql()), (d.JOINED, d.joined_sql(rules)),
        (d.LOOSE, d.loose_edges_sql(rules)), (d.GROUPS, d.first_groups_sql()),
    ):  # fmt: skip
        _materialise(connection, name, sql)
    while True:
        _materialise(connection, "link_next", d.next_groups_sql())
        moved = count_rows(connection, f"(FROM link_next EXCEPT FROM {d.GROUPS})")
        _materialise(connection, d.GROUPS, "FROM link_next")
        if not moved:
            break
    _materialise(connection, ALIAS, d.alias_sql())


def _table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: tuple[str, str], rows: list[tuple[str, str]]
) -> None:
    given = {column: pa.array([row[n] for row in rows], pa.string()) for n, column in enumerate(columns)}
    connection.register("link_given", pa.table(given))
    _materialise(connection, name, "SELECT * FROM link_given")
    connection.unregister("link_given")


def _materialise(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {sql}")
