"""What a process that loads one resource and interval does; importing this imports all it needs."""

from __future__ import annotations

from datetime import timedelta

import expectations.validation  # noqa: F401  (so that a process forked after it has nothing left but the work itself)
from contracts.interval import interval_starting_on
from pipeline.night import run_resource
from pipeline.workplace import Workplace
from tests.small_city import night


def load(resource: str, number: str) -> str:
    """Run the resource's n-th night; returns the run's status."""
    place = Workplace.open()
    interval = interval_starting_on(night(int(number)), "0 2 * * *", place.city.timezone)
    record = run_resource(place, place.city.resource(resource), interval, interval.end + timedelta(minutes=10), "auto")
    return record.status
