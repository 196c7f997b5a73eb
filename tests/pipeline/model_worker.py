"""A process that runs the city's models: it says `ready` once everything is imported, waits for a line, then works."""

from __future__ import annotations

import sys

from pipeline.models.run import run_models
from pipeline.workplace import Workplace
from tests.pipeline.model_city import AS_OF

if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    runs = run_models(Workplace.open(), AS_OF)
    print(" ".join(run.kind for run in runs), flush=True)
