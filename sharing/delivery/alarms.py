"""What of the deliveries an operator must see in the morning: data that is still out though its grant ended, and data that cannot be read."""

from __future__ import annotations

from datetime import datetime, tzinfo

import duckdb

from sharing.delivery.grants import IN_FORCE, STATES, grants


def alarms(connection: duckdb.DuckDBPyConnection, at: datetime, zone: tzinfo) -> list[str]:
    """A sentence for each line with such a delivery, by line id, as of the instant."""
    found = []
    for grant in grants(connection, at, zone):
        if grant.is_delivered and grant.delivered is not None:
            if grant.state != IN_FORCE:
                found.append(
                    f"line {grant.line_id}, {grant.requester}: {STATES[grant.state]}, and the delivery is still there"
                )
            elif grant.delivered.probe_ok is False:
                found.append(f"line {grant.line_id}, {grant.requester}: 试读失败 the last probe could not read it")
    return found
