"""The morning digest: what the night brought, in the lines an operator needs at eight o'clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import duckdb

from contracts.catalogue import City
from contracts.interval import Interval, interval_starting_on, intervals_between
from contracts.model import Resource
from contracts.settings import Settings
from sharing.delivery import alarms as delivery_alarms
from sharing.ledger.anchors import alarms
from warehouse.lake import table_exists
from warehouse.runs import FAILED, HELD, LOADED, RunRecord, runs_of

NOT_RUN = "not run"


@dataclass(frozen=True)
class Outcome:
    """What became of one resource in a night; `run` is the newest attempt, None where there was none."""

    resource: Resource
    interval: Interval
    run: RunRecord | None

    @property
    def status(self) -> str:
        return self.run.status if self.run else NOT_RUN


def city_nights(connection: duckdb.DuckDBPyConnection, city: City, back: int = 31) -> list[Interval]:
    """The city's own intervals that any run belongs to, oldest first, at most `back` of them."""
    if not table_exists(connection, "ops", "runs"):
        return []
    row = connection.execute("SELECT min(interval_end), max(interval_end) FROM ops.runs").fetchone()
    if row is None or row[0] is None:
        return []
    last = row[1].astimezone(city.timezone).date()
    first = max(row[0].astimezone(city.timezone).date(), last - timedelta(days=back + 1))
    ends = {
        r[0].astimezone(city.timezone)
        for r in connection.execute("SELECT DISTINCT interval_end FROM ops.runs").fetchall()
    }
    nights = intervals_between(first - timedelta(days=1), last, city.schedule, city.timezone)
    return [night for night in nights if night.end in ends][-back:]


def outcomes(connection: duckdb.DuckDBPyConnection, city: City, night: Interval) -> list[Outcome]:
    """Every resource whose interval ends with this night, with its newest attempt; resources by id."""
    due: dict[str, Interval] = {}
    for resource in city.resources.values():
        own = interval_starting_on(night.start.astimezone(city.timezone).date(), resource.schedule, city.timezone)
        if night.start < own.end <= night.end:
            due[resource.id] = own
    newest: dict[tuple[str, datetime], RunRecord] = {}
    if table_exists(connection, "ops", "runs"):
        for run in runs_of(connection, "interval_end > ? AND interval_end <= ?", [night.start, night.end]):
            newest[f"{run.department}.{run.resource}", run.interval_start] = run
    return [Outcome(city.resource(id), own, newest.get((id, own.start))) for id, own in due.items()]


def digest_text(city: City, night: Interval, found: list[Outcome], day: date) -> str:
    """The digest as plain text: one line of counts, then one paragraph a resource that needs somebody."""
    counts = {status: sum(o.status == status for o in found) for status in (LOADED, HELD, FAILED, NOT_RUN)}
    parts = [f"{counts[LOADED]} green"]
    parts += [f"{counts[status]} {status}" for status in (HELD, FAILED, NOT_RUN) if counts[status]]
    rows = sum(o.run.extracted for o in found if o.run)
    quarantined = sum(o.run.quarantined for o in found if o.run)
    lines = [
        f"{city.name} · {day.isoformat()} · night of {night.start.astimezone(city.timezone).date().isoformat()}",
        f"{', '.join(parts)}; {rows:,} rows extracted, {quarantined:,} quarantined",
    ]
    for outcome in sorted(found, key=lambda o: (o.status, o.resource.id)):
        if outcome.status == LOADED:
            if outcome.run and outcome.run.message:
                lines += ["", f"note  {outcome.resource.id} · {outcome.run.message}"]
            continue
        lines += ["", *_paragraph(city, outcome)]
    return "\n".join(lines) + "\n"


def alarm_lines(connection: duckdb.DuckDBPyConnection, settings: Settings, day: date) -> list[str]:
    """What is wrong with the ledger's anchors on that day, a paragraph of the digest; empty where nothing is."""
    found = alarms(connection, settings.anchors, day, settings.anchor_days)
    what = (
        "keep everything as it is, call the auditor" if any(finding.is_change for finding in found) else "look into it"
    )
    head = ["", f"LEDGER  台账 {what}: landbridge audit verify"] if found else []
    return [*head, *(f"  {finding}" for finding in found)]


def delivery_lines(connection: duckdb.DuckDBPyConnection, city: City, day: date) -> list[str]:
    """What is wrong with deliveries at the end of that local day, a paragraph of the digest; empty where nothing is."""
    end = datetime.combine(day, time.max, city.timezone)
    found = delivery_alarms.alarms(connection, end, city.timezone)
    head = ["", "DELIVERIES  交付 what to do: landbridge deliver run, which says why"] if found else []
    return [*head, *(f"  {finding}" for finding in found)]


def _paragraph(city: City, outcome: Outcome) -> list[str]:
    resource, run = outcome.resource, outcome.run
    department = city.department(resource.department)
    head = f"{outcome.status.upper()}  {resource.id} · {department.name} · {resource.label}"
    rerun = f"rerun: {rerun_command(city, resource, outcome.interval)}"
    if run is None:
        return [head, "  no attempt was recorded: is the DAG paused, or the scheduler down?", f"  {rerun}"]
    lines = [head, f"  {run.message}"]
    if run.status == HELD:
        lines.append(f"  yesterday's data stays; tell {department.contact}; rows: landbridge explain {run.run_id}")
    elif run.remedy:
        lines.append(f"  what to do: {run.remedy}")
    return [*lines, f"  {rerun}"]


def rerun_command(city: City, resource: Resource, interval: Interval) -> str:
    """What an operator types to run this resource and interval again."""
    return f"landbridge run {resource.id} --interval {interval.start.astimezone(city.timezone).date()}"


def still_running(connection: duckdb.DuckDBPyConnection, city: City) -> int:
    """How many resources of the newest night have no run yet."""
    nights = city_nights(connection, city)
    return sum(o.run is None for o in outcomes(connection, city, nights[-1])) if nights else 0
