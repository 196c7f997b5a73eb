"""A night of sharing, after the loads: the register's import, deliveries, corrections, islands, rate and scorecard, anchor, report, problem rows – in this order.

Each step derives what to do from the lake, never from what triggered it, and may run any number of times: when nothing it depends on has changed
it does nothing; what was published of a rate stays beside what is computed later.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial

import duckdb

from contracts.errors import ConfigurationError, HistoryUnavailable
from pipeline import publish, rate_inputs
from pipeline.catalogue_table import record_catalogue
from pipeline.city_steps import STEPS, fingerprint, once
from pipeline.conflicts import conflict_line, rank_conflicts
from pipeline.digest import city_nights, still_running
from pipeline.islands import find_islands
from pipeline.problems.files import write_problem_files
from pipeline.workplace import Workplace
from sharing import published, rate, scorecard
from sharing.corrections.night import settle_corrections
from sharing.delivery import night as deliveries
from sharing.ledger import anchors
from sharing.ledger.store import ledger_exists
from sharing.loads import Load, last_loads
from sharing.register import ROLE
from sharing.register_import import import_register
from warehouse.lake import commit, open_lake, table_exists
from warehouse.tables import ensure_platform

log = logging.getLogger("landbridge.sharing")


def share_rate(place: Workplace, observed_at: datetime, as_of: datetime | None = None, *, settled: bool = False) -> str:
    """Import the register, deliver, compute rate and scorecard as of each night whose inputs changed, or as of the one asked for, anchor the ledger.

    What is recorded and what is computed is known at `observed_at`. Unless `settled`, the newest night is left out while it still lacks runs.
    Returns a line for the log.
    """
    record_catalogue(place)
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    waiting: list[str] = []
    try:
        nights = [as_of] if as_of else [night.end for night in city_nights(connection, place.city)]
        newest = nights[-1] if nights else None
        imported = _import_register(connection, place, nights, observed_at)
        said = [f"register: {imported:,} new entries in the ledger"] if imported else []
        if not (as_of or settled) and (missing := still_running(connection, place.city)):
            day = nights.pop().astimezone(place.city.timezone).date()
            waiting.append(f"{day}: {missing} resources have not run yet")
        is_complete = newest in nights
        if newest and as_of is None:
            said += _deliver(connection, place, newest, observed_at, is_complete=is_complete)
            said += settle_corrections(connection, place.settings, place.city, newest, observed_at)
            said += filter(None, [conflict_line(rank_conflicts(connection, place, newest))])
        if as_of is None:
            said += _look_for_islands(connection, place, nights, newest)
        done = _judge(connection, place, nights, newest, observed_at, waiting)
        said.append(
            f"rate and scorecard as of {', '.join(done)}" if done else "nothing changed since the last computation"
        )
        try:
            anchors.anchor(connection, place.settings.anchors, place.city, observed_at)
        finally:
            # a ledger that is not the one anchored stops the night, and the page says so too
            publish.publish(connection, place, observed_at)
        if is_complete and as_of is None:
            said += _tell_owners(connection, place, observed_at)
    finally:
        connection.close()
    if as_of and waiting:
        raise HistoryUnavailable(waiting[0], remedy="load the request register first")
    return "; ".join(said + [f"not yet as of {line}" for line in waiting])


def _import_register(
    connection: duckdb.DuckDBPyConnection, place: Workplace, nights: Iterable[datetime], observed_at: datetime
) -> int:
    """Record what each night's load of the city's own register says, oldest first; returns how many entries that made.

    A load that is older than one already imported is passed over: the later one said what the register holds now.
    """
    register = place.city.with_role(ROLE)
    if register is None or not table_exists(connection, "ops", "runs"):
        return 0
    imported, done = 0, None
    if table_exists(connection, "ops", "city_steps"):
        [(done,)] = connection.execute(f"SELECT max(as_of) FROM {STEPS} WHERE step = 'register'").fetchall()
    for night in nights:
        if done is not None and night < done:
            continue
        loads = last_loads(connection, [register], night.astimezone(UTC).isoformat())
        if (load := loads.get(register.id)) is None:
            continue

        def attempt(load: Load = load) -> int:
            ensure_platform(connection)
            newest = connection.execute(f"SELECT max(as_of) FROM {STEPS} WHERE step = 'register'").fetchone()
            if newest and newest[0] is not None and newest[0] > load.interval_end:
                return 0
            inputs = fingerprint([load.run_id, load.snapshot])
            work = partial(import_register, connection, place.city, load, observed_at)
            return once(connection, "register", load.interval_end, inputs, work) or 0

        imported += commit(connection, place.settings, attempt, f"register {load.interval_end.isoformat()}")
    return imported


def _deliver(
    connection: duckdb.DuckDBPyConnection, place: Workplace, newest: datetime, observed_at: datetime, *, is_complete: bool
) -> list[str]:  # fmt: skip
    """Hand over what is granted as the newest night left it – older nights are past – and return lines for the log.

    While the night still lacks runs, only what has ended is taken away. A city's mistake in how it wants things delivered stops no rate.
    """
    try:
        done = deliveries.night(
            connection, place.settings, place.city, newest, observed_at, only_dispose=not is_complete
        )
    except ConfigurationError as error:
        log.error("deliveries: %s", error)
        return [str(error)]
    for trouble in done.troubles:
        log.warning("deliveries: %s", trouble)
    return [f"deliveries: {', '.join(done.counts)}"] if done.counts else []


def _look_for_islands(
    connection: duckdb.DuckDBPyConnection, place: Workplace, nights: list[datetime], newest: datetime | None
) -> list[str]:
    """A city's mistake in how it wants islands looked for stops no rate."""
    try:
        return find_islands(connection, place, nights, newest)
    except ConfigurationError as error:
        log.error("islands: %s", error)
        return [str(error)]


