"""A DuckDB connection bounded by the settings, with extensions from installed wheels: nothing is downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from functools import cache

import duckdb
from duckdb_extensions import import_extension

from contracts.errors import ConfigurationError
from contracts.quoting import literal
from contracts.settings import Settings


def open_engine(
    settings: Settings, timezone: tzinfo | str | None = None, extensions: Sequence[str] = ()
) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with these extensions; what does not fit into `settings.memory` spills below `settings.home`.

    `timezone` is the zone in which times without one are read and in which times are shown. Raises ConfigurationError where DuckDB refuses the settings,
    or names the package of an extension that is missing.
    """
    for name in extensions:
        _check_signature(name)
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
                "allow_unsigned_extensions": "true" if extensions else "false",
                "preserve_insertion_order": "true",
            }
        )
    except duckdb.Error as error:
        raise ConfigurationError(
            f"DuckDB refuses the settings: {error}", remedy="check LANDBRIDGE_MEMORY and LANDBRIDGE_THREADS"
        ) from error
    for name in extensions:
        _load(connection, name)
    # checked before; no other one gets in
    connection.execute("SET allow_unsigned_extensions = false")
    connection.execute("SET enable_progress_bar = false")
    if timezone is not None:
        connection.execute(f"SET TimeZone = {literal(timezone)}")
    return connection


@cache
def _check_signature(name: str) -> None:
    """Load the extension where DuckDB checks who made it. That hashes 35 MB, longer than all else that opening a lake takes: once a process is enough."""
    with duckdb.connect() as connection:
        _load(connection, name)


def _load(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    try:
        import_extension(name, con=connection)
        connection.load_extension(name)
    except Exception as error:
        raise ConfigurationError(
            f"DuckDB's extension {name} cannot be loaded: {error}",
            remedy=f"install duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__} from your package mirror",
        ) from error


_MOST_PARTS = 128


def parts_that_fit(connection: duckdb.DuckDBPyConnection, working_bytes: int) -> int:
    """Into how many equal parts work is to be parted that takes so many bytes as a whole, for each to fit into this DuckDB's memory: 1 to 128."""
    row = connection.execute("SELECT parse_formatted_bytes(current_setting('memory_limit'))").fetchone()
    limit = int(row[0]) if row and row[0] else 1
    return max(1, min(_MOST_PARTS, -(-working_bytes // limit)))
