"""Children born while the three nights pass: the health office certifies them, the police registers them two nights later."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers, names
from cities.qingdao.generator.departments._changes import amount, moments, rows_of
from cities.qingdao.generator.world import World


@lru_cache(maxsize=4)
def births(world: World, night: int) -> pd.DataFrame:
    """The children whose certificates were issued in the night's interval, with both parents' rows as `mother_…` and `father_…`."""
    rng = world.rng("births", str(night))
    count = amount(world, 36, 24)
    fertile = world.adults["birth_date"].map(lambda day: 1975 <= day.year <= 1999)
    women = world.adults[fertile & (world.adults["gender"] == "2")]
    men = world.adults[fertile & (world.adults["gender"] == "1")]
    mothers, fathers = rows_of(women, rng, count), rows_of(men, rng, count)
    male = rng.random(count) < 0.52
    born = np.minimum(
        moments(world, rng, night, count), np.datetime64(world.night_end(night).replace(tzinfo=None), "s") - 60
    )
    # order numbers from 500 and one block of them a night: no child meets another's number
    orders = 500 + (np.arange(count) % 83) * 6 + (night - 1) * 2 + np.where(male, 1, 2)
    days = born.astype("datetime64[D]") - (np.arange(count) // 830).astype("timedelta64[D]")
    frame = pd.DataFrame({
        "resident_id": identifiers.resident_ids(mothers["division_code"].to_numpy(dtype="U6"), days, orders),
        "name": np.char.add(fathers["name"].str.slice(0, 1).to_numpy(dtype="U4"), names.people(rng, male)),
        "gender": np.where(male, "1", "2"),
        "born_at": born,
        "mother_id": mothers["resident_id"],
        "mother_name": mothers["name"],
        "father_id": fathers["resident_id"],
        "father_name": fathers["name"],
        "division_code": mothers["division_code"],
        "address": mothers["address"],
        "phone": mothers["phone"],
    })  # fmt: skip
    return frame.drop_duplicates("resident_id", ignore_index=True)
