"""`landbridge digest`: the morning's report on a night."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.instants import read_day_if_any
from cli.terminal import console
from pipeline import city_wide
from pipeline.workplace import Workplace


def digest(
    night: Annotated[str | None, typer.Option(help="Local day on which the night starts, YYYY-MM-DD.")] = None,
) -> None:
    """Say what a night brought: green, held, failed, and what to do about each; also written below reports/."""
    day = read_day_if_any(night)
    console.print(city_wide.digest(Workplace.open(), day), markup=False, soft_wrap=True)
