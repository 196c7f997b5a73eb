"""Market supervision: enterprises, which change name and status and are cancelled, and food business licences."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers, names
from cities.qingdao.generator.departments._changes import (
    amount,
    days_before,
    moments,
    optional,
    past_moments,
    pick,
    put,
    rows_of,
    texts,
    without,
    written_dates,
)
from cities.qingdao.generator.world import DISTRICTS, World, code_list, district_names


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    firms = _enterprises(world).copy()
    licences = _food_licences(world).copy()
    for past in range(1, night + 1):
        firms = _a_day_of_enterprises(world, past, firms)
        licences = _a_day_of_licences(world, past, licences)
    firms["updatetime"] = np.char.add(np.asarray(firms["updatetime"]).astype("datetime64[s]").astype(str), "+08:00")
    return {"market_supervision.enterprise": firms, "market_supervision.food_licence": licences}


@lru_cache(maxsize=1)
def _enterprises(world: World) -> pd.DataFrame:
    rng, firms = world.rng("market", "enterprises"), world.firms
    count = len(firms)
    types = np.array([row["code"] for row in code_list("enterprise_types")])
    return pd.DataFrame({
        "uniscid": firms["credit_code"],
        "entname": firms["name"],
        "enttype": rng.choice(types, count),
        "lerep": firms["representative_name"],
        "lerep_certno": firms["representative_id"],
        "regcap": firms["capital"],
        "estdate": texts(firms["established_on"].to_numpy().astype("datetime64[D]")),
        "industryco": firms["industry_code"],
        "dom": firms["address"],
        "domdistrict": firms["division_code"],
        "tel": optional(rng, firms["phone"], 0.06),
        "regstate": firms["status"],
        "updatetime": past_moments(rng, count),
    })  # fmt: skip


def _a_day_of_enterprises(world: World, night: int, firms: pd.DataFrame) -> pd.DataFrame:
    rng = world.rng("market", "enterprises", str(night))
    chosen = rng.permutation(pick(rng, len(world.firms), amount(world, 24, 18)))
    renamed, revoked, cancelled = np.split(chosen, [len(chosen) - 7, len(chosen) - 4])
    put(firms, renamed, "entname", names.firms(rng, len(renamed)))
    put(firms, revoked, "regstate", "吊销")
    put(firms, cancelled, "regstate", "注销")
    put(firms, chosen, "updatetime", moments(world, rng, night, len(chosen)))
    return pd.concat([firms, _new_enterprises(world, night, rng)], ignore_index=True)


def _new_enterprises(world: World, night: int, rng: np.random.Generator) -> pd.DataFrame:
    count = amount(world, 14, 10)
    heads = rows_of(world.adults, rng, count)
    home = rng.choice(np.array(list(DISTRICTS)), count)
    classes = np.array([row["code"] for row in code_list("industries") if len(row["code"]) == 5])
    serials = 60_000_000 + night * 2_000_000 + np.arange(count)
    return pd.DataFrame({
        "uniscid": identifiers.credit_codes(np.full(count, "9"), np.full(count, "1"), home, serials),
        "entname": names.firms(rng, count), "enttype": "1130", "lerep": heads["name"], "lerep_certno": heads["resident_id"],
        "regcap": np.round(rng.uniform(3, 2000, count), 2), "estdate": f"{world.night_start(night):%Y-%m-%d}",
        "industryco": rng.choice(classes, count), "dom": names.addresses(rng, district_names(home)), "domdistrict": home,
        "tel": names.phones(rng, count), "regstate": "存续", "updatetime": moments(world, rng, night, count),
    })  # fmt: skip


@lru_cache(maxsize=1)
def _food_licences(world: World) -> pd.DataFrame:
    rng = world.rng("market", "food")
    open_firms = world.firms[world.firms["status"] == "存续"]
    holders = open_firms[rng.random(len(open_firms)) < 0.3].reset_index(drop=True)
    count = len(holders)
    issued = days_before(rng, count, "2020-04-30", 1800)
    kinds = np.array([row["code"] for row in code_list("food_categories")])
    serials = identifiers.padded(np.arange(count) + 1, 8)
    return pd.DataFrame({
        "许可证编号": np.char.add(np.char.add(rng.choice(["JY1", "JY2", "JY3"], count), "370202"), serials),
        "社会信用代码": holders["credit_code"],
        "经营者名称": holders["name"],
        "法定代表人": holders["representative_name"],
        "经营项目": rng.choice(kinds, count),
        "经营场所": holders["address"],
        "区划": holders["division_code"],
        "发证日期": written_dates(rng, issued),
        "有效期至": written_dates(rng, issued + np.timedelta64(1826, "D")),
        "监管人员数": rng.integers(1, 4, count),
    })  # fmt: skip


def _a_day_of_licences(world: World, night: int, licences: pd.DataFrame) -> pd.DataFrame:
    """Some licences get other inspectors, some are given back and leave the file."""
    rng = world.rng("market", "food", str(night))
    chosen = rng.permutation(pick(rng, len(licences), amount(world, 8, 5)))
    put(licences, chosen[2:], "监管人员数", 5)
    return without(licences, chosen[:2])
