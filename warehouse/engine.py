"""A DuckDB connection bounded by the settings, with extensions from installed wheels: nothing is downloaded."""

from __future__ import annotations

from datetime import tzinfo

import duckdb
from duckdb_extensions import import_extension

from contracts.errors import ConfigurationError
from contracts.quoting import literal
from contracts.settings import Settings


def open_engine(settings: Settings, timezone: tzinfo | str | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB; what does not fit into `settings.memory` spills below `settings.home`.

    `timezone` is the zone in which times without one are read and in which times are shown.
    """
    spill = settings.home / "spill"
    spill.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(
            config={
                "memory_limit": settings.memory,
                "threads": settings.threads,
                "temp_directory": str(spill),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "preserve_insertion_order": "true",
            }
        )
    except duckdb.Error as error:
        raise ConfigurationError(
            f"DuckDB refuses the settings: {error}", remedy="check LANDBRIDGE_MEMORY and LANDBRIDGE_THREADS"
        ) from error
    connection.execute("SET enable_progress_bar = false")
    if timezone is not None:
        connection.execute(f"SET TimeZone = {literal(timezone)}")
    return connection


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension that came as a Python package; ConfigurationError names the package where it is missing."""
    try:
        import_extension(name, con=connection)
    except Exception as error:
        raise ConfigurationError(
            f"DuckDB's extension {name} cannot be loaded: {error}",
            remedy=f"install duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__} from your package mirror",
        ) from error
