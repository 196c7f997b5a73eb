"""`landbridge scorecard`: every figure the city is asked about, computed from records, beside what was said in public."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import duckdb
import typer

from cli.lake import opened_lake
from cli.terminal import console, table
from contracts.errors import ConfigurationError
from warehouse.lake import table_exists

_WHOLE = "part IS NULL"
SAID = "part IS NULL AND said IS NOT NULL"


def scorecard(
    as_of: Annotated[
        str | None, typer.Option(help="Local day on which the night ends, YYYY-MM-DD; the newest without.")
    ] = None,
    parts: Annotated[bool, typer.Option("--parts", help="Show the parts of each figure too.")] = False,
) -> None:
    """Show each figure as computed from the lake and as said; a figure without data says so, never 0."""
    with opened_lake() as (place, connection):
        known = _instants(connection)
        chosen = [k for k in known if as_of is None or k.astimezone(place.city.timezone).date().isoformat() == as_of]
        if not chosen:
            raise ConfigurationError(
                f"no scorecard{f' as of {as_of}' if as_of else ''} was computed",
                remedy="landbridge run, which ends with it",
            )
        print_scorecard(connection, chosen[-1], "true" if parts else _WHOLE)


def print_scorecard(connection: duckdb.DuckDBPyConnection, instant: datetime, which: str = _WHOLE) -> None:
    """Print the figures written as of that instant that satisfy a condition over `sharing.scorecard`."""
    rows = connection.execute(
        "SELECT name_zh, name_en, text, said, reason FROM sharing.scorecard WHERE as_of = ? AND "
        + which
        + " ORDER BY position",
        [instant],
    ).fetchall()
    made = table("figure", "#computed", "said in public")
    for zh, en, text, said, reason in rows:
        shown = text if text is not None and not reason else f"[dim]无数据 no data: {reason}[/]"
        made.add_row(f"{zh} {en}", shown, said or "")
    console.print(made)


def _instants(connection: duckdb.DuckDBPyConnection) -> list[datetime]:
    if not table_exists(connection, "sharing", "scorecard"):
        return []
    return [row[0] for row in connection.execute("SELECT DISTINCT as_of FROM sharing.scorecard ORDER BY 1").fetchall()]
