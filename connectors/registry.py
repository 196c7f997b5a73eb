"""Finds the connector of a kind: our own from a table, others' through the entry-point group `landbridge.connectors`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from connectors.exchange.settings import batch_settings
from connectors.protocol import Connector
from connectors.settings import problems
from contracts.errors import ConfigurationError, LandbridgeError
from contracts.mistakes import did_you_mean
from contracts.model import Resource, SourceSystem

GROUP = "landbridge.connectors"

# our own kinds work without an installation, and are opened without a scan of the installed packages
_OWN = {
    "database": "connectors.databases.database:DatabaseConnector",
    "csv_files": "connectors.files.csv_files:CsvFilesConnector",
    "excel_files": "connectors.files.excel_files:ExcelFilesConnector",
    "json_lines": "connectors.files.json_lines:JsonLinesConnector",
    "xml_files": "connectors.files.xml_files:XmlFilesConnector",
    "parquet_files": "connectors.files.parquet_files:ParquetFilesConnector",
    "fixed_width": "connectors.files.fixed_width:FixedWidthConnector",
    "dbase_files": "connectors.files.dbase_files:DbaseFilesConnector",
    "http_api": "connectors.http.api:HttpApiConnector",
}
# module that cannot be imported → package to install, where the two names differ
_PACKAGES = {"python_calamine": "python-calamine", "sqlalchemy": "SQLAlchemy"}


def kinds() -> tuple[str, ...]:
    """All kinds, ours and others', sorted; imports no connector."""
    return tuple(sorted({*_OWN, *_others()}))


def connector_class(kind: str) -> type[Connector]:
    """The class behind a kind; ConfigurationError for an unknown kind, or with the package that its driver needs."""
    target = _OWN.get(kind)
    if target is None and kind in _others():
        target = _others()[kind].value
    if target is None:
        raise ConfigurationError(f"unknown connector {kind!r}", remedy=did_you_mean(kind, kinds()))
    module, _, name = target.partition(":")
    try:
        found: type[Connector] = getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        raise missing_package(f"connector {kind}", error) from error
    except AttributeError as error:
        raise ConfigurationError(
            f"connector {kind}: {module} has no {name}", remedy="correct its entry point"
        ) from error
    return found


def missing_package(who: str, error: ModuleNotFoundError) -> ConfigurationError:
    """The error for a driver that is not installed: names the package, and leaves the host to the mirror configured for pip."""
    missing = (error.name or "").split(".")[0]
    package = _PACKAGES.get(missing, missing)
    return ConfigurationError(f"{who} needs the package {package}", remedy=f"pip install {package}")


def open_connector(system: SourceSystem, environ: Mapping[str, str]) -> Connector:
    """The system's connector with its connection taken up; nothing is connected yet.

    Raises ConfigurationError for an unknown kind or setting, a missing driver, or a `${NAME}` the environment does not hold.
    """
    cls = connector_class(system.connector)
    if found := problems(system.connection, cls.CONNECTION_SETTINGS, "connection"):
        raise ConfigurationError("; ".join(found), where=system.id, remedy="see docs/connectors.md")
    try:
        return cls.open(system.connection, environ)
    except LandbridgeError as error:
        error.where = error.where or system.id
        raise


def check_settings(resource: Resource) -> list[str]:
    """What is wrong with the resource's `source` settings and its system's `connection`, found without opening the source.

    An unknown connector kind is left to the check of systems.yaml; a missing driver is a problem like others.
    """
    if resource.system.connector not in kinds():
        return []
    try:
        cls = connector_class(resource.system.connector)
    except ConfigurationError as error:
        return [str(error)]
    return [
        *problems(
            resource.source, {**cls.SOURCE_SETTINGS, **batch_settings(cls.CONNECTION_SETTINGS, cls.kind)}, "source"
        ),
        *problems(resource.system.connection, cls.CONNECTION_SETTINGS, "connection"),
    ]


@cache
def _others() -> dict[str, EntryPoint]:
    """Entry points of other packages. One that claims a kind of ours is passed over: a kind means the same everywhere."""
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in _OWN}
