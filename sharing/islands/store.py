"""`sharing.islands`: every island that was ever found, with the day it was found on, the night it was last seen and the day it was closed.

A finding that vanishes is closed, not deleted; where its evidence changes the old row ends and a new one begins, so that yesterday's list stays what
it was. The newest night may be found again from other inputs: first the table is put back to how it stood before that night.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import duckdb

from contracts.catalogue import City
from contracts.quoting import ident, literal
from sharing.islands.detect import FOUND, detect
from sharing.islands.kinds import KINDS
from sharing.islands.rules import IslandRules
from sharing.islands.same_item import Item
from warehouse.lake import LAKE, table_exists

ISLANDS = ident(LAKE, "sharing", "islands")

_COLUMNS = {
    "island_id": ("VARCHAR", "孤岛编号 kind:subject"),
    "kind": ("VARCHAR", "类型 see docs/islands.md"),
    "subject": ("VARCHAR", "对象 id of the project, system, resource, field, service item or holding"),
    "name": ("VARCHAR", "名称 its name"),
    "owner": ("VARCHAR", "责任部门 department that has to act"),
    "requests": ("BIGINT", "涉及申请 living lines that it touches"),
    "evidence": ("VARCHAR", "佐证 figures, as JSON"),
    "check_sql": ("VARCHAR", "复核语句 a query that shows the same in the lake"),
    "remedy_zh": ("VARCHAR", "处理办法（中文） what the owner has to do"),
    "remedy_en": ("VARCHAR", "处理办法（英文） what the owner has to do"),
    "law": ("VARCHAR", "依据 articles in force on the day; empty: none named by the city"),
    "found_on": ("DATE", "发现日期 day it was first found"),
    "since_on": ("DATE", "本行起始日期 day since which this row's evidence holds"),
    "last_seen_on": ("DATE", "最近发现日期 last night that found it"),
    "until_on": ("DATE", "本行截止日期 day on which it was closed or its evidence changed; empty: open"),
    "closed_on": ("DATE", "关闭日期 day it was no longer found"),
}
_SAID = "island_id, kind, subject, name, owner, requests, evidence, check_sql, remedy_zh, remedy_en, law"


def record(
    connection: duckdb.DuckDBPyConnection, city: City, rules: IslandRules, items: Sequence[Item], as_of: datetime,
    previous: datetime | None,
) -> tuple[int, int]:  # fmt: skip
    """Find the islands as of a night and write what changed; returns how many opened and how many closed on its day.

    Runs inside the caller's transaction, nights in their order, `previous` being the one before; the newest night may be recorded again.
    """
    ground = detect(connection, city, rules, items, as_of)
    _ensure(connection)
    _stage(connection, rules, ground.day)
    day = ground.today
    seen = f"DATE {literal(previous.astimezone(city.timezone).date())}" if previous else f"{day} - 1"
    # how the table stood before this night: what began on its day had not, what ended on it was open
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE islands_before AS
        SELECT * REPLACE (CAST(NULL AS DATE) AS until_on, CAST(NULL AS DATE) AS closed_on, least(last_seen_on, {seen}) AS last_seen_on)
        FROM {ISLANDS} WHERE since_on < {day} AND (until_on IS NULL OR until_on >= {day})""")
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE islands_after AS
        SELECT * EXCLUDE (still, same) REPLACE (
            CASE WHEN same THEN NULL ELSE {day} END AS until_on, CASE WHEN still THEN NULL ELSE {day} END AS closed_on,
            CASE WHEN still THEN {day} ELSE last_seen_on END AS last_seen_on)
        FROM (
            SELECT b.*, f.island_id IS NOT NULL AS still, coalesce(f.said = md5(concat_ws('|', {_prefixed("b")})), false) AS same
            FROM islands_before AS b LEFT JOIN islands_said AS f USING (island_id))""")
    connection.execute(f"""
        INSERT INTO islands_after BY NAME
        SELECT {_SAID}, coalesce(b.found_on, {day}) AS found_on, {day} AS since_on, {day} AS last_seen_on
        FROM islands_said LEFT JOIN (SELECT island_id, found_on FROM islands_before) AS b USING (island_id)
        WHERE island_id NOT IN (SELECT island_id FROM islands_after WHERE until_on IS NULL)""")
    connection.execute(f"DELETE FROM {ISLANDS} WHERE since_on >= {day} OR until_on IS NULL OR until_on >= {day}")
    connection.execute(f"INSERT INTO {ISLANDS} BY NAME SELECT * FROM islands_after")
    counts = connection.execute(f"SELECT count(*) FILTER (found_on = {day}), count(*) FILTER (closed_on = {day}) FROM islands_after").fetchone()  # fmt: skip
    connection.execute("DROP TABLE islands_before; DROP TABLE islands_after; DROP TABLE islands_said")
    return (counts[0], counts[1]) if counts else (0, 0)


def islands_exist(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether islands were ever looked for in this lake."""
    return table_exists(connection, "sharing", "islands")


def open_on_sql(day: date) -> str:
    """SELECT of the islands that were open at the end of a day, as they stood then."""
    at = f"DATE {literal(day.isoformat())}"
    return f"""
        SELECT * REPLACE (least(last_seen_on, {at}) AS last_seen_on, CAST(NULL AS DATE) AS closed_on, CAST(NULL AS DATE) AS until_on)
        FROM {ISLANDS} WHERE since_on <= {at} AND coalesce(until_on > {at}, true)"""


def _stage(connection: duckdb.DuckDBPyConnection, rules: IslandRules, day: date) -> None:
    """Make `islands_said`: what was found, with its remedy and its law, and `said`, a hash of all of it."""
    kinds = [
        (code, kind.remedy.zh, kind.remedy.en, rules.articles(code, day)) for code, kind in KINDS.items()
    ]  # fmt: skip
    listed = ", ".join(f"({', '.join(map(literal, kind))})" for kind in kinds)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE islands_said AS
        SELECT *, md5(concat_ws('|', {_prefixed("f")})) AS said FROM (
            SELECT kind || ':' || subject AS island_id, kind, subject, name, owner, CAST(requests AS BIGINT) AS requests,
                   CAST(evidence AS VARCHAR) AS evidence, check_sql, remedy_zh, remedy_en, law
            FROM {FOUND} JOIN (VALUES {listed}) AS k(kind, remedy_zh, remedy_en, law) USING (kind)) AS f""")


def _prefixed(alias: str) -> str:
    return ", ".join(f"coalesce(CAST({alias}.{name} AS VARCHAR), '')" for name in _SAID.split(", "))


def _ensure(connection: duckdb.DuckDBPyConnection) -> None:
    if islands_exist(connection):
        return
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'sharing')}")
    connection.execute(f"CREATE TABLE {ISLANDS} ({', '.join(f'{n} {t}' for n, (t, _) in _COLUMNS.items())})")
    about = "信息孤岛 islands found, one row an island and state of its evidence; open where until_on is empty"
    connection.execute(f"COMMENT ON TABLE {ISLANDS} IS {literal(about)}")
    for name, (_, comment) in _COLUMNS.items():
        connection.execute(f"COMMENT ON COLUMN {ISLANDS}.{ident(name)} IS {literal(comment)}")
