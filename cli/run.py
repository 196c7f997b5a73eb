"""`landbridge run`: the night without Airflow – every resource asked for, one after the other, then the city-wide steps."""

from __future__ import annotations

import logging
import sys
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from cli.intervals import asked_for, checked_origin
from cli.terminal import coloured, console, errors, now
from contracts.errors import ConfigurationError, LandbridgeError, LoadHeld
from contracts.interval import Interval
from contracts.mistakes import did_you_mean
from contracts.model import Resource
from contracts.origin import Origin
from pipeline import city_wide
from pipeline.night import run_resource
from pipeline.workplace import Workplace

log = logging.getLogger("landbridge.run")


def run(
    targets: Annotated[list[str] | None, typer.Argument(help="Departments or resources; all without.")] = None,
    interval: Annotated[str | None, typer.Option(help="Local day on which the interval starts, YYYY-MM-DD.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First of several intervals, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last of several intervals, YYYY-MM-DD.")] = None,
    origin: Annotated[
        str,
        typer.Option(
            help="auto, source (insist on reading it again), whole (its whole history) or landing (replay what landed)."
        ),
    ] = "auto",
) -> None:
    """Run resources for an interval: extract, validate, load; then unify, rate and scorecard, and anchor the ledger.

    Without dates it is the newest interval that is over. Exit code 1 where a load failed or was held back; the others load all the same.
    """
    place = Workplace.open()
    chosen = checked_origin(origin)
    work = [
        (resource, span)
        for resource in _resources(place, targets or [])
        for span in asked_for(place, resource, interval, first, last)
    ]
    work.sort(key=lambda pair: (pair[1].end, pair[0].id))
    if not work:
        raise ConfigurationError("no interval in that range", remedy="give --interval or --from and --to")
    failures = _run_all(place, work, chosen)
    for line in city_wide.settle(place, now(place)):
        console.print(line)
    if failures:
        errors.print(f"{failures} of {len(work)} did not load; see: landbridge digest")
        raise typer.Exit(1)


def _run_all(place: Workplace, work: list[tuple[Resource, Interval]], origin: Origin) -> int:
    failures = 0
    terminal = sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, disable=not terminal) as progress:
        bar = progress.add_task("running", total=len(work))
        for resource, span in work:
            name = f"{resource.id} {span.id(place.city.timezone)}"
            progress.update(bar, description=name)
            try:
                record = run_resource(place, resource, span, now(place), origin)
            except LandbridgeError as error:
                failures += 1
                status = "held" if isinstance(error, LoadHeld) else "failed"
                progress.console.print(f"{coloured(status)} {name}")
                progress.console.print(f"  {error}", markup=False, soft_wrap=True)
            else:
                progress.console.print(
                    f"{coloured(record.status)} {name}: {record.extracted:,} extracted = {record.accepted:,} accepted + "
                    f"{record.quarantined:,} quarantined + {record.replaced:,} replaced; {record.deleted:,} deleted"
                )
            progress.advance(bar)
    return failures


def _resources(place: Workplace, targets: list[str]) -> list[Resource]:
    city = place.city
    if not targets:
        return list(city.resources.values())
    chosen: list[Resource] = []
    for target in targets:
        if target in city.departments:
            chosen += city.resources_of(target)
        elif target in city.resources or target in city.broken:
            chosen.append(city.resource(target))
        else:
            known = [*city.departments, *city.resources]
            raise ConfigurationError(f"neither department nor resource: {target!r}", remedy=did_you_mean(target, known))
    return chosen
