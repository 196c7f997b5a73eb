"""`landbridge dictionary`: the data dictionary in both languages, as pages without a network, CSV and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.terminal import console
from contracts.errors import ConfigurationError
from pipeline.dictionary import describe_city
from pipeline.dictionary.lake_facts import lake_facts
from pipeline.dictionary.site import write_site
from pipeline.workplace import Workplace
from warehouse.lake import open_lake_if_any


def dictionary(
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; reports/dictionary below LANDBRIDGE_HOME without.")
    ] = None,
) -> None:
    """Write every table and column of the lake with labels, units, classification, source and freshness; print where to look."""
    place = Workplace.open()
    target = out or place.home / "reports" / "dictionary"
    entries = describe_city(place.city)
    connection = open_lake_if_any(place.settings, place.city.timezone.key)
    try:
        facts = lake_facts(connection, entries) if connection else {}
    finally:
        if connection:
            connection.close()
    try:
        write_site(target, place.city, entries, facts)
    except FileExistsError:
        raise ConfigurationError(
            "the folder holds something else", where=str(target), remedy="name an empty folder, or a new one"
        ) from None
    columns = sum(len(e.columns) for e in entries)
    console.print(f"{len(entries)} tables, {columns:,} columns: {target / 'index.html'}", markup=False, soft_wrap=True)
