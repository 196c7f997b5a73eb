"""Schema drift: what the source's columns are today against what the contract promises."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from contracts.errors import SchemaDrift
from contracts.mistakes import did_you_mean
from contracts.model import Resource


@dataclass(frozen=True)
class Drift:
    """Columns the source has and the contract neither loads nor ignores."""

    added: tuple[str, ...]


def check_drift(resource: Resource, columns: Collection[str]) -> Drift:
    """Compare; an added column is returned as a warning, a missing one raises SchemaDrift naming both sides."""
    wanted = {f.physical_name: f.name for f in resource.fields}
    missing = [name for name in wanted if name not in columns]
    added = tuple(sorted(set(columns) - set(wanted) - set(resource.ignored_columns)))
    if missing:
        raise SchemaDrift(
            f"the source no longer has {', '.join(f'{m!r} (field {wanted[m]})' for m in missing)}",
            where=f"{resource.id}, {resource.system.id}: {resource.physical_name}",
            remedy=f"ask {resource.department} whether it was renamed ({did_you_mean(missing[0], added or columns)}), "
            "then correct the contract or have the column restored; the lake keeps its last good data",
        )
    return Drift(added)
