"""How many true pairs agree so well that they can be counted: what the share of true pairs among all rests on.

Pairs that agree in two strong attributes, one of them of the person's own, are true but for few; how many true pairs do so follows from the trained
model itself. Phone and address together prove nothing: a household shares both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from transforms.link.rules import LinkRules

_LEAST = 0.05


def own_columns(rules: LinkRules) -> list[tuple[str, ...]]:
    """Columns that are a person's own, each by itself: the whole name, the birth date, a code."""
    names = tuple(a.name for a in rules.of_kind("name"))
    single = [(a.name,) for kind in ("date", "code") for a in rules.of_kind(kind)]
    return ([names] if names else []) + single


def shared_columns(rules: LinkRules) -> list[tuple[str, ...]]:
    """Columns that few others but a household share."""
    return [(a.name,) for kind in ("phone", "address") for a in rules.of_kind(kind)]


def certain(rules: LinkRules) -> list[tuple[str, ...]]:
    """Columns whose joint agreement leaves hardly a doubt."""
    own, shared = own_columns(rules), shared_columns(rules)
    pairs = [left + right for n, left in enumerate(own) for right in (*own[n + 1 :], *shared)]
    return pairs or own or shared or [(rules.compared[0].name,)]


def certain_share(rules: LinkRules, settings: Mapping[str, Any], stated: Mapping[str, float]) -> float:
    """The share of true pairs that agree in one of `certain`, by the trained m; `stated` is the share of pairs in which both sides state a column."""
    m = {
        (c["output_column_name"], level["label_for_charts"]): float(level["m_probability"])
        for c in settings["comparisons"] for level in c["comparison_levels"] if not level.get("is_null_level")
    }  # fmt: skip
    agree = []
    for columns in own_columns(rules):
        share = 1.0
        for column in columns:
            share *= m.get((column, "equal"), 0.0) * stated.get(column, 1.0)
        agree.append(share)
    apart = 1.0
    for (column,) in shared_columns(rules):
        apart *= 1 - m.get((column, "equal"), 0.0) * stated.get(column, 1.0)
        same = [m.get((column, f"same {what}"), 0.0) for what in ("phone and address", "phone", "address")]
        apart *= 1 - min(1.0, sum(same)) * stated.get(column, 1.0)
    none, one = 1.0, 0.0
    for share in agree:
        none, one = none * (1 - share), one * (1 - share) + none * share
    found = 1 - none - one * apart if len(agree) > 1 or apart < 1 else sum(agree) or 1 - apart
    return max(found, _LEAST)
