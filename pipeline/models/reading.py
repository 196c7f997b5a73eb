"""The SQL of a run: the model's own, with an increment's inputs restricted and what the lake does not hold yet written in as empty."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import literal
from pipeline.models.engine import CHANGED, Reading
from pipeline.models.inputs import columns_held
from pipeline.models.parts import ranges_of
from pipeline.models.plan import Plan
from pipeline.models.tables import known_tables
from pipeline.workplace import Workplace
from transforms.models.inputs import empty, restricted, widened
from transforms.models.model import Model
from transforms.unify import read_mappings


def reading_of(
    connection: duckdb.DuckDBPyConnection, place: Workplace, model: Model, plan: Plan, as_of: datetime
) -> Reading:
    """What the engine computes. Raises ConfigurationError for an input that neither the lake holds nor a contract describes."""
    present = columns_held(connection, [i.name for i in model.inputs], plan.snapshot)
    instead = _not_there_yet(place, model, present)
    if plan.is_increment:
        of_changed = {
            i.name: restricted(i.name, i.by, CHANGED, null=plan.null) for i in model.inputs if i.by is not None
        }
        instead = of_changed | instead
    sql = model.sql
    if instead:
        # sqlglot costs a task 0.15 s, and a whole table is read without it
        from transforms.models.sql_text import with_tables

        sql = with_tables(sql, instead, where_of(model))
    by = {i.name: i.by for i in model.inputs if i.by is not None and i.name in present}
    ranges = ranges_of(connection, model, by, (CHANGED, plan.changed or 0) if plan.is_increment else None)
    return Reading(model, sql, tuple(present), plan.snapshot, as_of, day_over_by(place, as_of), plan.changed, ranges)


def day_over_by(place: Workplace, as_of: datetime) -> date:
    """The last local day that is over by that instant."""
    return as_of.astimezone(place.city.timezone).date() - timedelta(days=1)


def set_instant(connection: duckdb.DuckDBPyConnection, place: Workplace, as_of: datetime) -> None:
    """Set `as_of` and `as_of_day`, the only time that a model's SELECT knows."""
    connection.execute(f"SET VARIABLE as_of = TIMESTAMPTZ {literal(as_of.isoformat())}")
    connection.execute(f"SET VARIABLE as_of_day = DATE {literal(day_over_by(place, as_of).isoformat())}")


def where_of(model: Model) -> str:
    """Where a mistake of the model is to be put right."""
    return str(model.path or model.name)


def _not_there_yet(place: Workplace, model: Model, present: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """Inputs not loaded yet, or without a column of their contract, and what stands in their place."""
    absent = [i.name for i in model.inputs if i.name not in present]
    narrow = [
        i.name
        for i in model.inputs
        if i.name in present
        and (resource := place.city.resources.get(i.name))
        and not {f.name for f in resource.fields} <= set(present[i.name])
    ]
    if not absent and not narrow:
        return {}
    known = known_tables(place.city, read_mappings(place.city))
    instead = {}
    for name in absent:
        if name not in known:
            raise ConfigurationError(
                f"the lake does not hold the input {name}",
                where=where_of(model),
                remedy="run what makes it first: landbridge model run",
            )
        instead[name] = empty(known[name])
    for name in narrow:
        instead[name] = widened(name, {c: type for c, type in known[name].items() if c not in present[name]})
    return instead
