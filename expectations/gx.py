"""Great Expectations as this product imports it: without telemetry, and without Spark, whoever else in the process may use it.

Where Spark is installed Great Expectations imports all of it, which takes seconds, and Spark's remote client ends a process whose main module it cannot name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast


@contextmanager
def _without_spark() -> Iterator[None]:
    modules = cast("dict[str, Any]", sys.modules)
    kept = {name: module for name, module in modules.items() if name.partition(".")[0] == "pyspark"}
    for name in kept:
        del modules[name]
    modules["pyspark"] = None
    try:
        yield
    finally:
        del modules["pyspark"]
        modules.update(kept)


os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # read when the package is imported
with _without_spark():
    import great_expectations as gx

__all__ = ["gx"]
