"""`landbridge hash`: a fingerprint of every table, to compare two states of the lake."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.terminal import console
from pipeline.workplace import Workplace
from warehouse.content_hash import content_hashes
from warehouse.lake import open_lake


def hashes(schema: Annotated[list[str] | None, typer.Option(help="Only these schemas.")] = None) -> None:
    """Print rows and content hash of every table but the run records: equal for equal content, whatever files it lies in."""
    place = Workplace.open()
    connection = open_lake(place.settings, read_only=True, timezone=place.city.timezone.key)
    try:
        for name, (rows, digest) in content_hashes(connection, schema).items():
            console.print(f"{digest}  {rows:>12,}  {name}", markup=False, soft_wrap=True)
    finally:
        connection.close()
