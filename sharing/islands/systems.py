"""Systems in service that no catalogue knows, and catalogue entries that no system in service holds."""

from __future__ import annotations

from contracts.model import Resource
from contracts.quoting import ident, literal, literals
from sharing.islands.ground import ASSETS, Ground, asked_for_sql, codes_sql


def systems_sql(ground: Ground, register: Resource) -> str:
    """SELECT of the systems in service without any catalogue code; those left out for a reason of secrecy are none."""
    secret = ground.rules.secret_reasons
    is_secret = f"coalesce(exclusion_reason IN ({literals(secret)}), false)" if secret else "false"
    table = ident(register.department, register.name)
    return f"""
    SELECT 'system_not_catalogued' AS kind, system_no AS subject, name, department_id AS owner, CAST(0 AS BIGINT) AS requests,
           to_json({{register: {literal(register.id)}, built_on: built_on, catalogue_code: catalogue_code}}) AS evidence,
           'SELECT * FROM {table} WHERE system_no = ''' || replace(system_no, '''', '''''') || '''' AS check_sql
    FROM {ground.rows_of(register)}
    WHERE {_in_service(ground)} AND len({codes_sql("catalogue_code")}) = 0 AND NOT {is_secret}"""


def entries_sql(ground: Ground, register: Resource) -> str:
    """SELECT of the catalogue's entries whose code no system in service names."""
    table = ident(register.department, register.name)
    return f"""
    WITH named AS (
        SELECT DISTINCT unnest({codes_sql("catalogue_code")}) AS code FROM {ground.rows_of(register)} WHERE {_in_service(ground)}
    )
    SELECT 'entry_no_system' AS kind, resource AS subject, label AS name, department AS owner, {asked_for_sql("a.resource")} AS requests,
           to_json({{register: {literal(register.id)}, catalogue_code: code, rows_in_lake: rows}}) AS evidence,
           'SELECT * FROM {table} WHERE contains(catalogue_code, ''' || code || ''')' AS check_sql
    FROM {ASSETS} AS a ANTI JOIN named USING (code)"""


def _in_service(ground: Ground) -> str:
    return f"built_on <= {ground.today} AND coalesce(retired_on > {ground.today}, true)"
