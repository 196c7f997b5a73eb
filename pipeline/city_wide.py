"""What follows the loads, for the whole city: unified entities, the satisfaction rate, the scorecard, the digest.

Each step derives what to do from the lake, never from what triggered it, and may run any number of times: when nothing it depends on has changed
it does nothing, and otherwise it replaces its own result in one transaction. A step that a load triggers waits while its night still lacks runs: the
last load triggers it once more, and where the last one failed, `settle` in the morning does what is left.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import TypeVar

import duckdb

from contracts.errors import HistoryUnavailable
from contracts.quoting import ident, literal
from pipeline.digest import city_nights, digest_text, outcomes
from pipeline.scratch import write_atomically
from pipeline.workplace import Workplace
from sharing import rate, scorecard
from transforms.unify import build_sql, read_mappings
from warehouse.lake import LAKE, commit, count_rows, open_lake
from warehouse.runs import LOADED, RUNS
from warehouse.tables import ensure_platform

T = TypeVar("T")

STEPS = ident(LAKE, "ops", "city_steps")


def record_catalogue(place: Workplace) -> int:
    """Write the catalogue as read from the city folder into `ops.catalogue`; returns how many resources stand in it."""
    connection = open_lake(place.settings, timezone=place.city.timezone.key)

    def work() -> int:
        connection.execute("DELETE FROM ops.catalogue")
        rows = [
            [
                r.department, r.name, r.label, r.description, r.owner, r.system.id, r.system.connector, r.load_mode, r.share_type,
                r.resource_code, r.cycle.total_seconds() / 3600, len(r.fields), r.version, r.fingerprint,
            ]
            for r in place.city.resources.values()
        ]  # fmt: skip
        connection.executemany(f"INSERT INTO ops.catalogue VALUES ({', '.join('?' * 14)})", rows)
        return len(rows)

    def attempt(fingerprint: str) -> None:
        ensure_platform(connection)
        _once(connection, "catalogue", None, fingerprint, work)

    try:
        fingerprint = _sha256(sorted(r.fingerprint for r in place.city.resources.values()))
        commit(connection, place.settings, lambda: attempt(fingerprint), "catalogue")
        return len(place.city.resources)
    finally:
        connection.close()


def settle(place: Workplace) -> list[str]:
    """Do what is left of unify and share_rate, whether or not every resource of the newest night has run; returns lines for the log."""
    counts = unify(place, settled=True)
    lines = ["unified: " + ", ".join(f"{name} {rows:,}" for name, rows in counts.items())] if counts else []
    return [*lines, share_rate(place, settled=True)]


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
        return _once(connection, "unify", None, _sha256([mappings.fingerprint, loaded]), work) or {}

    try:
        if not settled and _still_running(connection, place):
            return {}
        return commit(connection, place.settings, attempt, "unify")
    finally:
        connection.close()


def share_rate(place: Workplace, as_of: datetime | None = None, *, settled: bool = False) -> str:
    """Compute the rate and the scorecard as of each night whose inputs changed, or as of the one asked for; returns a line for the log.

    Unless `settled`, the newest night is left out while it still lacks runs.
    """
    record_catalogue(place)
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    definitions = scorecard.read_figures(place.city.folder)
    done, waiting = [], []
    try:
        nights = [as_of] if as_of else [night.end for night in city_nights(connection, place.city)]
        if not (as_of or settled) and (missing := _still_running(connection, place)):
            waiting.append(
                f"{nights.pop().astimezone(place.city.timezone).date()}: {missing} resources have not run yet"
            )
        for instant in nights:
            day = instant.astimezone(place.city.timezone).date().isoformat()
            try:
                if _rate_as_of(connection, place, instant, definitions):
                    done.append(day)
            except HistoryUnavailable as error:
                # triggered by a load that came before the register's own: the register's will trigger it again
                waiting.append(f"{day}: {error.what}")
    finally:
        connection.close()
    if as_of and waiting:
        raise HistoryUnavailable(waiting[0], remedy="load the request register first")
    lines = [f"rate and scorecard as of {', '.join(done)}" if done else "nothing changed since the last computation"]
    return "; ".join(lines + [f"not yet as of {line}" for line in waiting])


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
    finally:
        connection.close()
    path = place.home / "reports" / f"digest-{day.isoformat()}.txt"
    write_atomically(path, text)
    return text


def _still_running(connection: duckdb.DuckDBPyConnection, place: Workplace) -> int:
    """How many resources of the newest night have no run yet."""
    nights = city_nights(connection, place.city)
    return sum(o.run is None for o in outcomes(connection, place.city, nights[-1])) if nights else 0


def _rate_as_of(
    connection: duckdb.DuckDBPyConnection, place: Workplace, as_of: datetime,
    definitions: tuple[scorecard.FigureDefinition, ...],
) -> bool:  # fmt: skip
    def work() -> bool:
        if place.city.with_role("share_request_register") is not None:
            rate.write(connection, rate.compute(connection, place.city, as_of))
        scorecard.write(connection, scorecard.compute(connection, definitions, as_of))
        return True

    def attempt() -> bool:
        ensure_platform(connection)
        runs = _newest_runs(connection, "interval_end <= ?", [as_of])
        inputs = _sha256([runs, definitions, *(r.fingerprint for r in place.city.resources.values())])
        return bool(_once(connection, "share_rate", as_of, inputs, work))

    return commit(connection, place.settings, attempt, f"share_rate {as_of.isoformat()}")


def _once(
    connection: duckdb.DuckDBPyConnection, step: str, as_of: datetime | None, inputs: str, work: Callable[[], T]
) -> T | None:
    """Run `work` unless this step was done for the same inputs already; None where there was nothing to do."""
    mine = "step = ? AND as_of IS NOT DISTINCT FROM CAST(? AS TIMESTAMPTZ)"
    done = connection.execute(f"SELECT inputs FROM {STEPS} WHERE {mine}", [step, as_of]).fetchone()
    if done is not None and done[0] == inputs:
        return None
    result = work()
    connection.execute(f"DELETE FROM {STEPS} WHERE {mine}", [step, as_of])
    connection.execute(f"INSERT INTO {STEPS} VALUES (?, ?, ?)", [step, as_of, inputs])
    return result


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


def _sha256(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str, ensure_ascii=False).encode()).hexdigest()
