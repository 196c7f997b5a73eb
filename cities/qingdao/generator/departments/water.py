"""Water: accounts of firms, with last month's use and arrears."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers
from cities.qingdao.generator.departments._changes import amount, days_before, optional, pick, put, texts
from cities.qingdao.generator.world import World


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _accounts(world).copy()
    for past in range(2, night + 1):
        rng = world.rng("water", str(past))
        chosen = pick(rng, len(frame), amount(world, 20, 10))
        put(frame, chosen, "欠费金额", "0.00")
    return {"water.enterprise_account": frame}


@lru_cache(maxsize=1)
def _accounts(world: World) -> pd.DataFrame:
    rng = world.rng("water")
    supplied = world.firms[world.firms["status"] != "注销"]
    firms = supplied[rng.random(len(supplied)) < 0.7].reset_index(drop=True)
    count = len(firms)
    arrears = np.where(rng.random(count) < 0.9, 0, rng.gamma(1.5, 900, count))
    return pd.DataFrame({
        "户号": np.char.add("02", identifiers.padded(rng.permutation(count) + 1_000_000, 8)),
        "用户名称": firms["name"],
        "统一社会信用代码": firms["credit_code"],
        "用水地址": firms["address"],
        "所属区划": firms["division_code"],
        "水表编号": optional(rng, np.char.add("QD", identifiers.padded(rng.integers(1, 99_999_999, count), 8)), 0.02),
        "用水性质": rng.choice(["工业", "工", "商业", "商", "服务业", "特种行业"], count, p=[0.3, 0.05, 0.35, 0.05, 0.2, 0.05]),
        "上月用水量": rng.gamma(1.2, 220, count).astype(np.int64).astype(str),
        "欠费金额": np.char.mod("%.2f", arrears),
        "开户日期": texts(days_before(rng, count, "2020-03-31", 6000)),
    })  # fmt: skip
