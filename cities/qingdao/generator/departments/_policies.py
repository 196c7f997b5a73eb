"""The policies two departments publish; some are one policy that both of them pooled."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._registers import NOT_YET, numbered, only_where, quota, spread
from cities.qingdao.generator.world import World

# documents of each department, and how many of the second are the first's as well
REFORM, SCIENCE, SHARED = 150, 90, 24

_SUBJECTS = [
    "促进民营经济高质量发展",
    "支持中小企业应对疫情共渡难关",
    "科技型企业培育",
    "高新技术企业认定奖励",
    "人才住房补贴",
    "稳岗返还",
    "外贸企业出口信用保险",
    "首台套技术装备奖励",
    "研发投入奖补",
    "海洋产业发展",
    "工业互联网",
    "现代物流",
    "总部企业",
    "绿色建筑",
    "新能源汽车推广",
    "文化旅游恢复",
    "种业创新",
    "服务业小微企业房租减免",
]
_KINDS = ("若干政策措施", "实施意见", "管理办法", "实施细则", "行动计划")


@lru_cache(maxsize=1)
def policies(world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The documents of the development and reform commission, and of the science and technology bureau."""
    rng, count = world.rng("registers", "policies"), REFORM + SCIENCE - SHARED
    issued = np.sort(spread(rng, count, "2017-01-10", "2020-04-26"))
    issued[-3:] = np.array(["2020-05-04", "2020-05-05", "2020-05-06"], dtype="datetime64[D]")
    years = issued.astype("datetime64[Y]").astype(int) + 1970
    ends = issued + (rng.integers(1, 6, count) * 365 + 30).astype("timedelta64[D]")
    sections = [
        ";".join(sorted(rng.choice(list("ACEFGIJLMR"), rng.integers(1, 4), replace=False))) for _ in range(count)
    ]
    heads = rng.choice(np.array(["青政办发", "青政发", "青政办字"]), count)
    frame = pd.DataFrame({
        "title": [
            f"关于{subject}的{kind}" for subject, kind in zip(rng.choice(np.array(_SUBJECTS), count), rng.choice(np.array(_KINDS), count), strict=True)
        ],
        "document_no": [f"{head}〔{year}〕{n}号" for head, year, n in zip(heads, years, np.arange(1, count + 1), strict=True)],
        "issued_on": issued,
        "valid_from": issued + np.timedelta64(30, "D"),
        "valid_to": np.where(quota(rng, count, 0.2), NOT_YET, ends).astype("datetime64[D]"),
        "industries": only_where(rng.random(count) >= 0.35, sections),
        "audience": rng.choice(np.array(["企业", "个人", "企业和个人"]), count, p=[0.7, 0.1, 0.2]),
        "payout": quota(rng, count, 0.4),
    })  # fmt: skip
    both = np.sort(rng.choice(REFORM, SHARED, replace=False))
    reform, science = frame.iloc[:REFORM].copy(), pd.concat([frame.iloc[both], frame.iloc[REFORM:]]).copy()
    # the second copy of a policy is written with other brackets and blanks
    rows = np.arange(SHARED)
    copies = science["document_no"].to_numpy(dtype=object)
    copies[rows[::2]] = [text.replace("〔", "[").replace("〕", "]") for text in copies[rows[::2]]]
    copies[rows[1::2]] = [text.replace("〔", "（").replace("〕", "） ") for text in copies[rows[1::2]]]
    science["document_no"] = copies
    reform.insert(0, "policy_no", numbered("FG%05d", len(reform)))
    science.insert(0, "policy_no", numbered("KJ%05d", len(science)))
    reform["issuer"], science["issuer"] = "青岛市发展和改革委员会", "青岛市科学技术局"
    return reform.reset_index(drop=True), science.reset_index(drop=True)
