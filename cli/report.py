"""`landbridge report`: the satisfaction rate of a night as a page to read, print and hand over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.lake import opened_lake
from cli.terminal import console, now
from pipeline.publish import write_report
from sharing.report.computed import chosen
from sharing.report.marts import filled


def report(
    as_of: Annotated[
        str | None, typer.Option(help="Local day on which the night ends, YYYY-MM-DD; the newest without.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder to write to; reports/ below LANDBRIDGE_HOME without.")
    ] = None,
) -> None:
    """Write the report of a night as HTML, with a CSV of every line beside it."""
    with opened_lake() as (place, connection):
        known = filled(connection)
        found = chosen(known, place.city.timezone, as_of)
        written = write_report(connection, place, known, found, now(place), output)
    console.print(f"written: {written} and {written.with_suffix('.csv').name}", soft_wrap=True)
