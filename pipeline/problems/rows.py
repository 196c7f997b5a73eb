"""The owner's list: a department's open problem rows and challenged rows, each with what to correct, how, and by when.

The rows hold original values, because the department they go to owns them; they are for its files alone (pipeline/problem_files.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

import duckdb

from contracts.model import Resource, Rule
from contracts.quoting import ident, literal
from contracts.rules import MALFORMED_LINE
from pipeline.problems.history import TOLD_RULES, first_seen_sql
from pipeline.problems.suggested_fixes import suggestions
from pipeline.rule_words import CHALLENGED, DIMENSIONS, in_words
from pipeline.workplace import Workplace
from sharing.corrections.clock import CorrectionClock
from sharing.corrections.disputed_rows import MISSING, DisputedRow, kept
from sharing.corrections.state import Correction, open_challenges
from warehouse.fates import KEY_SEPARATOR, key_text
from warehouse.lake import LAKE, table_exists
from warehouse.quarantine import QUARANTINE
from warehouse.tables import of_resource

MOST_ROWS = 10_000
"""Rows of one resource that a file lists; the rest are counted in its last line."""

_BATCH = 1_000
_RUN_AGAIN = "整改后须重跑该数据区间 once it is corrected, run its night again"
# another digit may be the wrong one: the suggestion is then the number of somebody else
_COMPUTED = "建议值由前几位推算，须核对证件原件 computed from the other digits: compare it with the document"


@dataclass(frozen=True)
class ProblemRow:
    """One rule broken by one row, or one value challenged. `suggested` would pass; it is empty where nothing can be said honestly, and `note` says
    what else is known. Days are the city's; `days_left` counts working days and is negative once `due` has passed."""

    label: str
    key: str = ""
    field_label: str = ""
    rule_in_words: str = ""
    original: str = ""
    suggested: str = ""
    note: str = ""
    due: str = ""
    days_left: int | None = None
    first_seen: str = ""
    correction: str = ""
    dimension: str = ""
    field: str = ""
    rule: str = ""
    resource: str = ""
    night: str = ""
    row: int | None = None
    file: str = ""
    line: str = ""


HEADINGS = {
    "label": "资源名称 name", "key": "主键 source key", "field_label": "字段名称 field", "rule_in_words": "规则说明 what it asks",
    "original": "原值 original value", "suggested": "建议值 suggested fix", "note": "说明 note", "due": "整改期限 due",
    "days_left": "剩余工作日 working days left", "first_seen": "首次发现 first seen", "correction": "校核编号 correction",
    "dimension": "质量维度 dimension", "field": "源字段 source field", "rule": "规则 rule", "resource": "资源 resource", "night": "数据区间 night",
    "row": "行号 row", "file": "文件 file", "line": "文件行 line",
}  # fmt: skip
assert list(HEADINGS) == [f.name for f in fields(ProblemRow)], "every column has a heading, in the same order"


