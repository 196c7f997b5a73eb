"""A process that syncs the records of a city and is killed before the second entity's commit: `python -m … ROOT`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from contracts.catalogue import load_city
from contracts.settings import Settings
from pipeline.records import step
from pipeline.workplace import Workplace


def main(root: str) -> None:
    settings = Settings.from_environment(
        {"LANDBRIDGE_HOME": f"{root}/var", "LANDBRIDGE_MEMORY": "512MiB", "LANDBRIDGE_THREADS": "1"}
    )
    sync, entities = step._sync_entity, []

    def dies(connection: Any, place: Workplace, entity: Any) -> int:
        changed = sync(connection, place, entity)
        entities.append(entity.name)
        if len(entities) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return changed

    step._sync_entity = dies
    step.sync_records(Workplace(settings, load_city(Path(root) / "city")), settled=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
