"""Approval: electronic licences of 21 kinds, which are issued, expire and are revoked."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import yaml

from cities.qingdao.generator import identifiers
from cities.qingdao.generator.departments._changes import (
    amount,
    days_before,
    either,
    moments,
    past_moments,
    pick,
    put,
    rows_of,
)
from cities.qingdao.generator.world import CITY_FOLDER, World, code_list

# kind of licence → who issues it, whether firms hold it, and years of validity (0: for good)
_KINDS = {
    "01": ("public_security", False, 20), "02": ("public_security", False, 0), "03": ("civil_affairs", False, 0),
    "04": ("civil_affairs", False, 0), "05": ("health", False, 0), "06": ("natural_resources", False, 0),
    "07": ("market_supervision", True, 0), "08": ("market_supervision", True, 5), "09": ("market_supervision", True, 5),
    "10": ("transport", True, 4), "11": ("public_security", False, 0), "12": ("public_security", False, 6),
    "13": ("human_resources", False, 0), "14": ("disabled_federation", False, 10), "15": ("health", False, 0),
    "16": ("health", False, 5), "17": ("education", False, 0), "18": ("ecology", True, 3), "19": ("housing", True, 0),
    "20": ("water", True, 5), "21": ("civil_affairs", True, 0),
}  # fmt: skip


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _licences(world).copy()
    for past in range(1, night + 1):
        frame = _a_day(world, past, frame)
    return {"approval.e_licence": frame}


@lru_cache(maxsize=1)
def _departments() -> dict[str, Any]:
    text = (CITY_FOLDER / "departments.yaml").read_text(encoding="utf-8")
    return {department["id"]: department for department in yaml.load(text, Loader=yaml.CSafeLoader)}


@lru_cache(maxsize=1)
def _licences(world: World) -> pd.DataFrame:
    rng = world.rng("licences")
    count = amount(world, 5000, 420)
    frame = _drawn(world, rng, 0, count, days_before(rng, count, "2020-05-02", 3650))
    frame["更新时间"] = past_moments(rng, count)
    return frame


def _drawn(world: World, rng: np.random.Generator, first: int, count: int, start: np.ndarray) -> pd.DataFrame:
    """`count` licences numbered from `first`, each kind in turn, valid from the days `start`."""
    kinds = np.array(list(_KINDS))[np.arange(count) % len(_KINDS)]
    departments = _departments()
    issuers = [departments[issuer] for issuer, _, _ in _KINDS.values()]
    at = np.searchsorted(np.array(list(_KINDS)), kinds)
    by_firm = np.array([firm for _, firm, _ in _KINDS.values()])[at]
    years = np.array([years for _, _, years in _KINDS.values()])[at]
    people, firms = rows_of(world.adults, rng, count), rows_of(world.firms, rng, count)
    ends = (start + np.round(years * 365.25).astype(np.int64)).astype("datetime64[s]")
    ends[years == 0] = np.datetime64("NaT")
    serials = identifiers.padded(first + np.arange(count), 12)
    titles = {row["code"]: row["name"] for row in code_list("licence_kinds")}
    return pd.DataFrame({
        "证照标识": np.char.add(np.char.add(np.char.add("1.2.156.3005.2.", kinds), "."), serials),
        "证照类型代码": kinds,
        "证照名称": np.array([titles[kind] for kind in _KINDS])[at],
        "持证主体类型": np.where(by_firm, "法人", "自然人"),
        "持证主体名称": np.where(by_firm, firms["name"], people["name"]),
        "持证人身份号码": either(by_firm, None, people["resident_id"]),
        "持证法人信用代码": either(by_firm, firms["credit_code"], None),
        "颁发机构代码": np.array([issuer["credit_code"] for issuer in issuers])[at],
        "颁发机构": np.array([issuer["name"]["zh"] for issuer in issuers])[at],
        "有效期起": start.astype("datetime64[s]"),
        "有效期止": ends,
        "证照状态": np.where(ends < np.datetime64("2020-05-03"), "过期", "有效"),
    })  # fmt: skip


def _a_day(world: World, night: int, frame: pd.DataFrame) -> pd.DataFrame:
    """What ended the day before expires, a few are revoked, new ones are issued."""
    rng = world.rng("licences", str(night))
    today = np.datetime64(world.night_start(night).date())
    over = np.flatnonzero((frame["有效期止"].to_numpy() < today) & (frame["证照状态"] == "有效").to_numpy())
    revoked = np.setdiff1d(pick(rng, len(_licences(world)), amount(world, 6, 4)), over)
    put(frame, over, "证照状态", "过期")
    put(frame, revoked, "证照状态", "吊销")
    changed = np.concatenate([over, revoked])
    put(frame, changed, "更新时间", moments(world, rng, night, len(changed)))
    count = amount(world, 63, 42)
    new = _drawn(world, rng, len(_licences(world)) + (night - 1) * count, count, np.full(count, today))
    new["更新时间"] = moments(world, rng, night, count)
    return pd.concat([frame, new], ignore_index=True)
