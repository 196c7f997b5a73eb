"""Civil affairs: the day's marriages and divorces, and social organisations."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers, names
from cities.qingdao.generator.departments._changes import (
    amount,
    days_before,
    moments,
    pick,
    put,
    rows_of,
    texts,
    without,
)
from cities.qingdao.generator.world import DISTRICTS, World, district_names

_CAUSES = names.words("养老服务 志愿服务 职业培训 环境保护 书画 健身 慈善 科普 社区服务 行业 老年教育 青少年发展")
_KINDS = {"社会团体": ("协会", "1"), "民办非企业单位": ("中心", "2"), "基金会": ("基金会", "3")}


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    return {
        "civil_affairs.marriage": _marriages(world, night),
        "civil_affairs.social_organisation": _organisations_at(world, night),
    }


@lru_cache(maxsize=4)
def _marriages(world: World, night: int) -> pd.DataFrame:
    """The registrations of the night's day; from the second night on, two of the day before are revoked."""
    rng = world.rng("civil_affairs", "marriages", str(night))
    count = amount(world, 64, 40)
    marriageable = world.adults["birth_date"].map(lambda day: day.year <= 1997)
    men = rows_of(world.adults[marriageable & (world.adults["gender"] == "1")], rng, count)
    women = rows_of(world.adults[marriageable & (world.adults["gender"] == "2")], rng, count)
    office = rng.choice(np.array(list(DISTRICTS)), count)
    divorce = rng.random(count) < 0.25
    serials = identifiers.padded(np.arange(count) + 1 + (night - 1) * 250_000, 6)
    day = f"{world.night_start(night):%Y-%m-%d}"
    kinds = np.where(divorce, "离婚", "结婚")
    frame = pd.DataFrame({
        "证件字号": np.char.add(np.char.add(np.char.add(np.where(divorce, "L", "J"), office), "-2020-"), serials),
        "登记类型": np.where(rng.random(count) < 0.05, np.char.add(kinds, "登记"), kinds),
        "男方姓名": men["name"],
        "男方身份证号": men["resident_id"],
        "女方姓名": women["name"],
        "女方身份证号": women["resident_id"],
        "登记日期": day,
        "登记机关区划": office,
        "登记机关": np.char.add(district_names(office), "民政局婚姻登记处"),
        "状态": "有效",
        "更新时间": texts(np.datetime64(day) + (rng.integers(8 * 3600, 17 * 3600, count)).astype("timedelta64[s]")),
    })  # fmt: skip
    if night == 1:
        return frame
    revoked = _marriages(world, night - 1).iloc[[5, 17]].copy()
    revoked["状态"] = "撤销"
    revoked["更新时间"] = texts(moments(world, rng, night, 2))
    return pd.concat([frame, revoked], ignore_index=True)


@lru_cache(maxsize=1)
def _organisations(world: World) -> pd.DataFrame:
    rng = world.rng("civil_affairs", "organisations")
    count = amount(world, 140, 60)
    heads = rows_of(world.adults, rng, count)
    kind = rng.choice(np.array(list(_KINDS)), count, p=[0.42, 0.53, 0.05])
    division = rng.choice(np.array(list(DISTRICTS)), count)
    ending = np.array([_KINDS[k][0] for k in kind])
    number = identifiers.padded(np.arange(count) + 1, 3)
    codes = identifiers.credit_codes(
        np.full(count, "5"), np.array([_KINDS[k][1] for k in kind]), division, 51_000_000 + rng.permutation(count)
    )
    frame = pd.DataFrame({
        "统一社会信用代码": codes,
        "名称": np.char.add(np.char.add(np.char.add("青岛", rng.choice(_CAUSES, count)), number), ending),
        "类型": np.where((kind == "民办非企业单位") & (rng.random(count) < 0.2), "民非", kind),
        "法定代表人": heads["name"],
        "法定代表人身份证号": heads["resident_id"],
        "业务主管单位": rng.choice(["青岛市民政局", "青岛市教育局", "青岛市体育局", "青岛市科学技术协会"], count),
        "注册资金（万元）": np.where(rng.random(count) < 0.1, "N/A", rng.integers(3, 500, count).astype(str)),
        "成立日期": texts(days_before(rng, count, "2020-03-31", 9000)),
        "登记机关区划": division,
        "状态": "正常",
    })  # fmt: skip
    return frame.sort_values("统一社会信用代码", ignore_index=True)


def _organisations_at(world: World, night: int) -> pd.DataFrame:
    """Each night two are struck off and vanish, and two have a new head."""
    frame = _organisations(world).copy()
    for past in range(2, night + 1):
        rng = world.rng("civil_affairs", "organisations", str(past))
        chosen = rng.permutation(pick(rng, len(frame), 4))
        put(frame, chosen[2:], "法定代表人", names.people(rng, np.array([True, False])))
        frame = without(frame, chosen[:2])
    return frame
