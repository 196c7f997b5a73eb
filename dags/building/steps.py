"""What the tasks do: call the pipeline's step with the run's interval, hand on a path. All imports of the pipeline are inside.

At parse time a task is only its name; Great Expectations and DuckDB cost seconds and belong to the run.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from contracts.errors import LedgerBroken
from contracts.interval import Interval
from contracts.settings import Settings
from dags.building.plan import UNIFIED
from dags.building.secrets import secrets_of

if TYPE_CHECKING:
    from pipeline.workplace import Workplace

log = logging.getLogger("landbridge.airflow")


def extract(
    resource_id: str, zone: str, data_interval_start: datetime, data_interval_end: datetime, params: dict[str, Any]
) -> str:
    """Land the interval's records; returns the manifest's path."""
    from pipeline import night

    return night.extract(
        resource_id, interval(data_interval_start, data_interval_end, zone), observed_at=now(), origin=params["origin"],
        secrets=secrets_of,
    )  # fmt: skip


def validate(
    resource_id: str, zone: str, manifest: str, data_interval_start: datetime, data_interval_end: datetime
) -> str:
    """Standardise and judge what landed; returns the staging folder's path."""
    from pipeline import night

    return night.validate(
        resource_id, interval(data_interval_start, data_interval_end, zone), manifest, observed_at=now()
    )


def load(
    resource_id: str, zone: str, uri: str, verdict: str, data_interval_start: datetime, data_interval_end: datetime,
    outlet_events: Any,
) -> None:  # fmt: skip
    """Commit the staged verdict; a held load fails here and emits no asset event."""
    from airflow.sdk import Asset

    from pipeline import night

    record = night.load(resource_id, interval(data_interval_start, data_interval_end, zone), verdict, observed_at=now())
    log.info(
        "%s %s: %s rows extracted, %s accepted, %s in quarantine, %s deleted; run %s",
        resource_id, record.status, *(f"{n:,}" for n in (record.extracted, record.accepted, record.quarantined, record.deleted)),
        record.run_id,
    )  # fmt: skip
    outlet_events[Asset(uri)].extra = {
        "run": record.run_id,
        "interval": record.interval_start.isoformat(),
        "accepted": record.accepted,
        "quarantined": record.quarantined,
    }


def contract(resource_id: str, zone: str) -> None:
    """Raise the ConfigurationError that says what is wrong with the contract; pass where it has been repaired meanwhile."""
    _workplace(resource_id.partition(".")[0]).city.resource(resource_id)


def unify() -> None:
    """Bring records, links and models up to what the lake holds, a task each; what the DAG of this name is about."""


def records(others: list[str]) -> None:
    """Keep the history of the records that feed the unified entities; while the newest night still lacks runs, skip the other tasks instead."""
    from pipeline.models.run import newest_as_of
    from pipeline.records.step import sync_records

    place = _workplace()
    if newest_as_of(place) is None:
        log.info("the newest night still lacks runs: the last load will trigger this again")
        _skip(others)
    _tell(sync_records(place))


def link() -> None:
    """Find out which records are one entity."""
    from pipeline.link.step import link_entities

    _tell(link_entities(_workplace()))


def due(models: list[str]) -> None:
    """Skip those of the models that have nothing to do, so that no process is started for them; where none has, what would tell of it too."""
    from pipeline.models.due import idle_models

    idle = idle_models(_workplace())
    log.info("nothing to do for %s models: %s", len(idle), ", ".join(idle))
    _skip([*idle, UNIFIED] if models and set(models) <= set(idle) else idle)


def model(name: str) -> None:
    """Bring one model's table up to date."""
    from pipeline.models.run import run_named

    done = run_named(_workplace(), name)
    log.info("%s", done or f"{name}: the newest night still lacks runs")


def models() -> None:
    """Tell the mistake for which the models' files cannot be planned, one task each; where it has been repaired meanwhile, run them."""
    from pipeline.models.run import newest_as_of, run_models

    place = _workplace()
    if (as_of := newest_as_of(place)) is not None:
        for done in run_models(place, as_of):
            log.info("%s", done)


def unified() -> None:
    """Nothing: once the last model is done, this task's asset tells those who follow the unified city."""


def share_rate() -> None:
    """Import the register, compute rate and scorecard of every night whose inputs changed, and anchor the ledger."""
    from pipeline import sharing_night

    log.info("%s", sharing_night.share_rate(_workplace(), now()))


def morning_digest(data_interval_start: datetime) -> None:
    """Settle what unify and share_rate left, write the digest of the night that began on the interval's first day, and show it in the log."""
    from pipeline import city_wide

    place, broken = _workplace(), None
    try:
        for line in city_wide.settle(place, now()):
            log.info("%s", line)
    except LedgerBroken as error:
        # the digest tells where, and is wanted most of all then
        broken = error
    text = city_wide.digest(place, data_interval_start.astimezone(place.city.timezone).date())
    log.info("the digest, also below %s\n%s", place.home / "reports", text)
    if broken:
        raise broken


def maintenance() -> None:
    """Merge the lake's small files, expire snapshots that are old and cited by nothing, and remove files that no snapshot needs."""
    from pipeline.maintenance import maintain, told

    log.info("%s", told(maintain(_workplace(), now()), dry_run=False))


def interval(start: datetime, end: datetime, zone: str) -> Interval:
    """Airflow's data interval as ours: in the city's time, after which a source's files are named.

    Airflow gives pendulum's times; their arithmetic loses a zone that is not pendulum's own, so they become plain ones here.
    """
    return Interval(*(datetime.fromtimestamp(at.timestamp(), ZoneInfo(zone)) for at in (start, end)))


def now() -> datetime:
    """The instant this run counts as happening."""
    return Settings.from_environment().observed_at(datetime.now(UTC))


def _skip(tasks: list[str]) -> None:
    """Have Airflow skip these tasks of the run, and end this one as done; return where there are none.

    No branch operator: that would also keep a task from running which somebody clears by itself later.
    """
    from airflow.sdk.exceptions import DownstreamTasksSkipped

    if tasks:
        raise DownstreamTasksSkipped(tasks=list(tasks))  # type: ignore[no-untyped-call]


def _tell(counts: dict[str, int]) -> None:
    for table, rows in counts.items():
        log.info("%s: %s rows", table, f"{rows:,}")
    if not counts:
        log.info("nothing changed since the last time")


def _workplace(department: str | None = None) -> Workplace:
    from pipeline.workplace import Workplace

    return Workplace.open(department)
