"""Schema drift: what the source's columns are today against what the contract promises."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from contracts.errors import SchemaDrift
from contracts.mistakes import did_you_mean
from contracts.model import Resource
from contracts.rules import MALFORMED


@dataclass(frozen=True)
class Drift:
    """Columns the source has and the contract neither loads nor ignores."""

    added: tuple[str, ...]


# kinds of the source's types (Arrow's names) that hold no value of a logical type, whatever the row
_NEVER = {
    "integer": ("date", "timestamp", "time", "duration"),
    "number": ("date", "timestamp", "time", "duration"),
    "date": ("bool", "time", "duration"),
    "timestamp": ("bool", "time", "duration"),
    "boolean": ("date", "timestamp", "time", "duration", "decimal"),
    "string": (),
}
_NESTED = ("list", "large_list", "fixed_size_list", "struct", "map", "binary", "large_binary", "fixed_size_binary")


def check_drift(resource: Resource, columns: Collection[str] | Mapping[str, str]) -> Drift:
    """Compare; an added column is returned as a warning, a missing or retyped one raises SchemaDrift naming both sides.

    `columns` are the source's names, or its names with their Arrow types where they should be compared too. A type that some rows may fit is
    left to the rules: only one that no row can fit is drift.
    """
    wanted = {f.physical_name: f.name for f in resource.fields}
    where = f"{resource.id}, {resource.system.id}: {resource.physical_name}"
    missing = [name for name in wanted if name not in columns]
    added = tuple(sorted(set(columns) - set(wanted) - set(resource.ignored_columns) - {MALFORMED}))
    if missing:
        raise SchemaDrift(
            f"the source no longer has {', '.join(f'{m!r} (field {wanted[m]})' for m in missing)}",
            where=where,
            remedy=f"ask {resource.department} whether it was renamed ({did_you_mean(missing[0], added or set(columns) - {MALFORMED})}), "
            "then correct the contract or have the column restored; the lake keeps its last good data",
        )
    if isinstance(columns, Mapping) and (retyped := _retyped(resource, columns)):
        raise SchemaDrift(
            f"the source has another type: {', '.join(retyped)}",
            where=where,
            remedy=f"ask {resource.department} what changed, then correct the contract or have the type restored; "
            "the lake keeps its last good data",
        )
    return Drift(added)


def _retyped(resource: Resource, columns: Mapping[str, str]) -> list[str]:
    found = []
    for field in resource.fields:
        kind = re.split(r"[^a-z_]", re.sub(r"[0-9]+", "", columns[field.physical_name].lower()))[0]
        if kind in (*_NEVER.get(field.logical_type, ()), *_NESTED):
            promised = f"field {field.name}, in the contract {field.logical_type}"
            found.append(f"{field.physical_name!r} is {columns[field.physical_name]} ({promised})")
    return found
