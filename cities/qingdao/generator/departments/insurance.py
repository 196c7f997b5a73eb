"""Human resources: who is insured through which employer, whole each night."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import amount, pick, put, without
from cities.qingdao.generator.departments._work import jobs
from cities.qingdao.generator.world import World


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _insured(world).copy()
    for past in range(1, night + 1):
        rng = world.rng("insurance", str(past))
        chosen = rng.permutation(pick(rng, len(frame), amount(world, 12, 8)))
        put(frame, chosen[4:], "参保状态", "暂停参保")
        frame = without(frame, chosen[:4])
    return {"human_resources.social_insurance": frame}


@lru_cache(maxsize=1)
def _insured(world: World) -> pd.DataFrame:
    rng, work = world.rng("insurance"), jobs(world)
    months = (np.datetime64("2020-05-01") - work["since"].to_numpy().astype("datetime64[D]")).astype(np.int64) // 31
    return pd.DataFrame({
        "社会保障号码": work["resident_id"],
        "姓名": work["name"],
        "单位统一社会信用代码": work["employer_code"],
        "单位名称": work["employer_name"],
        "参保日期": work["since"].to_numpy().astype("datetime64[s]"),
        "累计缴费月数": months,
        "月缴费基数": work["wage"],
        "参保状态": rng.choice(["正常参保", "1", "暂停参保"], len(work), p=[0.9, 0.06, 0.04]),
    })  # fmt: skip
