"""The rows that corrections are about, kept where the data itself lies: the ledger is never erased and holds digests of them only.

A source key is often the id of a person, and ids are few enough to try them all: each correction's digests have a salt of their own, which stands
here and nowhere else. Whoever removes these rows leaves digests in the ledger that lead to nobody.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from contracts.model import Resource
from contracts.quoting import ident, literal
from warehouse.lake import LAKE, table_exists

DISPUTED = ident(LAKE, "quarantine", "disputed_rows")
_COMMENT = "校核数据行 rows that corrections are about; the ledger has their salted digests"
_DIGITS = 32

MISSING = "row_missing"
"""Stands for a rule where rows are challenged that the lake ought to hold and does not."""


@dataclass(frozen=True)
class DisputedRow:
    """A row by its key (parts parted by a unit separator), or without a whole key by its values as landed; `suggested` is what the asker thinks right."""

    identity: str
    is_key: bool
    suggested: str | None = None


def keep(
    connection: duckdb.DuckDBPyConnection, correction_id: str, resource: Resource, rows: Sequence[DisputedRow]
) -> list[str]:
    """Keep the rows and return their digests, sorted; runs inside the transaction that records the challenge."""
    if not table_exists(connection, "quarantine", "disputed_rows"):
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'quarantine')}")
        connection.execute(
            f"CREATE TABLE {DISPUTED} (correction_id VARCHAR, department VARCHAR, resource VARCHAR, identity VARCHAR, is_key BOOLEAN, "
            "suggested VARCHAR, salt VARCHAR)"
        )
        connection.execute(f"COMMENT ON TABLE {DISPUTED} IS {literal(_COMMENT)}")
    salt = secrets.token_hex(16)
    told = pa.table(
        {
            "identity": [row.identity for row in rows],
            "is_key": [row.is_key for row in rows],
            "suggested": pa.array([row.suggested for row in rows], pa.string()),
        }
    )
    connection.register("disputed_read", told)
    connection.execute(
        f"INSERT INTO {DISPUTED} SELECT ?, ?, ?, identity, is_key, suggested, ? FROM disputed_read",
        [correction_id, resource.department, resource.name, salt],
    )
    connection.unregister("disputed_read")
    return sorted(_digest(salt, row.identity) for row in rows)


def kept(
    connection: duckdb.DuckDBPyConnection, correction_id: str, digests: Collection[str]
) -> list[DisputedRow] | None:
    """The rows of a correction; None unless they are exactly those whose digests the ledger has."""
    if not table_exists(connection, "quarantine", "disputed_rows"):
        return None
    found = connection.execute(
        f"SELECT identity, is_key, suggested, salt FROM {DISPUTED} WHERE correction_id = ? ORDER BY identity",
        [correction_id],
    ).fetchall()
    if sorted(_digest(row[3], row[0]) for row in found) != sorted(digests) or not found:
        return None
    return [DisputedRow(*row[:3]) for row in found]


def _digest(salt: str, identity: str) -> str:
    return hashlib.sha256(f"{salt}\x1f{identity}".encode()).hexdigest()[:_DIGITS]
