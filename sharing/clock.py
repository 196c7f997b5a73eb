"""The legal clock of every line, in SQL: when the answer, the data and a correction are due, in local days.

Three temporary relations feed it: `rate_lines`, `rate_days` (`day`, `working`, `ordinal` = working days up to and including the day) and
`rate_limits`. A due day is the last day of its limit; the limit has passed once a later local day has begun.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from contracts.errors import ConfigurationError
from contracts.quoting import literal
from sharing.calendar import Calendar
from sharing.policy import Policy, no_limit

LINES, DAYS, LIMITS, CLOCK = "rate_lines", "rate_days", "rate_limits", "rate_clock"

_FAR = date(9999, 12, 31)
_ANSWERS = ("answer_unconditional", "answer_conditional")


def load_rules(connection: duckdb.DuckDBPyConnection, calendar: Calendar, policy: Policy) -> None:
    """Make `rate_days` and `rate_limits` from the city's files."""
    days = list(calendar.days())
    table = pa.table({"day": [d for d, _ in days], "working": [w for _, w in days]})
    connection.register("rate_days_read", table)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {DAYS} AS
        SELECT day, working, CAST(count(*) FILTER (working) OVER (ORDER BY day) AS INTEGER) AS ordinal FROM rate_days_read""")
    connection.unregister("rate_days_read")
    limits = pa.table(
        {
            "duty": [limit.duty for limit in policy.limits],
            "working_days": [limit.working_days for limit in policy.limits],
            "valid_from": [limit.valid_from for limit in policy.limits],
            "valid_to": [limit.valid_to or _FAR for limit in policy.limits],
        }
    )
    connection.register("rate_limits_read", limits)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {LIMITS} AS SELECT * FROM rate_limits_read")
    connection.unregister("rate_limits_read")


def run_clock(connection: duckdb.DuckDBPyConnection, zone: str, pause: bool, calendar: Calendar) -> None:
    """Make `rate_clock`; ConfigurationError where a limit is missing or the calendar ends before a deadline."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {CLOCK} AS {clock_sql(zone, pause)}")
    for duty, day in connection.execute(f"""
        SELECT * FROM (
            SELECT CASE WHEN answer_limit IS NULL THEN duty WHEN provide_limit IS NULL THEN 'provide' ELSE 'correction' END, own_day
            FROM {CLOCK} WHERE answer_limit IS NULL OR provide_limit IS NULL OR (correction_day IS NOT NULL AND correction_limit IS NULL)
        ) ORDER BY ALL LIMIT 1""").fetchall():
        raise no_limit(duty, day)
    for line, day in (
        connection.execute(f"""
        SELECT line_id, own_day FROM {CLOCK}
        WHERE received_day < {_date(calendar.first)} OR NOT within ORDER BY own_day DESC, line_id LIMIT 1""").fetchall()
    ):
        raise ConfigurationError(
            f"the calendar does not reach the deadline of line {line}, submitted on {day}",
            where=f"calendar.csv, {calendar.first} to {calendar.last}",
            remedy="add the State Council's notice for the missing year to calendar.csv, and the range to city.yaml",
        )


def clock_sql(zone: str, pause: bool) -> str:
    """SELECT of each line's `duty`, limits, `paused`, `answer_due`, `provide_due`, `correction_due` and what they follow from.

    The answer's limit starts with the receipt. A notice of missing papers within the limit stops the clock, where the policy says so, from its
    own day until the supplement (or the answer) comes. An extension counts where the bureau consented in time. The data is due from the
    consenting answer on – but no later answer than the lawful one buys time. A clock that still stands has no due day.
    """

    def day(column: str) -> str:
        return f"CAST({column} AT TIME ZONE {literal(zone)} AS DATE)"

    def limit(duty: str, at: str) -> str:
        return f"(SELECT min(working_days) FROM {LIMITS} AS l WHERE l.duty = {duty} AND {at} BETWEEN l.valid_from AND l.valid_to)"

    def ordinal(at: str) -> str:
        return f"(SELECT ordinal FROM {DAYS} AS d WHERE d.day = {at})"

    def working_day(number: str) -> str:
        return f"(SELECT day FROM {DAYS} AS d WHERE d.working AND d.ordinal = {number})"

    may_pause = "true" if pause else "false"
    return f"""
    WITH days AS (
        SELECT line_id, {day("submitted_at")} AS own_day, {day("coalesce(received_at, submitted_at)")} AS received_day,
               {day("supplement_asked_at")} AS asked_day, {day("supplemented_at")} AS supplemented_day, {day("answered_at")} AS answered_day,
               {day("extension_consented_at")} AS extended_day, extension_days, {day("correction_asked_at")} AS correction_day,
               CASE WHEN coalesce(kind.share_type, line.share_type) = 'unconditional' THEN 'answer_unconditional' ELSE 'answer_conditional' END AS duty
        FROM {LINES} AS line LEFT JOIN rate_assets AS kind ON kind.resource = line.resource
    ),
    limits AS (
        SELECT *, {limit("o.duty", "o.own_day")} AS answer_limit, {limit("'provide'", "o.own_day")} AS provide_limit,
               {limit("'extend_answer'", "o.own_day")} AS extension_limit, {limit("'correction'", "o.correction_day")} AS correction_limit,
               {ordinal("received_day")} AS received_ordinal
        FROM days AS o
    ),
    pauses AS (
        SELECT *, {may_pause} AND coalesce(asked_day >= received_day AND asked_day <= {working_day("received_ordinal + answer_limit")}, false) AS pauses,
               greatest(0, {ordinal("asked_day - 1")} - received_ordinal) AS used,
               CASE WHEN least(supplemented_day, answered_day) >= asked_day THEN least(supplemented_day, answered_day) END AS resumed_day
        FROM limits
    ),
    answers AS (
        SELECT *, pauses AND resumed_day IS NULL AS paused,
               CASE WHEN NOT pauses THEN received_ordinal + answer_limit
                    ELSE {ordinal("resumed_day")} + answer_limit - used END AS plain_due_ordinal
        FROM pauses
    ),
    extended AS (
        SELECT *, plain_due_ordinal + CASE
            WHEN extended_day <= {working_day("plain_due_ordinal")} THEN least(coalesce(extension_days, 0), coalesce(extension_limit, 0))
            ELSE 0 END AS answer_ordinal
        FROM answers
    ),
    due AS (
        SELECT *, {working_day("answer_ordinal")} AS answer_due FROM extended
    ),
    provision AS (
        SELECT *, {ordinal("least(answered_day, answer_due)")} + provide_limit AS provide_ordinal,
               {ordinal("correction_day")} + correction_limit AS correction_ordinal
        FROM due
    )
    SELECT line_id, duty, own_day, received_day, correction_day, answer_limit, provide_limit, correction_limit, paused, answer_due,
           {working_day("provide_ordinal")} AS provide_due, {working_day("correction_ordinal")} AS correction_due,
           greatest(coalesce(answer_ordinal, 0), coalesce(provide_ordinal, 0), coalesce(correction_ordinal, 0))
               <= (SELECT max(ordinal) FROM {DAYS})
           AND received_ordinal IS NOT NULL AS within
    FROM provision"""


def _date(day: date) -> str:
    return f"DATE {literal(day.isoformat())}"
