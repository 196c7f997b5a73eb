"""The approval platform's exports: steps of cases, some side by side, and what each item's guide asks for."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import amount, rows_of, texts
from cities.qingdao.generator.departments._registers import (
    NOT_YET,
    cycled,
    department_ids,
    hidden_after,
    now,
    numbered,
    only_where,
    quota,
    short_names,
    spread,
    today,
    yes_no,
)  # fmt: skip
from cities.qingdao.generator.world import World

GUIDES = 1_240
# items planted that still ask for a paper the lake holds
_ASKING = 24
OVERSEAS_WINDOWS = ("东京", "首尔", "新加坡", "慕尼黑", "特拉维夫", "旧金山", "巴黎", "曼谷", "香港")

_STEPS = (
    ("受理", "approval"), ("规划审查", "natural_resources"), ("消防审查", "housing"), ("人防审查", "civil_air_defence"), ("环评审查", "ecology"),
    ("审批发证", "approval"),
)  # fmt: skip
# papers an item may ask for, and the resource that already says the same
_PAPERS = {
    "身份证": "public_security.resident", "营业执照": "market_supervision.enterprise", "不动产权证书": "housing.property_right",
    "结婚证": "civil_affairs.marriage", "社保缴费证明": "human_resources.social_insurance", "出生医学证明": "health.birth_certificate",
    "残疾人证": "disabled_federation.certificate", "申请表": None, "授权委托书": None, "可行性研究报告": None, "近期照片": None,
}  # fmt: skip


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    return {"approval.approval_case": _steps_at(world, night), "approval.service_guide": _guides_at(world, night)}


def _steps_at(world: World, night: int) -> pd.DataFrame:
    clock, day, frame = now(world, night), today(world, night), _steps(world)
    shown = frame[frame["startedAt"].to_numpy() <= clock].reset_index(drop=True)
    shown["startedAt"] = texts(shown["startedAt"].to_numpy().astype("datetime64[s]"))
    shown["endedAt"] = texts(hidden_after(shown["endedAt"].to_numpy(), clock).astype("datetime64[s]"))
    for name in ("brokenOn", "supplementedOn"):
        shown[name] = texts(hidden_after(shown[name].to_numpy(), day).astype("datetime64[D]"))
    return shown


@lru_cache(maxsize=1)
def _steps(world: World) -> pd.DataFrame:
    rng, count = world.rng("registers", "approvals"), amount(world, 700, 70)
    size = len(_STEPS)
    begun = np.sort(spread(rng, count, "2019-10-08", "2020-05-06")) + rng.integers(9 * 3600, 17 * 3600, count).astype(
        "timedelta64[s]"
    )
    parallel = quota(rng, count, 0.62)
    lasts = (rng.gamma(2, 1.1, (count, size)) * 86_400).astype(int) + 1_800
    lasts[:, [0, -1]] //= 4
    lasts = lasts.astype("timedelta64[s]")
    starts = np.empty((count, size), dtype="datetime64[s]")
    starts[:, 0] = begun
    for step in range(1, size):
        starts[:, step] = starts[:, step - 1] + lasts[:, step - 1]
    side_by_side = (starts[:, 0] + lasts[:, 0])[:, None]
    starts[:, 1:-1] = np.where(parallel[:, None], side_by_side, starts[:, 1:-1])
    starts[:, -1] = np.where(parallel, (starts[:, 1:-1] + lasts[:, 1:-1]).max(axis=1), starts[:, -1])
    days = begun.astype("datetime64[D]")
    commitment, tolerant = quota(rng, count, 0.25), quota(rng, count, 0.12)
    broken = np.where(commitment & (rng.random(count) < 0.04), days + np.timedelta64(45, "D"), NOT_YET)
    supplemented = np.where(tolerant & (rng.random(count) < 0.95), days + np.timedelta64(4, "D"), NOT_YET)
    windows = np.full(count, None, dtype=object)
    abroad = np.flatnonzero(quota(rng, count, max(0.03, 2 * len(OVERSEAS_WINDOWS) / count)))
    windows[abroad] = cycled(OVERSEAS_WINDOWS, len(abroad))
    each = np.repeat(np.arange(count), size)
    return pd.DataFrame({
        "caseNo": numbered("BJ%08d", count)[each],
        "stepNo": np.tile(np.arange(1, size + 1), count),
        "step": np.tile([name for name, _ in _STEPS], count),
        "itemCode": numbered("SX%05d", GUIDES)[rng.integers(0, GUIDES, count)][each],
        "deptId": np.tile([department for _, department in _STEPS], count),
        "applicant": rows_of(world.firms, rng, count)["credit_code"].to_numpy()[each],
        "startedAt": starts.ravel(),
        "endedAt": (starts + lasts).ravel(),
        "parallel": yes_no(parallel)[each],
        "commitment": yes_no(commitment)[each],
        "brokenOn": broken.astype("datetime64[D]")[each],
        "tolerant": yes_no(tolerant)[each],
        "supplementedOn": supplemented.astype("datetime64[D]")[each],
        "overseasWindow": windows[each],
    })  # fmt: skip


def asking_again(world: World, night: int) -> dict[str, str]:
    """Item code → department of the items with a guide at that night which still ask for a paper that the lake holds."""
    guides = _guides_at(world, night)
    planted = guides[guides["paperResources"].notna() & guides["guidePublishedOn"].notna()]
    return dict(zip(planted["itemCode"], planted["deptId"], strict=True))


def _guides_at(world: World, night: int) -> pd.DataFrame:
    rng, names = world.rng("registers", "guides"), short_names()
    owners = rng.choice(department_ids()[:52], GUIDES)
    asked = [sorted(rng.choice(list(_PAPERS), rng.integers(1, 5), replace=False)) for _ in range(GUIDES)]
    published = spread(rng, GUIDES, "2018-07-01", "2020-04-28")
    missing = np.flatnonzero(quota(rng, GUIDES, 0.03))
    published[missing] = NOT_YET
    published[missing[:2]] = np.array(["2020-05-05", "2020-05-06"], dtype="datetime64[D]")
    # what the lake holds is asked for by the planted items, and by those whose guide is not out yet
    asking = np.setdiff1d(np.arange(GUIDES), missing)[11::50][:_ASKING]
    for place in range(GUIDES):
        if place in asking or place in missing[:2]:
            asked[place] = sorted({*asked[place], "身份证"})
        elif place not in missing:
            asked[place] = [paper for paper in asked[place] if _PAPERS[paper] is None] or ["申请表"]
    held = [";".join(_PAPERS[paper] or "" for paper in papers if _PAPERS[paper]) for papers in asked]
    return pd.DataFrame({
        "itemCode": numbered("SX%05d", GUIDES),
        "itemName": [f"{names[owner]}事项{number}" for number, owner in enumerate(owners, 1)],
        "deptId": owners,
        "papers": [";".join(papers) for papers in asked],
        "paperResources": only_where(np.array(held) != "", held),
        "windows": rng.integers(0, 12, GUIDES),
        "anyWindow": yes_no(rng.random(GUIDES) < 0.7),
        "guidePublishedOn": texts(hidden_after(published, today(world, night))),
    })  # fmt: skip
