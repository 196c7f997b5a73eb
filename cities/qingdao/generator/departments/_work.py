"""Who works where: the same jobs stand behind social insurance and the provident fund."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import days_before
from cities.qingdao.generator.world import World


@lru_cache(maxsize=1)
def jobs(world: World) -> pd.DataFrame:
    """About six in ten adults below sixty: resident_id, name, employer_code, employer_name, since (datetime64[D]), wage (yuan a month)."""
    rng = world.rng("work", "jobs")
    young = world.adults[world.adults["birth_date"] >= date(1960, 5, 1)]
    workers = young[rng.random(len(young)) < 0.62].reset_index(drop=True)
    open_firms = world.firms[world.firms["status"] == "存续"].reset_index(drop=True)
    employers = open_firms.iloc[rng.integers(0, len(open_firms), len(workers))].reset_index(drop=True)
    return pd.DataFrame({
        "resident_id": workers["resident_id"],
        "name": workers["name"],
        "employer_code": employers["credit_code"],
        "employer_name": employers["name"],
        "since": days_before(rng, len(workers), "2020-04-01", 6000),
        "wage": np.round(np.clip(rng.lognormal(8.6, 0.45, len(workers)), 3457, 18171), 2),
    })  # fmt: skip
