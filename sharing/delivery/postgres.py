"""What is asked of a requester's PostgreSQL: a session whose texts depend on nobody's settings, and the questions of a delivery."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from contracts.quoting import literal
from sharing.delivery.doors import Found

Ask = Callable[[str], list[tuple[Any, ...]]]
# a row's text must not depend on who reads it; a query of theirs that holds a table holds up no night
_SESSION = (
    "lock_timeout = '30s'",
    "TimeZone = 'UTC'",
    "DateStyle = 'ISO'",
    "IntervalStyle = 'iso_8601'",
    "extra_float_digits = 1",
)


def connect(address: str) -> Any:
    from adbc_driver_postgresql import dbapi

    connection = dbapi.connect(address)
    try:
        for setting in _SESSION:
            ask(connection, f"SET {setting}")
    except BaseException:
        connection.close()
        raise
    return connection


def ask(connection: Any, sql: str) -> list[tuple[Any, ...]]:
    """A statement of ours, every name and value in it quoted already, and the rows it gives."""
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


def is_driver(error: Exception) -> bool:
    # pyarrow hands on what ADBC reports while batches come as an error of its own
    return type(error).__module__.split(".")[0] in ("psycopg", "adbc_driver_manager", "pyarrow")


def exists(ask: Ask, table: str) -> bool:
    return ask(f"SELECT to_regclass({literal(table)})::text") != [(None,)]


def columns(ask: Ask, table: str) -> list[tuple[Any, ...]]:
    return ask(
        f"SELECT attname::text, atttypid::bigint, atttypmod FROM pg_attribute WHERE attrelid = to_regclass({literal(table)}) "
        "AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )


def read(ask: Ask, table: str) -> Found:
    """Columns, rows and a digest that every row enters, whatever their order."""
    names = tuple(name for name, *_ in columns(ask, table))
    half = "coalesce(sum(('x' || substr(m, {}, 16))::bit(64)::bigint::numeric), 0)::text"
    ((rows, first, second),) = ask(
        f"SELECT count(*), {half.format(1)}, {half.format(17)} FROM (SELECT md5(t::text) AS m FROM {table} AS t) AS hashed"
    )
    told = f"{','.join(names)}\n{rows}\n{first}\n{second}"
    return Found(names, int(rows), hashlib.sha256(told.encode()).hexdigest())


def dependents(ask: Ask, table: str) -> list[str]:
    """Names of the views that select from the table."""
    rows = ask(
        "SELECT DISTINCT v.oid::regclass::text FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class "
        f"WHERE d.refobjid = to_regclass({literal(table)}) AND v.oid <> d.refobjid ORDER BY 1"
    )
    return [f"view {name}" for (name,) in rows]
