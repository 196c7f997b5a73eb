"""Columns of few different values: the city's code list that holds them, or a list proposed beside the contract."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from pipeline.draft.columns import FEW, ColumnFacts
from pipeline.draft.model import Draft, DraftField, DraftRule
from pipeline.draft.names import business_name, hints

_IN_LIST = "expect_column_values_to_be_in_code_list"
_MOSTLY = 0.95
# a value must come again so often before the few of them are taken for a list
_REPEATED = 10
_LONGEST_CODE = 40
# codes as short as these stand in any list: then the names must agree, or most of the list occur
_SHORT = 2
# the share of the values that a list must hold, with a name that agrees and without one
_ALIKE, _UNLIKE = 0.7, 0.9
_NAMED_LISTS = ("ethnic", "industr", "division_code")
# names of what has few values by chance
_NO_LIST = {"postal_code", "address", "phone", "prose"}

CodeLists = Mapping[str, frozenset[str]]


def read_code_lists(files: Mapping[str, Path]) -> dict[str, frozenset[str]]:
    """Name → codes of the city's lists."""
    lists = {}
    for name, path in sorted(files.items()):
        with path.open(encoding="utf-8-sig", newline="") as file:
            lists[name] = frozenset(row["code"] for row in csv.DictReader(file) if row.get("code"))
    return lists


def suggest_code_list(
    draft: Draft, field: DraftField, facts: ColumnFacts, overlaps: Mapping[str, tuple[float, int]], lists: CodeLists
) -> None:
    """Add the rule that the values stand in a list. `overlaps`: list → share of the filled rows whose value it holds, and how many of its codes occur."""
    if field.logical_type != "string" or field.semantic_type not in (None, "division_code") or not facts.filled:
        return
    if name := _matching(field, facts, overlaps, lists):
        share = overlaps[name][0]
        field.rules.append(DraftRule(_IN_LIST, {"code_list": name}, "error" if share >= _MOSTLY else "warning"))
        field.notes.append(f"{share:.1%} of the values stand in the city's code list {name}")
    elif (
        _is_list(facts)
        and field.semantic_type is None
        and field.classification != "sensitive"
        and not hints(field.physical_name) & _NO_LIST
    ):
        name = f"{draft.name}_{field.name}"
        draft.code_lists[name] = list(facts.values)
        field.rules.append(DraftRule(_IN_LIST, {"code_list": name}))
        field.notes.append(
            f"{facts.distinct} different values, all written to code_lists/{name}.csv; a new one only warns until the list is confirmed"
        )
        draft.open_points.append(f"{field.name}: confirm code_lists/{name}.csv and give its codes their names")


def _is_list(facts: ColumnFacts) -> bool:
    return 1 < facts.distinct <= FEW and facts.filled >= _REPEATED * facts.distinct and facts.longest <= _LONGEST_CODE


def _matching(
    field: DraftField, facts: ColumnFacts, overlaps: Mapping[str, tuple[float, int]], lists: CodeLists
) -> str:
    words = {
        *business_name(field.physical_name, "").split("_"),
        *field.name.split("_"),
        *business_name(field.label, "").split("_"),
    } - {"code", "kind", "type"}
    words |= {w.partition("_")[0] for w in hints(field.physical_name, field.label) if w in _NAMED_LISTS}
    found = []
    for name, (share, occurring) in overlaps.items():
        alike = any(w.rstrip("s") in name or _stem(name) in w for w in words if len(w) > 2)
        if facts.distinct < 2 or share < (_ALIKE if alike else _UNLIKE):
            continue
        much = occurring / len(lists[name]) >= 0.5
        long_codes = facts.shortest > _SHORT
        if alike or (long_codes and occurring >= 3) or (much and occurring >= 5 and facts.shortest > 1):
            found.append((alike, share, occurring / len(lists[name]), name))
    return max(found)[3] if found else ""


def _stem(name: str) -> str:
    return name.partition("_")[0].rstrip("s")
