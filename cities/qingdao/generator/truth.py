"""What must come of each night: the injected faults row by row, the counts that every run record must show, whom records belong to, who disagrees.

This is a model of the platform's promises, written apart from it: it keeps of each resource only the keys the lake should hold.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cities.qingdao.generator.as_loaded import loaded
from cities.qingdao.generator.claims import LINKED, Claims
from cities.qingdao.generator.injection import Injected, in_extraction
from cities.qingdao.generator.links import links_of
from cities.qingdao.generator.world import NIGHTS, World
from contracts.model import Resource


@dataclass(frozen=True)
class Expected:
    """The run record of one resource and night."""

    status: str
    error: str = ""
    extracted: int = 0
    accepted: int = 0
    quarantined: int = 0
    replaced: int = 0
    held: int = 0
    deleted: int = 0
    quarantined_by_rule: dict[str, int] = field(default_factory=dict)


@dataclass
class Truth:
    """Goes through a resource's nights in order; `lake` holds of each resource key → time of its row, a hash of its content and what it says."""

    world: World
    lake: dict[str, pd.DataFrame] = field(default_factory=dict)
    expected: dict[str, dict[str, Expected]] = field(default_factory=dict)
    lines: list[dict[str, Any]] = field(default_factory=list)
    links: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.claims = Claims(self.world)

    def observe(
        self, resource: Resource, night: int, injected: Injected, links: pd.DataFrame | None = None
    ) -> Expected:
        """Work out what the night must bring for the resource, and note its faults, its links and what it says of people and firms.

        `links` tells by the rows' keys whom each belongs to: identifier, who, noise.
        """
        before = self.lake.get(resource.id)
        result = self._outcome(resource, night, injected, links)
        self.expected.setdefault(f"night-{night}", {})[resource.id] = result
        after = self.lake.get(resource.id)
        self.claims.observe(resource, night, after)
        if links is not None and after is not None:
            self.links += links_of(resource, night, before, after)
        if night == max(NIGHTS):
            self.lake.pop(resource.id, None)
        return result

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        written: dict[str, Iterable[dict[str, Any]]] = {
            "faults": sorted(self.lines, key=lambda line: (line["night"], line["resource"])),
            "links": sorted(self.links, key=lambda line: (line["night"], line["resource"], line["key"])),
            "conflicts": self.claims.conflicts(),
        }
        for name, lines in written.items():
            with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
                file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        nights = {night: {id: asdict(e) for id, e in sorted(found.items())} for night, found in self.expected.items()}
        text = json.dumps(nights, ensure_ascii=False, indent=1)
        (folder / "expected.json").write_text(text + "\n", encoding="utf-8")

    def _outcome(self, resource: Resource, night: int, injected: Injected, links: pd.DataFrame | None) -> Expected:
        fault = injected.source_fault
        if fault is not None:
            effect = "failed" if fault.error else "warned"
            self._note(night, resource, fault.kind, effect, error=fault.error)
            if fault.error:
                return Expected("failed", fault.error)
        rows = _extraction(self.world, resource, night, injected, self.claims.fields_of(resource), links)
        marks = [mark for mark in injected.marks if mark.position in rows.index]
        by_rule = Counter(rule for mark in marks for rule in mark.fault.rules)
        failing = int(rows["bad"].sum())
        is_held = failing > resource.quarantine_limit * len(rows) or len(rows) < _least(resource)
        for mark in marks:
            if not is_held or mark.fault.rules:
                key = rows["key"].get(mark.position)
                effect = "held" if is_held else mark.fault.effect
                self._note(
                    night,
                    resource,
                    mark.fault.kind,
                    effect,
                    mark.fault.rules,
                    None if pd.isna(key) else key,
                    was=mark.key,
                )
        if is_held:
            error, held = "LoadHeld", len(rows) - failing
            return Expected("held", error, len(rows), 0, failing, 0, held, 0, dict(sorted(by_rule.items())))
        replaced, deleted = self._load(resource, night, rows, {mark.key for mark in marks})
        accepted = len(rows) - failing - replaced
        return Expected("loaded", "", len(rows), accepted, failing, replaced, 0, deleted, dict(sorted(by_rule.items())))

    def _load(self, resource: Resource, night: int, rows: pd.DataFrame, faulty: set[str]) -> tuple[int, int]:
        """Change the lake as the load must, and return how many rows count as replaced and how many leave the lake."""
        good = rows[~rows["bad"]]
        if not resource.key:
            return 0, 0
        good = good.sort_values("time", kind="stable", na_position="first")
        last = ~good["key"].duplicated(keep="last")
        replaced, good = int((~last).sum()), good[last].set_index("key")
        if resource.load_mode == "append":
            return replaced, 0
        lake = self.lake.get(resource.id, good.iloc[:0])
        held = lake["time"].reindex(good.index)
        older = held.notna() & (good["time"] < held)
        replaced, good = replaced + int(older.sum()), good[~older]
        gone: pd.Index[Any] = pd.Index([], dtype=object)
        if resource.deletions and resource.deletions.mode == "tombstone":
            dead = good["dead"]
            replaced, gone = replaced + int(dead.sum()), good.index[dead].intersection(lake.index)
            good = good[~dead]
        elif resource.load_mode == "snapshot" or resource.deletions:
            gone = lake.index.difference(pd.Index(rows["key"].dropna()))
        before = lake["hash"].reindex(good.index)
        changed = good.index[before.notna() & (before.astype("float64") != good["hash"].astype("float64"))]
        for kind, keys, effect in (("changed_row", changed, "loaded"), ("deleted_row", gone, "deleted")):
            for key in keys.difference(list(faulty)):
                self._note(night, resource, kind, effect, key=key)
        kept = lake.drop(index=gone.union(good.index.intersection(lake.index)))
        good = _since_when(good.drop(columns=["dead", "bad"]), lake, night)
        self.lake[resource.id] = pd.concat([kept, good]) if len(kept) else good
        return replaced, len(gone)

    def _note(
        self, night: int, resource: Resource, kind: str, effect: str, rules: tuple[str, ...] = (), key: str | None = None,
        error: str = "", was: str | None = None,
    ) -> None:  # fmt: skip
        line: dict[str, Any] = {
            "night": night,
            "resource": resource.id,
            "kind": kind,
            "effect": effect,
            "rules": list(rules),
            "key": key,
            "error": error,
        }
        self.lines.append(line if was is None or was == key else {**line, "was": was})


