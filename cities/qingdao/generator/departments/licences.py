"""Approval: electronic licences of 21 kinds, which are issued, expire and are revoked.

Of twelve kinds the sample holds the register of the department that issues them: their electronic licences are drawn from it as it stood after the
first night, with the number printed on the licence, and lag behind what the register says later.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import numpy as np
import pandas as pd
import yaml

from cities.qingdao.generator import identifiers
from cities.qingdao.generator.departments._changes import amount, days_before, moments, past_moments, pick, put, rows_of
from cities.qingdao.generator.departments._licence_registers import COLUMNS, DAILY, REGISTERS, registered
from cities.qingdao.generator.world import CITY_FOLDER, NIGHTS, World, code_list

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

# kinds whose printed number is the holder's own, and how the others' numbers look: {year} of issue, {n} of order
_HOLDERS_OWN = ("01", "12")
_FORMS = {
    "02": "370202{n:08d}", "03": "J370200-{year}-{n:06d}", "04": "L370200-{year}-{n:06d}", "05": "T{n:09d}",
    "09": "SC10137020{n:07d}", "10": "鲁交运管许可青字3702{n:08d}号", "13": "B{n:08d}", "17": "{year}3702{n:09d}",
    "19": "370202{year}{n:08d}", "20": "D370202S{year}-{n:06d}",
}  # fmt: skip
_COVERED = 0.8  # share of a register's licences that may have an electronic one
_TITLE = {row["code"]: row["name"] for row in code_list("licence_kinds")}


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    frame = _licences(world).copy()
    for past in range(1, night + 1):
        frame = _a_day(world, past, frame)
    return {"approval.e_licence": frame}


def as_issued(world: World) -> pd.DataFrame:
    """All electronic licences of the three nights as they were when they were issued, but for the time of change."""
    issued = [_of_every_kind(world, partial(_issued, world, night)) for night in NIGHTS]
    return pd.concat([_licences(world).drop(columns="更新时间"), *issued], ignore_index=True)


@lru_cache(maxsize=1)
def _departments() -> dict[str, Any]:
    text = (CITY_FOLDER / "departments.yaml").read_text(encoding="utf-8")
    return {department["id"]: department for department in yaml.load(text, Loader=yaml.CSafeLoader)}


@lru_cache(maxsize=1)
def _licences(world: World) -> pd.DataFrame:
    frame = _of_every_kind(world, partial(_before, world))
    frame["更新时间"] = past_moments(world.rng("licences"), len(frame))
    return frame


def _of_every_kind(world: World, drawn: Callable[[str], pd.DataFrame]) -> pd.DataFrame:
    """What is drawn of each kind (COLUMNS and `serial`), as the register writes it."""
    found = pd.concat([drawn(kind).assign(kind=kind) for kind in _KINDS], ignore_index=True)
    issuers = [_departments()[_KINDS[kind][0]] for kind in found["kind"]]
    serials = identifiers.padded(found["serial"].to_numpy(dtype=np.int64), 12)
    kinds = found["kind"].to_numpy(dtype="U2")
    return pd.DataFrame({
        "证照标识": np.char.add(np.char.add(np.char.add("1.2.156.3005.2.", kinds), "."), serials),
        "证照编号": found["number"].astype("str"),
        "证照类型代码": kinds,
        "证照名称": found["kind"].map(_TITLE),
        "持证主体类型": np.where(found["holder_code"].notna(), "法人", "自然人"),
        "持证主体名称": found["holder_name"].astype("str"),
        "持证人身份号码": found["holder_id"].astype("str"),
        "持证法人信用代码": found["holder_code"].astype("str"),
        "颁发机构代码": [issuer["credit_code"] for issuer in issuers],
        "颁发机构": [issuer["name"]["zh"] for issuer in issuers],
        "有效期起": found["start"].to_numpy().astype("datetime64[s]"),
        "有效期止": found["end"].to_numpy().astype("datetime64[s]"),
        "证照状态": found["status"].astype("str"),
    })  # fmt: skip


def _each(world: World) -> int:
    return amount(world, 5000, 420) // len(_KINDS)


def _before(world: World, kind: str) -> pd.DataFrame:
    """The electronic licences of a kind that were there before the first night."""
    count = _each(world)
    if kind in REGISTERS and kind not in DAILY:
        return _from_register(world, kind, NIGHTS[0], slice(count), 0)
    start = days_before(world.rng("licences", kind), count, "2020-05-02", 3650)
    return _without_register(world, kind, 0, start)


def _issued(world: World, night: int, kind: str) -> pd.DataFrame:
    """The electronic licences of a kind that the night's day brings."""
    count = amount(world, 63, 42) // len(_KINDS)
    first = _each(world) + (night - 1) * count
    if kind in DAILY:
        return _from_register(world, kind, night, slice(count), first)
    if kind in REGISTERS:
        return _from_register(world, kind, NIGHTS[0], slice(first, first + count), first)
    return _without_register(world, kind, first, np.full(count, np.datetime64(world.night_start(night).date())))


def _from_register(world: World, kind: str, night: int, rows: slice, first: int) -> pd.DataFrame:
    """These licences of the register as of the night, numbered from `first`; fewer where it has no more."""
    known = registered(world, kind, night)
    chosen = known.iloc[: max(1, round(len(known) * _COVERED))].iloc[rows]
    return chosen.assign(serial=first + np.arange(len(chosen)))


def _without_register(world: World, kind: str, first: int, start: np.ndarray) -> pd.DataFrame:
    """Licences that no register of the sample holds, valid from the days `start`, numbered from `first`; nobody holds two of a kind."""
    _, by_firm, years = _KINDS[kind]
    candidates = world.firms if by_firm else world.adults
    everybody = rows_of(candidates, world.rng("licences", kind, "holders"), len(candidates))
    count = min(len(start), max(0, len(everybody) - first))
    holders, start = everybody.iloc[first : first + count].reset_index(drop=True), start[:count]
    serials = first + np.arange(count)
    end = (start + np.round(years * 365.25).astype(np.int64)).astype("datetime64[s]")
    if not years:
        end[:] = np.datetime64("NaT")
    issued = start.astype("datetime64[Y]").astype(str)
    if kind in _HOLDERS_OWN:
        numbers = holders["resident_id"].to_numpy(dtype=object)
    else:
        numbers = np.array(
            [_FORMS[kind].format(year=year, n=n) for year, n in zip(issued, serials + 1, strict=True)], dtype=object
        )
    nobody = np.full(count, None, dtype=object)
    return pd.DataFrame({
        "number": numbers, "holder_name": holders["name"],
        "holder_id": nobody if by_firm else holders["resident_id"], "holder_code": holders["credit_code"] if by_firm else nobody,
        "start": start.astype("datetime64[s]"), "end": end, "status": np.where(end < np.datetime64("2020-05-03"), "过期", "有效"),
        "serial": serials,
    }, columns=[*COLUMNS, "serial"])  # fmt: skip


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
    new = _of_every_kind(world, partial(_issued, world, night))
    new["更新时间"] = moments(world, rng, night, len(new))
    return pd.concat([frame, new], ignore_index=True)
