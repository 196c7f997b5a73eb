"""Splink's settings of an entity: which pairs are looked at, what is compared, and the rules by which a model is trained."""

from __future__ import annotations

from typing import Any

from transforms.link.comparisons import comparisons
from transforms.link.rules import Compared, LinkRules

Columns = tuple[str, ...]


def splink_settings(rules: LinkRules, link_type: str) -> dict[str, Any]:
    """Untrained settings for Splink on DuckDB; `link_type` is Splink's."""
    return {
        "link_type": link_type,
        "unique_id_column_name": "own_id",
        "comparisons": comparisons(rules),
        "blocking_rules_to_generate_predictions": [blocking_rule(columns) for columns in blocking(rules)],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
        "em_convergence": 0.001,
        "max_iterations": 25,
    }


def blocking_rule(columns: Columns) -> str:
    """A blocking rule: all columns agree."""
    return " AND ".join(f'l."{c}" = r."{c}"' for c in columns)


def blocking(rules: LinkRules) -> list[Columns]:
    """The columns that agree in the pairs to look at: as declared, or by the kinds of the compared attributes.

    Each rule survives an error in what the others rest on: a phone; birth and the beginning of the name; the name's sound and the year or the
    street; the place with the birth or the name.
    """
    if rules.blocking:
        return list(rules.blocking)
    names, dates, addresses = rules.of_kind("name"), rules.of_kind("date"), rules.of_kind("address")
    found: list[Columns] = [(a.name,) for a in (*rules.of_kind("phone"), *rules.of_kind("code"))]
    for date in dates:
        found += [(date.name, f"{n.name}_key") for n in names]
    if names:
        sounds = tuple(f"{n.name}_sound" for n in names)
        keys = tuple(f"{n.name}_key" for n in names)
        found += [(f"{n.name}_sound", f"{d.name}_year") for n in names for d in dates]
        found += [sounds] if len(names) > 1 or not (dates or addresses) else []
        found += [(*keys, f"{d.name}_year") for d in dates] if len(names) > 1 else []
        for a in addresses:
            found += [(f"{n.name}_sound", f"{a.name}_street") for n in names]
            found += [(f"{n.name}_key", a.name) for n in names]
        found += [(f"{n.name}_sound", t.name) for n in names for t in rules.of_kind("text")]
    found += [(d.name, a.name) for d in dates for a in addresses]
    if not found:
        found = [(a.name,) for a in rules.compared if a.kind not in ("gender", "division")] or [
            (a.name,) for a in rules.compared
        ]
    return list(dict.fromkeys(found))


def training_blocks(rules: LinkRules) -> list[Columns]:
    """The blocks in which m is learnt, one strong attribute (or two weaker) at a time, so that each comparison is learnt outside its own block."""
    strong = _strong(rules)
    names = tuple(a.name for a in rules.of_kind("name"))
    found = [columns for columns in strong if columns != names]
    dates = rules.of_kind("date")
    if names and (dates or len(names) > 1):
        found.append((*names, dates[0].name) if dates and len(names) == 1 else names)
        found = [columns for columns in found if len(strong) > 2 or columns != (dates[0].name if dates else "",)]
    return list(dict.fromkeys(found)) or [(rules.compared[0].name,)]


def _strong(rules: LinkRules) -> list[Columns]:
    """Columns of attributes that few share: the whole name, birth, phone, address, codes."""
    names = tuple(a.name for a in rules.of_kind("name"))
    single: list[Compared] = [a for kind in ("date", "phone", "address", "code") for a in rules.of_kind(kind)]
    return ([names] if names else []) + [(a.name,) for a in single]
