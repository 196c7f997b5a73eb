"""The verdict on every line, in SQL: counted or not, due or pending, holding or the reasons why not – by the definition in docs/rate.md.

Temporary relations feed it: `rate_lines` (the ledger's state of every line, sharing/rate.py), `rate_clock`, `rate_fills`, `rate_assets` (a row a
resource of the catalogue: terms, last load) and `rate_earlier` (what earlier nights judged).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from contracts.properties import GROUND_LEVELS
from contracts.quoting import literal, literals
from sharing.clock import CLOCK, LINES
from sharing.fill import FILLS
from sharing.ledger.chain import Head
from sharing.lines import REVOKED, SUSPENDED
from sharing.reasons import REASONS

ASSETS, EARLIER = "rate_assets", "rate_earlier"

# reason → condition over the columns of `facts`; every reason of the catalogue stands here
_CONDITIONS = {
    "not_answered": "open AND answer IS NULL AND NOT paused AND today <= answer_due",
    "papers_incomplete": "open AND answer IS NULL AND paused",
    "answer_overdue": "open AND answer IS NULL AND today > answer_due",
    "refused_without_ground": "open AND answer = 'refused' AND NOT ground_level_right",
    "refusal_unconfirmed": "open AND answer = 'refused' AND ground_level_right",
    "withdrawn_too_late": "NOT open",
    "grant_not_begun": "granted AND granted_from > today",
    "grant_expired": "granted AND granted_to < today",
    "grant_suspended": f"granted AND {SUSPENDED}",
    "grant_revoked": f"granted AND {REVOKED}",
    "resource_unknown": "NOT in_catalogue AND NOT contract_broken AND answer IS DISTINCT FROM 'not_digitised'",
    "contract_broken": "contract_broken",
    "not_digitised": "answer = 'not_digitised'",
    "no_fields_named": "len(fields) = 0",
    "field_unknown": "in_catalogue AND unknown_fields > 0",
    "field_not_granted": "granted AND ungranted_fields > 0",
    "rows_not_granted": "granted AND NOT starts_with(row_scope, granted_rows)",
    "field_missing": "run_id IS NOT NULL AND missing_fields > 0",
    "field_empty": "run_id IS NOT NULL AND empty_fields > 0",
    "row_scope_undefined": "in_catalogue AND row_scope <> '' AND NOT has_division",
    "no_rows": "run_id IS NOT NULL AND fewest_rows = 0",
    "never_loaded": "in_catalogue AND run_id IS NULL",
    "stale": "interval_end < fresh_from",
    "load_held": "newest_held",
    "suite_failed": "suite_failed",
    "quarantine_over_limit": "quarantine_share > quarantine_limit",
    "not_delivered": "granted AND delivered_at IS NULL",
    "delivery_fields_differ": "granted AND delivered_at IS NOT NULL AND delivered_fields <> granted_fields",
    "delivery_rows_differ": "granted AND delivered_at IS NOT NULL AND delivered_rows <> granted_rows",
    "probe_missing": "granted AND delivered_at IS NOT NULL AND coalesce(last_probe_at < delivered_at, true)",
    "probe_failed": "granted AND last_probe_at >= delivered_at AND NOT coalesce(last_probe_ok, false)",
    "probe_old": "granted AND last_probe_at >= delivered_at AND last_probe_at < probe_from",
    "correction_overdue": "correction_asked_at IS NOT NULL AND today > correction_due",
    "correction_unfixed": "unfixed_corrections > 0",
}
assert list(_CONDITIONS) == list(REASONS), "every reason has one condition"


def facts_sql(today: date, bureau: str, zone: str) -> str:
    """SELECT of each line with all that conditions speak of, and its exclusion from the count or NULL.

    The list of exclusions is closed. Only the bureau may rule a line out or confirm a refusal, and never of its own data. A duplicate is found
    here, whatever a register calls one: the same requester, resource, purpose, fields and rows as an earlier line that still lives. What is dated
    back buys nothing: a withdrawal counts from the last night that did not see it, and a limit that had passed on an earlier night has passed.
    """
    boss = literal(bureau)
    return f"""
    WITH asked AS (
        SELECT line_id, unnest(fields) AS field, resource, row_scope, granted_fields FROM {LINES}
    ),
    judged AS (
        SELECT a.line_id, a.field, f.field IS NOT NULL AS known, list_contains(a.granted_fields, a.field) AS granted,
               coalesce(f.in_table, false) AS in_table, f.rows, f.filled, f.needed,
               coalesce(f.filled >= f.needed * f.rows AND f.rows > 0, false) AS enough
        FROM asked AS a LEFT JOIN {FILLS} AS f USING (resource, row_scope, field)
    ),
    fields AS (
        SELECT line_id, count(*) FILTER (NOT known) AS unknown_fields, count(*) FILTER (known AND NOT granted) AS ungranted_fields,
               count(*) FILTER (known AND NOT in_table) AS missing_fields,
               count(*) FILTER (in_table AND rows > 0 AND NOT enough) AS empty_fields, min(rows) AS fewest_rows,
               count(*) FILTER (granted AND in_table AND enough) AS good_fields,
               to_json(list({{name: field, in_contract: known, granted: granted, in_lake: in_table, rows: rows, filled: filled, needed: needed}}
                       ORDER BY field)) AS field_evidence
        FROM judged GROUP BY line_id
    ),
    nights AS (
        SELECT l.line_id, max(e.as_of) FILTER (e.as_of >= l.withdrawn_at AND e.exclusion IS DISTINCT FROM 'withdrawn') AS not_withdrawn_at,
               min(e.as_of) FILTER (CAST(e.as_of AT TIME ZONE {literal(zone)} AS DATE) > e.provide_due) AS limit_passed_at
        FROM {LINES} AS l JOIN {EARLIER} AS e USING (line_id) GROUP BY l.line_id
    ),
    joined AS (
        SELECT l.*, n.limit_passed_at, c.duty, c.paused, c.answer_due, c.provide_due, c.correction_due,
               coalesce(NOT a.broken, false) AS in_catalogue, coalesce(a.broken, false) AS contract_broken,
               coalesce(a.has_division, false) AS has_division, a.quarantine_limit, a.fresh_from, a.run_id, a.snapshot_id,
               a.interval_end, a.quarantine_share, a.newest_held, a.suite_failed, a.contract_version, a.contract_fingerprint, a.rules, a.rules_failed,
               CASE WHEN l.last_probe_source = 'register' THEN a.register_from ELSE a.cycle_from END AS probe_from,
               CASE WHEN l.last_read_source = 'register' THEN a.register_from ELSE a.cycle_from END AS read_from,
               coalesce(f.unknown_fields, 0) AS unknown_fields, coalesce(f.ungranted_fields, 0) AS ungranted_fields,
               coalesce(f.missing_fields, 0) AS missing_fields, coalesce(f.empty_fields, 0) AS empty_fields, f.fewest_rows,
               coalesce(f.good_fields, 0) AS good_fields, coalesce(f.field_evidence, '[]') AS field_evidence,
               DATE {literal(today.isoformat())} AS today, l.withdrawn_at IS NULL AS open,
               CAST(greatest(l.withdrawn_at, n.not_withdrawn_at) AT TIME ZONE {literal(zone)} AS DATE) AS withdrawn_day,
               l.withdrawn_at IS NULL AND coalesce(l.answer = 'consented', false) AS granted,
               coalesce(l.refusal_ground_level IN ({literals(GROUND_LEVELS)}), false) AS ground_level_right
        FROM {LINES} AS l
        JOIN {CLOCK} AS c USING (line_id)
        LEFT JOIN {ASSETS} AS a ON a.resource = l.resource
        LEFT JOIN fields AS f ON f.line_id = l.line_id
        LEFT JOIN nights AS n ON n.line_id = l.line_id
    ),
    stated AS (
        SELECT *, CASE
            WHEN withdrawn_by = requester AND (answer_due IS NULL OR withdrawn_day < answer_due) THEN 'withdrawn'
            WHEN ruled_outside_by = {boss} AND provider <> {boss} THEN 'outside_duty'
            WHEN open AND answer = 'refused' AND ground_level_right AND refusal_confirmed_by = {boss} AND provider <> {boss}
                THEN 'lawful_refusal'
            END AS stated_exclusion
        FROM joined
    ),
    living AS (
        SELECT line_id, row_number() OVER (
            PARTITION BY requester, resource, {_words("purpose")}, fields, row_scope ORDER BY submitted_at, line_id) AS place
        FROM stated
        WHERE stated_exclusion IS NULL AND open AND coalesce(answer <> 'refused', true) AND coalesce(revoked_at < answered_at, true)
          AND coalesce(granted_to >= today, true)
    )
    SELECT s.*, coalesce(s.stated_exclusion, CASE WHEN v.place > 1 THEN 'duplicate' END) AS exclusion
    FROM stated AS s LEFT JOIN living AS v USING (line_id)"""


@dataclass(frozen=True)
class Grounds:
    """What all verdicts of one computation rest on: both instants (ISO 8601, UTC), the ledger's head as known, and the register's load, if any."""

    as_of: str
    known_at: str | None
    zone: str
    head: Head
    register_run: str | None
    register_snapshot: int | None


def verdicts_sql(facts: str, grounds: Grounds) -> str:
    """SELECT of the rows of `sharing.verdicts`, one a line, ordered by line.

    A line is due once its provision limit has passed, or once it was delivered or marked as satisfied. `first_held_at` is the first instant at
    which it is known to have held: an earlier night's finding; or the delivery itself where no night since has seen it failing, or where the
    delivery is older than the first night ever judged; or this instant. A delivery dated before a night that did not see it counts from now, and
    one made through Landbridge never from before it was recorded.
    """
    listed = ", ".join(f"CASE WHEN {condition} THEN {literal(code)} END" for code, condition in _CONDITIONS.items())
    at = f"TIMESTAMPTZ {literal(grounds.as_of)}"
    known = f"TIMESTAMPTZ {literal(grounds.known_at)}" if grounds.known_at else "CAST(NULL AS TIMESTAMPTZ)"
    dated = ", ".join(f"{name}: {_instant(name)}" for name in _TOLD_TIMES)
    run, snapshot = grounds.register_run, grounds.register_snapshot
    register = f"register_run: {literal(run) if run else 'NULL'}, register_snapshot: {'NULL' if snapshot is None else snapshot}"
    return f"""
    WITH reasoned AS (
        SELECT *, exclusion IS NULL AS valid, marked_satisfied_at IS NOT NULL AS declared,
               CASE WHEN delivery_source = 'landbridge' THEN greatest(delivered_at, delivery_recorded_at) ELSE delivered_at END AS given_at,
               CASE WHEN exclusion IS NULL THEN list_filter([{listed}] :: VARCHAR[], x -> x IS NOT NULL) ELSE [] :: VARCHAR[] END AS reasons
        FROM {facts}
    ),
    held AS (
        SELECT *, valid AND len(reasons) = 0 AS holds,
               valid AND (coalesce(today > provide_due, false) OR limit_passed_at IS NOT NULL OR delivered_at IS NOT NULL OR declared) AS due
        FROM reasoned
    ),
    earlier AS (
        SELECT h.line_id, min(e.first_held_at) AS first_held_at,
               bool_or(e.as_of >= h.given_at AND e.delivered_at IS NULL) AS dated_back,
               bool_or(e.as_of >= h.given_at AND NOT e.holds) AS failed_since
        FROM held AS h JOIN {EARLIER} AS e USING (line_id) GROUP BY h.line_id
    ),
    timed AS (
        SELECT h.*, CASE
            WHEN e.first_held_at IS NOT NULL THEN e.first_held_at
            WHEN NOT holds THEN NULL
            WHEN coalesce(e.dated_back, false) THEN {at}
            WHEN coalesce(e.failed_since, false) AND h.given_at > (SELECT min(as_of) FROM {EARLIER}) THEN {at}
            ELSE h.given_at END AS first_held_at
        FROM held AS h LEFT JOIN earlier AS e USING (line_id)
    ),
    shown AS (
        SELECT {at} AS as_of, {known} AS known_at, line_id, request_id, requester, provider, resource, submitted_at, valid, exclusion, due, declared,
               holds, due AND coalesce(CAST(first_held_at AT TIME ZONE {literal(grounds.zone)} AS DATE) <= provide_due, false)
                   AND coalesce(first_held_at < limit_passed_at, true) AS on_time,
               reasons, paused, answer_due, provide_due, delivered_at, first_held_at,
               coalesce(holds AND last_read_at >= read_from, false) AS used,
               snapshot_id, run_id, interval_end, CAST(len(fields) AS BIGINT) AS fields_asked,
               CAST(CASE WHEN len(list_filter(reasons, x -> x NOT IN ({_FIELD_REASONS}))) = 0 AND valid THEN good_fields ELSE 0 END AS BIGINT)
                   AS fields_held,
               contract_version, delivery_number, probe_number, CAST({grounds.head.number} AS BIGINT) AS ledger_number,
               {literal(grounds.head.hash)} AS ledger_hash,
               to_json({{
                   fields: field_evidence, row_scope: row_scope, duty: duty,
                   correction_due: CAST(correction_due AS VARCHAR), {dated},
                   granted_from: CAST(granted_from AS VARCHAR), granted_to: CAST(granted_to AS VARCHAR),
                   interval_end: {_instant("interval_end")}, fresh_from: {_instant("fresh_from")}, probe_from: {_instant("probe_from")},
                   quarantine_share: quarantine_share, quarantine_limit: quarantine_limit,
                   contract_fingerprint: contract_fingerprint, rules: rules, rules_failed: rules_failed,
                   entries: {{submission: submission_number, answer: answer_number, delivery: delivery_number, probe: probe_number,
                              newest: last_number}}, {register}
               }}) AS evidence,
               to_json({{
                   grant: {_source("answer_source", "submission_source")}, fields_granted: {_source("answer_source", "submission_source")},
                   fields_filled: 'lake', freshness: 'lake', suite: 'lake', delivery: {_source("delivery_source", "answer_source", "submission_source")},
                   probe: {_source("last_probe_source", "delivery_source", "submission_source")},
                   correction: {_source("correction_source", "submission_source")}, declared: {_source("marked_source", "submission_source")},
                   clock: {_source("submission_source")},
                   on_time: CASE WHEN first_held_at = delivered_at THEN {_source("delivery_source")} WHEN first_held_at = given_at THEN 'ledger'
                            ELSE 'lake' END
               }}) AS basis
        FROM timed
    )
    SELECT *, sha256(concat_ws(chr(31), {_instant("as_of")}, coalesce({_instant("known_at", "%S.%fZ")}, ''), line_id, request_id, requester, provider,
        resource, valid, coalesce(exclusion, ''), due, declared, holds, on_time, array_to_string(reasons, ','), paused,
        coalesce(CAST(answer_due AS VARCHAR), ''), coalesce(CAST(provide_due AS VARCHAR), ''), coalesce({_instant("first_held_at")}, ''),
        used, coalesce(CAST(snapshot_id AS VARCHAR), ''), coalesce(run_id, ''), fields_asked, fields_held, coalesce(contract_version, ''),
        ledger_number, ledger_hash, CAST(evidence AS VARCHAR), CAST(basis AS VARCHAR))) AS hash
    FROM shown ORDER BY line_id"""


def _words(column: str) -> str:
    """A text without what does not tell two apart: blanks, punctuation, upper and lower case."""
    return f"lower(regexp_replace({column}, '[\\s\\p{{P}}\\p{{Z}}]+', '', 'g'))"


def _source(*columns: str) -> str:
    """What a condition rests on, by the source of the entry that says so: this platform's own ledger, or a register's word."""
    return f"CASE coalesce({', '.join(columns)}) WHEN 'register' THEN 'register' ELSE 'ledger' END"


def _instant(column: str, seconds: str = "%SZ") -> str:
    """The instant as text in UTC, so that a hash does not depend on the session's zone."""
    return f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:{seconds}')"


