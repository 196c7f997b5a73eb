"""Education: pupils of primary and secondary schools, who change class and leave."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import names
from cities.qingdao.generator.departments._changes import amount, optional, pick, put, rows_of, without
from cities.qingdao.generator.world import World, district_names


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _pupils(world).copy()
    for past in range(2, night + 1):
        rng = world.rng("students", str(past))
        chosen = rng.permutation(pick(rng, len(frame), amount(world, 8, 6)))
        put(frame, chosen[2:], "班级", "9班")
        frame = without(frame, chosen[:2])
    return {"education.student": frame}


@lru_cache(maxsize=1)
def _pupils(world: World) -> pd.DataFrame:
    rng, born = world.rng("students"), world.people["birth_date"]
    young = world.people[(born >= date(2002, 9, 1)) & (born < date(2013, 9, 1)) & world.people["alive"]].reset_index(
        drop=True
    )
    count = len(young)
    births = young["birth_date"].to_numpy().astype("datetime64[D]")
    # school begins in the September after the sixth birthday
    years = 2019 - (births - np.timedelta64(243, "D")).astype("datetime64[Y]").astype(int) - 1970 - 5
    grade = np.clip(years, 1, 12)
    stage = np.select([grade <= 6, grade <= 9], ["小学", "初级中学"], "高级中学")
    guardians = rows_of(world.adults, rng, count)
    school = np.char.add(
        district_names(young["division_code"].to_numpy(dtype="U6")), rng.choice(["第一", "第二", "实验", "育才"], count)
    )
    return pd.DataFrame({
        "学籍号": "G" + young["resident_id"],
        "姓名": young["name"],
        "身份证件号": young["resident_id"],
        "性别": np.where(young["gender"] == "1", "男", "女"),
        "出生日期": births.astype("datetime64[s]"),
        "学校名称": np.char.add(school, stage),
        "学校区划": young["division_code"],
        "年级": grade.astype(np.int64),
        "班级": np.char.add(rng.integers(1, 9, count).astype("U1"), "班"),
        "入学日期": np.char.add((2020 - grade).astype("U4"), "-09-01").astype("datetime64[s]"),
        "监护人姓名": guardians["name"],
        "监护人电话": optional(rng, names.phones(rng, count), 0.05),
    })  # fmt: skip
