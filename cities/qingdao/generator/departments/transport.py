"""Transport: commercial vehicles, which are inspected, stopped and scrapped."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import (
    amount,
    days_before,
    either,
    moments,
    past_moments,
    pick,
    put,
    rows_of,
    texts,
    written_dates,
)
from cities.qingdao.generator.world import World, code_list

_PLATE = np.array(list("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"))
_VIN = np.array(list("0123456789ABCDEFGHJKLMNPRSTUVWXYZ"))


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _vehicles(world).copy()
    for past in range(1, night + 1):
        frame = _a_day(world, past, frame)
    frame["更新时间"] = texts(frame["更新时间"])
    return {"transport.vehicle": frame}


@lru_cache(maxsize=1)
def _vehicles(world: World) -> pd.DataFrame:
    rng = world.rng("transport")
    frame = _drawn(world, rng, 0, amount(world, 800, 120))
    frame["更新时间"] = past_moments(rng, len(frame))
    return frame


def _drawn(world: World, rng: np.random.Generator, first: int, count: int) -> pd.DataFrame:
    """`count` vehicles whose plates follow from their numbers, `first` on, so that none comes twice."""
    firms, owners = rows_of(world.firms, rng, count), rows_of(world.adults, rng, count)
    by_person = rng.random(count) < 0.3
    kinds = np.array([row["code"] for row in code_list("vehicle_kinds")])
    registered = days_before(rng, count, "2020-04-25", 3600)
    truck = rng.random(count) < 0.7
    kind = np.where(
        truck,
        rng.choice(kinds[np.char.startswith(kinds, "H")], count),
        rng.choice(kinds[np.char.startswith(kinds, "K")], count),
    )
    numbers = (first + np.arange(count)) * 7919 % 34**5
    return pd.DataFrame({
        "车牌号码": np.char.add(np.where(numbers % 2 == 0, "鲁B", "鲁U"), _written(numbers, _PLATE, 5)),
        "车架号": np.char.add("LSD", _written(rng.integers(0, 2**62, count), _VIN, 14)),
        "车辆类型": kind,
        "业户名称": np.where(by_person, owners["name"], firms["name"]),
        "业户信用代码": either(by_person, None, firms["credit_code"]),
        "业户身份证号": either(by_person, owners["resident_id"], None),
        "核定载客数": np.where(truck, rng.integers(2, 4, count), rng.integers(5, 56, count)),
        "核定载质量": np.where(truck, np.round(rng.uniform(1, 40, count), 1), 0),
        "初次登记日期": written_dates(rng, registered),
        "检验有效期止": written_dates(rng, np.maximum(registered, np.datetime64("2020-03-15")) + rng.integers(30, 365, count)),
        "营运状态": rng.choice(["营运", "停运", "逾期未检验"], count, p=[0.9, 0.06, 0.04]),
    })  # fmt: skip


def _written(numbers: np.ndarray, alphabet: np.ndarray, width: int) -> np.ndarray:
    """Each number in the alphabet's base, lowest place first."""
    text = np.full(len(numbers), "", dtype=f"U{width}")
    for _ in range(width):
        text = np.char.add(text, alphabet[numbers % len(alphabet)])
        numbers = numbers // len(alphabet)
    return text


def _a_day(world: World, night: int, frame: pd.DataFrame) -> pd.DataFrame:
    rng = world.rng("transport", str(night))
    chosen = rng.permutation(pick(rng, len(_vehicles(world)), amount(world, 24, 18)))
    stopped, scrapped = chosen[4:], chosen[:4]
    put(frame, stopped, "营运状态", "停运")
    put(frame, scrapped, "营运状态", "报废")
    put(frame, chosen, "更新时间", moments(world, rng, night, len(chosen)))
    count = amount(world, 12, 8)
    new = _drawn(world, rng, len(_vehicles(world)) + (night - 1) * count, count)
    new["更新时间"] = moments(world, rng, night, count)
    return pd.concat([frame, new], ignore_index=True)
