"""Drafts one resource: reads, measures, recognises, suggests, measures again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from connectors.protocol import Connector, SourceTable
from contracts.catalogue import City
from contracts.errors import SourceBroken
from contracts.interval import Interval
from contracts.model import Resource, SourceSystem
from contracts.quoting import ident, literal
from expectations.conditions import DIVISIONS, code_list_table
from pipeline.draft import verdict
from pipeline.draft.code_lists import CodeLists, suggest_code_list
from pipeline.draft.columns import ColumnFacts, measure_column
from pipeline.draft.keys import find_key
from pipeline.draft.loading import suggest_loading
from pipeline.draft.model import Draft, DraftField, DraftRule, unread_resource
from pipeline.draft.names import business_name, told_apart
from pipeline.draft.recognise import classify_beside_persons, recognise, unreadable
from pipeline.draft.rules import suggest_rules
from pipeline.draft.sample import Sample, take_sample


@dataclass(frozen=True)
class Studio:
    """What drafting works with: an engine, the city's code lists, a scratch folder, how many rows to read at most, and the present."""

    engine: duckdb.DuckDBPyConnection
    city: City
    lists: CodeLists
    scratch: Path
    limit: int | None
    observed_at: datetime

    @property
    def today(self) -> date:
        return self.observed_at.astimezone(self.city.timezone).date()

    def standardised(self, id: str) -> Path:
        return self.scratch / f"{id}.standardised.parquet"


def draft_resource(
    studio: Studio, connector: Connector, system: SourceSystem, table: SourceTable, department: str, name: str, label: str,
    newest: date | None = None,
) -> Draft:  # fmt: skip
    """The draft of one table, every suggestion measured on what was read. Raises what reading raises.

    `newest` is the date of the newest file of a pattern with `{date}`, which is then read alone.
    """
    unread = unread_resource(system, department, name, table)
    sample = take_sample(connector, unread, _day(studio.city, newest), studio.limit, studio.scratch / f"{name}.parquet")
    relation = f"read_parquet({literal(sample.file)})"
    types = {r[0]: r[1] for r in studio.engine.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}
    facts = {column: measure_column(studio.engine, relation, column, type) for column, type in types.items()}
    twice = _said_twice(connector, unread, types, _day(studio.city, newest))
    draft = _begun(system, table, department, name, label, sample, facts, twice)
    _standardise(studio, draft, sample, types)
    _find_key(studio, draft, facts)
    suggest_loading(studio.engine, verdict.TABLE, draft, studio.observed_at)
    for field in draft.fields:
        suggest_code_list(
            draft, field, facts[field.physical_name], _overlaps(studio, field, facts[field.physical_name]), studio.lists
        )
    suggest_rules(draft, facts)
    _drop_what_divisions_need(studio, draft)
    _lists_as_tables(studio, draft)
    verdict.measure(studio.engine, draft, studio.today)
    if _retyped(studio, draft, sample, types):
        verdict.measure(studio.engine, draft, studio.today)
    sample.file.unlink()
    return draft


def _said_twice(
    connector: Connector, unread: Resource, columns: Collection[str], interval: Interval | None
) -> dict[str, str]:
    """Columns that share one heading, `x` and `x_2`, which a connector refuses to tell apart – unlike two that are called so."""
    found: dict[str, str] = {}
    for column in columns:
        if f"{column}_2" not in columns:
            continue
        asked = replace(unread, fields=(DraftField("x", column, column).as_field(),))
        try:
            next(connector.read(asked, interval))
        except SourceBroken:
            same = [c for c in columns if re.fullmatch(rf"{re.escape(column)}(_[0-9]+)?", c)]
            found |= dict.fromkeys(
                same,
                f"the heading {column} stands several times: ask which one counts, or look at the rows of the heading",
            )
    return found


def _begun(
    system: SourceSystem, table: SourceTable, department: str, name: str, label: str, sample: Sample, facts: Mapping[str, ColumnFacts],
    twice: Mapping[str, str],
) -> Draft:  # fmt: skip
    ignored = {column: why for column, about in facts.items() if (why := twice.get(column) or unreadable(about))}
    loaded = [column for column in facts if column not in ignored]
    if not loaded:
        raise SourceBroken(
            "holds no column that can be loaded", where=table.physical_name, remedy="; ".join(f"{c}: {why}" for c, why in list(ignored.items())[:3])
        )  # fmt: skip
    comments = table.comments
    business = told_apart(
        business_name(comments.get(c, "") if not _has_letters(c) else c, f"column_{n}") for n, c in enumerate(loaded, 1)
    )
    fields = [
        DraftField(b, c, _label(comments.get(c, ""), c), comments.get(c, "") if len(comments.get(c, "")) > 20 else "")
        for b, c in zip(business, loaded, strict=True)
    ]
    for field in fields:
        recognise(field, facts[field.physical_name])
    classify_beside_persons(fields, facts)
    return Draft(
        department, name, label, system, table, sample.rows, sample.is_whole, fields, sample.malformed, ignored
    )


