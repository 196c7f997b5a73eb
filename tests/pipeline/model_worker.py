"""What a process that runs the city's models does."""

from __future__ import annotations

from pipeline.models.run import run_models
from pipeline.workplace import Workplace
from tests.pipeline.model_city import AS_OF


def run() -> str:
    """The kind of each model's run, in order."""
    return " ".join(run.kind for run in run_models(Workplace.open(), AS_OF))
