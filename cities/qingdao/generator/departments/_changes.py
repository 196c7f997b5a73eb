"""How a department's table changes from night to night: which rows, and at what moments."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cities.qingdao.generator.world import World

Positions = NDArray[np.int64]
CLOCK = timedelta(minutes=10)  # a night's sources are as they are ten minutes after its interval ended


def amount(world: World, at_scale_one: float, least: int) -> int:
    """A number of rows that grows with the city, but never below `least`."""
    return max(least, round(at_scale_one * world.scale))


def pick(rng: np.random.Generator, rows: int, count: int) -> Positions:
    """Positions of `count` different rows (at most half of all), sorted."""
    return np.sort(rng.choice(rows, min(count, rows // 2), replace=False)).astype(np.int64)


def moments(world: World, rng: np.random.Generator, night: int, count: int) -> NDArray[Any]:
    """Local times of changes the night's sources show, in seconds; the first of four or more lies just after the interval's end.

    Such a row belongs to the next night: a department goes on working while the extraction runs.
    """
    start = np.datetime64((world.night_start(night) + CLOCK).replace(tzinfo=None), "s")
    times = start + rng.integers(0, 86_400 - 600, count).astype("timedelta64[s]")
    if count >= 4:
        times[0] = np.datetime64(world.night_end(night).replace(tzinfo=None), "s") + np.timedelta64(190, "s")
    return times


def past_moments(rng: np.random.Generator, count: int) -> NDArray[Any]:
    """Local times from 2015 to the day before the first night, in seconds."""
    first, last = np.datetime64("2015-01-01T08:00:00"), np.datetime64("2020-05-03T20:00:00")
    return first + (rng.random(count) * (last - first).astype(np.int64)).astype(np.int64).astype("timedelta64[s]")


def days_before(rng: np.random.Generator, count: int, last: str, most: int) -> NDArray[Any]:
    """Days from `last` back to `most` days before it."""
    return np.datetime64(last, "D") - rng.integers(0, most, count).astype("timedelta64[D]")


def texts(times: Any) -> NDArray[Any]:
    """Dates or times in ISO form with a blank between; the empty time becomes None."""
    values = np.asarray(times)
    written = np.char.replace(values.astype(str), "T", " ").astype(object)
    written[np.isnat(values)] = None
    return written


def written_dates(rng: np.random.Generator, days: NDArray[Any]) -> NDArray[Any]:
    """Dates as clerks write them: mostly ISO, some 2020年5月4日, 2020/5/4 or 20200504."""
    whole = np.char.partition(days.astype("datetime64[D]").astype(str), "-")
    month_day = np.char.partition(whole[:, 2], "-")
    year, month, day = whole[:, 0], month_day[:, 0], month_day[:, 2]
    short_month, short_day = month.astype(int).astype(str), day.astype(int).astype(str)
    add = np.char.add
    forms = [
        add(add(add(year, "-"), add(month, "-")), day),
        add(add(add(year, "年"), add(short_month, "月")), add(short_day, "日")),
        add(add(add(year, "/"), add(short_month, "/")), short_day),
        add(add(year, month), day),
    ]
    return np.choose(rng.choice(4, len(days), p=[0.8, 0.08, 0.07, 0.05]), forms)


def optional(rng: np.random.Generator, values: Any, share: float) -> NDArray[Any]:
    """The values, a `share` of them emptied."""
    result = np.asarray(values, dtype=object).copy()
    result[rng.random(len(result)) < share] = None
    return result


def rows_of(frame: pd.DataFrame, rng: np.random.Generator, count: int) -> pd.DataFrame:
    """`count` rows drawn from the frame, each at most once while there are enough, with a fresh index."""
    positions = rng.permutation(len(frame))
    return frame.iloc[np.resize(positions, count)].reset_index(drop=True)


def put(frame: pd.DataFrame, positions: Any, column: str, value: Any) -> None:
    """Write the value, or one value a row, into the column at the positions."""
    frame.iloc[positions, frame.columns.get_loc(column)] = value  # type: ignore[index]


def without(frame: pd.DataFrame, positions: Positions) -> pd.DataFrame:
    """The frame without the rows at the positions, with a fresh index."""
    return frame.drop(frame.index[positions]).reset_index(drop=True)


def either(test: Any, one: Any, other: Any) -> NDArray[Any]:
    """`one` where the test holds, elsewhere `other`; None empties."""
    chosen: NDArray[Any] = np.where(np.asarray(test), one, other)
    return chosen
