"""Which step of the whole city was done from which inputs, so that it is done again only where they changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import duckdb

from contracts.quoting import ident
from warehouse.lake import LAKE

T = TypeVar("T")

STEPS = ident(LAKE, "ops", "city_steps")


def once(
    connection: duckdb.DuckDBPyConnection, step: str, as_of: datetime | None, inputs: str, work: Callable[[], T]
) -> T | None:
    """Run `work` unless this step was done for the same inputs already; None where there was nothing to do."""
    mine = "step = ? AND as_of IS NOT DISTINCT FROM CAST(? AS TIMESTAMPTZ)"
    done = connection.execute(f"SELECT inputs FROM {STEPS} WHERE {mine}", [step, as_of]).fetchone()
    if done is not None and done[0] == inputs:
        return None
    result = work()
    connection.execute(f"DELETE FROM {STEPS} WHERE {mine}", [step, as_of])
    connection.execute(f"INSERT INTO {STEPS} VALUES (?, ?, ?)", [step, as_of, inputs])
    return result


def fingerprint(parts: object) -> str:
    """SHA-256 of what a step depends on."""
    return hashlib.sha256(json.dumps(parts, default=str, ensure_ascii=False).encode()).hexdigest()
