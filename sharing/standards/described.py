"""What the catalogue's standards ask of a resource beyond its contract: a name in two languages, its cycle in their codes, the days of its data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from contracts.model import Label, Resource, parted
from contracts.quoting import ident, literal
from warehouse.lake import LAKE, table_exists
from warehouse.runs import LOADED

EU = "http://publications.europa.eu/resource/authority"

# longest cycle → word of the EU's frequency list, code and word of the national guide
_CYCLES = (
    (timedelta(minutes=59), "UPDATE_CONT", "1", "实时"),
    (timedelta(hours=23), "HOURLY", "1", "实时"),
    (timedelta(days=1), "DAILY", "2", "每日"),
    (timedelta(days=7), "WEEKLY", "3", "每周"),
    (timedelta(days=31), "MONTHLY", "4", "每月"),
    (timedelta(days=92), "QUARTERLY", "5", "每季度"),
    (timedelta(days=366), "ANNUAL", "6", "每年"),
)
_IRREGULAR = ("IRREG", "7", "不定期")


@dataclass(frozen=True)
class Span:
    """What the lake knows of a resource: when it was first and last loaded, and the intervals its data is from."""

    first_loaded: datetime
    last_loaded: datetime
    start: datetime
    end: datetime


def cycle(resource: Resource) -> tuple[str, str, str]:
    """(word of the EU's frequency list, code of the national guide, its word) of the update cycle."""
    return next((names for longest, *names in _CYCLES if resource.cycle <= longest), list(_IRREGULAR))  # type: ignore[return-value]


def title(resource: Resource) -> Label:
    """The resource's name in both languages; beside Chinese alone stands the id in words."""
    named = parted(resource.label)
    return Label(resource.label_en or named.en or resource.name.replace("_", " "), named.zh)


def spans(connection: duckdb.DuckDBPyConnection | None) -> dict[str, Span]:
    """Resource id → what the lake knows of it; resources that were never loaded are missing."""
    if connection is None or not table_exists(connection, "ops", "runs"):
        return {}
    rows = connection.execute(
        "SELECT department || '.' || resource, min(finished_at), max(finished_at), min(interval_start), max(interval_end) "
        f"FROM {ident(LAKE, 'ops', 'runs')} WHERE status = {literal(LOADED)} GROUP BY ALL"
    ).fetchall()
    return {id: Span(*times) for id, *times in rows}
