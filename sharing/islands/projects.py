"""Projects that became islands: approved without a data list, accepted without a catalogue entry or without data in the lake."""

from __future__ import annotations

from contracts.model import Resource
from contracts.quoting import ident, literal
from sharing.islands.ground import ASSETS, Ground, asked_for_sql, codes_sql


def projects_sql(ground: Ground, register: Resource) -> str:
    """SELECT of the projects that lack something on the day; those approved before the rule's day are left alone.

    The register's word that data was pooled counts, unless the project's code is that of a contract here: then the lake must hold a row.
    """
    since = ground.rules.projects_from
    old = f"approved_on < DATE {literal(since.isoformat())}" if since else "false"
    today = ground.today
    accepted = f"accepted_on <= {today}"
    table = ident(register.department, register.name)
    return f"""
    WITH projects AS (
        SELECT *, {codes_sql("catalogue_code")} AS codes FROM {ground.rows_of(register)} WHERE approved_on <= {today} AND NOT coalesce({old}, false)
    ),
    held AS (
        SELECT project_no, sum(coalesce(a.rows, 0)) AS rows, sum({asked_for_sql("a.resource")}) AS requests
        FROM (SELECT project_no, unnest(codes) AS code FROM projects) JOIN {ASSETS} AS a USING (code) GROUP BY project_no
    ),
    lacking AS (
        SELECT 'project_no_data_list' AS kind, p.* FROM projects AS p WHERE coalesce(data_list_on > {today}, true)
        UNION ALL
        SELECT 'project_not_catalogued', p.* FROM projects AS p WHERE {accepted} AND (len(codes) = 0 OR coalesce(catalogued_on > {today}, true))
        UNION ALL
        SELECT 'project_not_pooled', p.* FROM projects AS p LEFT JOIN held USING (project_no)
        WHERE {accepted} AND (coalesce(pooled_on > {today}, true) OR held.rows = 0)
    )
    SELECT kind, project_no AS subject, name, department_id AS owner, CAST(coalesce(held.requests, 0) AS BIGINT) AS requests,
           to_json({{register: {literal(register.id)}, approved_on: approved_on, data_list_on: data_list_on, catalogue_code: catalogue_code,
                     catalogued_on: catalogued_on, pooled_on: pooled_on, accepted_on: accepted_on, rows_in_lake: held.rows}}) AS evidence,
           'SELECT * FROM {table} WHERE project_no = ''' || replace(project_no, '''', '''''') || '''' AS check_sql
    FROM lacking LEFT JOIN held USING (project_no)"""
