"""Emergency management: sites with dangerous goods or processes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers
from cities.qingdao.generator.departments._changes import amount, days_before, pick, put, rows_of, texts, without
from cities.qingdao.generator.world import World, code_list


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _sites(world).copy()
    for past in range(2, night + 1):
        rng = world.rng("hazards", str(past))
        chosen = rng.permutation(pick(rng, len(frame), amount(world, 6, 4)))
        put(frame, chosen[1:], "最近检查日期", f"{world.night_start(past):%Y-%m-%d}")
        frame = without(frame, chosen[:1])
    return {"emergency.hazard_site": frame}


@lru_cache(maxsize=1)
def _sites(world: World) -> pd.DataFrame:
    rng = world.rng("hazards")
    count = amount(world, 150, 50)
    firms = rows_of(world.firms[world.firms["status"] == "存续"], rng, count)
    kinds = code_list("hazard_kinds")
    kind = rng.integers(0, len(kinds), count)
    grade = rng.integers(1, 5, count)
    words = np.array(["重大", "较大", "一般", "低"])[grade - 1]
    return pd.DataFrame({
        "危险源编号": np.char.add("WX3702", identifiers.padded(np.arange(count) + 1, 6)),
        "危险源名称": np.char.add(firms["name"].to_numpy(dtype="U40"), np.array([row["name"] for row in kinds])[kind]),
        "单位信用代码": firms["credit_code"],
        "危险源类别": np.array([row["code"] for row in kinds])[kind],
        "等级": np.where(rng.random(count) < 0.5, words, grade.astype(str)),
        "经度": np.char.mod("%.6f", rng.uniform(119.6, 120.9, count)),
        "纬度": np.char.mod("%.6f", rng.uniform(35.7, 37.1, count)),
        "安全负责人": firms["representative_name"],
        "联系电话": firms["phone"],
        "区划": firms["division_code"],
        "最近检查日期": texts(days_before(rng, count, "2020-05-01", 200)),
    })  # fmt: skip
