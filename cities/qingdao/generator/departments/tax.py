"""Tax: firms registered for tax, with their rating and last year's tax."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import amount, optional, pick, put, without, written_dates
from cities.qingdao.generator.world import World, district_names


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _taxpayers(world).copy()
    for past in range(2, night + 1):
        rng = world.rng("tax", str(past))
        chosen = rng.permutation(pick(rng, len(frame), amount(world, 14, 8)))
        put(frame, chosen[3:], "纳税信用等级", "A")
        frame = without(frame, chosen[:3])
    return {"tax.taxpayer": frame}


@lru_cache(maxsize=1)
def _taxpayers(world: World) -> pd.DataFrame:
    rng = world.rng("tax")
    firms = world.firms[(world.firms["status"] != "注销") & (rng.random(len(world.firms)) < 0.95)].reset_index(
        drop=True
    )
    count = len(firms)
    office = np.char.add(district_names(firms["division_code"].to_numpy(dtype="U6")), "税务局")
    # amounts as the tax system prints them, with commas
    due = [f"{amount:,.2f}" for amount in np.round(rng.lognormal(10, 2, count), 2)]
    return pd.DataFrame({
        "纳税人识别号": firms["credit_code"],
        "纳税人名称": firms["name"],
        "法定代表人姓名": firms["representative_name"],
        "法定代表人证件号码": firms["representative_id"],
        "主管税务机关": office,
        "行业代码": firms["industry_code"],
        "纳税信用等级": rng.choice(["A", "B", "M", "C", "D", "未评价"], count, p=[0.15, 0.4, 0.2, 0.1, 0.03, 0.12]),
        "登记日期": written_dates(rng, firms["established_on"].to_numpy().astype("datetime64[D]") + np.timedelta64(9, "D")),
        "联系电话": optional(rng, firms["phone"], 0.05),
        "上年应纳税额": due,
        "状态": np.where(firms["status"] == "吊销", "非正常", "正常"),
    })  # fmt: skip
