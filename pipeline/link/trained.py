"""The trained model of an entity as a stored fact: the one in force, and how a new one comes to be.

A model is trained by command, and at first use: an increment and a full rebuild then score alike, and nothing drifts by itself.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from contracts.quoting import literal
from pipeline.link.splink import FREQUENCIES, train
from pipeline.link.tables import FREQUENCY, MODEL, SCHEMA
from transforms.link.comparisons import frequency_columns
from transforms.link.frequencies import frequencies_sql
from transforms.link.rules import LinkRules
from warehouse.lake import LAKE, count_rows, table_exists


@dataclass(frozen=True)
class LinkModel:
    """`settings` are Splink's, trained; `trained_at` is the time of the snapshot whose records it was trained on."""

    id: str
    settings: dict[str, Any]
    trained_at: datetime
    snapshot: int
    rows: int


def compared_text(rules: LinkRules) -> str:
    """What a model is trained for: attributes and kinds. Another text needs another model."""
    return json.dumps([[a.name, a.kind] for a in rules.compared], ensure_ascii=False)


def model_in_force(connection: duckdb.DuckDBPyConnection, rules: LinkRules) -> LinkModel | None:
    """The newest model trained for what is compared now, with its frequencies in the temporary table FREQUENCIES; None where there is none."""
    if not table_exists(connection, SCHEMA, "link_model"):
        return None
    row = connection.execute(
        f"SELECT model_id, settings, trained_at, snapshot, rows FROM {MODEL} WHERE entity = ? AND compared = ? ORDER BY snapshot DESC, model_id LIMIT 1",
        [rules.entity, compared_text(rules)],
    ).fetchone()
    if row is None:
        return None
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {FREQUENCIES} AS SELECT column_name, value, frequency FROM {FREQUENCY} WHERE model_id = {literal(row[0])}"
    )
    return LinkModel(row[0], json.loads(row[1]), row[2], row[3], row[4])


def train_model(
    connection: duckdb.DuckDBPyConnection, rules: LinkRules, comparable: str, snapshot: int
) -> LinkModel | None:
    """Train on the comparable rows of a snapshot, leaving the frequencies in FREQUENCIES; None where there is nothing to compare. Writes nothing."""
    rows = count_rows(connection, comparable)
    if rows < 2:
        return None
    settings = train(connection, rules, comparable)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {FREQUENCIES} AS {frequencies_sql(frequency_columns(rules), comparable)}"
    )
    frequencies = connection.execute(f"SELECT * FROM {FREQUENCIES} ORDER BY ALL").fetchall()
    content = json.dumps([settings, frequencies], ensure_ascii=False, sort_keys=True)
    told = connection.execute(f"SELECT snapshot_time FROM {LAKE}.snapshots() WHERE snapshot_id = {snapshot}").fetchone()
    assert told is not None, "the snapshot just read is there"
    return LinkModel(hashlib.md5(content.encode()).hexdigest(), settings, told[0], snapshot, rows)


def store_model(connection: duckdb.DuckDBPyConnection, rules: LinkRules, model: LinkModel) -> None:
    """Write the model just trained; inside the caller's transaction."""
    connection.execute(f"DELETE FROM {MODEL} WHERE entity = ? AND snapshot = ?", [rules.entity, model.snapshot])
    connection.execute(
        f"INSERT INTO {MODEL} VALUES (?, ?, ?, ?, ?, ?, ?)",
        [rules.entity, model.id, compared_text(rules), json.dumps(model.settings, ensure_ascii=False), model.trained_at, model.snapshot, model.rows],
    )  # fmt: skip
    connection.execute(f"DELETE FROM {FREQUENCY} WHERE model_id = ?", [model.id])
    connection.execute(
        f"INSERT INTO {FREQUENCY} SELECT {literal(model.id)}, column_name, value, frequency FROM {FREQUENCIES}"
    )
