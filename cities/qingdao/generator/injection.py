"""Puts the planned faults into the clean tables and remembers which rows carry which.

The rows are drawn once, on the fault's first night, and found again by key on the nights after it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from cities.qingdao.generator import faults
from cities.qingdao.generator.departments._changes import Positions, put
from cities.qingdao.generator.fault_plan import ROW_FAULTS, SOURCE_FAULTS, RowFault, SourceFault
from cities.qingdao.generator.world import World
from contracts.model import Resource

_NOTHING: Positions = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Mark:
    """One faulty row of one night: where it lies in the table and what the plan says of it."""

    position: int
    key: str
    fault: RowFault


@dataclass(frozen=True)
class Injected:
    """A resource's table on one night as its source holds it. `clean` is the same rows before the faults, `keys` and `times` those of `rows`."""

    rows: pd.DataFrame
    clean: pd.DataFrame
    keys: pd.Series
    times: pd.Series | None
    marks: tuple[Mark, ...]
    source_fault: SourceFault | None


@dataclass
class Injector:
    """Goes through the nights in order; `targets` and `used` are its memory of drawn rows."""

    world: World
    targets: dict[RowFault, frozenset[str]] = field(default_factory=dict)
    used: dict[str, set[str]] = field(default_factory=dict)

    def inject(self, resource: Resource, night: int, table: pd.DataFrame) -> Injected:
        """The night's table with its faults; the given table is left as it is."""
        table = self._without_late_rows(resource, night, table.reset_index(drop=True))
        rows, clean_keys = table.copy(), row_keys(resource, table)
        times = row_times(resource, table)
        marks: list[Mark] = []
        for fault in _of(resource):
            if night > fault.last:
                rows = self._corrected(resource, night, fault, rows, clean_keys)
            if not fault.first <= night <= fault.last:
                continue
            positions = self._positions(resource, night, fault, table, clean_keys, times, marks)
            rows = faults.apply(rows, fault, positions)
            marks += [Mark(int(n), str(clean_keys.iloc[n]), fault) for n in positions]
        source_fault = next((f for f in SOURCE_FAULTS if (f.resource, f.night) == (resource.id, night)), None)
        return Injected(rows, table, row_keys(resource, rows), row_times(resource, rows), tuple(marks), source_fault)

    def _without_late_rows(self, resource: Resource, night: int, table: pd.DataFrame) -> pd.DataFrame:
        """A late row is not there yet on the night to which its watermark belongs."""
        for fault in _of(resource):
            if fault.kind == "late_row" and night == fault.first - 1:
                keys, times = row_keys(resource, table), row_times(resource, table)
                chosen = self._draw(resource, night, replace(fault, first=night), table, keys, times, most=len(table))
                self.targets[fault] = frozenset(keys.iloc[chosen])
                table = table.drop(table.index[chosen]).reset_index(drop=True)
        return table

    def _positions(
        self, resource: Resource, night: int, fault: RowFault, table: pd.DataFrame, keys: pd.Series, times: pd.Series | None, marks: list[Mark]
    ) -> Positions:  # fmt: skip
        anew = resource.files_by_date or resource.load_mode == "append"
        if fault not in self.targets or anew:
            taken = (
                in_extraction(self.world, resource, night, times)
                if times is not None
                else pd.Series(True, index=table.index)
            )
            failing = sum(mark.fault.effect == "quarantined" and bool(taken.iloc[mark.position]) for mark in marks)
            # the share that may fail holds at every scale: a tiny city gets fewer faults
            most = (
                len(table) if fault.effect != "quarantined" else int(taken.sum() * resource.quarantine_limit) - failing
            )
            chosen = self._draw(resource, night, fault, table, keys, times, most)
            self.targets[fault] = frozenset(keys.iloc[chosen])
            return chosen
        found = keys.isin(self.targets[fault])
        if fault.kind == "late_row" and times is not None:
            found &= times < _local(self.world.night_start(fault.first))
        return np.flatnonzero(found.to_numpy())

    def _draw(
        self, resource: Resource, night: int, fault: RowFault, table: pd.DataFrame, keys: pd.Series, times: pd.Series | None, most: int
    ) -> Positions:  # fmt: skip
        """Rows that this night's extraction takes for the first time, carry no other fault and are no deletion marks."""
        free = ~keys.isin(self.used.setdefault(resource.id, set())) & keys.notna()
        if times is not None and (night > 1 or fault.kind == "late_row"):
            free &= (times >= _local(self.world.night_start(night))) & (times < _local(self.world.night_end(night)))
        elif times is not None:
            free &= times < _local(self.world.night_end(night))
        if resource.deletions and resource.deletions.mode == "tombstone":
            free &= ~table[resource.field(str(resource.deletions.column)).physical_name].isin(resource.deletions.values)
        wanted = (
            max(1, round(fault.count * self.world.scale)) if fault.share is None else int(len(table) * fault.share) + 1
        )
        rng = self.world.rng("fault", fault.resource, fault.kind, fault.column, str(night))
        chosen: list[int] = []
        for n in rng.permutation(np.flatnonzero(free.to_numpy())):
            if len(chosen) >= min(wanted, most):
                break
            other = table[fault.other].iloc[n] if fault.other else None
            if faults.is_possible(fault.kind, table[fault.column].iloc[n], other):
                chosen.append(int(n))
        self.used[resource.id].update(keys.iloc[chosen])
        return np.array(sorted(chosen), dtype=np.int64) if chosen else _NOTHING

    def _corrected(
        self, resource: Resource, night: int, fault: RowFault, rows: pd.DataFrame, keys: pd.Series
    ) -> pd.DataFrame:
        """What the department put right carries the time of the correction, where its table has one."""
        if resource.watermark is None or fault.last >= 3 or resource.files_by_date or resource.load_mode == "append":
            return rows
        column = resource.field(resource.watermark.column).physical_name
        corrected = np.flatnonzero(keys.isin(self.targets.get(fault, frozenset())))
        before = rows[column].astype("str").iloc[corrected].to_numpy(dtype=object)
        moment = f"{self.world.night_start(fault.last + 1) + timedelta(hours=9):%Y-%m-%dT%H:%M:%S}"
        written = [f"{moment}+08:00" if "T" in text else moment.replace("T", " ") for text in before]
        put(rows, corrected, column, np.maximum(before, np.array(written, dtype=object)))
        return rows


