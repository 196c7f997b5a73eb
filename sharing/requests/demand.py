"""What departments ask for and nobody can give: the list that tells the bureau what to catalogue, to pool and to digitise next."""

from __future__ import annotations

from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from sharing.ledger.store import ledger_exists
from sharing.lines import lines_sql

_CATALOGUE = "request_catalogue_read"

KINDS = {
    "resource": "目录中无此数据资源 no department has catalogued it",
    "field": "数据资源中无此数据项 the resource lacks the field",
    "paper": "纸质档案未数字化 held on paper only",
}
"""Kind of demand → its words."""


def demand(
    connection: duckdb.DuckDBPyConnection, city: City, as_of: datetime, known_at: datetime | None = None
) -> pa.Table:
    """One row for each thing asked for and not there, most wanted first: `kind, wanted, requesters, lines, resources, fields, departments,
    first_asked, last_asked`.

    `wanted` is a resource, or a field that the `resources` asked for it lack; `requesters` and `lines` count, `departments` names who asks, `fields`
    what they ask of a resource. Lines that were withdrawn no longer ask. The same words count as one, whatever their blanks and capitals.
    ConfigurationError where the ledger is empty.
    """
    if not ledger_exists(connection):
        raise ConfigurationError(
            "the ledger is empty", where="sharing.events", remedy="landbridge request submit, or import the register"
        )
    pairs = [(r.id, f.name) for r in city.resources.values() for f in r.fields] + [(id, "") for id in city.broken]
    known = pa.table(
        {
            "resource": pa.array([p[0] for p in pairs], pa.string()),
            "field": pa.array([p[1] for p in pairs], pa.string()),
        }
    )
    connection.register(_CATALOGUE, known)
    at, then = as_of.astimezone(UTC).isoformat(), known_at.astimezone(UTC).isoformat() if known_at else None
    try:
        return connection.execute(_demand_sql(lines_sql(at, then))).to_arrow_table()
    finally:
        connection.unregister(_CATALOGUE)


def _demand_sql(lines: str) -> str:
    return f"""
    WITH lines AS (
        SELECT *, resource IN (SELECT resource FROM {_CATALOGUE} WHERE field <> '') AS is_read,
               resource IN (SELECT resource FROM {_CATALOGUE}) AS is_known
        FROM ({lines}) WHERE withdrawn_at IS NULL
    ),
    wanted AS (
        SELECT 'resource' AS kind, resource AS wanted, '' AS resource, fields, requester, line_id, submitted_at FROM lines
        WHERE NOT is_known AND answer IS DISTINCT FROM 'not_digitised'
        UNION ALL
        SELECT 'paper', resource, '', fields, requester, line_id, submitted_at FROM lines WHERE answer = 'not_digitised'
        UNION ALL
        SELECT 'field', a.field, a.resource, [], a.requester, a.line_id, a.submitted_at
        FROM (SELECT resource, unnest(fields) AS field, requester, line_id, submitted_at FROM lines WHERE is_read) AS a
        ANTI JOIN {_CATALOGUE} AS c ON c.resource = a.resource AND c.field = a.field
    )
    SELECT kind, min(wanted) AS wanted, count(DISTINCT requester) AS requesters, count(DISTINCT line_id) AS lines,
           list_sort(list(DISTINCT resource) FILTER (resource <> '')) AS resources, list_sort(list_distinct(flatten(list(fields)))) AS fields,
           list_sort(list(DISTINCT requester)) AS departments, min(submitted_at) AS first_asked, max(submitted_at) AS last_asked
    FROM wanted GROUP BY kind, regexp_replace(lower(wanted), '[\\s　]+', '', 'g')
    ORDER BY requesters DESC, lines DESC, kind, wanted"""
