"""Processes that do a night's deliveries, and are killed where they are told to be: `worker.py <root>`, then a line `<night> <moment> <how many>` each.

A moment is `never`, or `before:<step>:<n>` or `after:<step>:<n>`: when the step is done for the n-th time. Each process is forked from this one, which
has everything imported and nothing open; a line of JSON tells what came of them.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from contracts.catalogue import load_city
from contracts.settings import Settings
from sharing.delivery import deliver, dispose
from sharing.delivery.files import FileDoor
from sharing.delivery.night import night
from sharing.delivery.table import TableDoor
from sharing.delivery.view import ViewDoor
from tests.sharing.delivery.delivery_city import DeliveryCity
from tests.sharing.rate_city import ZONE
from warehouse.lake import open_lake

STEPS = {
    "stage": [(door, "stage") for door in (FileDoor, TableDoor, ViewDoor)],
    "publish": [(door, "publish") for door in (FileDoor, TableDoor, ViewDoor)],
    "remove": [(door, "remove") for door in (FileDoor, TableDoor, ViewDoor)],
    "tell": [(deliver, "record"), (dispose, "record")],
    "manifest": [(deliver, "write_manifest")],
}  # fmt: skip


def kill_at(moment: str) -> None:
    """Have this process killed at the moment."""
    when, step, n = moment.split(":")
    seen = 0

    def counted(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal seen
            seen += 1
            mine = seen == int(n)
            if mine and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = work(*args, **kwargs)
            if mine:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return run

    for owner, name in STEPS[step]:
        setattr(owner, name, counted(getattr(owner, name)))


def work(folder: Path, number: int, moment: str) -> dict[str, Any]:
    settings = Settings.from_environment(
        {"LANDBRIDGE_HOME": str(folder / "var"), "LANDBRIDGE_MEMORY": "512MiB", "LANDBRIDGE_THREADS": "1"}
    )
    at = DeliveryCity.as_of(DeliveryCity.__new__(DeliveryCity), number)
    connection = open_lake(settings, timezone=ZONE.key)
    if moment != "never":
        kill_at(moment)
    done = night(connection, settings, load_city(folder / "city"), at, at)
    return {
        "delivered": sorted(done.delivered),
        "disposed": sorted(done.disposed),
        "failed": {k: str(v) for k, v in done.failed.items()},
    }


def main(root: str) -> None:
    for line in sys.stdin:
        number, moment, processes = line.split()
        running = []
        for _ in range(int(processes)):
            reads, writes = os.pipe()
            if (child := os.fork()) == 0:
                told = work(Path(root), int(number), moment)
                os.write(writes, json.dumps(told).encode())
                os._exit(0)
            os.close(writes)
            running.append((child, reads))
        outcomes = []
        for child, reads in running:
            with os.fdopen(reads) as pipe:
                told = pipe.read()
            _, status = os.waitpid(child, 0)
            outcomes.append({"killed": os.WIFSIGNALED(status), **(json.loads(told) if told else {})})
        print(json.dumps(outcomes), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
