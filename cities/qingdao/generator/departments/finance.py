"""Finance: what the city's bodies owe firms, and what policies promised firms and paid."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import amount, rows_of, texts
from cities.qingdao.generator.departments._policies import policies
from cities.qingdao.generator.departments._registers import (
    NOT_YET,
    department_ids,
    hidden_after,
    numbered,
    only_where,
    quota,
    spread,
    today,
)  # fmt: skip
from cities.qingdao.generator.world import World


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    day = today(world, night)
    return {"finance.enterprise_debt": _debts_at(world, day), "finance.policy_payment": _payments_at(world, day)}


def _debts_at(world: World, day: np.datetime64) -> pd.DataFrame:
    frame = _debts(world)
    shown = frame[frame["交付日期"].to_numpy() <= day].reset_index(drop=True)
    paid = hidden_after(shown["付款日期"].to_numpy().astype("datetime64[D]"), day)
    shown["已付金额"] = only_where(~np.isnat(paid), shown["已付金额"])
    shown["付款日期"] = texts(paid)
    for name in ("签订日期", "交付日期", "应付日期"):
        shown[name] = texts(shown[name].to_numpy().astype("datetime64[D]"))
    return shown


@lru_cache(maxsize=1)
def _debts(world: World) -> pd.DataFrame:
    """Contracts from 2014 on; most are paid within weeks of the due day, the old accounts are not."""
    rng, count = world.rng("registers", "debts"), amount(world, 900, 80)
    firms = rows_of(world.firms, rng, count)
    old = quota(rng, count, 0.12)
    signed = np.where(
        old, spread(rng, count, "2014-01-10", "2017-12-20"), spread(rng, count, "2018-01-10", "2020-03-10")
    )
    delivered = signed + rng.integers(20, 300, count).astype("timedelta64[D]")
    term = rng.choice(np.array([15, 30, 60, 90]), count, p=[0.1, 0.62, 0.22, 0.06])
    due = delivered + term.astype("timedelta64[D]")
    paid = due + np.round(rng.normal(6, 25, count)).astype("timedelta64[D]")
    paid = np.where(
        old, spread(rng, count, "2019-01-10", "2020-12-20"), np.maximum(paid, delivered + np.timedelta64(3, "D"))
    )
    paid = np.where(quota(rng, count, 0.05), NOT_YET, paid).astype("datetime64[D]")
    # a payment on each of the nights
    open_still = np.flatnonzero((delivered < np.datetime64("2020-04-01")) & ~(paid < np.datetime64("2020-05-04")))[:3]
    paid[open_still] = np.array(["2020-05-04", "2020-05-05", "2020-05-06"], dtype="datetime64[D]")[: len(open_still)]
    owed = np.round(rng.lognormal(11.8, 1.1, count), 2)
    part = np.where(quota(rng, count, 0.04), 0.6, 1.0)
    return pd.DataFrame({
        "账款编号": numbered("ZK%06d", count),
        "合同编号": numbered("HT%07d", count, 2_000_001),
        "债务单位": rng.choice(department_ids()[:50], count),
        "企业信用代码": firms["credit_code"],
        "签订日期": signed,
        "交付日期": delivered,
        "应付日期": due,
        "应付金额": np.char.mod("%.2f", owed),
        "已付金额": np.char.mod("%.2f", np.floor(owed * part * 100) / 100),
        "付款日期": paid,
    })  # fmt: skip


def _payments_at(world: World, day: np.datetime64) -> pd.DataFrame:
    frame = _payments(world)
    shown = frame[frame["核定日期"].to_numpy() <= day].reset_index(drop=True)
    paid = hidden_after(shown["拨付日期"].to_numpy().astype("datetime64[D]"), day)
    shown["拨付金额"] = only_where(~np.isnat(paid), shown["拨付金额"])
    shown["拨付日期"] = texts(paid)
    shown["核定日期"] = texts(shown["核定日期"].to_numpy().astype("datetime64[D]"))
    return shown


@lru_cache(maxsize=1)
def _payments(world: World) -> pd.DataFrame:
    rng, count = world.rng("registers", "payments"), amount(world, 700, 60)
    documents = pd.concat(policies(world))
    promising = documents[documents["payout"] & (documents["issued_on"] < pd.Timestamp("2019-12-01"))].reset_index(
        drop=True
    )
    chosen = promising.iloc[rng.integers(0, len(promising), count)]
    firms = rows_of(world.firms[world.firms["status"] == "存续"], rng, count)  # money goes to firms that exist
    promised = np.maximum(
        chosen["valid_from"].to_numpy().astype("datetime64[D]"), spread(rng, count, "2019-01-05", "2020-04-20")
    )
    paid = promised + rng.integers(5, 120, count).astype("timedelta64[D]")
    paid = np.where(quota(rng, count, 0.04), NOT_YET, paid).astype("datetime64[D]")
    money = np.round(
        rng.choice(np.array([20_000, 50_000, 100_000, 300_000, 500_000]), count) * rng.uniform(0.5, 1, count), 2
    )
    return pd.DataFrame({
        "兑现编号": numbered("DX%06d", count),
        "政策文号": chosen["document_no"].to_numpy(),
        "企业信用代码": firms["credit_code"],
        "核定日期": promised,
        "核定金额": np.char.mod("%.2f", money),
        "拨付日期": paid,
        "拨付金额": np.char.mod("%.2f", np.where(quota(rng, count, 0.03), np.floor(money * 50) / 100, money)),
    })  # fmt: skip