def _judge(
    connection: duckdb.DuckDBPyConnection, place: Workplace, nights: list[datetime], newest: datetime | None, observed_at: datetime,
    waiting: list[str],
) -> list[str]:  # fmt: skip
    """Compute rate and scorecard of the nights whose inputs changed; returns their days, and adds to `waiting` those that cannot be yet."""
    definitions = scorecard.read_figures(place.city.folder)
    done = []
    for instant in rate_inputs.changed(connection, place.city, nights, definitions, newest):
        day = instant.astimezone(place.city.timezone).date().isoformat()
        try:
            if _rate_as_of(connection, place, instant, definitions, observed_at, newest):
                done.append(day)
        except HistoryUnavailable as error:
            # triggered by a load that came before the register's own: the register's will trigger it again
            waiting.append(f"{day}: {error.what}")
    return done


def _rate_as_of(
    connection: duckdb.DuckDBPyConnection, place: Workplace, as_of: datetime,
    definitions: tuple[scorecard.FigureDefinition, ...], observed_at: datetime, newest: datetime | None,
) -> bool:  # fmt: skip
    def work() -> bool:
        if place.city.with_role(ROLE) is not None or (ledger_exists(connection) and not rate.has_register(place.city)):
            known_at = published.next_known_at(connection, as_of, observed_at)
            published.write(connection, rate.compute(connection, place.city, as_of, known_at))
            publish.refresh_marts(connection, place, as_of)
        scorecard.write(connection, scorecard.compute(connection, definitions, as_of))
        return True

    def attempt() -> bool:
        ensure_platform(connection)
        [inputs] = rate_inputs.inputs(connection, place.city, [as_of], definitions, newest).values()
        return bool(once(connection, rate_inputs.STEP, as_of, inputs, work))

    return commit(connection, place.settings, attempt, f"share_rate {as_of.isoformat()}")


def _tell_owners(connection: duckdb.DuckDBPyConnection, place: Workplace, observed_at: datetime) -> list[str]:
    told = [owner for owner in write_problem_files(connection, place, observed_at) if owner.changed]
    rows = sum(owner.rows for owner in told)
    return [f"problem rows: {rows:,} of {len(told)} departments, below problems/"] if told else []
