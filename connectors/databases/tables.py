"""What a database holds: its tables and views with key, comments and the row estimate of its own catalogue, for those who draft contracts."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine.reflection import ObjectKind

from connectors.protocol import SourceTable
from contracts.quoting import ident

# schemas that hold no department's records
_SYSTEM_SCHEMAS = {
    *("information_schema", "pg_catalog", "pg_toast", "mysql", "performance_schema", "sys"),
    *("sys_catalog", "sysmac", "xlog_record_read", "db4ai", "dbe_perf", "snapshot", "sqladvisor", "pkg_service", "cstore", "blockchain"),
    *("db_owner", "db_accessadmin", "db_securityadmin", "db_ddladmin", "db_backupoperator", "db_datareader", "db_datawriter"),
    *("db_denydatareader", "db_denydatawriter", "guest", "system", "ctisys", "sysauditor", "syssso"),
}  # fmt: skip

# schema, name and row estimate of what the account may read; a negative number means never counted. A partition is read with its whole.
_ESTIMATES = {
    "postgresql": """
        SELECT n.nspname, c.relname, c.reltuples FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege(c.oid, 'SELECT') AND NOT EXISTS (
            SELECT 1 FROM pg_inherits i JOIN pg_class whole ON whole.oid = i.inhparent WHERE i.inhrelid = c.oid AND whole.relkind = 'p')""",
    "mysql": "SELECT table_schema, table_name, table_rows FROM information_schema.tables",
    "oracle": "SELECT owner, table_name, num_rows FROM all_tables",
    "mssql": """
        SELECT s.name, t.name, sum(p.rows) FROM sys.tables t JOIN sys.schemas s ON s.schema_id = t.schema_id
        JOIN sys.partitions p ON p.object_id = t.object_id AND p.index_id IN (0, 1) GROUP BY s.name, t.name""",
}
_ESTIMATES["mariadb"] = _ESTIMATES["mysql"]
# dialects whose estimate query lists everything the account may read
_COMPLETE = ("postgresql",)


def tables(connection: sa.Connection) -> Iterator[SourceTable]:
    """Tables and views by schema and name; those outside the connection's own schema carry it as the setting `schema`."""
    inspector = sa.inspect(connection)
    own = inspector.default_schema_name
    estimates = _estimates(connection)
    for schema in sorted({own, *inspector.get_schema_names()} - {None}, key=lambda name: (name != own, str(name))):
        if schema != own and (str(schema).lower() in _SYSTEM_SCHEMAS or str(schema).startswith("pg_")):
            continue
        yield from _of_schema(connection, inspector, None if schema == own else schema, str(schema), estimates)


def _of_schema(
    connection: sa.Connection, inspector: sa.Inspector, schema: str | None, in_catalogue: str,
    estimates: dict[tuple[str, str], float | None],
) -> Iterator[SourceTable]:  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)  # types SQLAlchemy does not know
        columns = inspector.get_multi_columns(schema, kind=ObjectKind.ANY)
        keys = inspector.get_multi_pk_constraint(schema, kind=ObjectKind.TABLE)
        try:
            remarks = inspector.get_multi_table_comment(schema, kind=ObjectKind.ANY)
        except NotImplementedError:
            remarks = {}
    for held in sorted(columns, key=lambda pair: pair[1]):
        name = held[1]
        if connection.dialect.name in _COMPLETE and (in_catalogue, name) not in estimates:
            continue
        remark = remarks.get(held) or {"text": None}
        comments = {"": remark["text"], **{_bare(connection, c["name"]): c.get("comment") for c in columns[held]}}
        key = keys.get(held)
        yield SourceTable(
            name,
            {"schema": schema} if schema else {},
            tuple(_bare(connection, column) for column in key["constrained_columns"]) if key else (),
            {column: comment for column, comment in comments.items() if comment},
            _rows(connection, name, key is not None, estimates.get((in_catalogue, name))),
        )


def _estimates(connection: sa.Connection) -> dict[tuple[str, str], float | None]:
    query = _ESTIMATES.get(connection.dialect.name)
    if query is None:
        return {}
    # Oracle's catalogue writes in upper case what SQLAlchemy calls by its lower-case name
    plain = connection.dialect.normalize_name if connection.dialect.requires_name_normalize else str
    return {(str(plain(schema)), str(plain(name))): rows for schema, name, rows in connection.exec_driver_sql(query)}


def _rows(connection: sa.Connection, name: str, is_table: bool, estimate: float | None) -> int | None:
    if connection.dialect.name == "sqlite" and is_table:
        # SQLite keeps no estimate, and counting a local file is cheap
        return int(connection.exec_driver_sql(f"SELECT count(*) FROM {ident(name)}").scalar_one())
    return None if estimate is None or estimate < 0 else int(estimate)


def _bare(connection: sa.Connection, column: str) -> str:
    # SQLAlchemy gives a name with a backtick as MySQL quotes it
    return column.replace("``", "`") if connection.dialect.name in ("mysql", "mariadb") else column
