"""What is done for the whole city: unified entities, a night of sharing, the digest.

Each step derives what to do from the lake, never from what triggered it, and may run any number of times. A step that a load triggers waits while
its night still lacks runs: the last load triggers it once more, and where the last one failed, `settle` in the morning does what is left.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

import duckdb

from contracts.quoting import ident, literal
from pipeline.city_steps import fingerprint, once
from pipeline.digest import alarm_lines, city_nights, delivery_lines, digest_text, outcomes, still_running
from pipeline.problem_files import told_lines
from pipeline.scratch import write_atomically
from pipeline.sharing_night import share_rate
from pipeline.workplace import Workplace
from transforms.unify import build_sql, read_mappings
from warehouse.lake import LAKE, commit, count_rows, open_lake
from warehouse.runs import LOADED, RUNS
from warehouse.tables import ensure_platform


def settle(place: Workplace, observed_at: datetime) -> list[str]:
    """Do what is left of unify and share_rate, whether or not every resource of the newest night has run; returns lines for the log."""
    counts = unify(place, settled=True)
    lines = ["unified: " + ", ".join(f"{name} {rows:,}" for name, rows in counts.items())] if counts else []
    return [*lines, share_rate(place, observed_at, settled=True)]


def unify(place: Workplace, *, settled: bool = False) -> dict[str, int]:
    """Rebuild the unified entities from what the lake holds; returns rows a table, empty where nothing had changed.

    Unless `settled`, nothing is done while the newest night still lacks runs.
    """
    mappings = read_mappings(place.city)
    connection = open_lake(place.settings, timezone=place.city.timezone.key)

    def work() -> dict[str, int]:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'unified')}")
        counts = {}
        for statement in build_sql(mappings, _present(connection, mappings.resources)):
            table = ident(LAKE, statement.schema, statement.table)
            connection.execute(f"CREATE OR REPLACE TABLE {table} AS {statement.sql}")
            connection.execute(f"COMMENT ON TABLE {table} IS {literal(statement.comment)}")
            for column, comment in statement.column_comments.items():
                connection.execute(f"COMMENT ON COLUMN {table}.{ident(column)} IS {literal(comment)}")
            counts[f"{statement.schema}.{statement.table}"] = count_rows(connection, table)
        return counts

    def attempt() -> dict[str, int]:
        ensure_platform(connection)
        loaded = _newest_runs(connection, "status = ?", [LOADED])
        return once(connection, "unify", None, fingerprint([mappings.fingerprint, loaded]), work) or {}

    try:
        if not settled and still_running(connection, place.city):
            return {}
        return commit(connection, place.settings, attempt, "unify")
    finally:
        connection.close()


def digest(place: Workplace, night: date | None = None) -> str:
    """The digest of the city's newest night, or of the night that starts on `night` (local); also written below reports/."""
    connection = open_lake(place.settings, read_only=True, timezone=place.city.timezone.key)
    try:
        nights = city_nights(connection, place.city)
        wanted = [n for n in nights if night is None or n.start.astimezone(place.city.timezone).date() == night]
        if not wanted:
            return f"{place.city.name}: no run is recorded{f' for the night of {night}' if night else ''}\n"
        chosen = wanted[-1]
        day = place.local_day(chosen)
        text = digest_text(place.city, chosen, outcomes(connection, place.city, chosen), day)
        if chosen is nights[-1]:
            wrong = alarm_lines(connection, place.settings, day) + delivery_lines(connection, place.city, day)
            text += "".join(f"{line}\n" for line in wrong)
            text += "".join(f"{line}\n" for line in told_lines(connection, place))
    finally:
        connection.close()
    path = place.home / "reports" / f"digest-{day.isoformat()}.txt"
    write_atomically(path, text)
    return text


def _newest_runs(connection: duckdb.DuckDBPyConnection, condition: str, parameters: list[object]) -> str:
    """A fingerprint of the newest attempt at every resource and interval that satisfies the condition: the inputs of what follows."""
    row = connection.execute(
        f"""SELECT md5(coalesce(string_agg(run, '|' ORDER BY run), '')) FROM (
            SELECT concat_ws(' ', department, resource, epoch(interval_start), max_by(run_id, attempt)) AS run
            FROM {RUNS} WHERE {condition} GROUP BY department, resource, interval_start)""",
        parameters,
    ).fetchone()
    return str(row[0]) if row else ""


def _present(connection: duckdb.DuckDBPyConnection, resources: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Resource id → columns, for the resources that have a table in the lake."""
    rows = connection.execute(
        "SELECT table_schema || '.' || table_name, list(column_name ORDER BY ordinal_position) FROM information_schema.columns "
        "WHERE table_catalog = ? GROUP BY ALL",
        [LAKE],
    ).fetchall()
    wanted = set(resources)
    return {id: tuple(columns) for id, columns in rows if id in wanted}
