"""Tables of the lake made from contracts: columns, comments, and their growth when a contract gains a field."""

from __future__ import annotations

import duckdb

from contracts.errors import ConfigurationError
from contracts.model import Resource
from contracts.quoting import ident, literal
from contracts.types import lake_type
from warehouse.lake import LAKE, table_exists, tables_of

INTERVAL_COLUMN = "_interval_start"
RUN_COLUMN = "_run_id"

# One row a resource, replaced by each of its commits: what makes two commits of one resource meet in any catalogue.
STATE = ident(LAKE, "ops", "resource_state")

_PLATFORM_TABLES = {
    ("ops", "runs"): """
        run_id VARCHAR, attempt BIGINT, department VARCHAR, resource VARCHAR, interval_start TIMESTAMPTZ, interval_end TIMESTAMPTZ,
        status VARCHAR, load_mode VARCHAR, extracted BIGINT, accepted BIGINT, quarantined BIGINT, replaced BIGINT, held BIGINT,
        deleted BIGINT, outside BIGINT, warnings BIGINT, contract_version VARCHAR, contract_fingerprint VARCHAR, landing VARCHAR,
        landing_sha256 VARCHAR, error VARCHAR, message VARCHAR, remedy VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ""",
    ("ops", "quality_results"): """
        run_id VARCHAR, department VARCHAR, resource VARCHAR, interval_start TIMESTAMPTZ, rule VARCHAR, expectation VARCHAR,
        severity VARCHAR, dimension VARCHAR, rows BIGINT, failing BIGINT, success BOOLEAN, observed VARCHAR""",
    ("ops", "reconciliations"): """
        run_id VARCHAR, department VARCHAR, resource VARCHAR, interval_start TIMESTAMPTZ, batch VARCHAR, source VARCHAR, outcome VARCHAR,
        file VARCHAR, figure VARCHAR, stated VARCHAR, received VARCHAR, agrees BOOLEAN""",
    ("ops", "resource_state"): "department VARCHAR, resource VARCHAR, run_id VARCHAR, interval_start TIMESTAMPTZ",
    ("ops", "tombstones"): """
        department VARCHAR, resource VARCHAR, key VARCHAR, interval_start TIMESTAMPTZ, run_id VARCHAR""",
    ("ops", "catalogue"): """
        department VARCHAR, resource VARCHAR, label VARCHAR, description VARCHAR, owner VARCHAR, source_system VARCHAR,
        connector VARCHAR, load_mode VARCHAR, share_type VARCHAR, resource_code VARCHAR, cycle_hours DOUBLE, fields BIGINT,
        contract_version VARCHAR, contract_fingerprint VARCHAR""",
    ("ops", "city_steps"): "step VARCHAR, as_of TIMESTAMPTZ, inputs VARCHAR",
    ("ops", "model_runs"): """
        model VARCHAR, number BIGINT, fingerprint VARCHAR, snapshot BIGINT, as_of TIMESTAMPTZ, kind VARCHAR, reason VARCHAR, changed BIGINT,
        rows BIGINT, inserted BIGINT, deleted BIGINT, engine VARCHAR, newest BOOLEAN""",
    ("quarantine", "rows"): """
        run_id VARCHAR, department VARCHAR, resource VARCHAR, interval_start TIMESTAMPTZ, row_number BIGINT, key VARCHAR,
        rules VARCHAR[], original JSON""",
}

_COMMENTS = {
    ("ops", "runs"): (
        "运行记录 one row an attempt at one resource and interval; extracted = accepted + quarantined + replaced + held"
    ),
    ("ops", "quality_results"): "质量规则结果 outcome of each rule in each run, with its dimension of GB/T 36344",
    ("ops", "reconciliations"): (
        "对账记录 what departments state of their batches beside what was received, one row a figure"
    ),
    ("ops", "tombstones"): (
        "删除标记 keys deleted at their source, so that replaying an older interval does not bring them back"
    ),
    ("ops", "catalogue"): "政务数据目录 the catalogue as loaded",
    (
        "ops",
        "model_runs",
    ): "模型运行记录 one row a run of a model that had something to do; snapshot is the version its inputs were read at",
    ("quarantine", "rows"): (
        "问题数据隔离区 open problem rows, with the rules they broke and their values as the source gave them"
    ),
}


def of_resource(resource: Resource) -> str:
    """Condition over the platform's own tables: the rows about this resource."""
    return f"department = {literal(resource.department)} AND resource = {literal(resource.name)}"


def ensure_platform(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the platform's own schemas and tables where they are missing; runs inside the caller's transaction."""
    present = tables_of(connection)
    for (schema, table), columns in _PLATFORM_TABLES.items():
        if (schema, table) not in present:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, schema)}")
            connection.execute(f"CREATE TABLE {ident(LAKE, schema, table)} ({columns})")
            if comment := _COMMENTS.get((schema, table)):
                connection.execute(f"COMMENT ON TABLE {ident(LAKE, schema, table)} IS {literal(comment)}")


def ensure_table(connection: duckdb.DuckDBPyConnection, resource: Resource) -> str:
    """Make or widen the resource's table and return its quoted name; runs inside the caller's transaction.

    A new field becomes a new column, empty in older rows. Raises ConfigurationError where a field changed its type in a way that is no widening.
    """
    name = ident(LAKE, resource.department, resource.name)
    if not table_exists(connection, resource.department, resource.name):
        columns = ", ".join(f"{ident(f.name)} {lake_type(f)}" for f in resource.fields)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, resource.department)}")
        connection.execute(f"CREATE TABLE {name} ({columns}, {INTERVAL_COLUMN} TIMESTAMPTZ, {RUN_COLUMN} VARCHAR)")
        connection.execute(
            f"INSERT INTO {STATE} VALUES ({literal(resource.department)}, {literal(resource.name)}, NULL, NULL)"
        )
        _comment(connection, resource, name)
        return name
    present = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {name}").fetchall()}
    for field in resource.fields:
        wanted = lake_type(field)
        if field.name not in present:
            connection.execute(f"ALTER TABLE {name} ADD COLUMN {ident(field.name)} {wanted}")
        elif present[field.name] != wanted:
            try:
                connection.execute(f"ALTER TABLE {name} ALTER COLUMN {ident(field.name)} SET DATA TYPE {wanted}")
            except duckdb.Error as error:
                raise ConfigurationError(
                    f"{field.name} is {present[field.name]} in the lake and {wanted} in the contract",
                    where=resource.id,
                    remedy="give the changed field a new name, or keep its type",
                ) from error
    return name


def _comment(connection: duckdb.DuckDBPyConnection, resource: Resource, name: str) -> None:
    connection.execute(f"COMMENT ON TABLE {name} IS {literal(resource.comment)}")
    for field in resource.fields:
        connection.execute(f"COMMENT ON COLUMN {name}.{ident(field.name)} IS {literal(field.comment)}")
