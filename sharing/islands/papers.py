"""Service items that still ask citizens for papers although the lake holds what the papers say."""

from __future__ import annotations

from contracts.model import Resource
from contracts.quoting import ident, literal
from sharing.islands.ground import ASSETS, LINES, Ground, codes_sql


def papers_sql(ground: Ground, guide: Resource) -> str:
    """SELECT of the items with a published guide that ask for a paper whose resource has rows in the lake and may be shared.

    Which resource holds a paper is said by the city (`papers` of the policy) or by the guide itself (`paper_resources`).
    """
    listed = ", ".join(f"({literal(paper)}, {literal(resource)})" for paper, resource in ground.rules.papers.items())
    papers = (
        f"SELECT * FROM (VALUES {listed}) AS p(paper, resource)"
        if listed
        else "SELECT CAST(NULL AS VARCHAR) AS paper, CAST(NULL AS VARCHAR) AS resource WHERE false"
    )
    table = ident(guide.department, guide.name)
    return f"""
    WITH items AS (
        SELECT item_code, name, department_id, {codes_sql("papers")} AS asked, {codes_sql("paper_resources")} AS told
        FROM {ground.rows_of(guide)} WHERE guide_published_on <= {ground.today}
    ),
    papers AS ({papers}),
    matched AS (
        SELECT item_code, p.paper, p.resource FROM (SELECT item_code, unnest(asked) AS paper FROM items) JOIN papers AS p USING (paper)
        UNION ALL
        SELECT item_code, NULL, unnest(told) FROM items WHERE len(asked) > 0
    ),
    held AS (
        SELECT item_code, list_sort(list(DISTINCT paper) FILTER (paper IS NOT NULL)) AS papers, list_sort(list(DISTINCT a.resource)) AS resources
        FROM matched JOIN {ASSETS} AS a USING (resource) WHERE a.rows > 0 AND a.share_type <> 'not_shared' GROUP BY item_code
    )
    SELECT 'papers_again' AS kind, item_code AS subject, name, department_id AS owner,
           (SELECT count(*) FROM {LINES} AS l WHERE l.requester = department_id AND list_contains(held.resources, l.resource)) AS requests,
           to_json({{guide: {literal(guide.id)}, papers_asked: asked, held_papers: held.papers, held_in: held.resources}}) AS evidence,
           'SELECT * FROM {table} WHERE item_code = ''' || replace(item_code, '''', '''''') || '''' AS check_sql
    FROM items JOIN held USING (item_code)"""
