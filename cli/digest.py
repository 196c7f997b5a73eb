"""`landbridge digest`: the morning's report on a night."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from cli.terminal import console
from contracts.errors import ConfigurationError
from pipeline import city_wide
from pipeline.workplace import Workplace


def digest(
    night: Annotated[str | None, typer.Option(help="Local day on which the night starts, YYYY-MM-DD.")] = None,
) -> None:
    """Say what a night brought: green, held, failed, and what to do about each; also written below reports/."""
    try:
        day = date.fromisoformat(night) if night else None
    except ValueError:
        raise ConfigurationError(f"{night!r} is no day", remedy="write it as 2020-05-04") from None
    console.print(city_wide.digest(Workplace.open(), day), markup=False, soft_wrap=True)