def _since_when(good: pd.DataFrame, lake: pd.DataFrame, night: int) -> pd.DataFrame:
    """The rows with `since <name>` for each value they say: the night from which on the resource has said so of the key."""
    before = lake.reindex(good.index)
    said = [name for name in good.columns if name not in ("time", "hash") and not name.startswith("since")]
    since = {
        f"since {name}": np.where(
            before[f"since {name}"].notna() & ((before[name] == good[name]) | (before[name].isna() & good[name].isna())),
            before[f"since {name}"].fillna(night), night,
        ).astype(np.int8) if len(lake) else np.full(len(good), night, dtype=np.int8)
        for name in said
    }  # fmt: skip
    return good.assign(**since)


def _extraction(
    world: World, resource: Resource, night: int, injected: Injected, said: list[str], links: pd.DataFrame | None
) -> pd.DataFrame:
    """The rows the night's extraction holds, at their positions in the table: key, time, hash, dead (a deletion mark), bad and what they say."""
    rows = injected.rows
    clean = injected.clean[[f.physical_name for f in resource.fields]].astype("str")
    hashes = np.zeros(len(rows), dtype=np.uint64)
    # only 52 bits are compared: exact as a floating-point number, which an outer join makes of them
    hashes[: len(clean)] = pd.util.hash_pandas_object(clean, index=False).to_numpy() >> np.uint64(12)
    dead = pd.Series(False, index=rows.index)
    if resource.deletions and resource.deletions.mode == "tombstone":
        column = resource.field(str(resource.deletions.column)).physical_name
        dead = rows[column].isin(resource.deletions.values)
    bad = np.zeros(len(rows), dtype=bool)
    bad[[mark.position for mark in injected.marks if mark.fault.rules]] = True
    times = injected.times if injected.times is not None else pd.Series(pd.NaT, index=rows.index)
    frame = pd.DataFrame({"key": injected.keys.astype(object), "time": times, "hash": hashes, "dead": dead, "bad": bad})
    frame = frame.assign(
        **{name: loaded(rows[resource.field(name).physical_name], resource.field(name)) for name in said}
    )
    if links is not None:
        frame = frame.assign(**{
            LINKED: frame["key"].map(links["identifier"]), "who": frame["key"].map(links["who"]), "noise": frame["key"].map(links["noise"]),
        })  # fmt: skip
    return frame[in_extraction(world, resource, night, times)]


def _least(resource: Resource) -> int:
    """The fewest rows the load may have: below, it is held back."""
    stated = [resource.expected_rows.min or 0]
    for rule in resource.rules:
        if rule.type == "expect_table_row_count_to_be_between" and rule.severity == "error":
            stated.append(int(rule.kwargs.get("min_value") or 0))
    return max(stated)


def read_faults(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of `truth/faults.jsonl`."""
    with (folder / "faults.jsonl").open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
