"""Market supervision: which credit code stands for which registration number of old."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import texts
from cities.qingdao.generator.departments._old_numbers import old_numbers
from cities.qingdao.generator.world import World

RESOURCE = "market_supervision.registration_number"


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    return {RESOURCE: _numbers(world)}


@lru_cache(maxsize=1)
def _numbers(world: World) -> pd.DataFrame:
    rng, firms = world.rng("registration numbers"), old_numbers(world)
    days = np.datetime64("2015-10-01") + rng.integers(0, 820, len(firms)).astype("timedelta64[D]")
    return pd.DataFrame({
        "注册号": firms["registration_no"],
        "统一社会信用代码": firms["credit_code"],
        "企业名称": firms["name"],
        "换照日期": texts(days),
    }).sort_values("注册号", ignore_index=True)  # fmt: skip