def _label(comment: str, column: str) -> str:
    return comment if 0 < len(comment) <= 20 else column.strip() or column


def _has_letters(column: str) -> bool:
    return any(c.isalpha() for c in column)


def _standardise(studio: Studio, draft: Draft, sample: Sample, types: dict[str, str]) -> None:
    target = studio.standardised(draft.id)
    verdict.standardise(studio.engine, draft, sample.file, types, target)
    if verdict.keep_as_text(studio.engine, draft):
        verdict.standardise(studio.engine, draft, sample.file, types, target)


def _retyped(studio: Studio, draft: Draft, sample: Sample, types: dict[str, str]) -> bool:
    """Standardise again where measuring turned a type or meaning back into text."""
    held = {r[0]: r[1] for r in studio.engine.execute(f"DESCRIBE {verdict.TABLE}").fetchall()}
    if all(f.logical_type != "string" or held[f.name] == "VARCHAR" for f in draft.fields):
        return False
    verdict.standardise(studio.engine, draft, sample.file, types, studio.standardised(draft.id))
    return True


def _find_key(studio: Studio, draft: Draft, facts: dict[str, ColumnFacts]) -> None:
    key, draft.key_note = find_key(studio.engine, verdict.TABLE, draft.fields, facts, draft.table.key, draft.rows)
    if key and not draft.is_whole:
        draft.key_note += ", all that were read"
    for field in draft.fields:
        field.primary_key = field.name in key
        field.required = field.required or field.primary_key
    # the key in the order it was found would need another file: fields keep the source's order


def _overlaps(studio: Studio, field: DraftField, facts: ColumnFacts) -> dict[str, tuple[float, int]]:
    """How well each of the city's code lists holds the field's values."""
    if field.logical_type != "string" or not facts.filled or facts.longest > 40 or facts.distinct > 20_000:
        return {}
    rows = studio.engine.execute(
        f"SELECT CAST({ident(field.name)} AS VARCHAR), count(*) FROM {verdict.TABLE} WHERE {ident(field.name)} IS NOT NULL GROUP BY 1"
    ).fetchall()
    filled = sum(n for _, n in rows) or 1
    found = {
        name: (sum(n for v, n in rows if v in codes) / filled, sum(v in codes for v, _ in rows))
        for name, codes in studio.lists.items()
    }
    return {name: (share, occurring) for name, (share, occurring) in found.items() if occurring}


def _drop_what_divisions_need(studio: Studio, draft: Draft) -> None:
    """The plausibility of a resident id is judged by the city's list of divisions: without one, the semantic type cannot be stated."""
    if DIVISIONS in studio.lists:
        return
    for field in draft.fields:
        if field.semantic_type == "resident_id":
            field.semantic_type = None
            field.rules.append(DraftRule("expect_column_values_to_have_resident_id_check_digit", {}))
            field.notes.append(
                "semanticType resident_id needs the city's code list divisions: add code_lists/divisions.csv, then state it"
            )
            draft.open_points.append(
                f"{field.name} is a resident id: add code_lists/divisions.csv, then state semanticType: resident_id"
            )


def _lists_as_tables(studio: Studio, draft: Draft) -> None:
    wanted = {rule.kwargs["code_list"] for f in draft.fields for rule in f.rules if "code_list" in rule.kwargs}
    if any(f.semantic_type == "resident_id" for f in draft.fields):
        wanted.add(DIVISIONS)
    for name in sorted(wanted):
        codes = sorted(studio.lists[name] if name in studio.lists else draft.code_lists[name])
        studio.engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {ident(code_list_table(name))} AS SELECT unnest($codes) AS code",
            {"codes": codes},
        )


def _day(city: City, day: date | None) -> Interval | None:
    if day is None:
        return None
    start = datetime(day.year, day.month, day.day, tzinfo=city.timezone)
    return Interval(start, start + timedelta(days=1))
