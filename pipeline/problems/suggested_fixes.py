"""A value that would pass where one was refused: proposed from the value itself, and proved before anybody sees it.

Every proposal goes through the standardisation and the rules of the contract as a corrected load would; one that would be refused again is dropped,
and where nothing can be said honestly nothing is said.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.model import Field, Resource, Rule
from contracts.quoting import ident, literal
from expectations.conditions import code_list_table
from expectations.verdict import row_rules, verdict_sql
from pipeline.proposals import Codes, proposals, read_codes
from pipeline.workplace import Workplace
from transforms.standardise import standardise_sql
from warehouse.engine import open_engine

_UNIQUE = "expect_column_values_to_be_unique"
_TABLE = "proposed"


def suggestions(
    place: Workplace, resource: Resource, originals: Sequence[Mapping[str, str | None]], broken: Sequence[Sequence[str]], on: date
) -> dict[tuple[int, str], str]:  # fmt: skip
    """(number of the row, rule) → a value for the rule's field with which the row no longer breaks this rule, and no other that it did not break.

    `originals` are rows as landed, by physical name; `broken` the error-level rules each breaks. `on` is the local day dates are judged against.
    """
    rules = tuple(r for r in row_rules(resource) if r.severity == "error" and r.type != _UNIQUE)
    # what must be unique cannot be judged from one row
    once = {r.column for r in resource.rules if r.type == _UNIQUE and r.severity == "error"}
    by_id = {rule.id: rule for rule in rules if rule.column and rule.column not in once}
    lists: dict[str, Codes] = {}
    tried: list[tuple[int, str, str]] = []
    rows: list[dict[str, str | None]] = []
    for number, (original, ids) in enumerate(zip(originals, broken, strict=True)):
        judged = [by_id[id] for id in ids if id in by_id]
        if judged:
            tried.append((number, "", ""))
            rows.append(dict(original))
        for rule in judged:
            field = resource.field(str(rule.column))
            if not (value := original.get(field.physical_name)):
                continue
            for text in proposals(field, value, _codes_of(place, field, rules, lists)):
                tried.append((number, rule.id, text))
                rows.append({**original, field.physical_name: text})
    if not any(id for _, id, _ in tried):
        return {}
    after = _errors(place, resource, rules, rows, on)
    before = {number: after[n] for n, (number, id, _) in enumerate(tried) if not id}
    proved: dict[tuple[int, str], str] = {}
    for n, (number, id, text) in enumerate(tried):
        # a row that does not break the rule as text was judged in its source's own type: nothing is proved about it
        if id and id in before[number] and after[n] <= before[number] - {id}:
            proved.setdefault((number, id), text)
    return proved


def _errors(
    place: Workplace, resource: Resource, rules: Sequence[Rule], rows: Sequence[Mapping[str, str | None]], on: date
) -> list[frozenset[str]]:
    """The error-level rules each row would break if it landed."""
    names = list(dict.fromkeys(f.physical_name for f in resource.fields))
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
    connection = open_engine(place.settings, place.city.timezone.key)
    try:
        with tempfile.TemporaryDirectory() as scratch:  # of this process's owner alone
            path = Path(scratch) / "proposed.parquet"
            pq.write_table(table, path)
            _make_code_lists(connection, place, rules)
            sql = standardise_sql(replace(resource, watermark=None), str(path), dict.fromkeys(names, "VARCHAR"))
            connection.execute(f"CREATE TABLE {_TABLE} AS {sql}")
            found = dict(connection.execute(f"SELECT _row, errors FROM ({verdict_sql(rules, _TABLE, on)})").fetchall())
    finally:
        connection.close()
    return [frozenset(found.get(n, ())) for n in range(1, len(rows) + 1)]


def _make_code_lists(connection: duckdb.DuckDBPyConnection, place: Workplace, rules: Sequence[Rule]) -> None:
    for name in _code_lists(rules):
        connection.execute(
            f"CREATE TABLE {ident(code_list_table(name))} AS SELECT DISTINCT code "
            f"FROM read_csv({literal(place.city.code_list(name))}, header = true, all_varchar = true)"
        )


def _code_lists(rules: Sequence[Rule]) -> list[str]:
    return sorted({rule.kwargs["code_list"] for rule in rules if "code_list" in rule.kwargs})


def _codes_of(place: Workplace, field: Field, rules: Sequence[Rule], lists: dict[str, Codes]) -> Codes | None:
    """The codes the field may hold; a list is read once, and only where a value of it was refused."""
    for rule in rules:
        if rule.column == field.name and "code_list" in rule.kwargs:
            name = rule.kwargs["code_list"]
            if name not in lists:
                lists[name] = read_codes(place.city.code_list(name))
            return lists[name]
        if rule.column == field.name and "value_set" in rule.kwargs:
            return Codes(tuple(str(v) for v in rule.kwargs["value_set"]), {})
    return None
