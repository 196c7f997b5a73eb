"""What each department owes by law and until when: answers, data, corrections – open, overdue or late – in SQL over the one clock.

A duty is one row of the temporary relation `request_duties`. Lists of what is due soon, of what is overdue and of who is liable are readings of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import duckdb
import pyarrow as pa

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.quoting import literal
from sharing.calendar import read_calendar
from sharing.clock import CLOCK, LINES, limit_sql, load_rules, ordinal_sql, rule_sql, run_clock, working_day_sql
from sharing.lines import REVOKED, SUSPENDED, corrections_sql
from sharing.policy import no_limit, read_policy
from sharing.rate import make_lines
from sharing.verdict import ASSETS

DUTIES = "request_duties"
_CORRECTIONS = "request_corrections"

ENDS = {
    "answered": "已答复 answered", "delivered": "已提供 delivered", "closed": "已办结 closed", "withdrawn": "已撤回 withdrawn",
    "ruled_outside": "裁定非职责 ruled outside duty", "revoked": "授权已撤销 grant revoked", "suspended": "授权已中止 grant suspended",
    "expired": "授权已到期 grant expired",
}  # fmt: skip
"""How a duty ended → its words."""
DONE = ("answered", "delivered", "closed")
"""The ends by which a duty was done; the others took it away."""


@dataclass(frozen=True)
class Duties:
    """All duties as of an instant, one row each, and notes for the reader."""

    as_of: datetime
    today: date
    table: pa.Table
    notes: tuple[str, ...]


def duties(
    connection: duckdb.DuckDBPyConnection, city: City, as_of: datetime, known_at: datetime | None = None
) -> Duties:
    """Every duty that the ledger's lines give rise to, as of an aware instant, in the order in which they are due; nothing is written.

    Raises ConfigurationError: the ledger is empty, no limit is in force on a line's day, the calendar does not reach a deadline or `as_of` itself.
    """
    if as_of.tzinfo is None:
        raise ConfigurationError("as_of needs a zone", where=str(as_of), remedy="2020-05-05T02:10:00+08:00")
    policy, calendar = read_policy(city.folder), read_calendar(city)
    zone, today = city.timezone.key, as_of.astimezone(city.timezone).date()
    if not calendar.first <= today <= calendar.last:
        raise calendar.too_short(f"{today} is outside the calendar")
    at = as_of.astimezone(UTC).isoformat()
    known = known_at.astimezone(UTC).isoformat() if known_at else None
    make_lines(connection, at, known)
    kinds = pa.table(
        {
            "resource": pa.array(list(city.resources), pa.string()),
            "share_type": pa.array([r.share_type for r in city.resources.values()], pa.string()),
        }
    )
    connection.register("request_kinds_read", kinds)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {ASSETS} AS SELECT * FROM request_kinds_read")
    connection.unregister("request_kinds_read")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_CORRECTIONS} AS {corrections_sql(at, known)}")
    load_rules(connection, calendar, policy)
    run_clock(connection, zone, policy.pause_while_incomplete, calendar, city.bureau)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {DUTIES} AS {duties_sql(zone, today, city.bureau)}")
    # the clock watches the first open correction of a line; here every one has a limit
    for line, duty, day, limit in connection.execute(
        f"SELECT line_id, duty, started, limit_days FROM {DUTIES} WHERE due_day IS NULL AND NOT paused ORDER BY ALL LIMIT 1"
    ).fetchall():
        if limit is None:
            raise no_limit(duty, day)
        raise calendar.too_short(f"the calendar does not reach the deadline of line {line}, {duty} of {day}")
    table = connection.execute(
        f"SELECT * FROM {DUTIES} ORDER BY due_day NULLS LAST, line_id, duty, correction_id"
    ).to_arrow_table()
    soon = calendar.ends_soon(today)
    return Duties(as_of, today, table, (soon,) if soon else ())


def duties_sql(zone: str, today: date, bureau: str) -> str:
    """SELECT of one row a duty: whose it is, since when, how many working days the law gives and by which article, when it is due, and how it stands.

    `days_left` counts working days after today up to the due day and is negative once the limit has passed; `days_late` counts those after the due
    day up to the end of the duty, or today. The first day late counts as one, also where it is a day off. A duty whose clock stands has neither.
    `recorded_late` is the day on which an answer of this platform was recorded, where that is after the due day although its date is not.
    An answer is the first that was not overruled; the data is supplied by the first delivery, which this platform dates no earlier than it was
    recorded. A correction is done when it was closed, and one that was upheld only if the data was put right.
    """

    def day(column: str) -> str:
        return f"CAST({column} AT TIME ZONE {literal(zone)} AS DATE)"

    now, boss = f"DATE {literal(today.isoformat())}", literal(bureau)
    correction_limit = limit_sql("'correction'", "o.started")
    supplied = _first_of(
        delivered="delivery_day", withdrawn="withdrawn_day", ruled_outside="outside_day", revoked="revoked_day", suspended="suspended_day",
        expired="expired_day",
    )  # fmt: skip
    return f"""
    WITH lines AS (
        SELECT l.*, c.* EXCLUDE (line_id), {day("withdrawn_at")} AS withdrawn_day,
               CASE WHEN ruled_outside_by = {boss} AND provider <> {boss}
                    THEN {day("ruled_outside_at")} END AS outside_day,
               CASE WHEN answer IS NOT NULL THEN {day("first_answered_at")} END AS answer_day,
               CASE WHEN {day("first_delivered_at")} <= {now} THEN {day("first_delivered_at")} END AS delivery_day,
               CASE WHEN {REVOKED} THEN {day("revoked_at")} END AS revoked_day,
               CASE WHEN {SUSPENDED} THEN {day("suspended_at")} END AS suspended_day,
               CASE WHEN granted_to < {now} THEN granted_to + 1 END AS expired_day,
               CASE WHEN extension_consented_at IS NOT NULL THEN CASE WHEN extended_by > 0 THEN 'consented' ELSE 'too_late' END
                    WHEN extension_declined_at >= extension_asked_at THEN 'declined' WHEN extension_asked_at IS NOT NULL THEN 'asked' ELSE '' END
                    AS extension,
               CASE WHEN answer_source = 'landbridge' THEN {day("first_answer_recorded_at")} END AS answer_recorded_day
        FROM {LINES} AS l JOIN {CLOCK} AS c USING (line_id)
    ),
    answers AS (
        SELECT line_id, request_id, '' AS correction_id, duty, provider AS owner, requester, resource, received_day AS started, own_day AS rule_day,
               extension, extended_by, answer_due AS due_day, paused AND answer_day IS NULL AS paused, asked_day AS paused_since, left_when_resumed,
               answer_recorded_day AS recorded_day,
               {_first_of(answered="answer_day", withdrawn="withdrawn_day", ruled_outside="outside_day")} AS ended
        FROM lines
    ),
    supplies AS (
        SELECT line_id, request_id, '' AS correction_id, 'provide' AS duty, provider AS owner, requester, resource, provide_from AS started,
               own_day AS rule_day, '' AS extension, 0 AS extended_by, provide_due AS due_day, false AS paused, NULL :: DATE AS paused_since,
               NULL :: INTEGER AS left_when_resumed,
               {supplied} AS ended
        FROM lines WHERE answer = 'consented'
    ),
    asked AS (
        SELECT line_id, l.request_id, c.correction_id, 'correction' AS duty, l.provider AS owner, coalesce(c.asked_by, l.requester) AS requester,
               l.resource, {day("c.asked_at")} AS started, started AS rule_day, '' AS extension, 0 AS extended_by,
               false AS paused, NULL :: DATE AS paused_since, NULL :: INTEGER AS left_when_resumed,
               CASE WHEN c.closed_at IS NULL OR (upheld AND fixed_at IS NULL) THEN NULL
                    ELSE {day("greatest(c.closed_at, CASE WHEN upheld THEN fixed_at END)")} END AS closed_day
        FROM {_CORRECTIONS} AS c JOIN {LINES} AS l USING (line_id)
    ),
    corrections AS (
        SELECT * EXCLUDE (closed_day),
               {working_day_sql(f"{ordinal_sql('o.started')} + {correction_limit}")} AS due_day,
               {_first_of(closed="closed_day")} AS ended
        FROM asked AS o
    ),
    every AS (
        SELECT * FROM answers UNION ALL BY NAME SELECT * FROM supplies UNION ALL BY NAME SELECT * FROM corrections
    ),
    counted AS (
        SELECT * EXCLUDE (ended), ended.how AS ended_by, ended.ended_day AS ended_day,
               coalesce(ended.ended_day, {now}) AS until_day,
               {limit_sql("e.duty", "e.rule_day")} AS limit_days,
               {rule_sql("e.duty", "e.rule_day", "article")} AS article,
               {rule_sql("e.duty", "e.rule_day", "level")} AS level,
               {rule_sql("e.duty", "e.rule_day", "liability")} AS liability
        FROM every AS e
    )
    SELECT line_id, request_id, correction_id, duty, owner, requester, resource, started, limit_days, extension, extended_by, article, level, liability,
           due_day, paused, CASE WHEN paused THEN paused_since END AS paused_since,
           CASE WHEN paused THEN {_between("paused_since", now)} END AS paused_days,
           CASE WHEN paused THEN left_when_resumed END AS left_when_resumed,
           ended_by, ended_day, ended_by IS NULL AS is_open,
           CASE WHEN ended_by IS NULL AND NOT paused THEN CASE WHEN {now} <= due_day THEN {_between(now, "due_day")}
                ELSE -greatest(1, {_between("due_day", now)}) END END AS days_left,
           CASE WHEN until_day > due_day THEN greatest(1, {_between("due_day", "until_day")}) ELSE 0 END AS days_late,
           CASE WHEN ended_day <= due_day AND recorded_day > due_day THEN recorded_day END AS recorded_late
    FROM counted"""


def due_soon_sql(within: int, department: str | None = None) -> str:
    """SELECT of the open duties due within so many working days, and of the answers whose clock stands; a department sees its own, and the papers it
    must supplement itself."""
    owner = literal(department or "")
    whose = f"(owner = {owner} OR (paused AND requester = {owner}))" if department else "true"
    return f"""
        SELECT * FROM {DUTIES} WHERE is_open AND {whose} AND (paused OR days_left BETWEEN 0 AND {int(within)})
        ORDER BY paused, due_day, owner, line_id, duty, correction_id"""


def overdue_sql(department: str | None = None) -> str:
    """SELECT of the open duties whose limit has passed, the oldest first."""
    whose = f"owner = {literal(department)}" if department else "true"
    return f"SELECT * FROM {DUTIES} WHERE is_open AND {whose} AND days_left < 0 ORDER BY due_day, owner, line_id, duty, correction_id"


def _first_of(**ends: str) -> str:
    """SQL of what ended a duty first, as `{ended_day, place, how}`, or NULL; of two on one day the one named first."""
    places = ", ".join(
        f"CASE WHEN {at} IS NOT NULL THEN {{ended_day: {at}, place: {n}, how: {literal(how)}}} END"
        for n, (how, at) in enumerate(ends.items())
    )
    return f"list_min(list_filter([{places}], x -> x IS NOT NULL))"


def _between(start: str, end: str) -> str:
    return f"({ordinal_sql(end)} - {ordinal_sql(start)})"
