"""What the newest night of a resource would ask the source for, how it would load it and where it would lie – in words, nothing done."""

from __future__ import annotations

from datetime import datetime

from contracts.interval import Interval, newest_interval
from contracts.model import Resource
from pipeline.plan import asks_for
from pipeline.trial_sample import Trial
from pipeline.workplace import Workplace
from warehouse.lake import open_lake_if_any, table_exists
from warehouse.runs import runs_of

_MODES = {
    "append": "append: replaces exactly this interval's rows",
    "merge": "merge: newest wins on the key ({key})",
    "snapshot": "snapshot: replaces all rows",
}


def tonight(place: Workplace, resource: Resource, observed_at: datetime, trial: Trial) -> list[tuple[str, str]]:
    """Subject and sentence, in the order of a night. `trial` is what a trial found out about the source."""
    night = newest_interval(resource.schedule, place.city.timezone, observed_at).at(place.city.timezone)
    folder = place.landing_folder(resource, night)
    system = resource.system
    return [
        ("interval", f"{_times(night)}, the newest that is over"),
        ("reads", asks_for(place, resource, night)),
        ("load", _MODES[resource.load_mode].format(key=", ".join(resource.key))),
        ("rows", _rows(place, resource, trial)),
        ("schedule", f"{resource.schedule} {place.city.timezone.key}, DAG {resource.department}"),
        ("pool", f"{system.id}: {system.pool_slots} at once"),
        ("lands at", str(folder)),
        ("lake", f"{resource.id}; more than {resource.quarantine_limit:.1%} failing rows hold the load back"),
    ]


def _times(span: Interval) -> str:
    return f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M}"


def _rows(place: Workplace, resource: Resource, trial: Trial) -> str:
    if last := _last_extracted(place, resource):
        return f"some {last:,}, as the last run extracted"
    if trial.is_whole:
        return f"{trial.rows:,}, all that the source holds"
    return (
        f"{trial.rows:,} or more; nothing has been loaded yet"
        if trial.rows
        else "not known; nothing has been loaded yet"
    )


def _last_extracted(place: Workplace, resource: Resource) -> int | None:
    lake = open_lake_if_any(place.settings, place.city.timezone.key)
    if lake is None:
        return None
    try:
        if not table_exists(lake, "ops", "runs"):
            return None
        runs = runs_of(
            lake, "department = ? AND resource = ? AND status = 'loaded'", [resource.department, resource.name]
        )
        return runs[-1].extracted if runs else None
    finally:
        lake.close()
