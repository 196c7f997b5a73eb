"""The legal clock of every line, in SQL: when the answer, the data and a correction are due, in local days.

Three temporary relations feed it: `rate_lines`, `rate_days` (`day`, `working`, `ordinal` = working days up to and including the day) and
`rate_limits`. A due day is the last day of its limit; the limit has passed once a later local day has begun.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

from contracts.quoting import literal
from sharing.calendar import Calendar
from sharing.policy import Limit, Policy, no_limit

LINES, DAYS, LIMITS, CLOCK = "rate_lines", "rate_days", "rate_limits", "rate_clock"

_FAR = date(9999, 12, 31)
_RULE = ("duty", "working_days", "level", "article", "liability", "valid_from")


def load_rules(connection: duckdb.DuckDBPyConnection, calendar: Calendar, policy: Policy) -> None:
    """Make `rate_days` and `rate_limits` from the city's files."""
    days = list(calendar.days())
    table = pa.table({"day": [d for d, _ in days], "working": [w for _, w in days]})
    connection.register("rate_days_read", table)
    connection.execute(f"""
        CREATE OR REPLACE TEMP TABLE {DAYS} AS
        SELECT day, working, CAST(count(*) FILTER (working) OVER (ORDER BY day) AS INTEGER) AS ordinal FROM rate_days_read""")
    connection.unregister("rate_days_read")
    strictest_first = sorted(policy.limits, key=Limit.strictness)
    limits = pa.table(
        {
            "place": list(range(len(strictest_first))),
            **{name: [getattr(limit, name) for limit in strictest_first] for name in _RULE},
            "valid_to": [limit.valid_to or _FAR for limit in strictest_first],
        }
    )
    connection.register("rate_limits_read", limits)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {LIMITS} AS SELECT * FROM rate_limits_read")
    connection.unregister("rate_limits_read")


