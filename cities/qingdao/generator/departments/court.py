"""The court's administrative lawsuits: every hearing with the highest official who appeared for the department that was sued."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import amount, texts
from cities.qingdao.generator.departments._registers import department_ids, only_where, quota, spread, today, yes_no
from cities.qingdao.generator.world import World

APPEARED_2019 = 0.725  # what the hearing said of the year before; the sample's cases are dealt out to come near it

_CAUSES = ("行政处罚", "行政强制", "行政征收", "行政许可", "行政确认", "政府信息公开", "行政不作为", "工伤认定")


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    cases = _hearings(world)
    shown = cases[cases["heardOn"].to_numpy() <= today(world, night)].reset_index(drop=True)
    shown["heardOn"] = texts(shown["heardOn"].to_numpy().astype("datetime64[D]"))
    return {"court.administrative_case": shown}


@lru_cache(maxsize=1)
def _hearings(world: World) -> pd.DataFrame:
    rng = world.rng("registers", "court")
    past = _year(world, rng, 2019, amount(world, 620, 80), "2019-01-07", "2019-12-20", APPEARED_2019)
    current = _year(world, rng, 2020, amount(world, 150, 30), "2020-01-06", "2020-05-06", 1.0)
    return pd.concat([past, current], ignore_index=True).sort_values(
        ["caseNo", "instance", "hearingNo"], ignore_index=True
    )


def _year(
    world: World, rng: np.random.Generator, year: int, count: int, first: str, last: str, appeared_share: float
) -> pd.DataFrame:
    """The hearings of a year: one in eight instances is heard twice, and the official need come to one of the two."""
    heard = spread(rng, count, first, last)
    excused = quota(rng, count, 0.03)
    official = np.zeros(count, dtype=bool)
    official[~excused] = quota(rng, int((~excused).sum()), appeared_share)
    who = np.where(rng.random(count) < 0.45, "正职", "分管副职")
    others = np.where(rng.random(count) < 0.93, "工作人员", "无人")
    twice = quota(rng, count, 0.125)
    frame = pd.DataFrame({
        "caseNo": [f"（{year}）鲁02行初{number}号" for number in range(1, count + 1)],
        "instance": rng.choice(np.array(["一审", "二审", "再审"]), count, p=[0.74, 0.23, 0.03]),
        "hearingNo": 1,
        "heardOn": heard,
        "defendant": rng.choice(department_ids()[:60], count),
        "cause": rng.choice(np.array(_CAUSES), count),
        "appeared": np.where(official, who, others),
        "spoke": only_where(official, yes_no(rng.random(count) < (0.55 if year < 2020 else 0.9))),
        "absenceReason": only_where(excused, rng.choice(np.array(["疫情防控", "紧急公务", "身体原因"]), count)),
        "absenceDocument": only_where(excused, np.char.mod("说明%05d", rng.integers(1, 99_999, count))),
    })  # fmt: skip
    # some staff-only cases give a reason without a document: that is no justified absence
    bare = ~official & ~excused & (rng.random(count) < 0.1)
    frame.loc[bare, "absenceReason"] = "公务繁忙"
    return pd.concat([frame, _second_hearings(rng, frame[twice], last)], ignore_index=True)


def _second_hearings(rng: np.random.Generator, first: pd.DataFrame, last: str) -> pd.DataFrame:
    second = first.copy()
    later = first["heardOn"].to_numpy().astype("datetime64[D]") + rng.integers(10, 40, len(first)).astype(
        "timedelta64[D]"
    )
    second["hearingNo"], second["heardOn"] = 2, later
    second["appeared"], second["spoke"] = "工作人员", None
    in_year: pd.DataFrame = second[later <= np.datetime64(last)]
    return in_year
