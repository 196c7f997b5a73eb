"""What the registers share: the departments by id, numbered keys, and timelines of which a night shows only what had happened.

A register is generated once, with its future; each night hides what comes later, so that the three nights tell one story.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cities.qingdao.generator.departments._changes import CLOCK
from cities.qingdao.generator.world import CITY_FOLDER, World
from contracts.mistakes import Mistakes
from contracts.reader import load_yaml

Days = NDArray[Any]
NOT_YET = np.datetime64("NaT", "D")


@lru_cache(maxsize=1)
def departments() -> list[dict[str, Any]]:
    """The departments as the city's file lists them."""
    return list(load_yaml(CITY_FOLDER / "departments.yaml", Mistakes("departments.yaml")))


def department_ids() -> NDArray[Any]:
    return np.array([item["id"] for item in departments()])


def short_names() -> dict[str, str]:
    """Department id → name without the city's own name in front."""
    return {
        item["id"]: item["name"]["zh"].replace("中共青岛市委", "市委").removeprefix("青岛市") for item in departments()
    }


def today(world: World, night: int) -> np.datetime64:
    """The last day whose dated events the night's sources show: the day on which the interval starts."""
    return np.datetime64(world.night_start(night).date(), "D")


def now(world: World, night: int) -> np.datetime64:
    """The local time at which the night's sources are read."""
    return np.datetime64((world.night_end(night) + CLOCK).replace(tzinfo=None), "s")


def spread(rng: np.random.Generator, count: int, first: str, last: str) -> Days:
    """Days drawn evenly from `first` to `last`, both included."""
    start, end = np.datetime64(first, "D"), np.datetime64(last, "D")
    return start + rng.integers(0, (end - start).astype(int) + 1, count).astype("timedelta64[D]")


def hidden_after(times: Days, limit: np.datetime64) -> Days:
    """The times, those later than `limit` not known yet."""
    shown: Days = times.copy()
    shown[shown > limit] = np.datetime64("NaT")
    return shown


def numbered(pattern: str, count: int, start: int = 1) -> NDArray[Any]:
    """Keys such as `XT00001`: a printf pattern over whole numbers."""
    return np.char.mod(pattern, np.arange(start, start + count))


def yes_no(truth: NDArray[np.bool_]) -> NDArray[Any]:
    return np.where(truth, "是", "否").astype(object)


def only_where(truth: NDArray[np.bool_], values: Any) -> NDArray[Any]:
    """The values, empty where the condition does not hold."""
    kept = np.broadcast_to(np.asarray(values, dtype=object), truth.shape).copy()
    kept[~truth] = None
    return kept


def quota(rng: np.random.Generator, count: int, share: float) -> NDArray[np.bool_]:
    """True for that share of the places, to the nearest whole number, at places drawn by chance."""
    chosen = np.zeros(count, dtype=bool)
    chosen[rng.permutation(count)[: round(count * share)]] = True
    return chosen


def cycled(values: Sequence[Any] | NDArray[Any], count: int) -> NDArray[Any]:
    """The values again and again, `count` in all."""
    return np.resize(np.asarray(values), count)
