"""Precision and recall of the links against known truth."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import ident, literal
from pipeline.link.tables import alias_table, record_table
from transforms.link.rules import LinkRules


@dataclass(frozen=True)
class Measured:
    """`owned` records belong to somebody with an identifier in force; of the `joined`, `right` joined a record of their own owner, and `found` of the owned
    joined exactly their owner's identifier."""

    records: int
    owned: int
    joined: int
    right: int
    found: int

    @property
    def precision(self) -> float | None:
        return self.right / self.joined if self.joined else None

    @property
    def recall(self) -> float | None:
        return self.found / self.owned if self.owned else None


def measure_links(connection: duckdb.DuckDBPyConnection, rules: LinkRules, truth: Path, resource: str) -> Measured:
    """Compare the links of a resource's records without identifier with a CSV of `record_key`, `owner`: an identifier, or any name for somebody without.

    Raises ConfigurationError where a column is missing.
    """
    with truth.open(encoding="utf-8-sig", newline="") as file:
        missing = {"record_key", "owner"} - set(next(csv.reader(file), []))
    if missing:
        raise ConfigurationError(f"{truth.name} has no column {sorted(missing)[0]}", remedy="record_key,owner")
    records, key = record_table(rules), ident(rules.key)
    row = connection.execute(f"""
        WITH truth AS (SELECT record_key, owner FROM read_csv({literal(truth)}, all_varchar = true)),
        known AS (SELECT DISTINCT own_id, {key} AS owner FROM {records} WHERE valid_to IS NULL AND own_id <> record_id),
        mine AS (
            SELECT DISTINCT r.own_id, t.owner, a.entity_id FROM {records} AS r JOIN truth AS t ON t.record_key = r.record_key
            LEFT JOIN {alias_table(rules)} AS a ON a.own_id = r.own_id
            WHERE r.resource = {literal(resource)} AND r.valid_to IS NULL AND r.own_id = r.record_id),
        everybody AS (SELECT own_id, owner FROM known UNION ALL SELECT own_id, owner FROM mine)
        SELECT count(*), count(k.own_id), count(m.entity_id), count(*) FILTER (e.owner = m.owner), count(*) FILTER (m.entity_id = k.own_id)
        FROM mine AS m LEFT JOIN everybody AS e ON e.own_id = m.entity_id LEFT JOIN known AS k ON k.owner = m.owner""").fetchone()
    assert row is not None
    return Measured(*map(int, row))