def row_keys(resource: Resource, table: pd.DataFrame) -> pd.Series:
    """The key of each row as one text, its parts parted by a unit separator; empty where a part is, or where there is no key."""
    columns = [resource.field(name).physical_name for name in resource.key]
    if not columns:
        return pd.Series(None, index=table.index, dtype="str")
    keys = table[columns[0]].astype("str")
    for name in columns[1:]:
        keys = keys + "\x1f" + table[name].astype("str")
    return keys


def row_times(resource: Resource, table: pd.DataFrame) -> pd.Series | None:
    """The watermark of each row as local time; None for a resource without one, or with one file a day."""
    if resource.watermark is None:
        return None
    values = table[resource.field(resource.watermark.column).physical_name]
    times = pd.to_datetime(values, format=None if pd.api.types.is_datetime64_any_dtype(values) else "ISO8601")
    return times.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None) if times.dt.tz is not None else times


def in_extraction(world: World, resource: Resource, night: int, times: pd.Series) -> pd.Series:
    """Which rows the night's extraction takes: the first reads all before its end, those after it look back as the contract says."""
    if resource.files_by_date or resource.watermark is None:
        return pd.Series(True, index=times.index)
    taken = times < _local(world.night_end(night))
    if night > 1:
        taken &= times >= _local(world.night_start(night) - resource.watermark.lookback)
    return taken | times.isna()


def _of(resource: Resource) -> list[RowFault]:
    return [fault for fault in ROW_FAULTS if fault.resource == resource.id]


def _local(moment: datetime) -> pd.Timestamp:
    return pd.Timestamp(moment.replace(tzinfo=None))
