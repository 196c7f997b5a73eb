"""Steps of a benchmark that are a process each, whose greatest resident set the kernel tells, in a city and a lake of the benchmark's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from contracts.catalogue import load_city
from contracts.settings import Settings
from pipeline.workplace import Workplace

ROOT = Path(__file__).resolve().parent.parent
_KEPT = ("LANDBRIDGE_MEMORY", "LANDBRIDGE_THREADS", "LANDBRIDGE_ENGINE")


def measured(module: str, home: Path, people: int, step: str) -> dict[str, object]:
    """Run `python -m MODULE --step STEP` and return what its last line tells, as JSON."""
    words = [sys.executable, "-m", module, "--home", str(home), "--people", str(people), "--step", step]
    done = subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def workplace(home: Path) -> Workplace:
    """The city in `home`/city with its lake in `home`/var; memory, threads and engine as the environment says."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    settings = Settings.from_environment(
        {"LANDBRIDGE_HOME": str(home / "var"), "LANDBRIDGE_CITY": str(home / "city"), **kept}
    )
    return Workplace(settings, load_city(settings.city))
