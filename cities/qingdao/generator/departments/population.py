"""Public security: registered residents, who move, die and are born, and the residence permits of those registered elsewhere."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers, names
from cities.qingdao.generator.departments._births import births
from cities.qingdao.generator.departments._changes import (
    amount,
    days_before,
    moments,
    optional,
    past_moments,
    pick,
    put,
    texts,
    without,
    written_dates,
)
from cities.qingdao.generator.world import DISTRICTS, World, district_names


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    residents = _residents(world).copy()
    permits = _permits(world).copy()
    for past in range(1, night + 1):
        residents = _a_day_of_residents(world, past, residents)
        permits = _a_day_of_permits(world, past, permits)
    residents["GXSJ"] = texts(residents["GXSJ"])
    return {"public_security.resident": residents, "public_security.residence_permit": permits}


@lru_cache(maxsize=1)
def _residents(world: World) -> pd.DataFrame:
    rng, people = world.rng("population", "residents"), world.people
    count = len(people)
    ethnicity = people["ethnicity"].to_numpy(dtype=object).copy()
    ethnicity[(ethnicity == "01") & (rng.random(count) < 0.1)] = "汉族"
    birth = people["birth_date"].to_numpy().astype("datetime64[D]")
    # a register begun on paper: a few birth dates are not the ones inside the ids, which only warns
    birth = np.where(rng.random(count) < 0.002, birth + np.timedelta64(1, "D"), birth)
    return pd.DataFrame({
        "GMSFHM": people["resident_id"],
        "XM": people["name"],
        "XB": people["gender"],
        "MZ": ethnicity,
        "CSRQ": texts(birth),
        "XZQH": people["division_code"],
        "ZZ": people["address"],
        "LXDH": np.where(rng.random(count) < 0.04, "无", people["phone"]),
        "HH": identifiers.padded(rng.integers(1, 900_000_000, count), 9),
        "RYZT": np.where(people["alive"], "正常", "死亡"),
        "GXSJ": past_moments(rng, count),
    })  # fmt: skip


def _a_day_of_residents(world: World, night: int, residents: pd.DataFrame) -> pd.DataFrame:
    rng = world.rng("population", "residents", str(night))
    count = amount(world, 40, 24)
    chosen = rng.permutation(pick(rng, len(world.people), count))
    moved, died, cancelled = np.split(chosen, [len(chosen) - 9, len(chosen) - 3])
    home = rng.choice(np.array(list(DISTRICTS)), len(moved))
    put(residents, moved, "XZQH", home)
    put(residents, moved, "ZZ", names.addresses(rng, district_names(home)))
    put(residents, died, "RYZT", "死亡")
    put(residents, cancelled, "RYZT", "注销")
    put(residents, chosen, "GXSJ", moments(world, rng, night, len(chosen)))
    if night < 2:
        return residents
    born = births(world, night - 1)
    new = pd.DataFrame({
        "GMSFHM": born["resident_id"], "XM": born["name"], "XB": born["gender"], "MZ": "01",
        "CSRQ": identifiers.born_on(born["resident_id"]), "XZQH": born["division_code"], "ZZ": born["address"], "LXDH": born["phone"],
        "HH": identifiers.padded(rng.integers(1, 900_000_000, len(born)), 9), "RYZT": "正常",
        "GXSJ": moments(world, rng, night, len(born)),
    })  # fmt: skip
    return pd.concat([residents, new], ignore_index=True)


@lru_cache(maxsize=1)
def _permits(world: World) -> pd.DataFrame:
    rng = world.rng("population", "permits")
    elsewhere = world.adults[~world.adults["resident_id"].str.startswith("3702")]
    holders = elsewhere[rng.random(len(elsewhere)) < 0.6].reset_index(drop=True)
    count = len(holders)
    issued = days_before(rng, count, "2020-04-30", 700)
    station = np.char.add(district_names(holders["division_code"].to_numpy(dtype="U6")), "派出所")
    serials = identifiers.padded(rng.permutation(count) + 1_000_000, 10)
    return pd.DataFrame({
        "JZZBH": np.char.add("JZ3702", serials),
        "GMSFHM": holders["resident_id"],
        "XM": holders["name"],
        "XZQH": holders["division_code"],
        "JZDZ": holders["address"],
        "LXDH": optional(rng, holders["phone"], 0.05),
        "PCS": station,
        "QFRQ": written_dates(rng, issued),
        "YXQZ": written_dates(rng, issued + np.timedelta64(365, "D")),
    })  # fmt: skip


def _a_day_of_permits(world: World, night: int, permits: pd.DataFrame) -> pd.DataFrame:
    """Some holders move, some permits end and leave the table."""
    rng = world.rng("population", "permits", str(night))
    chosen = rng.permutation(pick(rng, len(permits), amount(world, 10, 6)))
    moved, ended = chosen[3:], chosen[:3]
    home = permits["XZQH"].to_numpy(dtype="U6")[moved]
    put(permits, moved, "JZDZ", names.addresses(rng, district_names(home)))
    return without(permits, ended)
