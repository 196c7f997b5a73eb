"""`landbridge analyst-role`: SQL that makes the role analysts read the lake with."""

from __future__ import annotations

from typing import Annotated

import typer

from contracts.errors import ConfigurationError
from contracts.settings import Settings
from warehouse.analyst_role import analyst_role_sql


def analyst_role(name: Annotated[str, typer.Argument(help="Role to make.")] = "analyst") -> None:
    """Print SQL for psql that lets a PostgreSQL role read the lake's catalogue, and nothing more; nothing is changed by printing it."""
    kind = Settings.from_environment().catalogue.partition(":")[0]
    if kind != "postgres":
        raise ConfigurationError(
            f"the catalogue is kept in {kind}, which has no roles", where="LANDBRIDGE_CATALOGUE",
            remedy="give analysts the right to read the lake's folder and not to write it (docs/analysts.md)",
        )  # fmt: skip
    typer.echo(analyst_role_sql(name), nl=False)
