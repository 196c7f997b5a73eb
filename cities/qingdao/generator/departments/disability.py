"""The disabled persons' federation: certificates with kind, grade and monthly support, kept in a workbook."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import (
    amount,
    days_before,
    optional,
    pick,
    put,
    rows_of,
    without,
    written_dates,
)
from cities.qingdao.generator.world import World

_MOST_ROWS = 100_000
_SUPPORT = np.array([240.0, 180.0, 120.0, 0.0])


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _certificates(world).copy()
    for past in range(2, night + 1):
        rng = world.rng("disability", str(past))
        chosen = rng.permutation(pick(rng, len(frame), amount(world, 6, 4)))
        put(frame, chosen[1:], "月补贴金额", "260.00")
        frame = without(frame, chosen[:1])
    return {"disabled_federation.certificate": frame}


@lru_cache(maxsize=1)
def _certificates(world: World) -> pd.DataFrame:
    rng = world.rng("disability")
    living = world.people[world.people["alive"]].reset_index(drop=True)
    people = rows_of(living, rng, min(amount(world, 220, 60), _MOST_ROWS, len(living)))
    count = len(people)
    kind, grade = rng.integers(1, 8, count), rng.integers(1, 5, count)
    issued = days_before(rng, count, "2020-04-20", 3000)
    words = np.array(["一级", "二级", "三级", "四级"])[grade - 1]
    guardians = rows_of(world.adults, rng, count)
    return pd.DataFrame({
        "残疾人证号": people["resident_id"] + pd.Series(kind.astype(str)) + pd.Series(grade.astype(str)),
        "姓名": people["name"],
        "身份证号": people["resident_id"],
        "性别": np.where(people["gender"] == "1", "男", "女"),
        "残疾类别": kind.astype(str),
        "残疾等级": np.where(rng.random(count) < 0.5, words, grade.astype(str)),
        "监护人": optional(rng, guardians["name"], 0.5),
        "联系电话": people["phone"],
        "住址": people["address"],
        "区划": people["division_code"],
        "发证日期": written_dates(rng, issued),
        "有效期至": written_dates(rng, issued + np.timedelta64(3652, "D")),
        "月补贴金额": np.char.mod("%.2f", _SUPPORT[grade - 1]),
    })  # fmt: skip
