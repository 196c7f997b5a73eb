"""What a run of a model has to do: nothing, an increment, or a full rebuild, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipeline.models.inputs import changes_since, collect_values, held
from pipeline.models.runs import FULL, INCREMENT, UNCHANGED, ModelRun, last_run
from transforms.models.model import Model
from warehouse.lake import current_snapshot


@dataclass(frozen=True)
class Plan:
    """`snapshot` is the lake's version to be read; `changed` counts the values of an increment and `null` tells whether NULL is one more."""

    kind: str
    reason: str
    snapshot: int
    last: ModelRun | None
    exists: bool
    changed: int | None = None
    null: bool = False

    @property
    def is_increment(self) -> bool:
        return self.kind == INCREMENT


def plan_run(connection: duckdb.DuckDBPyConnection, model: Model, as_of: datetime, *, full: bool) -> Plan:
    """What to do as of the open transaction's snapshot; of an increment the values are then in `model_changed`."""
    now, last = current_snapshot(connection), last_run(connection, model.name)
    exists = bool(held(connection, [model.name], now))

    def whole(reason: str) -> Plan:
        return Plan(FULL, reason, now, last, exists)

    if last is None or not exists:
        return whole("first run")
    if full:
        return whole("asked for")
    if last.fingerprint != model.fingerprint:
        return whole("the model changed")
    if uses_as_of(model) and last.as_of != as_of:
        return whole("another night")
    changes = changes_since(connection, [i.name for i in model.inputs], last.snapshot, now)
    if changes is None:
        return whole("the snapshot read last has expired")
    if changes.shape:
        return whole(f"made anew or altered: {', '.join(changes.shape)}")
    if not changes.rows:
        return Plan(UNCHANGED, "", now, last, exists)
    without = sorted(i.name for i in model.inputs if i.name in changes.rows and i.by is None)
    if model.increment is None or without:
        return whole(f"changed: {', '.join(without or changes.rows)}")
    values, null = collect_values(connection, model, changes.rows, last.snapshot, now)
    if not values and not null:
        return Plan(UNCHANGED, "", now, last, exists)
    return Plan(INCREMENT, f"changed: {', '.join(changes.rows)}", now, last, exists, values, null)


def uses_as_of(model: Model) -> bool:
    """Whether the model's SQL asks what night or day it is."""
    return "getvariable" in model.sql.lower()
