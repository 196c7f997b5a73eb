"""Which DAGs a city has, known from its folder alone: shared by the DAG files, the schedule table and the driver of the nights.

Imports no Airflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from contracts.catalogue import City, load_city
from contracts.interval import Interval, interval_starting_on
from contracts.model import Resource

UNIFY, SHARE_RATE, MORNING_DIGEST, MAINTENANCE = "unify", "share_rate", "morning_digest", "maintenance"
DIGEST_SCHEDULE = "0 8 * * *"
# Sundays, when the night's loads are over
MAINTENANCE_SCHEDULE = "0 13 * * 0"
UNIFIED = "unified"


@dataclass(frozen=True)
class DagPlan:
    """One DAG of a department: its schedule, its resources, and the ids of those whose contracts are broken."""

    dag_id: str
    department: str
    schedule: str
    resources: tuple[Resource, ...]
    broken: tuple[str, ...]

    def interval_of(self, night: date, city: City) -> Interval | None:
        """The interval of this DAG that starts on the night (local day), None where it has none."""
        interval = interval_starting_on(night, self.schedule, city.timezone)
        return interval if interval.start.astimezone(city.timezone).date() == night else None


def department_of(dag_id: str) -> str:
    """The department a DAG belongs to."""
    return dag_id.partition(".")[0]


def dag_plans(city: City) -> list[DagPlan]:
    """A DAG a department with the city's schedule, and one of its own for every resource that keeps another: `department.resource`."""
    plans: list[DagPlan] = []
    for department in sorted({department_of(id) for id in (*city.resources, *city.broken)}):
        resources = city.resources_of(department)
        nightly = tuple(r for r in resources if r.schedule == city.schedule)
        broken = tuple(sorted(id for id in city.broken if department_of(id) == department))
        if nightly or broken:
            plans.append(DagPlan(department, department, city.schedule, nightly, broken))
        plans += [DagPlan(r.id, department, r.schedule, (r,), ()) for r in resources if r.schedule != city.schedule]
    return plans


def first_and_last(city: City) -> tuple[datetime, datetime | None]:
    """When the city's DAGs begin and, for a city with a last night, end; aware, city time."""
    first = datetime.combine(city.start, time.min, city.timezone)
    return first, datetime.combine(city.end, time.max.replace(microsecond=0), city.timezone) if city.end else None


def city_head(folder: Path) -> City:
    """The city without its resources, which is quick: departments, systems, schedule and time zone."""
    return load_city(folder, only_department="-")


def resource_ids(folder: Path) -> list[str]:
    """Ids of all resources that have a contract file, sound or not, from the folder's listing alone."""
    return sorted(f"{path.parent.name}.{path.stem}" for path in (folder / "contracts").glob("*/*.yaml"))


def asset_uri(city: str, resource_id: str) -> str:
    """`lake://<city>/<department>/<resource>`, or `lake://<city>/unified`."""
    return f"lake://{city}/{resource_id.replace('.', '/')}"


def local_day(instant: datetime, city: City) -> date:
    """The city's calendar day of an aware instant."""
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(city.timezone).date()
