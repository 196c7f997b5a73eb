"""A process that settles corrections, or writes problem files, and is killed at its worst moment: `python -m … settle|files ROOT AS_OF`."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts.catalogue import load_city
from contracts.settings import Settings
from pipeline.problems.files import write_problem_files
from pipeline.workplace import Workplace
from sharing.corrections.night import settle_corrections
from sharing.ledger import store
from warehouse.lake import open_lake


def main(what: str, root: str, as_of: str) -> None:
    settings = Settings.from_environment(
        {"LANDBRIDGE_HOME": f"{root}/var", "LANDBRIDGE_MEMORY": "512MiB", "LANDBRIDGE_THREADS": "1"}
    )
    place, at = Workplace(settings, load_city(Path(root) / "city")), datetime.fromisoformat(as_of)
    connection = open_lake(settings, timezone=place.city.timezone.key)
    append, replace = store.append, Path.replace

    def dies_before_the_commit(*told: Any) -> None:
        append(*told)
        os.kill(os.getpid(), signal.SIGKILL)

    def dies_between_the_files(path: Path, target: Path) -> None:
        replace(path, target)
        os.kill(os.getpid(), signal.SIGKILL)

    store.append, Path.replace = dies_before_the_commit, dies_between_the_files  # type: ignore[assignment,method-assign]
    if what == "settle":
        settle_corrections(connection, settings, place.city, at, at)
    else:
        write_problem_files(connection, place, at)


if __name__ == "__main__":
    main(*sys.argv[1:])
