"""Natural resources: land parcels with their right holders, kept in a workbook."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers, names
from cities.qingdao.generator.departments._changes import (
    amount,
    days_before,
    pick,
    put,
    rows_of,
    texts,
    without,
    written_dates,
)
from cities.qingdao.generator.world import DISTRICTS, World, code_list, district_names

_MOST_ROWS = 100_000  # a workbook larger than that is no workbook


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _parcels(world).copy()
    for past in range(2, night + 1):
        rng = world.rng("land", str(past))
        chosen = rng.permutation(pick(rng, len(frame), amount(world, 6, 4)))
        holders = rows_of(world.firms, rng, len(chosen) - 1)
        put(frame, chosen[1:], "权利人/名称", holders["name"].to_numpy())
        put(frame, chosen[1:], "权利人/统一社会信用代码", holders["credit_code"].to_numpy())
        frame = without(frame, chosen[:1])
    return {"natural_resources.land_parcel": frame}


@lru_cache(maxsize=1)
def _parcels(world: World) -> pd.DataFrame:
    rng = world.rng("land")
    count = min(amount(world, 500, 80), _MOST_ROWS)
    holders = rows_of(world.firms, rng, count)
    division = rng.choice(np.array(list(DISTRICTS)), count)
    start = days_before(rng, count, "2020-01-31", 7000)
    uses = np.array([row["code"] for row in code_list("land_uses")])
    area = np.round(rng.lognormal(8, 1.1, count) + 50, 2)
    built = np.where(rng.random(count) < 0.12, "—", np.char.mod("%.2f", area * rng.uniform(0.2, 2.5, count)))
    ends = np.where(rng.random(count) < 0.08, "长期", texts(start + np.timedelta64(18_262, "D")))
    return pd.DataFrame({
        "宗地代码": np.char.add(np.char.add(division, "001001GB"), identifiers.padded(np.arange(count) % 100_000, 5)),
        "坐落/区划": division,
        "坐落/地址": names.addresses(rng, district_names(division)),
        "权利人/名称": holders["name"],
        "权利人/统一社会信用代码": holders["credit_code"],
        "用途代码": rng.choice(uses, count),
        "面积/宗地面积": np.char.mod("%.2f", area),
        "面积/建筑面积": built,
        "使用期限/起始": written_dates(rng, start),
        "使用期限/终止": ends,
        "备注": rng.choice(["", "图纸待补"], count, p=[0.9, 0.1]),
    })  # fmt: skip
