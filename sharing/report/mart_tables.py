"""What the marts are: a table each, with what it holds and the query that fills it.

The queries read temporary relations made by `sharing.report.marts`: `mart_verdicts` and `mart_rates` (the computation), `mart_before` (the
verdicts of the instant judged before it), `mart_codes` (reasons and who acts) and `rate_days` (the calendar, by number of working day).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.quoting import literal, literals
from sharing.report.proof import ALL, CONDITIONS, DECIDING


@dataclass(frozen=True)
class Mart:
    """A table `sharing.<name>`: its columns with type and comment, and the query that gives all of them but `as_of` and `known_at`."""

    name: str
    comment: str
    columns: Mapping[str, tuple[str, str]]
    sql: str


KINDS = ("declared", "verified", "on_time", "field_weighted", "used")
STAGES = ("asked", "answered", "granted", "delivered", "verified", "used")

_DEPARTMENTS = {"requester": ("VARCHAR", "数据需求部门 who asks"), "provider": ("VARCHAR", "数据提供部门 who owns")}
_SCOPE = {
    "scope": ("VARCHAR", "口径 city, provider or requester; in mart_rate_by_day also resource"),
    "department": ("VARCHAR", "部门 department id; the city's id or the resource's where that is the scope"),
}

# every line once for the city, once for its provider and once for its requester
_SCOPED = """
    SELECT 'city' AS scope, (SELECT department FROM mart_rates WHERE scope = 'city') AS department, * FROM mart_verdicts
    UNION ALL SELECT 'provider', provider, * FROM mart_verdicts
    UNION ALL SELECT 'requester', requester, * FROM mart_verdicts"""

RATE_BY_DAY = Mart(
    "mart_rate_by_day",
    "每日满足率 the five rates of each night with what they rest on and between what they lie; a row a kind, scope and department",
    {
        "day": ("DATE", "日期 local day on which the night ended"), **_SCOPE,
        "kind": ("VARCHAR", "口径 declared, verified, on_time, field_weighted or used"),
        "counted": ("BIGINT", "分子 lines that count as satisfied; fields for field_weighted"),
        "out_of": ("BIGINT", "分母 lines the rate is of; fields for field_weighted"),
        "rate": ("DOUBLE", "满足率 counted ÷ out_of; empty: no requests"),
        "lower": ("DOUBLE", "下限 were every pending line to fail"), "upper": ("DOUBLE", "上限 were every pending line to hold"),
        "pending": ("BIGINT", "未到期事项数 lines counted, not due"), "goal": ("DOUBLE", "目标 goal of policy.yaml for the verified rate"),
    },
    f"""
    WITH fields AS (
        SELECT scope, department, sum(fields_asked) FILTER (due) AS asked, sum(fields_held) FILTER (due) AS held,
               sum(fields_asked) FILTER (valid AND NOT due) AS open
        FROM ({_SCOPED} UNION ALL SELECT 'resource', resource, * FROM mart_verdicts) GROUP BY ALL
    ),
    counted AS (
        SELECT r.scope, r.department, r.n, r.due, r.pending, r.declared_lines, r.holding_lines, r.on_time_lines, r.used_lines,
               coalesce(f.asked, 0) AS asked, coalesce(f.held, 0) AS held, coalesce(f.open, 0) AS open
        FROM mart_rates AS r LEFT JOIN fields AS f USING (scope, department)
        WHERE r.scope IN ('city', 'provider', 'requester', 'resource')
    ),
    kinds AS (
        -- `more` is what would join the denominator, and in the best case the numerator, were all that is pending settled
        SELECT *, 'declared' AS kind, declared_lines AS counted, n AS out_of, 0 AS more, pending AS best FROM counted
        UNION ALL SELECT *, 'verified', holding_lines, due, pending, pending FROM counted
        UNION ALL SELECT *, 'on_time', on_time_lines, due, pending, pending FROM counted
        UNION ALL SELECT *, 'field_weighted', held, asked, open, open FROM counted
        UNION ALL SELECT *, 'used', used_lines, holding_lines, pending, pending FROM counted
    )
    SELECT $day AS day, scope, department, kind, CAST(counted AS BIGINT) AS counted, CAST(out_of AS BIGINT) AS out_of,
           counted / nullif(out_of, 0) AS rate, counted / nullif(out_of + more, 0) AS lower, (counted + best) / nullif(out_of + more, 0) AS upper,
           pending, CASE WHEN kind = 'verified' THEN $goal END AS goal
    FROM kinds ORDER BY scope, department, kind""",
)  # fmt: skip

FUNNEL = Mart(
    "mart_funnel",
    "事项漏斗 how many of the lines asked for came how far; each stage is a part of the one before",
    {
        **_SCOPE, "position": ("BIGINT", "顺序 place in the funnel"),
        "stage": ("VARCHAR", "环节 asked, answered, granted, delivered, verified, used"), "lines": ("BIGINT", "事项数 lines that came so far"),
    },
    f"""
    WITH told AS (
        SELECT scope, department,
               json_extract_string(evidence, '$.answered_at') IS NOT NULL AND NOT list_has_any(reasons, $not_answered) AS answered,
               answered AND NOT list_has_any(reasons, $not_granted) AS granted, granted AND delivered_at IS NOT NULL AS delivered,
               delivered AND holds AS verified, verified AND used AS read
        FROM ({_SCOPED}) WHERE valid
    ),
    counted AS (
        SELECT scope, department, [count(*), count(*) FILTER (answered), count(*) FILTER (granted), count(*) FILTER (delivered),
                                   count(*) FILTER (verified), count(*) FILTER (read)] AS counts
        FROM told GROUP BY ALL
    )
    SELECT scope, department, position, $stages[position] AS stage, counts[position] AS lines
    FROM counted CROSS JOIN (SELECT unnest(range(1, len($stages) + 1)) AS position) ORDER BY scope, department, position""",
)  # fmt: skip

MATRIX = Mart(
    "mart_matrix",
    "部门共享矩阵 requester × provider: what one asks of the other and how much of it holds",
    {
        **_DEPARTMENTS, "n": ("BIGINT", "有效事项数 lines counted"), "due": ("BIGINT", "到期事项数 lines that are due"),
        "declared": ("BIGINT", "申报满足 lines marked as satisfied"), "holding": ("BIGINT", "核验满足 due lines that hold"),
        "used": ("BIGINT", "已使用 of these, lines read within the cycle"),
    },
    """
    SELECT requester, provider, count(*) AS n, count(*) FILTER (due) AS due, count(*) FILTER (declared) AS declared,
           count(*) FILTER (due AND holds) AS holding, count(*) FILTER (due AND holds AND used) AS used
    FROM mart_verdicts WHERE valid GROUP BY ALL ORDER BY requester, provider""",
)  # fmt: skip

REASONS_MART = Mart(
    "mart_reasons",
    "未满足原因 why lines do not hold, by resource and by who must act; a line counts once for each of its reasons",
    {
        "reason": ("VARCHAR", "原因代码 see docs/rate.md"), "condition": ("BIGINT", "条件 number of the condition"),
        "zh": ("VARCHAR", "中文 the reason in Chinese"), "en": ("VARCHAR", "英文 the reason in English"),
        "role": ("VARCHAR", "责任角色 provider, requester, bureau or archives"), "owner": ("VARCHAR", "责任部门 department that must act"),
        "resource": ("VARCHAR", "数据资源 what was asked for"), "due_lines": ("BIGINT", "到期事项数 due lines with this reason"),
        "pending_lines": ("BIGINT", "未到期事项数 pending lines with this reason"),
        "first_lines": ("BIGINT", "首要原因事项数 due lines of which this is the first reason: these add up to all that do not hold"),
    },
    """
    WITH told AS (
        SELECT provider, requester, resource, due, unnest(reasons) AS reason, generate_subscripts(reasons, 1) AS place
        FROM mart_verdicts WHERE valid AND NOT holds
    )
    SELECT c.code AS reason, c.condition, c.zh, c.en, c.role,
           CASE c.role WHEN 'provider' THEN provider WHEN 'requester' THEN requester WHEN 'bureau' THEN $bureau ELSE c.role END AS owner,
           resource, count(*) FILTER (due) AS due_lines, count(*) FILTER (NOT due) AS pending_lines,
           count(*) FILTER (due AND place = 1) AS first_lines
    FROM told JOIN mart_codes AS c ON c.code = told.reason GROUP BY ALL ORDER BY due_lines DESC, reason, owner, resource""",
)  # fmt: skip

DEADLINES = Mart(
    "mart_deadlines",
    "时限使用 how much of the lawful time was used for answers and for data, in working days",
    {
        "duty": ("VARCHAR", "事项 answer or provide"), "provider": ("VARCHAR", "数据提供部门 whose duty it is"),
        "state": ("VARCHAR", "状态 met (done within the limit), late, running (open, within the limit), overdue (open, past the limit), paused (the clock stands)"),
        "used_tenths": ("BIGINT", "已用十分之几 working days used ÷ allowed, in tenths, rounded up; 11 and more is past the limit; empty: paused"),
        "lines": ("BIGINT", "事项数 lines"),
    },
    """
    WITH dated AS (
        SELECT provider, answer_due, provide_due, delivered_at,
               CAST(coalesce(json_extract_string(evidence, '$.received_at'), json_extract_string(evidence, '$.submitted_at')) AS TIMESTAMPTZ) AS received_at,
               CAST(json_extract_string(evidence, '$.answered_at') AS TIMESTAMPTZ) AS answered_at
        FROM mart_verdicts WHERE valid AND answer_due IS NOT NULL
    ),
    days AS (
        SELECT *, CAST(received_at AT TIME ZONE $zone AS DATE) AS received_day, CAST(answered_at AT TIME ZONE $zone AS DATE) AS answered_day,
               CAST(delivered_at AT TIME ZONE $zone AS DATE) AS delivered_day
        FROM dated
    ),
    duties AS (
        SELECT 'answer' AS duty, provider, received_day AS start_day, answer_due AS due_day, answered_day AS end_day FROM days
        UNION ALL
        SELECT 'provide', provider, least(answered_day, answer_due), provide_due, delivered_day FROM days
        WHERE answered_day IS NOT NULL AND provide_due IS NOT NULL
    ),
    used AS (
        SELECT d.*, greatest(last.ordinal - start.ordinal, 0) AS used, greatest(due.ordinal - start.ordinal, 1) AS allowed,
               coalesce(end_day, $day) > due_day AS past
        FROM duties AS d
        JOIN rate_days AS start ON start.day = d.start_day
        JOIN rate_days AS due ON due.day = d.due_day
        JOIN rate_days AS last ON last.day = coalesce(d.end_day, $day)
    )
    SELECT duty, provider, CASE WHEN end_day IS NULL THEN if(past, 'overdue', 'running') ELSE if(past, 'late', 'met') END AS state,
           -- a rest day after the last working day is past the limit, though no working day more was used
           CAST(if(past, greatest(ceil(10 * used / allowed), 11), least(ceil(10 * used / allowed), 10)) AS BIGINT) AS used_tenths,
           count(*) AS lines
    FROM used GROUP BY ALL
    UNION ALL SELECT 'answer', provider, 'paused', NULL, count(*) FROM mart_verdicts WHERE valid AND paused GROUP BY provider
    ORDER BY duty, provider, state, used_tenths""",
)  # fmt: skip

FRESHNESS = Mart(
    "mart_freshness",
    "数据时效 how fresh each resource that is asked for was in this night",
    {
        "resource": ("VARCHAR", "数据资源 resource"), "provider": ("VARCHAR", "数据提供部门 who owns it"),
        "interval_end": ("TIMESTAMPTZ", "已更新至 end of the last accepted interval; empty: never loaded"),
        "fresh_from": ("TIMESTAMPTZ", "应更新至 instant its data must not be older than"),
        "days_late": ("DOUBLE", "逾期天数 days by which it is older than it may be; 0: fresh"),
        "state": ("VARCHAR", "状态 fresh, held (the newest load was held back), stale, never (loaded)"),
        "lines": ("BIGINT", "事项数 lines that ask for it"),
    },
    """
    SELECT resource, min(provider) AS provider, max(interval_end) AS interval_end,
           max(CAST(json_extract_string(evidence, '$.fresh_from') AS TIMESTAMPTZ)) AS fresh_from,
           greatest(0, epoch(max(CAST(json_extract_string(evidence, '$.fresh_from') AS TIMESTAMPTZ))) - epoch(max(interval_end))) / 86400 AS days_late,
           CASE WHEN max(interval_end) IS NULL THEN 'never' WHEN bool_or(list_contains(reasons, 'stale')) THEN 'stale'
                WHEN bool_or(list_contains(reasons, 'load_held')) THEN 'held' ELSE 'fresh' END AS state,
           count(*) AS lines
    FROM mart_verdicts WHERE valid AND NOT list_has_any(reasons, ['resource_unknown', 'contract_broken', 'not_digitised'])
    GROUP BY resource ORDER BY resource""",
)  # fmt: skip

BASIS = Mart(
    "mart_basis",
    "结论依据 on what the verdicts of due lines rest, condition by condition: measured in the lake, recorded by this platform, or a register's word",
    {
        **_SCOPE,
        "condition": ("VARCHAR", "条件 grant, fields_granted, fields_filled, freshness, suite, delivery, probe, correction; clock, on_time, declared; all"),
        "rests_on": ("VARCHAR", "依据 lake, ledger or register; for all: register where one of the first eight rests on it, otherwise ledger"),
        "due_lines": ("BIGINT", "到期事项数 due lines"), "holding_lines": ("BIGINT", "核验满足 of these, lines that hold"),
    },
    f"""
    WITH told AS (SELECT scope, department, holds, basis FROM ({_SCOPED}) WHERE valid AND due),
    named AS (SELECT scope, department, holds, basis, unnest([{literals(CONDITIONS)}]) AS condition FROM told),
    resting AS (
        SELECT scope, department, holds, condition, json_extract_string(basis, '$.' || condition) AS rests_on FROM named
        UNION ALL
        SELECT scope, department, holds, {literal(ALL)},
               CASE WHEN list_contains(json_extract_string(basis, [{literals(f"$.{name}" for name in DECIDING)}]), 'register')
                    THEN 'register' ELSE 'ledger' END
        FROM told
    )
    SELECT scope, department, condition, rests_on, count(*) AS due_lines, count(*) FILTER (holds) AS holding_lines
    FROM resting WHERE rests_on IS NOT NULL GROUP BY ALL ORDER BY ALL""",
)  # fmt: skip

CHANGES = Mart(
    "mart_changes",
    "较前一晚的变化 the lines that move the verified rate from the night before to this one, each with its cause and who must act",
    {
        "before": ("TIMESTAMPTZ", "前一截至时间 the instant compared with"), "line_id": ("VARCHAR", "事项编号 line"),
        "request_id": ("VARCHAR", "申请单号 request"), **_DEPARTMENTS, "resource": ("VARCHAR", "数据资源 what was asked for"),
        "change": ("VARCHAR", "变化 lost, gained, due_holding, due_failing (it became due) or left (it is due no more)"),
        "causes": ("VARCHAR[]", "原因代码 new reasons; for gained the reasons that went; for left why it is not counted"),
        "owner": ("VARCHAR", "责任部门 who must act on the first cause"),
        "due_change": ("BIGINT", "分母变化 change of the denominator"), "holding_change": ("BIGINT", "分子变化 change of the numerator"),
    },
    """
    WITH pairs AS (
        SELECT coalesce(n.line_id, b.line_id) AS line_id, coalesce(n.request_id, b.request_id) AS request_id,
               coalesce(n.requester, b.requester) AS requester, coalesce(n.provider, b.provider) AS provider,
               coalesce(n.resource, b.resource) AS resource, coalesce(b.due, false) AS was_due, coalesce(n.due, false) AS is_due,
               coalesce(b.due AND b.holds, false) AS held, coalesce(n.due AND n.holds, false) AS holding,
               coalesce(b.reasons, []) AS old_reasons, coalesce(n.reasons, []) AS new_reasons, n.exclusion
        FROM mart_verdicts AS n FULL JOIN mart_before AS b USING (line_id)
    ),
    moved AS (
        SELECT *, CASE WHEN was_due AND NOT is_due THEN 'left' WHEN NOT was_due AND holding THEN 'due_holding' WHEN NOT was_due THEN 'due_failing'
                       WHEN held THEN 'lost' ELSE 'gained' END AS change,
               list_filter(new_reasons, x -> NOT list_contains(old_reasons, x)) AS came,
               list_filter(old_reasons, x -> NOT list_contains(new_reasons, x)) AS went
        FROM pairs WHERE (was_due OR is_due) AND (was_due <> is_due OR held <> holding)
    ),
    caused AS (
        SELECT *, CASE WHEN change = 'gained' THEN went WHEN change = 'left' AND exclusion IS NOT NULL THEN [exclusion]
                       WHEN len(came) > 0 THEN came ELSE new_reasons END AS causes
        FROM moved
    )
    SELECT $before AS before, line_id, request_id, requester, provider, resource, change, causes,
           CASE c.role WHEN 'provider' THEN provider WHEN 'requester' THEN requester WHEN 'bureau' THEN $bureau ELSE c.role END AS owner,
           CAST(is_due AS BIGINT) - CAST(was_due AS BIGINT) AS due_change, CAST(holding AS BIGINT) - CAST(held AS BIGINT) AS holding_change
    FROM caused LEFT JOIN mart_codes AS c ON c.code = causes[1] WHERE $before IS NOT NULL ORDER BY change, line_id""",
)  # fmt: skip

MARTS = (RATE_BY_DAY, FUNNEL, MATRIX, REASONS_MART, DEADLINES, FRESHNESS, BASIS, CHANGES)
