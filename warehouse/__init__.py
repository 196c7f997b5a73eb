"""Where records live: the DuckLake lake, its tables, the one-transaction commit, quarantine, maintenance and the analysts' door.

`connect()` is that door: a DuckDB connection with the lake attached read-only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB connection with the lake attached read-only as `lake` and chosen as the default catalogue.

    Usable while loads run; what it reads is the last committed snapshot. Instants are shown, and cut to days, in the city's time zone. The caller closes it.
    """
    from contracts.catalogue import city_timezone
    from contracts.settings import Settings
    from warehouse.lake import open_lake

    settings = Settings.from_environment()
    return open_lake(settings, read_only=True, timezone=city_timezone(settings.city))
