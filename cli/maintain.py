"""`landbridge maintain`: merge small files, expire snapshots that no evidence cites, remove files nobody needs."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.terminal import console, now
from pipeline.maintenance import KEEP_DAYS, told
from pipeline.maintenance import maintain as keep_up
from pipeline.workplace import Workplace


def maintain(
    older_than: Annotated[int, typer.Option(help="Days after which a snapshot may expire; at least 1.")] = KEEP_DAYS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would expire, and change nothing.")] = False,
) -> None:
    """Merge small files, expire snapshots that are old and cited by nothing, and remove files that no snapshot needs."""
    place = Workplace.open()
    console.print(told(keep_up(place, now(place), older_than, dry_run=dry_run), dry_run), markup=False)
