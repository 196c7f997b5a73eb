"""Ecology: permits to discharge pollutants."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import amount, days_before, pick, put, texts, without
from cities.qingdao.generator.world import World


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _permits(world).copy()
    for past in range(2, night + 1):
        rng = world.rng("ecology", str(past))
        chosen = rng.permutation(pick(rng, len(frame), amount(world, 6, 4)))
        put(frame, chosen[1:], "年许可排放量", "1.5")
        frame = without(frame, chosen[:1])
    return {"ecology.discharge_permit": frame}


@lru_cache(maxsize=1)
def _permits(world: World) -> pd.DataFrame:
    rng = world.rng("ecology")
    open_firms = world.firms[world.firms["status"] == "存续"]
    firms = open_firms.iloc[np.sort(rng.permutation(len(open_firms))[: amount(world, 220, 40)])].reset_index(drop=True)
    count = len(firms)
    issued = days_before(rng, count, "2020-04-20", 1000)
    limit = np.char.mod("%.3f", rng.gamma(1.1, 20, count))
    return pd.DataFrame({
        "许可证编号": firms["credit_code"] + "001" + pd.Series(rng.choice(["P", "Q", "R", "V"], count)),
        "单位名称": firms["name"],
        "统一社会信用代码": firms["credit_code"],
        "行业代码": firms["industry_code"],
        "生产经营场所": firms["address"],
        "区划": firms["division_code"],
        "主要污染物": rng.choice(["化学需氧量;氨氮", "二氧化硫;氮氧化物", "颗粒物", "挥发性有机物"], count),
        "年许可排放量": np.where(rng.random(count) < 0.1, "/", limit),
        "发证日期": texts(issued),
        "有效期至": texts(issued + np.timedelta64(1096, "D")),
    })  # fmt: skip
