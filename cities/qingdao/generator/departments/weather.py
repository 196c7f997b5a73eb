"""Meteorology: hourly readings of the city's automatic stations, kept for the last days."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import CLOCK, amount
from cities.qingdao.generator.world import DISTRICTS, NIGHTS, World, district_names

_FIRST = np.datetime64("2020-05-03T00:00:00")


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    rng = world.rng("weather")
    stations = amount(world, 15, 12)
    last = np.datetime64((world.night_end(max(NIGHTS)) + CLOCK).replace(tzinfo=None), "s")
    hours = np.arange(_FIRST, last, np.timedelta64(1, "h"))
    count = stations * len(hours)
    at, station = np.repeat(hours, stations), np.tile(np.arange(stations), len(hours))
    division = np.array(list(DISTRICTS))[station % len(DISTRICTS)]
    warmth = 15 + 5 * np.sin((at.astype("datetime64[h]").astype(np.int64) % 24 - 1) / 24 * 2 * np.pi)
    rain = np.round(np.where(rng.random(count) < 0.92, 0, rng.gamma(1, 1.5, count)), 1).astype(object)
    rain[rng.random(count) < 0.01] = "微量"
    frame = pd.DataFrame({
        "station": (54_700 + station).astype("U5"),
        "observed": np.char.add(at.astype("datetime64[s]").astype(str), "+08:00"),
        "station_name": np.char.add(np.char.add(district_names(division), "自动站"), (station // 10 + 1).astype("U5")),
        "division": division,
        "temperature": np.round(warmth + rng.normal(0, 1.5, count), 1),
        "humidity": rng.integers(35, 99, count),
        "wind_speed": np.round(rng.gamma(2, 1.8, count), 1),
        "rainfall": rain,
    })  # fmt: skip
    now = np.datetime64((world.night_end(night) + CLOCK).replace(tzinfo=None), "s")
    return {"meteorology.station_reading": frame[at <= now].reset_index(drop=True)}
