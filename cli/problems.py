"""`landbridge problems`: how many rows of which department break which rule, until when, and the files that hold them."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.lake import opened_lake
from cli.terminal import console, now, table
from pipeline.problems.files import newest_file, write_problem_files
from pipeline.problems.summary import summaries

app = typer.Typer(invoke_without_command=True)

Department = Annotated[str | None, typer.Option(help="One department's; all without.")]


@app.callback()
def problems(context: typer.Context, department: Department = None) -> None:
    """Count open rows by department, resource and rule, with the day until which they must be put right; never a value."""
    if context.invoked_subcommand is not None:
        return
    with opened_lake() as (place, connection):
        wanted = [place.city.department(department)] if department else list(place.city.departments.values())
        shown = table("resource", "rule", "what it asks", "#rows", "challenged", "since", "due", "#days left")
        today = now(place).astimezone(place.city.timezone).date()
        for line in summaries(connection, place, [owner.id for owner in wanted], today):
            left = "" if line.days_left is None else str(line.days_left)
            if line.days_left is not None and line.days_left < 0:
                left = f"[red]{left}[/]"
            shown.add_row(
                line.resource, line.rule, line.rule_in_words, f"{line.rows:,}", line.correction, line.first_seen, line.due, left
            )  # fmt: skip
        console.print(shown if shown.row_count else "no row is in quarantine, and none is challenged")
        files = {owner.id: newest_file(place, owner.id) for owner in wanted}
    for id, file in files.items():
        if file is not None:
            console.print(f"{id}: {file}", markup=False, soft_wrap=True)


@app.command()
def write() -> None:
    """Write every department's list as CSV and Excel below LANDBRIDGE_HOME, for the platform's account alone; the night does it too."""
    with opened_lake(read_only=False) as (place, connection):
        told = write_problem_files(connection, place, now(place))
    for made in told:
        console.print(str(made), markup=False, soft_wrap=True)
    if not told:
        console.print("no row is in quarantine, and none is challenged")
