"""A process that dies with its Spark result written and nothing applied yet: `python -m tests.pipeline.engines.dying <file for the JVM's number>`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from pipeline.models import apply
from pipeline.models.run import run_models
from pipeline.workplace import Workplace
from tests.pipeline.model_city import AS_OF


def _die(*_: object, **__: object) -> None:
    from pyspark import SparkContext

    Path(sys.argv[1]).write_text(str(SparkContext._gateway.proc.pid))
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    apply.compute = _die
    run_models(Workplace.open(), AS_OF)
