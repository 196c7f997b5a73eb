"""The parts of Airflow's connections that a system's `connection` refers to, fetched where a task runs and kept in no file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.errors import ConfigurationError

if TYPE_CHECKING:
    from contracts.model import SourceSystem


def secrets_of(system: SourceSystem) -> dict[str, str]:
    """Reference → value, for every part that Airflow's connections hold; ConfigurationError names a connection Airflow does not know.

    Asks the secrets backend, the environment and Airflow's database, in Airflow's own order.
    """
    from connectors.references import PARTS, airflow_connections, remedy_for, variable

    found = {}
    for conn_id in airflow_connections(system.connection):
        from airflow.sdk import Connection
        from airflow.sdk.exceptions import AirflowNotFoundException

        try:
            connection = Connection.get(conn_id)
        except AirflowNotFoundException:
            raise ConfigurationError(
                f"Airflow knows no connection {conn_id!r}",
                where=system.id,
                remedy=remedy_for(variable(conn_id, PARTS[0])),
            ) from None
        for part in PARTS:
            value = getattr(connection, part)
            if value not in (None, ""):
                found[variable(conn_id, part)] = str(value)
    return found
