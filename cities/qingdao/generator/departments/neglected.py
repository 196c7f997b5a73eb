"""What nobody keeps up: shelters that were catalogued and never delivered, car parks whose source has stood still since the winter."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import texts
from cities.qingdao.generator.departments._registers import numbered
from cities.qingdao.generator.world import DISTRICTS, World

NO_DATA, STILL = "emergency.shelter", "transport.parking_lot"
_LOTS = 64


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    return {
        NO_DATA: pd.DataFrame({name: [] for name in ("场所编号", "场所名称", "区划", "可容纳人数")}, dtype=object),
        STILL: _lots(world),
    }


@lru_cache(maxsize=1)
def _lots(world: World) -> pd.DataFrame:
    rng = world.rng("neglected")
    areas = rng.choice(np.array(list(DISTRICTS)), _LOTS)
    first, last = np.datetime64("2018-03-01T08:00:00"), np.datetime64("2019-11-28T17:00:00")
    times = first + rng.integers(0, (last - first).astype(np.int64), _LOTS).astype("timedelta64[s]")
    return pd.DataFrame({
        "停车场编号": numbered("TC%05d", _LOTS),
        "停车场名称": [f"{DISTRICTS[area][0]}{number}号公共停车场" for number, area in enumerate(areas, 1)],
        "行政区划": areas,
        "泊位数": rng.integers(30, 900, _LOTS),
        "更新时间": texts(times),
    })  # fmt: skip
