"""Open problem rows counted by department, resource and rule: what may be shown anywhere, for it holds neither keys nor values."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

import duckdb

from contracts.quoting import literal
from pipeline.problems.history import TOLD_RULES, first_seen_sql
from pipeline.rule_words import CHALLENGED, in_words
from pipeline.workplace import Workplace
from sharing.corrections.clock import CorrectionClock
from sharing.corrections.disputed_rows import MISSING
from sharing.corrections.state import open_challenges
from warehouse.lake import table_exists
from warehouse.quarantine import QUARANTINE


@dataclass(frozen=True)
class RuleSummary:
    """Rows of a resource that break one rule, or that one correction challenges; the oldest decides until when. `correction` names what is open of it."""

    department: str
    resource: str
    rule: str
    rule_in_words: str
    rows: int
    correction: str
    first_seen: str
    due: str
    days_left: int | None


def summaries(
    connection: duckdb.DuckDBPyConnection, place: Workplace, departments: Collection[str], day: date
) -> Iterator[RuleSummary]:
    """What is open of these departments on a local day, resource by resource: challenged values, then rules, most rows first."""
    clock = CorrectionClock(place.city, day)
    challenged = open_challenges(connection)
    counted = _counted(connection, day)
    for resource in place.city.resources.values():
        if resource.department not in departments:
            continue
        mine = [(c, c.asked_at.astimezone(place.city.timezone).date()) for c in challenged if c.resource == resource.id]
        told = [
            (rule, f"{in_words(None, rule)}{': ' if c.field else ''}{c.field or ''}", len(c.keys), [c], asked, asked)
            for c, asked in mine if (rule := CHALLENGED if c.field else MISSING if c.rule == MISSING else "")
        ]  # fmt: skip
        rules = {rule.id: rule for rule in resource.rules}
        for rule, rows, first in counted.get(resource.id, []):
            found = [(c, asked) for c, asked in mine if c.rule == rule]
            start = min((asked for _, asked in found), default=first)
            told.append((rule, in_words(rules.get(rule), rule, resource), rows, [c for c, _ in found], first, start))
        for rule, words, rows, named, first, start in told:
            due, left = clock.due(start)
            ids = ", ".join(c.correction_id for c in named)
            yield RuleSummary(
                resource.department, resource.id, rule, words, rows, ids, first.isoformat(), due.isoformat() if due else "", left
            )  # fmt: skip


def _counted(connection: duckdb.DuckDBPyConnection, day: date) -> dict[str, list[tuple[str, int, date]]]:
    """Resource → rule, rows and the day the oldest was first told."""
    if not table_exists(connection, "quarantine", "rows"):
        return {}
    rows = connection.execute(f"""
        SELECT resource, rule, count(*), min(coalesce(seen[rule], DATE {literal(day)})) FROM (
            SELECT department || '.' || resource AS resource, unnest({TOLD_RULES}) AS rule, {first_seen_sql(connection)} AS seen
            FROM {QUARANTINE} AS q)
        GROUP BY ALL ORDER BY 1, 3 DESC, 2""").fetchall()
    found: dict[str, list[tuple[str, int, date]]] = {}
    for resource, rule, count, first in rows:
        found.setdefault(resource, []).append((rule, count, first))
    return found
