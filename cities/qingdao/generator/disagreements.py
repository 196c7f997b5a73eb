"""Puts the planted disagreements into the clean tables: drawn once from the seed, and the same on every later night."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from cities.qingdao.generator.conflict_plan import PLANTED, Disagreement
from cities.qingdao.generator.departments._changes import put
from cities.qingdao.generator.injection import row_keys, row_times
from cities.qingdao.generator.world import World
from contracts.identifiers import resident_id
from contracts.model import Resource


@dataclass
class Planter:
    """Goes through the nights in order; `planted` remembers the new values of each disagreement by the rows' keys."""

    world: World
    planted: dict[Disagreement, dict[str, tuple[Any, ...]]] = field(default_factory=dict)

    def plant(self, resource: Resource, night: int, table: pd.DataFrame) -> pd.DataFrame:
        """The table as a department holds it that disagrees; the given one is left as it is."""
        mine = [d for d in PLANTED if d.resource == resource.id and d.first <= night]
        if not mine:
            return table
        table, keys = table.reset_index(drop=True), row_keys(resource, table.reset_index(drop=True))
        for disagreement in mine:
            if disagreement not in self.planted:
                self.planted[disagreement] = self._drawn(resource, night, disagreement, table, keys)
            new = self.planted[disagreement]
            at = np.flatnonzero(keys.isin(new.keys()).to_numpy())
            for n, column in enumerate(disagreement.columns):
                put(table, at, column, [new[key][n] for key in keys.iloc[at]])
        return table

    def _drawn(
        self, resource: Resource, night: int, disagreement: Disagreement, table: pd.DataFrame, keys: pd.Series
    ) -> dict[str, tuple[Any, ...]]:
        """The new values of as many rows as the plan says, of people and firms that other departments know as well."""
        kind, columns = disagreement.kind, disagreement.columns
        rng = self.world.rng("disagreement", resource.id, kind, *columns, str(disagreement.first))
        used = {key for d, rows in self.planted.items() if d.resource == resource.id for key in rows}
        free = ~keys.isin(used) & self._known(resource, table)
        times = row_times(resource, table)
        if disagreement.first > 1 and times is not None:
            start, end = self.world.night_start(night), self.world.night_end(night)
            free &= (times >= pd.Timestamp(start.replace(tzinfo=None))) & (
                times < pd.Timestamp(end.replace(tzinfo=None))
            )
        wanted = max(1, round(disagreement.count * self.world.scale))
        found: dict[str, tuple[Any, ...]] = {}
        for n in rng.permutation(np.flatnonzero(free.to_numpy())):
            if len(found) >= wanted:
                break
            row = table.iloc[n].to_dict()
            if all(not pd.isna(row[column]) for column in columns):
                values = disagreement.change(self.world, rng, row, columns)
                if values is not None:
                    found[str(keys.iloc[n])] = values
        return found

    def _known(self, resource: Resource, table: pd.DataFrame) -> pd.Series:
        """Rows of people and firms of the world: who came in during the nights stands in one register alone."""
        known = pd.Series(True, index=table.index)
        for about in resource.fields:
            column = table[about.physical_name]
            if about.semantic_type == "resident_id":
                ids = column.map(lambda text: resident_id.compact(str(text)))
                known &= ids.isin(self.world.people["resident_id"]) | column.isna()
            elif about.semantic_type == "credit_code" and about.name != "issuer_code":  # a department's is no firm's
                known &= column.isin(self.world.firms["credit_code"]) | column.isna()
        return known