class ProblemList:
    """The open rows of every department as one connection sees them on a local day; what all departments share is read once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, place: Workplace, day: date) -> None:
        self._connection, self._place = connection, place
        self._clock = CorrectionClock(place.city, day)
        self._challenged = open_challenges(connection)
        self._refused: dict[str, int] = {}
        if table_exists(connection, "quarantine", "rows"):
            counted = connection.execute(f"SELECT department || '.' || resource, count(*) FROM {QUARANTINE} GROUP BY 1")
            self._refused = dict(counted.fetchall())
        self._first_seen = first_seen_sql(connection)

    def rows(self, department: str) -> Iterator[ProblemRow]:
        """The department's rows: what others challenged first, then one row a broken rule, the most frequent rule of a resource first."""
        for resource in self._place.city.resources_of(department):
            found = [c for c in self._challenged if c.resource == resource.id]
            mine = [(c, rows) for c in found if (rows := kept(self._connection, c.correction_id, c.keys))]
            for c, rows in mine:
                if c.field or c.rule == MISSING:
                    yield from self._challenged_rows(resource, c, rows)
            if resource.id in self._refused:
                yield from self._of_rules(resource, [(c, {row.identity for row in rows}) for c, rows in mine if c.rule])

    def _challenged_rows(self, resource: Resource, c: Correction, rows: Sequence[DisputedRow]) -> Iterator[ProblemRow]:
        asked, rule = self._asked(c), CHALLENGED if c.field else MISSING
        due, left = _until(self._clock, asked)
        made = ProblemRow(
            label=resource.label, resource=resource.id, rule=rule, rule_in_words=f"{in_words(None, rule)}: {c.asked_reason or ''}", due=due, days_left=left,
            note="" if c.decided_at else "先核实并答复 decide first: landbridge correction decide", first_seen=asked.isoformat(), correction=c.correction_id,
        )  # fmt: skip
        values: dict[str, str | None] = {}
        if c.field:
            field = resource.field(c.field)
            made = replace(made, field=field.physical_name, field_label=field.label or field.name)
            key, table = key_text(resource), ident(LAKE, resource.department, resource.name)
            sql = f"SELECT {key}, min(CAST({ident(field.name)} AS VARCHAR)) FROM {table} WHERE {key} IN (SELECT unnest(?)) GROUP BY 1"
            values = dict(self._connection.execute(sql, [[row.identity for row in rows]]).fetchall())
        for row in rows:
            original = values.get(row.identity) or ""
            yield replace(made, key=_key(row.identity), original=original, suggested=row.suggested or "")

    def _of_rules(self, resource: Resource, challenged: Sequence[tuple[Correction, set[str]]]) -> Iterator[ProblemRow]:
        mine, zone = of_resource(resource), self._place.city.timezone.key
        cursor = self._connection.cursor()
        cursor.execute(f"SET TimeZone = {literal(zone)}")
        cursor.execute(f"""
            WITH frequency AS (
                SELECT rule, count(*) AS n FROM (SELECT unnest(rules) AS rule FROM {QUARANTINE} WHERE {mine}) GROUP BY 1),
            worst AS (
                SELECT q.*, (SELECT max((f.n, f.rule)) FROM frequency AS f WHERE list_contains(q.rules, f.rule)) AS place
                FROM {QUARANTINE} AS q WHERE {mine})
            SELECT CAST(CAST(q.interval_start AS TIMESTAMP) AS DATE), q.row_number, coalesce(q.key, ''), q.rules, {TOLD_RULES}, q.original,
                   coalesce(q.key, CAST(q.original AS VARCHAR)), {self._first_seen}
            FROM worst AS q ORDER BY q.place DESC, q.interval_start, q.row_number, q.key LIMIT {MOST_ROWS}""")
        rules = {rule.id: rule for rule in resource.rules}
        computed = {id for id, rule in rules.items() if rule.type.endswith("_check_digit")}
        while batch := cursor.fetchmany(_BATCH):
            texts = [{name: _text(value) for name, value in json.loads(row[5]).items()} for row in batch]
            fixes = suggestions(self._place, resource, texts, [row[3] for row in batch], self._clock.today)
            for number, (night, at, key, _, told, _, identity, since) in enumerate(batch):
                for id in told:
                    made = _row(resource, rules.get(id), id, texts[number])
                    suggested = fixes.get((number, id), "")
                    # each appended night stands for itself, and a row without a key is not known when it comes again
                    again = resource.load_mode == "append" or (not key and resource.watermark is not None)
                    notes = (made.note, _COMPUTED if suggested and id in computed else "", _RUN_AGAIN if again else "")
                    note = "; ".join(filter(None, notes))
                    made = replace(made, key=_key(key), suggested=suggested, note=note, night=night.isoformat(), row=at)
                    found = [c for c, identities in challenged if c.rule == id and identity in identities]
                    yield self._dated(made, (since or {}).get(id) or self._clock.today, found)
        if (total := self._refused[resource.id]) > MOST_ROWS:
            note = f"仅列前 {MOST_ROWS:,} 行，共 {total:,} 行 the first {MOST_ROWS:,} of {total:,} rows are listed"
            yield ProblemRow(label=resource.label, resource=resource.id, note=note)

    def _dated(self, row: ProblemRow, first: date, found: Sequence[Correction]) -> ProblemRow:
        """The row with its days: of what was challenged the law's own clock runs from the challenge, otherwise from the day it was first told."""
        due, left = _until(self._clock, min(map(self._asked, found), default=first))
        named = ", ".join(c.correction_id for c in found)
        return replace(row, first_seen=first.isoformat(), due=due, days_left=left, correction=named)

    def _asked(self, c: Correction) -> date:
        return c.asked_at.astimezone(self._place.city.timezone).date()


def _row(resource: Resource, rule: Rule | None, id: str, original: Mapping[str, str | None]) -> ProblemRow:
    if id == MALFORMED_LINE:
        return ProblemRow(
            label=resource.label, resource=resource.id, rule=id, rule_in_words=in_words(None, id), dimension=DIMENSIONS["conformity"],
            original=original.get("text") or "", note=original.get("reason") or "", file=original.get("file") or "", line=original.get("line") or "",
        )  # fmt: skip
    about = [resource.field(name) for name in _columns(resource, rule)]
    values = [original.get(field.physical_name) or "" for field in about]
    shown = (
        values[0]
        if len(about) == 1
        else "; ".join(f"{f.label or f.name}={v}" for f, v in zip(about, values, strict=True))
    )
    return ProblemRow(
        label=resource.label, resource=resource.id, rule=id, rule_in_words=in_words(rule, id, resource), original=shown,
        field=", ".join(f.physical_name for f in about), field_label=", ".join(f.label or f.name for f in about),
        dimension=DIMENSIONS.get(rule.dimension, rule.dimension) if rule else "",
        note="" if rule else "契约已无此规则 the contract has this rule no more",
    )  # fmt: skip


def _columns(resource: Resource, rule: Rule | None) -> list[str]:
    """The fields the rule is about, as far as the contract names them."""
    if rule is None:
        return []
    if rule.column:
        return [rule.column]
    named = {str(v) for v in rule.kwargs.values()} | set(re.findall(r"\w+", str(rule.kwargs.get("condition", ""))))
    return [f.name for f in resource.fields if f.name in named]


def _until(clock: CorrectionClock, start: date) -> tuple[str, int | None]:
    last, left = clock.due(start)
    return (last.isoformat() if last else "", left)


def _key(text: str) -> str:
    """A key as people read it: the parts of a longer one stand between bars, as `landbridge correction ask --key` takes them."""
    return text.replace(KEY_SEPARATOR, " | ")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
