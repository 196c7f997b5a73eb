"""A process that loads one resource and interval: it says `ready` once everything is imported, waits for a line, then works."""

from __future__ import annotations

import sys
from datetime import timedelta

import expectations.validation  # noqa: F401  (imported now, so that the waiting process has nothing left but the work itself)
from contracts.interval import interval_starting_on
from pipeline.night import run_resource
from pipeline.workplace import Workplace
from tests.small_city import night


def main(resource: str, number: str) -> None:
    place = Workplace.open()
    interval = interval_starting_on(night(int(number)), "0 2 * * *", place.city.timezone)
    print("ready", flush=True)
    sys.stdin.readline()
    record = run_resource(place, place.city.resource(resource), interval, interval.end + timedelta(minutes=10), "auto")
    print(record.status, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
