"""Several nights through a running Airflow: for each, native backfills of all departments, then what follows them.

The driver only asks and watches; all work is done by the scheduler, and each step can be watched in Airflow's own pages.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from contracts.catalogue import City
from contracts.errors import InternalError
from contracts.interval import interval_starting_on
from contracts.settings import Settings
from dags.building.plan import DIGEST_SCHEDULE, MORNING_DIGEST, SHARE_RATE, UNIFY, dag_plans
from dags.local.api import Airflow
from dags.local.configuration import installed

OVER = ("success", "failed")
_TASK_OVER = ("success", "failed", "upstream_failed", "skipped")
# the API server takes some 0.1 s of processor time to answer one round of questions
_POLL_SECONDS = 2.0
_NIGHT_SECONDS = 1800.0


@dataclass(frozen=True)
class DagOutcome:
    """A DAG run that is over: `failed` names its failed tasks, such as `enterprise_account.load`."""

    dag_id: str
    state: str
    seconds: float
    failed: tuple[str, ...]


@dataclass
class NightProgress:
    """How far a night is. `finished` grows in the order in which the runs end; `step` is what happens now."""

    night: date
    dags: int
    step: str = "departments"
    tasks: int = 0
    tasks_over: int = 0
    seconds: float = 0.0
    finished: list[DagOutcome] = field(default_factory=list)

    @property
    def failures(self) -> list[DagOutcome]:
        return [outcome for outcome in self.finished if outcome.state != "success"]


OnProgress = Callable[[NightProgress], None]


def run_nights(
    settings: Settings, city: City, nights: Iterable[date], on_progress: OnProgress = lambda progress: None, *,
    before_night: Callable[[int, date], None] = lambda number, night: None, conf: dict[str, Any] | None = None,
    night_seconds: float = _NIGHT_SECONDS,
) -> list[NightProgress]:  # fmt: skip
    """Run the intervals that start on these local days, one night after the other, through the Airflow that runs below settings.home.

    `before_night(number from 1, night)` is called when all of the night before is over. A failed run is an outcome, not an error. Raises
    InternalError where a night is not over within `night_seconds`.
    """
    done = []
    with Airflow(installed(settings)) as airflow:
        for number, night in enumerate(nights, 1):
            before_night(number, night)
            done.append(_run_night(airflow, city, night, on_progress, conf, night_seconds))
    return done


def _run_night(
    airflow: Airflow, city: City, night: date, on_progress: OnProgress, conf: dict[str, Any] | None, allowed: float
) -> NightProgress:
    started = time.monotonic()
    intervals = {
        plan.dag_id: (interval.start, 3 * len(plan.resources) + len(plan.broken))
        for plan in dag_plans(city)
        if (interval := plan.interval_of(night, city)) is not None
    }
    progress = NightProgress(night, len(intervals), tasks=sum(tasks for _, tasks in intervals.values()))

    def report() -> None:
        progress.seconds = time.monotonic() - started
        on_progress(progress)
        if progress.seconds > allowed:
            raise InternalError(
                f"the night of {night} is not over after {allowed:.0f} s, step {progress.step}",
                where=airflow.url, remedy="see the grid there: a task that stays 'scheduled' waits for its pool",
            )  # fmt: skip

    report()
    slots = {system.id: system.pool_slots for system in city.systems.values()}
    starts = {dag_id: start for dag_id, (start, _) in intervals.items()}
    _backfill(airflow, starts, conf, progress, report, slots)
    progress.step = "unify and share_rate"
    known = airflow.dag_ids()
    followers = [dag_id for dag_id in (UNIFY, SHARE_RATE) if dag_id in known]
    while not _caught_up(airflow, followers):
        report()
        time.sleep(_POLL_SECONDS)
    progress.step = "digest"
    morning = interval_starting_on(night, DIGEST_SCHEDULE, city.timezone).start
    _backfill(airflow, {MORNING_DIGEST: morning}, None, progress, report, {})
    progress.step = "over"
    report()
    return progress


def _backfill(
    airflow: Airflow, starts: dict[str, datetime], conf: dict[str, Any] | None, progress: NightProgress,
    report: Callable[[], None], slots: dict[str, int],
) -> None:  # fmt: skip
    """Run these DAGs' intervals that start at these instants, until all of them are over."""
    first, last = min(starts.values()), max(starts.values())
    to_create, waiting = dict(starts), dict(starts)
    while waiting:
        with _held(airflow, slots if len(to_create) > 1 else {}):
            for dag_id, start in list(to_create.items()):
                if airflow.backfill(dag_id, start, start, conf):
                    del to_create[dag_id]
        for run in airflow.runs(logical_date_gte=first, logical_date_lte=last, state=list(OVER)):
            dag_id = run["dag_id"]
            if dag_id not in to_create and datetime.fromisoformat(run["logical_date"]) == waiting.get(dag_id):
                del waiting[dag_id]
                progress.finished.append(_outcome(airflow, run))
        if progress.step == "departments":
            over = airflow.tasks(limit=1, logical_date_gte=first, logical_date_lte=last, state=list(_TASK_OVER))
            progress.tasks_over = over["total_entries"]
        report()
        if waiting:
            time.sleep(_POLL_SECONDS)


@contextmanager
def _held(airflow: Airflow, slots: dict[str, int]) -> Iterator[None]:
    """Keep these pools shut meanwhile, so that no task starts.

    Tasks that report to the API server while it makes backfills meet it in the SQLite database: each then stands still until the lock times out,
    measured as half a minute.
    """
    if not slots:
        yield
        return
    airflow.set_pools(dict.fromkeys(slots, 0))
    try:
        yield
    finally:
        airflow.set_pools(slots)


def _outcome(airflow: Airflow, run: dict[str, Any]) -> DagOutcome:
    failed: tuple[str, ...] = ()
    if run["state"] != "success":
        found = airflow.tasks(run["dag_id"], run["dag_run_id"], state=["failed"])["task_instances"]
        failed = tuple(sorted(task["task_id"] for task in found))
    span = datetime.fromisoformat(run["end_date"]) - datetime.fromisoformat(run["start_date"])
    return DagOutcome(run["dag_id"], run["state"], span.total_seconds(), failed)


def _caught_up(airflow: Airflow, followers: list[str]) -> bool:
    """Whether no asset event waits and no follower runs. unify comes first: when it ends, share_rate's event is there."""
    return not any(
        airflow.waiting_events(dag_id) or airflow.runs(dag_id, state=["queued", "running"]) for dag_id in followers
    )
