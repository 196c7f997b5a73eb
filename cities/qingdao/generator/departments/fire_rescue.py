"""Fire and rescue: places of firms under inspection, some entered under the number their firm had before 2015."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers, names
from cities.qingdao.generator.departments._changes import amount, days_before, optional, pick, put, rows_of, texts
from cities.qingdao.generator.departments._old_numbers import old_numbers
from cities.qingdao.generator.world import World

RESOURCE = "fire_rescue.inspected_place"
_NOWHERE = 3  # places of firms that no register knows any more


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    places = _places(world)
    frame = places.drop(columns=["credit_code", "noise"])
    for past in range(2, night + 1):
        rng = world.rng("fire rescue", str(past))
        put(
            frame, pick(rng, len(frame), amount(world, 9, 5)), "最近检查日期", f"{world.night_start(past - 1):%Y-%m-%d}"
        )
    return {RESOURCE: frame}


def links(world: World, night: int) -> dict[str, pd.DataFrame]:
    """Which firm each place belongs to, row by row as in the table; empty for those of no register."""
    places = _places(world)
    who = places["credit_code"].where(places["credit_code"] != "", places["单位名称"])
    return {RESOURCE: pd.DataFrame({"identifier": places["credit_code"], "who": who, "noise": places["noise"]})}


@lru_cache(maxsize=1)
def _places(world: World) -> pd.DataFrame:
    rng = world.rng("fire rescue")
    open_firms = world.firms[world.firms["status"] == "存续"]
    firms = rows_of(open_firms, rng, amount(world, 260, 60))
    count = len(firms)
    number = (
        old_numbers(world)
        .set_index("credit_code")["registration_no"]
        .reindex(firms["credit_code"])
        .to_numpy(dtype=object)
    )
    old = (rng.random(count) < 0.3) & ~pd.isna(number)
    gone = np.arange(count) < _NOWHERE
    of_nobody = identifiers.registration_numbers(np.full(count, "370204"), np.arange(count) + 90_000_000)
    lost = names.firms(rng, count)
    return pd.DataFrame({
        "单位编号": np.char.add("XF", identifiers.padded(rng.permutation(count) + 20_000_000, 8)),
        "单位名称": np.where(gone, lost, firms["name"]),
        "单位代码": np.where(gone, of_nobody, np.where(old, number, firms["credit_code"])),
        "消防安全责任人": optional(rng, firms["representative_name"], 0.2),
        "场所地址": firms["address"],
        "所属区划": firms["division_code"],
        "火灾危险等级": rng.choice(["高", "较高", "一般"], count, p=[0.2, 0.5, 0.3]),
        "最近检查日期": texts(days_before(rng, count, "2020-04-28", 700)),
        "credit_code": np.where(gone, "", firms["credit_code"]),
        "noise": np.where(gone, "unknown_number", np.where(old, "old_number", "")),
    })  # fmt: skip