def run_clock(connection: duckdb.DuckDBPyConnection, zone: str, pause: bool, calendar: Calendar, bureau: str) -> None:
    """Make `rate_clock`; ConfigurationError where a limit is missing or the calendar ends before a deadline."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {CLOCK} AS {clock_sql(zone, pause, bureau)}")
    for duty, day in connection.execute(f"""
        SELECT * FROM (
            SELECT CASE WHEN answer_limit IS NULL THEN duty WHEN provide_limit IS NULL THEN 'provide' ELSE 'correction' END AS missing,
                   CASE WHEN answer_limit IS NULL OR provide_limit IS NULL THEN own_day ELSE correction_day END
            FROM {CLOCK} WHERE answer_limit IS NULL OR provide_limit IS NULL OR (correction_day IS NOT NULL AND correction_limit IS NULL)
        ) ORDER BY ALL LIMIT 1""").fetchall():
        raise no_limit(duty, day)
    for line, day in (
        connection.execute(f"""
        SELECT line_id, own_day FROM {CLOCK}
        WHERE received_day < {_date(calendar.first)} OR NOT within ORDER BY own_day DESC, line_id LIMIT 1""").fetchall()
    ):
        raise calendar.too_short(f"the calendar does not reach the deadline of line {line}, submitted on {day}")


def clock_sql(zone: str, pause: bool, bureau: str) -> str:
    """SELECT of each line's `duty`, limits, `paused`, `answer_due`, `provide_due`, `correction_due` and what they follow from.

    The answer's limit starts with the receipt. What was submitted through this platform is received when it is submitted, because it is there at
    once: who never registers the receipt, or registers it late, gains no day. For lines of a city's own register its word counts, and where it has
    none, the submission. A notice of missing papers within the limit stops the clock, where the policy says so, from its own day until the
    supplement (or the answer) comes. An extension counts where the bureau consented in time. The data is due from the consenting answer on –
    but no later answer than the lawful one buys time. A clock that still stands has no due day; `left_when_resumed` are the working days it
    will give once it runs again.
    """

    def day(column: str) -> str:
        return f"CAST({column} AT TIME ZONE {literal(zone)} AS DATE)"

    may_pause = "true" if pause else "false"
    consented = f"(extension_consented_by = {literal(bureau)} OR extension_source = 'register')"
    # what a register calls a line is the requester's view; this platform wrote down what the catalogue said on the day
    share_type = "CASE WHEN submission_source = 'register' THEN coalesce(kind.share_type, line.share_type) ELSE coalesce(line.share_type, kind.share_type) END"
    return f"""
    WITH days AS (
        SELECT line_id, {day("submitted_at")} AS own_day,
               {day("CASE WHEN submission_source = 'register' THEN coalesce(received_at, submitted_at) ELSE submitted_at END")} AS received_day,
               {day("supplement_asked_at")} AS asked_day, {day("supplemented_at")} AS supplemented_day, {day("first_answered_at")} AS answered_day,
               {day("first_granted_at")} AS granted_day,
               CASE WHEN {consented} THEN {day("extension_consented_at")} END AS extended_day, extension_days,
               {day("correction_asked_at")} AS correction_day,
               CASE WHEN {share_type} = 'unconditional' THEN 'answer_unconditional' ELSE 'answer_conditional' END AS duty
        FROM {LINES} AS line LEFT JOIN rate_assets AS kind ON kind.resource = line.resource
    ),
    limits AS (
        SELECT *, {limit_sql("o.duty", "o.own_day")} AS answer_limit, {limit_sql("'provide'", "o.own_day")} AS provide_limit,
               least(coalesce(extension_days, 0), coalesce({limit_sql("'extend_answer'", "o.own_day")}, 0)) AS extension,
               {limit_sql("'correction'", "o.correction_day")} AS correction_limit, {ordinal_sql("received_day")} AS received_ordinal
        FROM days AS o
    ),
    noticed AS (
        SELECT *, CASE WHEN extended_day < asked_day AND extended_day <= {working_day_sql("received_ordinal + answer_limit")} THEN extension ELSE 0 END
                   AS extended_before,
               greatest(0, {ordinal_sql("asked_day - 1")} - received_ordinal) AS used,
               least(CASE WHEN supplemented_day >= asked_day THEN supplemented_day END, CASE WHEN answered_day >= asked_day THEN answered_day END)
                   AS resumed_day
        FROM limits
    ),
    pauses AS (
        SELECT *, answer_limit + extended_before AS allowed,
               {may_pause} AND coalesce(asked_day >= received_day
                   AND asked_day <= {working_day_sql("received_ordinal + answer_limit + extended_before")}, false) AS pauses
        FROM noticed
    ),
    answers AS (
        SELECT *, pauses AND resumed_day IS NULL AS paused,
               CASE WHEN NOT pauses THEN received_ordinal + allowed ELSE {ordinal_sql("resumed_day")} + allowed - used END AS plain_due_ordinal
        FROM pauses
    ),
    extended AS (
        SELECT *, CASE WHEN extended_before > 0 THEN extended_before WHEN extended_day <= {working_day_sql("plain_due_ordinal")} THEN extension ELSE 0 END
                   AS extended_by
        FROM answers
    ),
    due AS (
        SELECT *, plain_due_ordinal + extended_by - extended_before AS answer_ordinal,
               {working_day_sql("plain_due_ordinal + extended_by - extended_before")} AS answer_due
        FROM extended
    ),
    provision AS (
        SELECT *, least(coalesce(granted_day, answered_day), answer_due) AS provide_from,
               {ordinal_sql("least(coalesce(granted_day, answered_day), answer_due)")} + provide_limit AS provide_ordinal,
               {ordinal_sql("correction_day")} + correction_limit AS correction_ordinal
        FROM due
    )
    SELECT line_id, duty, own_day, received_day, asked_day, correction_day, answer_limit, provide_limit, correction_limit, extended_by, paused,
           CASE WHEN paused THEN allowed - used END AS left_when_resumed, answer_due, provide_from,
           {working_day_sql("provide_ordinal")} AS provide_due, {working_day_sql("correction_ordinal")} AS correction_due,
           greatest(coalesce(answer_ordinal, 0), coalesce(provide_ordinal, 0), coalesce(correction_ordinal, 0))
               <= (SELECT max(ordinal) FROM {DAYS})
           AND received_ordinal IS NOT NULL AND (answer_ordinal IS NOT NULL OR paused) AND (correction_ordinal IS NOT NULL OR correction_day IS NULL)
           AS within
    FROM provision"""


def limit_sql(duty: str, at: str) -> str:
    """SQL of the strictest limit of a duty in force on a day, in working days; NULL where none is."""
    return f"(SELECT min(working_days) FROM {LIMITS} AS l WHERE l.duty = {duty} AND {at} BETWEEN l.valid_from AND l.valid_to)"


def rule_sql(duty: str, at: str, column: str) -> str:
    """SQL of the `article`, `level` or `liability` of the strictest limit of a duty in force on a day."""
    return f"(SELECT arg_min({{v: {column}}}, place).v FROM {LIMITS} AS l WHERE l.duty = {duty} AND {at} BETWEEN l.valid_from AND l.valid_to)"


def ordinal_sql(at: str) -> str:
    """SQL of how many working days the calendar has up to and including a day; NULL outside the calendar."""
    return f"(SELECT ordinal FROM {DAYS} AS d WHERE d.day = {at})"


def working_day_sql(number: str) -> str:
    """SQL of the working day of that ordinal; NULL beyond the calendar."""
    return f"(SELECT day FROM {DAYS} AS d WHERE d.working AND d.ordinal = {number})"


def _date(day: date) -> str:
    return f"DATE {literal(day.isoformat())}"
