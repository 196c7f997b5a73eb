"""What a page's figures can be held against: the ledger's head, the anchor that keeps it outside, and on whose word the verdicts rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from contracts.model import Label
from sharing.ledger.anchors import Anchor, alarms, read_anchors
from sharing.ledger.findings import Finding

# the conditions of a verdict as its basis names them; the first eight decide whether a line holds
CONDITIONS: Mapping[str, Label] = {
    "grant": Label("the grant is in force", "授权有效"),
    "fields_granted": Label("the fields and rows granted", "授权的数据项与行范围"),
    "fields_filled": Label("the fields are there and filled", "数据项存在且有值"),
    "freshness": Label("fresh enough", "数据及时"),
    "suite": Label("quality rules passed", "质量规则通过"),
    "delivery": Label("delivered as granted", "按授权交付"),
    "probe": Label("a read as the requester succeeded", "以需求方身份试读成功"),
    "correction": Label("no correction open too long", "无逾期校核"),
    "clock": Label("the days of request and answer", "申请与答复日期"),
    "on_time": Label("the day it first held", "首次满足日期"),
    "declared": Label("marked as satisfied", "标记为满足"),
}
DECIDING = tuple(CONDITIONS)[:8]
ALL = "all"
SOURCES: Mapping[str, Label] = {
    "lake": Label("measured in the lake", "湖内实测"),
    "ledger": Label("recorded here as it happened", "平台当时记录"),
    "register": Label("register's own word", "登记簿自述"),
}


@dataclass(frozen=True)
class Kept:
    """How the head a page prints is kept outside: by `covering`, the first anchor made since, or not yet; `newest` is the last anchor of all."""

    covering: Anchor | None = None
    newest: Anchor | None = None
    alarms: tuple[Finding, ...] = ()


NOT_LOOKED = Kept()


def kept(connection: duckdb.DuckDBPyConnection, folder: Path, number: int, today: date, days: int) -> Kept:
    """What the anchors' folder says of the ledger's head `number` on the city's day `today`; alarms are told whichever head it is."""
    anchors, _ = read_anchors(folder)
    covering = next((anchor for anchor in anchors if number and anchor.number >= number), None)
    return Kept(covering, anchors[-1] if anchors else None, tuple(alarms(connection, folder, today, days)))


@dataclass(frozen=True)
class Rest:
    """On what the due lines' verdicts rest, for one condition: lines by source."""

    condition: str
    lines: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.lines.values())

    def share(self, source: str) -> float:
        return self.lines.get(source, 0) / self.total if self.total else 0.0


@dataclass(frozen=True)
class Basis:
    """Of the lines that hold, how many rest on a register's word in at least one condition, and each condition by itself, of all due lines."""

    holding: int
    on_word: int
    conditions: tuple[Rest, ...]

    @property
    def proved(self) -> int:
        return self.holding - self.on_word


def basis_of(rows: list[dict[str, Any]]) -> Basis:
    """The basis told by the city's rows of `mart_basis`."""
    overall = {row["rests_on"]: row["holding_lines"] for row in rows if row["condition"] == ALL}
    told: dict[str, dict[str, int]] = {name: {} for name in CONDITIONS}
    for row in rows:
        if row["condition"] != ALL:
            told[row["condition"]][row["rests_on"]] = row["due_lines"]
    return Basis(sum(overall.values()), overall.get("register", 0), tuple(Rest(*item) for item in told.items()))
