"""A process that looks for islands and dies when all is written and nothing is committed: `python -m tests.sharing.islands.dying ROOT AS_OF`."""

from __future__ import annotations

import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts.catalogue import load_city
from contracts.settings import Settings
from pipeline.islands import find_islands
from pipeline.workplace import Workplace
from sharing.islands import store
from warehouse.lake import open_lake


def main(root: Path, as_of: datetime) -> None:
    settings = Settings.from_environment(
        {"LANDBRIDGE_HOME": str(root / "var"), "LANDBRIDGE_MEMORY": "512MiB", "LANDBRIDGE_THREADS": "1"}
    )
    whole = store.record

    def dies(*arguments: Any) -> tuple[int, int]:
        whole(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")

    store.record = dies  # type: ignore[assignment]
    connection = open_lake(settings, timezone="Asia/Shanghai")
    find_islands(connection, Workplace(settings, load_city(root / "city")), [as_of], as_of)


if __name__ == "__main__":
    main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
