"""`landbridge hash`: a fingerprint of every table, to compare two states of the lake."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.lake import opened_lake
from cli.terminal import console
from warehouse.content_hash import content_hashes


def hashes(schema: Annotated[list[str] | None, typer.Option(help="Only these schemas.")] = None) -> None:
    """Print rows and content hash of every table but the run records: equal for equal content, whatever files it lies in."""
    with opened_lake() as (_, connection):
        for name, (rows, digest) in content_hashes(connection, schema).items():
            console.print(f"{digest}  {rows:>12,}  {name}", markup=False, soft_wrap=True)
