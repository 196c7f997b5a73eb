"""The numbers firms were registered under before 1 October 2015, when the credit code took their place."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers
from cities.qingdao.generator.world import World

LAST_DAY = date(2015, 9, 30)


@lru_cache(maxsize=1)
def old_numbers(world: World) -> pd.DataFrame:
    """The older firms' rows of the world, with their `registration_no`."""
    rng, firms = world.rng("old numbers"), world.firms
    older = firms[(firms["established_on"] <= LAST_DAY) & (firms["status"] != "注销")].reset_index(drop=True)
    serials = rng.permutation(len(older)) + 10_000_000
    registrar = older["credit_code"].str.slice(2, 8).to_numpy(dtype="U6")
    return older.assign(registration_no=identifiers.registration_numbers(registrar, serials.astype(np.int64)))
