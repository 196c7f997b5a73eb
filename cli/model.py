"""`landbridge model …`: the city's models – what they are, whether they are sound, where their columns come from, and running them."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax

from cli.lake import opened_lake
from cli.terminal import console, errors, table
from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from pipeline.models.check import check_city_models
from pipeline.models.lineage import city_lineage
from pipeline.models.retired import drop_model, retired_models
from pipeline.models.run import chosen, city_models, run_models, settled_as_of
from pipeline.models.runs import ModelRun, last_runs
from pipeline.workplace import Workplace
from transforms.models.lineage import FieldOf, Lineage, origins
from transforms.models.model import Model
from warehouse.lake import open_lake_if_any, table_exists

app = typer.Typer(no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="A model, such as mart.firm.")]


@app.command("list")
def list_models() -> None:
    """List the models in the order of running, with their inputs and their last run; then tables that no file declares any longer."""
    place = Workplace.open()
    models = city_models(place.city)
    last, retired = _last_runs(place, models)
    made = table("model", "label", "increment", "inputs", "last run", "#rows")
    for model in models:
        run = last.get(model.name)
        inputs = ", ".join(i.name for i in model.inputs)
        done = f"{run.kind} ({run.reason})" if run else "never"
        made.add_row(model.name, str(model.label), model.increment or "", inputs, done, f"{run.rows:,}" if run else "")
    for run in retired:
        made.add_row(run.model, "declared no longer", "", "", f"landbridge model drop {run.model}", f"{run.rows:,}")
    console.print(made)


@app.command()
def drop(name: Name) -> None:
    """Drop the table of a model that no file declares any longer; refused while something of the city reads it."""
    console.print(str(drop_model(Workplace.open(), name)), markup=False, soft_wrap=True)


@app.command()
def show(name: Name) -> None:
    """Print a model: what it is, its inputs, its columns with where each comes from, and its SQL as compiled."""
    place = Workplace.open()
    models = city_models(place.city)
    [model] = chosen(models, [name])
    lineage = city_lineage(place.city, models)
    console.print(f"{model.name}  {model.label}", style="bold", markup=False)
    console.print(model.description.en, markup=False, soft_wrap=True)
    console.print(model.description.zh, markup=False, soft_wrap=True)
    facts = [f"key {', '.join(model.key)}"]
    facts += [f"increment {model.increment}"] if model.increment else ["rebuilt as a whole"]
    facts += [f"in {model.path}"] if model.path else ["compiled from unified.yaml"]
    console.print("; ".join(facts), markup=False, soft_wrap=True)
    inputs = table("input", "by")
    for i in model.inputs:
        inputs.add_row(i.name, i.by or "")
    columns = table("column", "type", "label", "from")
    for c in model.columns:
        columns.add_row(c.name, c.type, str(c.label), ", ".join(map(str, lineage.get(FieldOf(model.name, c.name), ()))))
    console.print(inputs, columns)
    console.print(Syntax(model.sql, "sql", background_color="default", word_wrap=True))


@app.command()
def check() -> None:
    """Report every mistake of the models with file, place and remedy, without a lake; exit code 1 where there is any."""
    place = Workplace.open()
    models, mistakes = check_city_models(place.city)
    for mistake in mistakes:
        console.print(str(mistake), markup=False, soft_wrap=True)
    console.print(
        f"{place.city.name}: {len(models)} models, {len(mistakes)} mistake{'' if len(mistakes) == 1 else 's'}"
    )
    if mistakes:
        raise typer.Exit(1)


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(help="Models; all without.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Compute them as a whole even where little changed.")] = False,
) -> None:
    """Bring models up to date with the lake as of the newest night, in order; only rows that differ are written."""
    with opened_lake() as (place, connection):
        as_of = settled_as_of(connection, place.city, settled=True)
    if as_of is None:
        raise ConfigurationError("nothing has been loaded yet", remedy="landbridge run")
    count = len(chosen(city_models(place.city), names or []))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task("models", total=count)

        def told(done: ModelRun) -> None:
            console.print(str(done), markup=False, soft_wrap=True)
            progress.update(bar, description=done.model, advance=1)

        run_models(place, as_of, full=full, names=names or [], progress=told)


@app.command()
def lineage(
    target: Annotated[str | None, typer.Argument(help="MODEL or MODEL.COLUMN; all columns without.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Tell from which columns each column is made, directly and through all models down to the fields of the resources."""
    place = Workplace.open()
    models = city_models(place.city)
    found = city_lineage(place.city, models)
    fields = _asked_for(target, models)
    if as_json:
        for field in fields:
            made_from, comes_from = _told(found, field)
            about = {"column": str(field), "made_from": made_from, "comes_from": comes_from}
            console.print(json.dumps(about, ensure_ascii=False), markup=False, soft_wrap=True)
        return
    made = table("column", "made from", "comes from in the end")
    for field in fields:
        made_from, comes_from = _told(found, field)
        made.add_row(str(field), "\n".join(made_from) or "no column", "\n".join(comes_from))
    console.print(made)


def _told(found: Lineage, field: FieldOf) -> tuple[list[str], list[str]]:
    """What the column is made from directly, and what that comes from in the end."""
    return [str(f) for f in found.get(field, ())], [str(f) for f in origins(found, field) if f != field]


def _asked_for(target: str | None, models: list[Model]) -> list[FieldOf]:
    if target is None:
        return [FieldOf(m.name, c.name) for m in models for c in m.columns]
    table_name, _, column = target.rpartition(".")
    for model in models:
        names = [c.name for c in model.columns]
        if model.name == target:
            return [FieldOf(model.name, name) for name in names]
        if model.name == table_name:
            if column not in names:
                raise ConfigurationError(f"{table_name} has no column {column!r}", remedy=did_you_mean(column, names))
            return [FieldOf(table_name, column)]
    raise ConfigurationError(f"no model {target!r}", remedy=did_you_mean(target, [m.name for m in models]))


def _last_runs(place: Workplace, models: list[Model]) -> tuple[dict[str, ModelRun], list[ModelRun]]:
    """The newest run of each of these models, and of others that left a table."""
    connection = open_lake_if_any(place.settings, place.city.timezone.key)
    if connection is None:
        return {}, []
    try:
        if not table_exists(connection, "ops", "model_runs"):
            return {}, []
        names = [m.name for m in models]
        return (last_runs(connection, names) if models else {}), retired_models(connection, names)
    finally:
        connection.close()
