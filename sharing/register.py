"""The request register a city keeps already: which resource it is, which fields it must have, which load of it counts.

A line is requester × resource × purpose. The register's dated fields are events; sharing/register_import.py records them in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from contracts.catalogue import REQUEST_REGISTER, City
from contracts.errors import ConfigurationError, HistoryUnavailable
from contracts.model import Resource
from sharing.loads import Load, last_loads

ROLE = REQUEST_REGISTER

# every field the import reads; docs/rate.md says what each means
_FIELDS = (
    "line_id", "request_id", "requester", "provider", "resource", "purpose", "share_type", "fields", "row_scope", "submitted_at", "received_at",
    "supplement_asked_at", "supplemented_at", "extension_consented_at", "extension_days", "answered_at", "answer", "refusal_ground_level",
    "refusal_confirmed_at", "refusal_confirmed_by", "granted_fields", "granted_rows", "granted_from", "granted_to", "suspended_at", "resumed_at",
    "revoked_at", "delivered_at", "delivered_fields", "delivered_rows", "marked_satisfied_at", "last_probe_at", "last_probe_ok", "last_read_at",
    "correction_asked_at", "correction_decided_at", "correction_upheld", "correction_fixed_at", "correction_closed_at", "withdrawn_at",
    "withdrawn_by", "ruled_outside_at", "ruled_outside_by",
)  # fmt: skip


def needed_fields() -> tuple[str, ...]:
    """The business fields a register's contract must have."""
    return _FIELDS


def register_of(city: City) -> Resource:
    """The city's request register; ConfigurationError where there is none or its contract lacks fields."""
    resource = city.with_role(ROLE)
    if resource is None:
        broken = [id for id in city.broken if id.endswith(f".{ROLE}")]
        raise ConfigurationError(
            f"no resource plays the role {ROLE}",
            where=broken[0] if broken else city.id,
            remedy="landbridge catalogue check"
            if broken
            else f"give the register's contract {{property: role, value: {ROLE}}}",
        )
    missing = sorted(set(needed_fields()) - {f.name for f in resource.fields})
    if missing:
        raise ConfigurationError(
            f"the register lacks {', '.join(missing)}",
            where=resource.id,
            remedy="docs/rate.md lists the register's fields",
        )
    return resource


def register_load(connection: duckdb.DuckDBPyConnection, register: Resource, as_of: str, known_at: str | None) -> Load:
    """The register's last load whose interval had ended by `as_of`; HistoryUnavailable where there is none."""
    loads: Iterable[Load] = last_loads(connection, [register], as_of, known_at).values()
    for load in loads:
        return load
    raise HistoryUnavailable(
        f"the request register was not loaded for any interval that had ended by {as_of}",
        where=register.id,
        remedy=f"load it: landbridge run {register.id}, or ask for a later day",
    )
