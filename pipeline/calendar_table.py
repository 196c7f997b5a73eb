"""The city's calendar as `reference.calendar`, a row a day, for models that count working days; written only where it changed."""

from __future__ import annotations

import hashlib
from datetime import date

import duckdb
import pyarrow as pa

from contracts.catalogue import City
from contracts.quoting import ident, literal
from contracts.settings import Settings
from pipeline.records.tables import STATE, ensure_state
from sharing.calendar import read_calendar
from warehouse.lake import LAKE, commit

SCHEMA, TABLE = "reference", "calendar"
CALENDAR = f"{SCHEMA}.{TABLE}"
COLUMNS = {"day": "DATE", "working": "BOOLEAN"}
COMMENT = "日历 the city's calendar, one row a day"
COMMENTS = {"day": "日期 day", "working": "是否工作日 whether people work on that day"}


def has_calendar(city: City) -> bool:
    """Whether the city keeps a calendar at all."""
    return (city.folder / "calendar.csv").is_file()


def load_calendar(connection: duckdb.DuckDBPyConnection, settings: Settings, city: City) -> dict[str, int]:
    """Bring `reference.calendar` up to the city's file in one commit; returns its rows where it changed.

    ConfigurationError where the file is there and cannot be read.
    """
    if not has_calendar(city):
        return {}
    days = list(read_calendar(city).days())
    digest = hashlib.sha256(repr(days).encode()).hexdigest()

    def work() -> dict[str, int]:
        ensure_state(connection)
        mine = f"entity = {literal(SCHEMA)} AND resource = {literal(TABLE)}"
        known = connection.execute(f"SELECT mapping FROM {STATE} WHERE {mine}").fetchone()
        if known is not None and known[0] == digest:
            return {}
        _write(connection, days)
        connection.execute(f"DELETE FROM {STATE} WHERE {mine}")
        connection.execute(f"INSERT INTO {STATE} VALUES (?, ?, ?, NULL)", [SCHEMA, TABLE, digest])
        return {CALENDAR: len(days)}

    return commit(connection, settings, work, "calendar")


def _write(connection: duckdb.DuckDBPyConnection, days: list[tuple[date, bool]]) -> None:
    table = ident(LAKE, SCHEMA, TABLE)
    columns = ", ".join(f"{ident(name)} {type}" for name, type in COLUMNS.items())
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, SCHEMA)}")
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
    connection.execute(f"DELETE FROM {table}")
    listed = pa.table({"day": pa.array([d for d, _ in days], pa.date32()), "working": pa.array([w for _, w in days])})
    connection.register("calendar_days", listed)
    try:
        connection.execute(f"INSERT INTO {table} SELECT day, working FROM calendar_days")
    finally:
        connection.unregister("calendar_days")
    connection.execute(f"COMMENT ON TABLE {table} IS {literal(COMMENT)}")
    for name, text in COMMENTS.items():
        connection.execute(f"COMMENT ON COLUMN {table}.{ident(name)} IS {literal(text)}")
