"""The roll of civil servants: 43,000 whatever the scale below one, with those who entered and left during the nights."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers, names
from cities.qingdao.generator.departments._changes import texts
from cities.qingdao.generator.departments._registers import (
    NOT_YET,
    department_ids,
    hidden_after,
    numbered,
    spread,
    today,
)
from cities.qingdao.generator.world import DISTRICTS, World

ON_ROLL, LEFT = 43_000, 640
ENTERING = {"2020-05-05": 5, "2020-05-06": 3}  # new on the roll, and without a credit file before the 7th

_GRADES = (
    "二级科员",
    "一级科员",
    "四级主任科员",
    "三级主任科员",
    "二级主任科员",
    "一级主任科员",
    "四级调研员",
    "三级调研员",
    "二级巡视员",
)


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    roll, day = staff(world), today(world, night)
    shown = roll[roll["entered_on"].to_numpy() <= day]
    return {
        "human_resources.staff_roll": pd.DataFrame({
            "人员编号": shown["staff_no"],
            "身份证号": shown["resident_id"],
            "姓名": shown["name"],
            "单位": shown["department_id"],
            "职级": shown["grade"],
            "录用日期": texts(shown["entered_on"].to_numpy().astype("datetime64[D]")),
            "离职日期": texts(hidden_after(shown["left_on"].to_numpy(), day).astype("datetime64[D]")),
        }).reset_index(drop=True)
    }  # fmt: skip


@lru_cache(maxsize=1)
def staff(world: World) -> pd.DataFrame:
    """All who are or were on the roll: staff_no, resident_id, name, department_id, grade, entered_on and left_on (datetime64[D])."""
    rng = world.rng("registers", "staff")
    new = sum(ENTERING.values())
    wanted = round(ON_ROLL * max(1.0, world.scale)) + LEFT + new
    drawn = wanted + wanted // 50 + 50  # some ids come out twice, or are another person's
    births = spread(rng, drawn, "1961-01-01", "1997-12-31")
    male = rng.random(drawn) < 0.66
    orders = rng.integers(0, 499, drawn) * 2 + np.where(male, 1, 2)
    ids = identifiers.resident_ids(
        rng.choice(np.array([code for code in DISTRICTS if code != "370215"]), drawn), births, orders
    )
    first = np.sort(np.unique(ids, return_index=True)[1])
    first = first[~np.isin(ids[first], world.people["resident_id"].to_numpy(dtype="U18"))][:wanted]
    wanted = len(first)  # in a city of millions more ids meet than were drawn to spare
    births, male = births[first], male[first]
    entered = np.minimum(
        births + (rng.integers(22, 31, wanted) * 365).astype("timedelta64[D]"), np.datetime64("2019-11-30")
    )
    entered[-new:] = np.repeat(np.array(list(ENTERING), dtype="datetime64[D]"), list(ENTERING.values()))
    left = np.full(wanted, NOT_YET)
    left[:LEFT] = np.maximum(spread(rng, LEFT, "2018-01-01", "2020-04-30"), entered[:LEFT])
    left[LEFT : LEFT + 3] = np.datetime64("2020-05-06")
    return pd.DataFrame({
        "staff_no": numbered("GWY%08d", wanted),
        "resident_id": ids[first],
        "name": names.people(rng, male),
        "department_id": rng.choice(department_ids(), wanted),
        "grade": rng.choice(np.array(_GRADES), wanted),
        "entered_on": entered,
        "left_on": left,
    })  # fmt: skip
