"""The 12345 hotline: calls since March with their answers, most of them within five working days."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import names
from cities.qingdao.generator.departments._changes import amount
from cities.qingdao.generator.departments._registers import (
    department_ids,
    hidden_after,
    now,
    numbered,
    only_where,
    quota,
    yes_no,
)
from cities.qingdao.generator.world import DISTRICTS, World

_TOPICS = (
    "供水供电",
    "物业管理",
    "噪声扰民",
    "道路交通",
    "公共交通",
    "劳动报酬",
    "社会保障",
    "消费维权",
    "环境卫生",
    "违章建设",
    "教育入学",
    "疫情防控",
    "营商环境",
    "其他",
)
_FIRST, _LAST = np.datetime64("2020-03-01T00:00:00"), np.datetime64("2020-05-07T02:30:00")


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    clock, calls = now(world, night), _calls(world)
    shown = calls[calls["received"].to_numpy() <= clock].reset_index(drop=True)
    received, answered = shown["received"].to_numpy(), hidden_after(shown["answered"].to_numpy(), clock)
    done = ~np.isnat(answered)
    updated = np.where(done, answered, received)
    return {
        "hotline.hotline_case": pd.DataFrame({
            "caseNo": shown["case_no"],
            "phone": shown["phone"],
            "topic": shown["topic"],
            "division": shown["division"],
            "deptId": shown["department"],
            "receivedAt": _zoned(received),
            "answeredAt": only_where(done, _zoned(answered)),
            "satisfied": only_where(done, shown["satisfied"]),
            "repeatOf": shown["repeat_of"],
            "updatedAt": _zoned(updated),
        })
    }  # fmt: skip


@lru_cache(maxsize=1)
def _calls(world: World) -> pd.DataFrame:
    rng, count = world.rng("registers", "hotline"), amount(world, 5200, 300)
    span = (_LAST - _FIRST).astype("timedelta64[s]").astype(int)
    received = np.sort(_FIRST + rng.integers(0, span, count).astype("timedelta64[s]"))
    hours = np.where(
        quota(rng, count, 0.035), rng.uniform(16 * 24, 30 * 24, count), rng.gamma(2, 16, count).clip(1, 110)
    )
    answered = received + (hours * 3600).astype(int).astype("timedelta64[s]")
    phones, topics, districts = (
        names.phones(rng, count),
        rng.choice(np.array(_TOPICS), count),
        rng.choice(np.array(list(DISTRICTS)), count),
    )
    numbers, repeat_of = numbered("QD2020%08d", count), np.full(count, None, dtype=object)
    again = np.flatnonzero(quota(rng, count, 0.04) & (np.arange(count) > 50))
    earlier = again - rng.integers(1, 50, len(again))
    for values in (phones, topics, districts):
        values[again] = values[earlier]
    repeat_of[again] = numbers[earlier]
    return pd.DataFrame({
        "case_no": numbers,
        "phone": phones,
        "topic": topics,
        "division": districts,
        "department": rng.choice(department_ids()[:48], count),
        "received": received,
        "answered": answered,
        "satisfied": yes_no(rng.random(count) < 0.93),
        "repeat_of": repeat_of,
    })  # fmt: skip


def _zoned(times: np.ndarray) -> np.ndarray:
    return np.char.add(times.astype("datetime64[s]").astype(str), "+08:00")
