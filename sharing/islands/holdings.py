"""Paper archives that are not digitised although somebody asked for them, with the requests they block."""

from __future__ import annotations

from contracts.model import Resource
from contracts.quoting import ident, literal
from sharing.islands.ground import LINES, Ground
from sharing.ledger.store import EVENTS


def holdings_sql(ground: Ground, register: Resource, has_ledger: bool) -> str:
    """SELECT of the holdings with volumes still on paper that a living line was answered `not_digitised` for.

    What a line is about stands in its answer (`--holding`), or else in what it asks for. It is about a holding where that names the holding's number,
    is its resource, or names its series; years keep it to the holdings they meet: `1985年前` those that begin before, `1950–1969` those within.
    """
    table = ident(register.department, register.name)
    named = (
        f"""SELECT line_id, arg_max(json_extract_string(payload, '$.holding'), number) AS holding FROM {EVENTS}
        WHERE kind = 'not_digitised' AND json_extract_string(payload, '$.holding') IS NOT NULL GROUP BY line_id"""
        if has_ledger
        else "SELECT CAST(NULL AS VARCHAR) AS line_id, CAST(NULL AS VARCHAR) AS holding WHERE false"
    )
    return f"""
    WITH paper AS (SELECT * FROM {ground.rows_of(register)} WHERE digitised_volumes < volumes),
    told AS (
        SELECT line_id, requester, resource, coalesce(holding, resource) AS text
        FROM {LINES} LEFT JOIN ({named}) USING (line_id) WHERE answer = 'not_digitised'
    ),
    asked AS (
        SELECT *, TRY_CAST(regexp_extract(text, '([0-9]{{4}})年前', 1) AS BIGINT) AS before_year,
               TRY_CAST(regexp_extract(text, '([0-9]{{4}})[^0-9]+([0-9]{{4}})', 1) AS BIGINT) AS first_year,
               TRY_CAST(regexp_extract(text, '([0-9]{{4}})[^0-9]+([0-9]{{4}})', 2) AS BIGINT) AS last_year
        FROM told
    ),
    blocked AS (
        SELECT p.holding_no, l.line_id, l.requester FROM paper AS p JOIN asked AS l
        ON contains(l.text, p.holding_no)
           OR ((l.resource = p.resource OR contains(l.text, p.series)) AND coalesce(p.year_from < l.before_year, true)
               AND coalesce(p.year_from <= l.last_year AND p.year_to >= l.first_year, true))
    )
    SELECT 'paper_only' AS kind, holding_no AS subject, p.series || ' ' || p.year_from || '–' || p.year_to AS name,
           {literal(register.department)} AS owner, count(DISTINCT line_id) AS requests,
           to_json({{register: {literal(register.id)}, formed_by: p.department_id, volumes: p.volumes, digitised_volumes: p.digitised_volumes,
                     resource: p.resource, lines: list_sort(list(DISTINCT line_id))[:50],
                     requesters: list_sort(list(DISTINCT requester))[:50]}}) AS evidence,
           'SELECT * FROM {table} WHERE holding_no = ''' || replace(holding_no, '''', '''''') || '''' AS check_sql
    FROM blocked JOIN paper AS p USING (holding_no)
    GROUP BY holding_no, p.series, p.year_from, p.year_to, p.department_id, p.volumes, p.digitised_volumes, p.resource"""
