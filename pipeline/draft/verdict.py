"""The suggestions measured with the night's own means: the same standardisation and the same conditions, on every row of the sample."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from contracts.model import Rule
from contracts.quoting import ident, literal
from expectations.conditions import breaks_sql, carrier_column
from expectations.verdict import row_rules
from pipeline.draft.model import Draft, DraftField, DraftRule
from transforms.standardise import standardise_sql

TABLE = "drafted"
# conditions computed in one pass: a table of hundreds of columns has thousands
_AT_ONCE = 200


def standardise(
    connection: duckdb.DuckDBPyConnection, draft: Draft, sample: Path, types: dict[str, str], target: Path
) -> None:
    """Make TABLE the sample's rows as the draft would load them."""
    sql = standardise_sql(draft.as_resource(), str(sample), types)
    connection.execute(f"COPY ({sql}) TO {literal(target)} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)")
    connection.execute(f"CREATE OR REPLACE VIEW {TABLE} AS SELECT * FROM read_parquet({literal(target)})")


def keep_as_text(connection: duckdb.DuckDBPyConnection, draft: Draft) -> bool:
    """Give up types that more rows miss than the quarantine limit allows; true where the rows must be standardised again."""
    typed = [f for f in draft.fields if f.logical_type != "string"]
    if not typed or not draft.rows:
        return False
    counts = ", ".join(f"count(*) FILTER (list_contains(_uncastable, {literal(f.name)}))" for f in typed)
    row = connection.execute(f"SELECT {counts} FROM {TABLE}").fetchone() or ()
    changed = False
    for field, misfits in zip(typed, row, strict=True):
        field.required = field.required and not misfits
        if misfits > draft.quarantine_limit * draft.rows:
            field.notes = [f"{field.logical_type} in all but {misfits:,} of {draft.rows:,} rows: kept as text"]
            field.logical_type, field.physical_type, field.rules, changed = "string", None, [], True
    return changed


def measure(connection: duckdb.DuckDBPyConnection, draft: Draft, on: date) -> None:
    """Write into each drafted rule how many values it judged and how many break it; soften what would hold the load back."""
    for _ in range(len(draft.fields) + 1):
        rules = row_rules(draft.as_resource())
        counts = _counts(connection, rules, on)
        for field in draft.fields:
            for rule in field.rules:
                rule.judged, rule.failing = counts.get(rule.as_rule(field.name).id, (0, 0))
        for rule in draft.rules:
            rule.judged, rule.failing = counts.get(rule.as_rule(None).id, (0, 0))
        errors = [rule for rule in rules if rule.severity == "error" and counts[rule.id][1]]
        if not errors or _failing_rows(connection, errors, on) <= draft.quarantine_limit * draft.rows:
            return
        _soften(draft, max(errors, key=lambda rule: counts[rule.id][1]), counts)


def _counts(connection: duckdb.DuckDBPyConnection, rules: tuple[Rule, ...], on: date) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for at in range(0, len(rules), _AT_ONCE):
        some = rules[at : at + _AT_ONCE]
        sums = []
        for rule in some:
            carrier = carrier_column(rule)
            sums.append(f"count({ident(carrier)})" if carrier and not rule.type.endswith("not_be_null") else "count(*)")
            sums.append(f"coalesce(sum(CAST({ident(f'breaks {rule.id}')} AS INTEGER)), 0)")
        flags = ", ".join(f"{breaks_sql(rule, on)} AS {ident(f'breaks {rule.id}')}" for rule in some)
        row = connection.execute(f"SELECT {', '.join(sums)} FROM (SELECT *, {flags} FROM {TABLE})").fetchone() or ()
        found.update({rule.id: (int(row[2 * n]), int(row[2 * n + 1])) for n, rule in enumerate(some)})
    return found


def _failing_rows(connection: duckdb.DuckDBPyConnection, errors: list[Rule], on: date) -> int:
    broken = " OR ".join(f"({breaks_sql(rule, on)})" for rule in errors)
    row = connection.execute(f"SELECT count(*) FROM {TABLE} WHERE {broken}").fetchone()
    return int(row[0]) if row else 0


def _soften(draft: Draft, worst: Rule, counts: dict[str, tuple[int, int]]) -> None:
    """Turn the rule that most rows break into a warning, in the way its kind allows."""
    judged, failing = counts[worst.id]
    field = next((f for f in draft.fields if f.name == worst.column), None)
    stated = [r for f in draft.fields for r in f.rules if r.as_rule(f.name).id == worst.id]
    stated += [r for r in draft.rules if r.as_rule(None).id == worst.id]
    if stated:
        stated[0].severity = "warning"
    elif field is not None:
        _soften_implied(field, worst, judged, failing)


def _soften_implied(field: DraftField, worst: Rule, judged: int, failing: int) -> None:
    if worst.type.endswith("be_castable"):
        field.notes.append(f"{field.logical_type} in all but {failing:,} of {judged:,} values: kept as text")
        field.logical_type, field.physical_type = "string", None
    elif worst.type.endswith("not_be_null"):
        field.required = field.primary_key = False
    else:
        field.notes.append(
            f"looks like a {field.semantic_type}, but {failing:,} of {judged:,} values break its rule: it only warns"
        )
        field.rules.append(DraftRule(worst.type, dict(worst.kwargs)))
        field.semantic_type = None
