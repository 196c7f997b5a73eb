"""The request register as of an instant: which load of it counts, and its lines with every later event taken away.

A line is requester × resource × purpose. Until the ledger of events is there, the register's own dated fields are the events; what they say is
believed only from their own day on.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from contracts.catalogue import City
from contracts.errors import ConfigurationError, HistoryUnavailable
from contracts.model import Resource
from contracts.quoting import ident, literal
from sharing.loads import Load, last_loads

ROLE = "share_request_register"

_ALWAYS = ("line_id", "request_id", "requester", "provider", "resource", "purpose", "share_type")
_EVENTS = (
    "submitted_at", "received_at", "supplement_asked_at", "supplemented_at", "extension_consented_at", "answered_at",
    "refusal_confirmed_at", "suspended_at", "resumed_at", "revoked_at", "delivered_at", "marked_satisfied_at", "last_probe_at",
    "last_read_at", "correction_asked_at", "correction_decided_at", "correction_fixed_at", "correction_closed_at", "withdrawn_at",
    "ruled_outside_at",
)  # fmt: skip
# what a field says is known from the event on that wrote it
_KNOWN_WITH = {
    "extension_days": "extension_consented_at", "answer": "answered_at", "refusal_ground_level": "answered_at",
    "refusal_confirmed_by": "refusal_confirmed_at", "granted_from": "answered_at", "granted_to": "answered_at",
    "last_probe_ok": "last_probe_at", "correction_upheld": "correction_decided_at", "withdrawn_by": "withdrawn_at",
    "ruled_outside_by": "ruled_outside_at",
}  # fmt: skip
_LISTS = {"fields": None, "granted_fields": "answered_at", "delivered_fields": "delivered_at"}
_SCOPES = {"row_scope": None, "granted_rows": "answered_at", "delivered_rows": "delivered_at"}


def needed_fields() -> tuple[str, ...]:
    """The business fields a register's contract must have."""
    return (*_ALWAYS, *_EVENTS, *_KNOWN_WITH, *_LISTS, *_SCOPES)


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


def lines_sql(register: Resource, snapshot: int, as_of: str) -> str:
    """SELECT of the lines submitted by `as_of` as they stood then; lists are sorted, divisions cut to their prefix."""
    columns = [ident(name) for name in _ALWAYS]
    columns += [f"{_until(name, as_of)} AS {ident(name)}" for name in _EVENTS]
    columns += [f"{_with(ident(name), event, as_of)} AS {ident(name)}" for name, event in _KNOWN_WITH.items()]
    columns += [f"coalesce({_with(list_sql(ident(n)), event, as_of)}, []) AS {ident(n)}" for n, event in _LISTS.items()]
    columns += [f"{_with(prefix_sql(ident(name)), event, as_of)} AS {ident(name)}" for name, event in _SCOPES.items()]
    table = ident("lake", register.department, register.name)
    return f"""
        SELECT {", ".join(columns)}
        FROM {table} AT (VERSION => {snapshot})
        WHERE submitted_at <= TIMESTAMPTZ {literal(as_of)}"""


def list_sql(text: str) -> str:
    """SQL of a sorted list without repetitions, from a JSON list or names parted by `;`, `,`, `、` or blanks."""
    parted = f"regexp_split_to_array({text}, '[;,、；，\\s]+')"
    listed = f"coalesce(TRY(CAST(CAST({text} AS JSON) AS VARCHAR[])), {parted})"
    return f"list_sort(list_distinct(list_filter(list_transform({listed}, x -> trim(x)), x -> x <> '')))"


def prefix_sql(text: str) -> str:
    """SQL of a division as the beginning of the codes below it: 370200 and 3702 are `3702`, nothing is everything."""
    return f"regexp_replace(trim(coalesce({text}, '')), '(00)+$', '')"


def _until(name: str, as_of: str) -> str:
    column = ident(name)
    return f"CASE WHEN {column} <= TIMESTAMPTZ {literal(as_of)} THEN {column} END"


def _with(value: str, event: str | None, as_of: str) -> str:
    return value if event is None else f"CASE WHEN {ident(event)} <= TIMESTAMPTZ {literal(as_of)} THEN {value} END"
