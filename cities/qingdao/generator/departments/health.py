"""Health: the day's births, and everyone registered to practise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers, names
from cities.qingdao.generator.departments._births import births
from cities.qingdao.generator.departments._changes import (
    amount,
    days_before,
    either,
    optional,
    pick,
    put,
    rows_of,
    texts,
    without,
)
from cities.qingdao.generator.world import World, code_list

HOSPITALS = names.words(
    "青岛市市立医院 青岛市中心医院 青岛市妇女儿童医院 青岛市第三人民医院 青岛市海慈医院 即墨区人民医院 胶州市人民医院 平度市人民医院 莱西市人民医院 黄岛区中医医院"
)


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    return {
        "health.birth_certificate": _certificates(world, night),
        "health.practitioner": _practitioners_at(world, night),
    }


def _certificates(world: World, night: int) -> pd.DataFrame:
    rng, born = world.rng("health", "births", str(night)), births(world, night)
    count = len(born)
    unnamed = rng.random(count) < 0.1
    fatherless = rng.random(count) < 0.06
    return pd.DataFrame({
        "@no": np.char.add("U", identifiers.padded(370_000_000 + night * 1_000_000 + np.arange(count), 9)),
        "child_name": either(unnamed, None, born["name"]),
        "child_gender": np.where(born["gender"] == "1", "男", "女"),
        "born_at": texts(born["born_at"].to_numpy()),
        "weight_g": np.round(np.clip(rng.normal(3300, 450, count), 900, 5200)).astype(np.int64).astype(str),
        "mother_name": born["mother_name"],
        "mother_id": born["mother_id"],
        "father_name": either(fatherless, None, born["father_name"]),
        "father_id": either(fatherless, None, born["father_id"]),
        "hospital": rng.choice(HOSPITALS, count),
        "division": born["division_code"],
    })  # fmt: skip


@lru_cache(maxsize=1)
def _practitioners(world: World) -> pd.DataFrame:
    rng = world.rng("health", "practitioners")
    able = world.adults[world.adults["birth_date"].map(lambda day: 1956 <= day.year <= 1996)]
    people = rows_of(able, rng, min(amount(world, 160, 60), len(able)))
    count = len(people)
    registered = days_before(rng, count, "2020-04-20", 1500)
    kinds = np.array([row["code"] for row in code_list("practitioner_kinds")])
    frame = pd.DataFrame({
        "cert_no": np.char.add("37020", identifiers.padded(rng.permutation(count) + 1_000_000, 10)),
        "name": people["name"],
        "gender": np.where(people["gender"] == "1", "男", "女"),
        "id_no": people["resident_id"],
        "category": rng.choice(kinds, count),
        "institution": rng.choice(HOSPITALS, count),
        "registered": texts(registered),
        "expires": optional(rng, texts(registered + np.timedelta64(1826, "D")), 0.1),
        "status": rng.choice(["有效", "暂停"], count, p=[0.97, 0.03]),
    })  # fmt: skip
    return frame.sort_values("cert_no", ignore_index=True)


def _practitioners_at(world: World, night: int) -> pd.DataFrame:
    """Each night four move to another hospital and one stops and vanishes."""
    frame = _practitioners(world).copy()
    for past in range(2, night + 1):
        rng = world.rng("health", "practitioners", str(past))
        chosen = rng.permutation(pick(rng, len(frame), 5))
        put(frame, chosen[1:], "institution", "青岛市公共卫生临床中心")
        frame = without(frame, chosen[:1])
    return frame
