"""`landbridge plan <resource> --from --to`: what a backfill would extract or replay, before anything is done."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.intervals import asked_for, checked_origin
from cli.terminal import console, now, table
from pipeline.plan import plan as plan_of
from pipeline.workplace import Workplace

_COLOURS = {"extract": "green", "replay": "cyan", "impossible": "red"}


def plan(
    resource: Annotated[str, typer.Argument(help="The resource, department.name.")],
    interval: Annotated[str | None, typer.Option(help="Local day on which the interval starts, YYYY-MM-DD.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First of several intervals, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last of several intervals, YYYY-MM-DD.")] = None,
    origin: Annotated[str, typer.Option(help="auto, source, whole or landing, as `landbridge run` takes it.")] = "auto",
) -> None:
    """Print for each interval whether the source would be asked, and for what, or what landed would be replayed; exit code 1 where one cannot be had."""
    place = Workplace.open()
    asked = place.city.resource(resource)
    spans = asked_for(place, asked, interval, first, last)
    steps = list(plan_of(place, asked, spans, now(place), checked_origin(origin)))
    made = table("interval", "would", "how", "#landed now", "last run")
    for step in steps:
        colour = _COLOURS[step.what]
        landed = f"{step.landed:,}" if step.landed is not None else ""
        run = f"{step.run.status} {step.run.run_id}" if step.run else ""
        made.add_row(step.interval.id(place.city.timezone), f"[{colour}]{step.what}[/]", step.how, landed, run)
    console.print(made)
    impossible = sum(step.what == "impossible" for step in steps)
    if impossible:
        console.print(f"{impossible} of {len(steps)} cannot be had; the past is never invented")
        raise typer.Exit(1)
