"""`landbridge check <resource>`: whether a night would work, step by step, and what it would do – without writing anything."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.terminal import console, now
from connectors.registry import check_settings, kinds
from contracts.check import check_city
from contracts.errors import ConfigurationError
from contracts.mistakes import Mistake, did_you_mean
from pipeline.tonight import tonight
from pipeline.trial import Finding, try_out
from pipeline.trial_sample import Trial
from pipeline.workplace import Workplace

_MARKS = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]![/]"}


def check(
    resource: Annotated[str, typer.Argument(help="The resource, department.name.")],
    rows: Annotated[int, typer.Option(help="Rows of the sample.", min=1)] = 1000,
) -> None:
    """Test contract, connection, rights, schema and a sample, and print what a night would do; exit code 1 where a night would fail."""
    place = Workplace.open()
    city, observed_at = place.city, now(place)
    if resource not in city.resources and resource not in city.broken:
        raise ConfigurationError(
            f"no resource {resource!r}", remedy=did_you_mean(resource, [*city.resources, *city.broken])
        )
    mistakes = _mistakes(place, resource)
    if resource in city.broken:
        findings = [Finding("contract", False, f"{m.file}: {m.place}: {m.what}", m.remedy) for m in mistakes]
        for finding in findings:
            _print(finding)
        raise typer.Exit(1)
    checked, trial = city.resource(resource), Trial()
    would_fail = False
    for finding in try_out(place, checked, mistakes, rows, observed_at, trial):
        _print(finding)
        would_fail |= finding.holds is False
    if trial.verdict is not None:
        for result in sorted(trial.verdict.quality, key=lambda q: (-q.failing, q.rule)):
            if result.failing:
                console.print(
                    f"    {result.failing:>7,} of {result.rows:,} break {result.rule} ({result.severity})",
                    markup=False,
                    soft_wrap=True,
                )
        passed = sum(not q.failing for q in trial.verdict.quality)
        console.print(
            f"    {passed} of {len(trial.verdict.quality)} rules hold for every row of the sample", markup=False
        )
    console.print("\na night would:")
    for subject, sentence in tonight(place, checked, observed_at, trial):
        console.print(f"  {subject:<9} {sentence}", markup=False, soft_wrap=True)
    if would_fail:
        console.print("\n[red]a night would fail[/]")
        raise typer.Exit(1)


def _mistakes(place: Workplace, resource: str) -> list[Mistake]:
    """Mistakes of the contract itself, of its system and department."""
    city = place.city
    department, _, name = resource.partition(".")
    file = f"contracts/{department}/{name}.yaml"
    own = city.resources[resource].system.id if resource in city.resources else None
    found = check_city(city, kinds(), check_settings)
    return [m for m in found if m.file == file or (m.file == "systems.yaml" and own is not None and own in m.place)]


def _print(finding: Finding) -> None:
    console.print(f"{_MARKS[finding.holds]} {finding.step:<10}", end=" ")
    console.print(finding.what, markup=False, soft_wrap=True)
    if finding.remedy and finding.holds is not True:
        console.print(f"             → {finding.remedy}", markup=False, soft_wrap=True)
