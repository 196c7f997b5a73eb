"""The lake, open for the length of a command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from pipeline.workplace import Workplace
from warehouse.lake import open_lake


@contextmanager
def opened_lake(*, read_only: bool = True) -> Iterator[tuple[Workplace, duckdb.DuckDBPyConnection]]:
    """The workplace and its lake; ConfigurationError where there is no lake to read."""
    place = Workplace.open()
    connection = open_lake(place.settings, read_only=read_only, timezone=place.city.timezone.key)
    try:
        yield place, connection
    finally:
        connection.close()
