"""Housing: real estate rights, which are sold, and provident fund accounts."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers, names
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
from cities.qingdao.generator.departments._work import jobs
from cities.qingdao.generator.names import Texts
from cities.qingdao.generator.world import DISTRICTS, World, district_names


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    rights = _rights(world).copy()
    for past in range(1, night + 1):
        rights = _a_day_of_sales(world, past, rights)
    rights["GXSJ"] = texts(rights["GXSJ"])
    return {"housing.property_right": rights, "housing.provident_fund": _accounts_at(world, night)}


@lru_cache(maxsize=1)
def _rights(world: World) -> pd.DataFrame:
    rng = world.rng("housing", "rights")
    count = amount(world, 2400, 150)
    owners, firms = rows_of(world.adults, rng, count), rows_of(world.firms, rng, count)
    by_firm = rng.random(count) < 0.12
    division = rng.choice(np.array(list(DISTRICTS)), count)
    registered = days_before(rng, count, "2020-04-30", 9000)
    return pd.DataFrame({
        "BDCQZH": _certificates(registered.astype("datetime64[Y]").astype(str), np.arange(count) + 1),
        "BDCDYH": _units(division, np.arange(count)),
        "QLRMC": np.where(by_firm, firms["name"], owners["name"]),
        "QLRZJH": either(by_firm, None, _as_registered(rng, owners["resident_id"].to_numpy(dtype="U18"), registered)),
        "QLRXYDM": either(by_firm, firms["credit_code"], None),
        "ZL": names.addresses(rng, district_names(division)),
        "XZQH": division,
        "FWYT": np.where(by_firm, "0501", "0701"),
        "JZMJ": np.char.mod("%.2f", rng.gamma(9, 11, count) + 15),
        "SFDY": rng.choice(["是", "否"], count, p=[0.3, 0.7]),
        "DJRQ": written_dates(rng, registered),
        "QSZT": "现势",
        "GXSJ": past_moments(rng, count),
    })  # fmt: skip


def _as_registered(rng: np.random.Generator, ids: Texts, registered: Texts) -> Texts:
    """Ids as the register of their day wrote them: 15 digits before 2000, and now and then a small x."""
    old = (registered < np.datetime64("2000-01-01")) & (np.char.find(ids, "19", 6) == 6)
    short = ids.astype(object)
    short[old] = identifiers.shortened(ids[old])
    small = ~old & (rng.random(len(ids)) < 0.3)
    short[small] = np.char.lower(ids[small])
    return short


def _a_day_of_sales(world: World, night: int, rights: pd.DataFrame) -> pd.DataFrame:
    """Each sale cancels the seller's certificate and enters the buyer's."""
    rng = world.rng("housing", "sales", str(night))
    sold = pick(rng, len(_rights(world)), amount(world, 14, 10))
    sold = sold[(rights["QSZT"].to_numpy()[sold] == "现势")]
    count = len(sold)
    buyers, times = rows_of(world.adults, rng, count), moments(world, rng, night, count)
    new = rights.iloc[sold].copy()
    new["BDCQZH"] = _certificates(np.full(count, "2020"), 5_000_000 + night * 500_000 + np.arange(count))
    new["QLRMC"], new["QLRZJH"], new["QLRXYDM"] = buyers["name"].to_numpy(), buyers["resident_id"].to_numpy(), None
    new["DJRQ"], new["GXSJ"] = f"{world.night_start(night):%Y-%m-%d}", times
    put(rights, sold, "QSZT", "注销")
    put(rights, sold, "GXSJ", times)
    after: pd.DataFrame = pd.concat([rights, new], ignore_index=True)
    return after


def _certificates(years: Texts, serials: Texts) -> Texts:
    text = np.char.add(
        np.char.add(np.char.add("鲁（", years.astype("U4")), "）青岛市不动产权第"), identifiers.padded(serials, 7)
    )
    return np.char.add(text, "号")


def _units(divisions: Texts, numbers: Texts) -> Texts:
    """28 characters: division, zone, parcel, building and unit."""
    return np.char.add(np.char.add(np.char.add(divisions, "001001GB"), identifiers.padded(numbers // 50, 6)), np.char.add(
        "F", np.char.add("000", identifiers.padded(numbers % 50 + 1, 4))))  # fmt: skip


def _accounts_at(world: World, night: int) -> pd.DataFrame:
    frame = _accounts(world).copy()
    for past in range(1, night + 1):
        rng = world.rng("housing", "accounts", str(past))
        chosen = pick(rng, len(frame), amount(world, 60, 12))
        put(frame, chosen, "YE", np.round(frame["YE"].to_numpy(dtype=float)[chosen] + 1000, 2))
    return frame


@lru_cache(maxsize=1)
def _accounts(world: World) -> pd.DataFrame:
    rng, work = world.rng("housing", "fund"), jobs(world)
    mine = work[rng.random(len(work)) < 0.8].reset_index(drop=True)
    count = len(mine)
    deposit = np.round(mine["wage"].to_numpy() * 0.24, 2)
    return pd.DataFrame({
        "GRZH": np.char.add("3702", identifiers.padded(rng.permutation(count) + 100_000, 8)),
        "XM": mine["name"],
        "ZJHM": mine["resident_id"],
        "DWXYDM": mine["employer_code"],
        "YE": np.round(deposit * rng.integers(1, 90, count), 2),
        "YJCE": deposit,
        "KHRQ": written_dates(rng, mine["since"].to_numpy().astype("datetime64[D]")),
        "ZHZT": rng.choice(["正常", "封存"], count, p=[0.94, 0.06]),
    })  # fmt: skip
