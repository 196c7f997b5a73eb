"""Running models: each computed from what changed since its last run, compared with its table, and what differs written in one commit of the lake.

The inputs are read as of one snapshot and computed outside the commit, so that a long SELECT keeps nobody from loading. Where another run of the same model
comes in between, the later one starts again from what that one left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import duckdb

from contracts.catalogue import City
from contracts.errors import ConfigurationError, LakeBusy
from contracts.mistakes import did_you_mean
from pipeline.digest import city_nights, outcomes
from pipeline.models import apply
from pipeline.models.apply import Differences
from pipeline.models.engine import CHANGED, engine_for
from pipeline.models.plan import Plan, plan_run, uses_as_of
from pipeline.models.reading import reading_of, set_instant, where_of
from pipeline.models.runs import UNCHANGED, ModelRun, last_run, write_run
from pipeline.models.tables import known_tables
from pipeline.workplace import Workplace
from transforms.models import in_order, read_models
from transforms.models.inputs import of_values
from transforms.models.model import Model
from transforms.unify import entity_models, read_mappings
from warehouse.lake import commit, enough_memory, open_lake, table_exists
from warehouse.tables import ensure_platform

log = logging.getLogger("landbridge.models")

FOLDER = "models"
_OF_VALUES = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.ConstraintException,
)


def city_models(city: City) -> list[Model]:
    """Every model of the city in the order of running: entities of `unified.yaml`, and the files below `models/`.

    Raises ConfigurationError for a mistake in a file, a name two models share, a missing input or a cycle, before anything is run.
    """
    mappings = read_mappings(city)
    compiled, written = entity_models(mappings), read_models(city.folder / FOLDER)
    taken = {model.name for model in compiled}
    for model in written:
        if model.name in taken:
            raise ConfigurationError(
                f"{model.name} is made from unified.yaml already",
                where=str(model.path),
                remedy="another name for the file",
            )
    models = [*compiled, *written]
    known = {*known_tables(city, mappings), *city.broken}
    return in_order(models, known)


def settled_as_of(connection: duckdb.DuckDBPyConnection, city: City, *, settled: bool = False) -> datetime | None:
    """What models count as now: the end of the newest night. None where nothing has run, or that night lacks runs and is not declared `settled`."""
    nights = city_nights(connection, city)
    if not nights or (not settled and any(o.run is None for o in outcomes(connection, city, nights[-1]))):
        return None
    return nights[-1].end


def newest_as_of(place: Workplace, *, settled: bool = False) -> datetime | None:
    """`settled_as_of` for who has no connection open."""
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        return settled_as_of(connection, place.city, settled=settled)
    finally:
        connection.close()


def run_named(place: Workplace, name: str) -> ModelRun | None:
    """Run the model of that name as of the newest night; None while that night still lacks runs. Raises as `run_model` does."""
    [model] = chosen(city_models(place.city), [name])
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        as_of = settled_as_of(connection, place.city)
        return None if as_of is None else _Runner(connection, place, as_of).run(model, full=False)
    finally:
        connection.close()


def run_model(place: Workplace, model: Model, as_of: datetime, *, full: bool = False) -> ModelRun:
    """Bring one model's table up to date; the same end state however often, and where killed nothing or all of it.

    Raises ConfigurationError where the SELECT cannot be run or does not give what is declared, LakeBusy where others kept coming in between.
    """
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    try:
        return _Runner(connection, place, as_of).run(model, full=full)
    finally:
        connection.close()


def run_models(
    place: Workplace, as_of: datetime, *, full: bool = False, names: Collection[str] = (), progress: Callable[[ModelRun], None] | None = None,
) -> list[ModelRun]:  # fmt: skip
    """Bring every model up to date in order, or those named; `progress` is told of each run. Raises as `run_model` does, at the first that fails."""
    models = chosen(city_models(place.city), names)
    connection = open_lake(place.settings, timezone=place.city.timezone.key)
    done = []
    try:
        runner = _Runner(connection, place, as_of)
        for model in models:
            done.append(runner.run(model, full=full))
            if progress is not None:
                progress(done[-1])
    finally:
        connection.close()
    return done


def chosen(models: Iterable[Model], names: Collection[str]) -> list[Model]:
    """The models of these names – all without – in order; ConfigurationError for a name that is none."""
    listed = list(models)
    known = [m.name for m in listed]
    for name in names:
        if name not in known:
            raise ConfigurationError(f"no model {name!r}", remedy=did_you_mean(name, known))
    return [m for m in listed if m.name in names] if names else listed


class _Runner:
    """Runs models one after the other over one connection, with one instant."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, place: Workplace, as_of: datetime) -> None:
        self.connection, self.place, self.as_of = connection, place, as_of
        self.engine = engine_for(place.settings)
        if not table_exists(connection, "ops", "model_runs"):
            commit(connection, place.settings, lambda: ensure_platform(connection), "platform")
        set_instant(connection, place, as_of)

    def run(self, model: Model, *, full: bool) -> ModelRun:
        for _ in range(self.place.settings.commit_retries + 1):
            if (done := self._attempt(model, full=full)) is not None:
                log.info("%s", done)
                return done
        raise LakeBusy(f"{model.name} met other runs of the same model", remedy="run it again")

    def _attempt(self, model: Model, *, full: bool) -> ModelRun | None:
        """One run; None where another one was committed meanwhile."""
        connection = self.connection
        connection.execute("BEGIN TRANSACTION")
        try:
            plan = plan_run(connection, model, self.as_of, full=full)
            if plan.kind == UNCHANGED and plan.last is not None:
                connection.execute("ROLLBACK")
                return replace(plan.last, kind=UNCHANGED, reason="", changed=None, inserted=0, deleted=0)
            with enough_memory(self.place.settings, f"model {model.name}"):
                found = self._compute(model, plan)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            raise
        done = commit(
            connection, self.place.settings, lambda: self._write(model, plan, found), f"model {model.name} {plan.kind}"
        )
        apply.clear(connection)
        return done

    def _compute(self, model: Model, plan: Plan) -> Differences:
        reading = reading_of(self.connection, self.place, model, plan, self.as_of)
        anew = apply.begin(self.connection, model, exists=plan.exists)
        try:
            with self.engine.compute(self.connection, reading) as relations:
                for values, relation in zip(reading.ranges, relations, strict=True):
                    apply.compute(self.connection, model, relation, increment=plan.is_increment, null=plan.null)
                    within = values.holds(model.increment or "")
                    if plan.is_increment:
                        within += f" AND {of_values(model.increment or '', CHANGED, null=plan.null)}"
                    apply.compare(self.connection, model, within, anew=anew)
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            raise ConfigurationError(
                f"the SELECT cannot be run: {str(error).splitlines()[0]}",
                where=where_of(model),
                remedy="landbridge model check",
            ) from None
        except _OF_VALUES as error:
            # what DuckDB says of it would hold the value
            raise ConfigurationError(
                f"the SELECT fails on the values of some rows: {type(error).__name__}",
                where=where_of(model),
                remedy="TRY_CAST, or a CASE that keeps those values out",
            ) from None
        return apply.found(self.connection, model, exists=plan.exists, anew=anew)

    def _write(self, model: Model, plan: Plan, found: Differences) -> ModelRun | None:
        last = last_run(self.connection, model.name)
        if last != plan.last:
            return None
        is_described = last is not None and last.fingerprint == model.fingerprint
        rows = apply.write(self.connection, model, found, describe=not is_described)
        run = ModelRun(
            model.name, last.number + 1 if last else 1, model.fingerprint, plan.snapshot, self.as_of if uses_as_of(model) else None, plan.kind,
            plan.reason, plan.changed, rows, found.inserted, found.deleted, self.engine.name,
        )  # fmt: skip
        write_run(self.connection, run)
        return run