# times that the evidence repeats
_TOLD_TIMES = (
    "submitted_at", "received_at", "answered_at", "delivered_at", "marked_satisfied_at", "last_probe_at", "last_read_at",
)  # fmt: skip
# reasons that are about single fields: the others of the line may be held
_FIELD_REASONS = literals(("field_unknown", "field_not_granted", "field_missing", "field_empty"))


RATES_COLUMNS = """
    count(*) FILTER (valid) AS n, count(*) FILTER (due) AS due, count(*) FILTER (valid AND NOT due) AS pending,
    count(*) FILTER (valid AND NOT due AND paused) AS paused, count(*) FILTER (NOT valid) AS excluded,
    count(*) FILTER (valid AND declared) AS declared_lines, count(*) FILTER (due AND holds) AS holding_lines,
    count(*) FILTER (on_time) AS on_time_lines, count(*) FILTER (due AND used) AS used_lines,
    coalesce(sum(fields_asked) FILTER (due), 0) AS fields_asked, coalesce(sum(fields_held) FILTER (due), 0) AS fields_held"""


def rates_sql(verdicts: str, departments: str, city: str, grounds: Grounds) -> str:
    """SELECT of the rows of `sharing.rates`: pooled for the city, for each department as provider and as requester, for each resource asked for,
    and for the lines submitted in a year (`2020`) or a month (`2020-05`) of the city's days.

    A rate without lines is NULL, never 100 %. The bounds let every pending line fail, and every one hold.
    """
    counted = [f"SELECT 'city' AS scope, {literal(city)} AS department, {RATES_COLUMNS} FROM {verdicts}"]
    for side in ("provider", "requester"):
        names = f"(SELECT department FROM {departments} UNION SELECT {side} FROM {verdicts})"
        counted.append(
            f"SELECT {literal(side)}, d.department, {RATES_COLUMNS} FROM {names} AS d "
            f"LEFT JOIN {verdicts} AS v ON v.{side} = d.department GROUP BY d.department"
        )
    counted.append(f"SELECT 'resource', resource, {RATES_COLUMNS} FROM {verdicts} GROUP BY resource")
    for form in ("%Y", "%Y-%m"):
        period = f"strftime(submitted_at AT TIME ZONE {literal(grounds.zone)}, {literal(form)})"
        counted.append(f"SELECT 'period', {period}, {RATES_COLUMNS} FROM {verdicts} GROUP BY ALL")
    known = f"TIMESTAMPTZ {literal(grounds.known_at)}" if grounds.known_at else "CAST(NULL AS TIMESTAMPTZ)"
    return f"""
    SELECT TIMESTAMPTZ {literal(grounds.as_of)} AS as_of, {known} AS known_at, scope, department, n, due, pending, paused, excluded, declared_lines, holding_lines,
           on_time_lines, used_lines, declared_lines / nullif(n, 0) AS declared, holding_lines / nullif(due, 0) AS verified,
           on_time_lines / nullif(due, 0) AS on_time, fields_held / nullif(fields_asked, 0) AS field_weighted,
           used_lines / nullif(holding_lines, 0) AS used, holding_lines / nullif(n, 0) AS verified_lower,
           (holding_lines + pending) / nullif(n, 0) AS verified_upper, fields_asked, fields_held,
           CAST({grounds.head.number} AS BIGINT) AS ledger_number, {literal(grounds.head.hash)} AS ledger_hash
    FROM ({" UNION ALL ".join(counted)}) ORDER BY scope, department"""
