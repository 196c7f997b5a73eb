"""The pairs of one run, scored part by part into the temporary table `link_scored`: memory stays bounded however many there are."""

from __future__ import annotations

import logging
from typing import Any

import duckdb

from contracts.quoting import ident
from pipeline.link.comparable import CHANGED, COMPARABLE, FRESH
from pipeline.link.splink import score, score_within
from transforms.link.rules import LinkRules
from transforms.link.settings import Columns, blocking
from warehouse.lake import count_rows

log = logging.getLogger("landbridge.link")

SCORED = "link_scored"
# some 200 MB of Splink's tables
PAIRS_AT_ONCE = 2_000_000
# pairs by one value: more than a frequent name gives, so mostly a value that stands for none
CROWD = 1_000_000
_NEWS, _NEAR, _LEFT, _RIGHT = "link_news", "link_near", "link_part_left", "link_part_right"
_PAIR = "left_id VARCHAR, right_id VARCHAR, weight DOUBLE, probability DOUBLE, other_name BOOLEAN, levels VARCHAR"


def pairs_anew(connection: duckdb.DuckDBPyConnection, rules: LinkRules, settings: dict[str, Any] | None) -> None:
    """Make SCORED of all pairs of COMPARABLE in which at least one side has no identifier; without settings there is none."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {SCORED} ({_PAIR})")
    if settings is not None:
        _score(connection, rules, settings, f"{COMPARABLE} WHERE NOT identified", "identified", within=True)


def pairs_again(connection: duckdb.DuckDBPyConnection, rules: LinkRules, settings: dict[str, Any]) -> None:
    """Make SCORED of those pairs that hold a CHANGED own id."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {SCORED} ({_PAIR})")
    if not count_rows(connection, CHANGED):
        return
    # read from the few rows, not found among all
    news, old = f"{FRESH} SEMI JOIN {CHANGED} USING (own_id) WHERE", f"own_id NOT IN (FROM {CHANGED})"
    _score(connection, rules, settings, f"{news} NOT identified", f"(identified OR {old})", within=True)
    _score(connection, rules, settings, f"{news} identified", f"NOT identified AND {old}", within=False)


def _score(
    connection: duckdb.DuckDBPyConnection, rules: LinkRules, settings: dict[str, Any], news: str, others: str, *, within: bool
) -> None:  # fmt: skip
    """Score the pairs of the rows `news` with those of COMPARABLE that satisfy `others` and, if `within`, with one another.

    Of the others only those that agree with one of the news by a blocking rule are handed to Splink. Each pair is looked at in one part, that of the
    later of its two sides, so that neither their number nor their order changes what is found.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_NEWS} AS SELECT * FROM {news}")
    if not count_rows(connection, _NEWS):
        return
    rules_of_blocking = blocking(rules)
    near = " OR ".join(
        f"{_key(columns)} IN (SELECT {_key(columns)} FROM {_NEWS} WHERE {_stated(columns)})" for columns in rules_of_blocking
    )  # fmt: skip
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_NEAR} AS SELECT * FROM {COMPARABLE} WHERE {others} AND ({near})"
    )
    pairs = sum(_pairs(connection, rules, columns, within=within) for columns in rules_of_blocking)
    parts = -(-pairs // PAIRS_AT_ONCE)
    for part in range(parts):
        _part(connection, _RIGHT, f"SELECT * FROM {_NEWS} WHERE hash(own_id) % {parts} = {part}")
        earlier = f"UNION ALL SELECT * FROM {_NEWS} WHERE hash(own_id) % {parts} < {part}" if within and part else ""
        _part(connection, _LEFT, f"SELECT * FROM {_NEAR} {earlier}")
        if not count_rows(connection, _RIGHT):
            continue
        if count_rows(connection, _LEFT):
            score(connection, rules, settings, _LEFT, _RIGHT, SCORED)
        if within:
            score_within(connection, rules, settings, _RIGHT, SCORED)
    for name in (_NEAR, _NEWS):
        connection.execute(f"DROP TABLE {name}")


def _pairs(connection: duckdb.DuckDBPyConnection, rules: LinkRules, columns: Columns, *, within: bool) -> int:
    """How many pairs a blocking rule brings together; says so where one value alone brings very many."""
    by, stated = ", ".join(map(ident, columns)), _stated(columns)
    found = connection.execute(f"""
        WITH news AS (SELECT {by}, count(*) AS n FROM {_NEWS} WHERE {stated} GROUP BY ALL),
        near AS (SELECT {by}, count(*) AS n FROM {_NEAR} WHERE {stated} GROUP BY ALL),
        met AS (SELECT news.n * coalesce(near.n, 0) + {"news.n * (news.n - 1) // 2" if within else "0"} AS n FROM news LEFT JOIN near USING ({by}))
        SELECT coalesce(sum(n), 0), coalesce(max(n), 0) FROM met""").fetchone() or (0, 0)
    if found[1] > CROWD:
        log.warning(
            "%s: one value of %s alone brings %s pairs together. All are scored, but it is hardly anybody's own: empty it by a lookup in the contract",
            rules.entity, " and ".join(columns), f"{int(found[1]):,}",
        )  # fmt: skip
    return int(found[0])


def _part(connection: duckdb.DuckDBPyConnection, name: str, sql: str) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {sql}")


def _key(columns: Columns) -> str:
    """SQL of one number for the values of a rule, NULL where one is not stated; that two values share it does no harm here."""
    return f"CASE WHEN {_stated(columns)} THEN hash({', '.join(map(ident, columns))}) END"


def _stated(columns: Columns) -> str:
    return " AND ".join(f"{ident(c)} IS NOT NULL" for c in columns)
