"""The archives' paper holdings: series of years with the volumes digitised so far, of which five series feed the lake."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._registers import department_ids, numbered, today
from cities.qingdao.generator.world import World

_SERIES = (
    "婚姻登记",
    "户籍底册",
    "不动产登记",
    "工商登记",
    "出生登记",
    "土地批复",
    "房产契证",
    "知青返城",
    "人事",
    "改制职工",
    "文书",
    "诉讼",
)
# the key series whose digitised rows are already in the lake
_IN_LAKE = {
    "婚姻登记": ("civil_affairs", "civil_affairs.marriage"), "户籍底册": ("public_security", "public_security.resident"),
    "不动产登记": ("housing", "housing.property_right"), "工商登记": ("market_supervision", "market_supervision.enterprise"),
    "出生登记": ("health", "health.birth_certificate"),
}  # fmt: skip

# what departments ask for that is on paper only → the series it lies in, and the year before which it began
ASKED_FOR = {
    "1985年前婚姻登记档案": ("婚姻登记", 1985), "1990年前房产契证档案": ("房产契证", 1990), "1998年前知青返城档案": ("知青返城", 1998),
    "国有企业改制职工档案": ("改制职工", 9999),
}  # fmt: skip


def blocking_holdings(world: World, night: int, asked_for: str) -> list[str]:
    """Numbers of the holdings with volumes still on paper that keep what is asked for from being given."""
    series, before = ASKED_FOR[asked_for]
    held = tables(world, night)["archives.paper_holding"]
    chosen = (held["档案门类"] == series) & (held["起始年度"] < before) & (held["已数字化案卷数"] < held["案卷数"])
    return list(held.loc[chosen, "全宗目录号"])


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    rng, day = world.rng("registers", "holdings"), today(world, night)
    decades = np.arange(1950, 2020, 10)
    series = np.repeat(np.array(_SERIES), len(decades))
    start = np.tile(decades, len(_SERIES))
    count = len(series)
    volumes = rng.integers(180, 900, count)
    # the younger the paper, the more of it is digitised; work goes on every night
    share = np.clip((start - 1945) / 180 + rng.normal(0, 0.05, count), 0, 1)
    working = rng.random(count) < 0.1
    digitised = np.minimum(volumes, np.floor(volumes * share).astype(int) + np.where(working, 12 * night, 0))
    others = rng.choice(department_ids()[:40], count)
    return {
        "archives.paper_holding": pd.DataFrame({
            "全宗目录号": numbered("QZ%05d", count),
            "形成部门": [_IN_LAKE[name][0] if name in _IN_LAKE else other for name, other in zip(series, others, strict=True)],
            "档案门类": series,
            "起始年度": start,
            "终止年度": start + 9,
            "案卷数": volumes,
            "已数字化案卷数": digitised,
            "盘点日期": str(day),
            "对应数据资源": [_IN_LAKE[name][1] if name in _IN_LAKE and year >= 1980 else None for name, year in zip(series, start, strict=True)],
        })
    }  # fmt: skip
