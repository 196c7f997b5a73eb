"""The reform office's workbooks: the tree of reform tasks, and what was promised at the hearing."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import texts
from cities.qingdao.generator.departments._registers import (
    NOT_YET,
    department_ids,
    hidden_after,
    only_where,
    spread,
    today,
)
from cities.qingdao.generator.world import World

# programme: key, tasks of the first level, of the second, share done by the first night, first and last day of completions
PROGRAMMES = {
    "三十二项改革": ("R", 32, 123, 0.55, "2019-06-01"),
    "重点攻坚领域": ("F", 6, 26, 0.5, "2019-09-01"),
    "疫情防控惠企": ("E", 5, 15, 1.0, "2020-02-08"),
    "流程再造1+11": ("P", 1, 11, 0.46, "2020-01-10"),
    "学习深圳对标": ("S", 14, 210, 0.4, "2019-10-01"),
}

# number, question, answered live, department, promise, due, figure, direction, target
_PROMISES: list[tuple[Any, ...]] = [
    (1, "部门数据共享不充分，群众办事仍需反复提交材料", True, "big_data", "市级共享需求满足率保持97%以上", "2020-12-31", "share_verified", "不低于", 97),
    (1, "部门数据共享不充分，群众办事仍需反复提交材料", True, "big_data", "政务信息系统上云率达到96%以上", "2020-05-31", "cloud_share", "不低于", 96),
    (2, "业务专网林立，网络不通数据难通", True, "big_data", "完成22个业务专网迁移", "2020-12-31", "networks_moving", "不高于", 0),
    (3, "移动端能办的事项少", True, "big_data", "移动端政务服务事项达到2000项", "2020-12-31", "mobile_items", "不低于", 2000),
    (4, "行政机关负责人出庭应诉率不高，出庭不出声", True, "justice", "行政机关负责人出庭应诉率达到100%", "2020-12-31", "court_appearance", "不低于", 100),
    (5, "政策多而散，企业看不到、用不上", True, "private_economy", "政策统一归集到政策通平台", "2020-09-30", "policies_in_force", "不低于", 1),
    (5, "政策多而散，企业看不到、用不上", True, "finance", "政策兑现资金应兑尽兑", "2020-12-31", "policy_paid_share", "不低于", 100),
    (6, "政府部门拖欠企业账款", True, "finance", "无分歧欠款年底前清零", "2020-12-31", "debts_overdue", "不高于", 0),
    (7, "公务员诚信档案没有做到全覆盖", False, "development_reform", "公务员诚信档案覆盖率100%", "2020-06-30", "official_credit_coverage", "不低于", 100),
    (7, "公务员诚信档案没有做到全覆盖", False, "development_reform", "城市信用监测排名保持前十", "2020-12-31", "city_credit_rank", "不高于", 10),
    (8, "审批环节多、时间长", False, "approval", "并联审批较串联审批压减一半时间", "2020-12-31", "parallel_saving", "不低于", 50),
    (9, "热线诉求办理超期", False, "hotline", "诉求按期办结率98%以上", "2020-12-31", "hotline_on_time", "不低于", 98),
    (10, "历史数据仍在纸上", False, "archives", "完成重点历史档案数字化", "2021-12-31", "paper_digitised", "不低于", 50),
    (11, "信息化项目重复建设，形成新的孤岛", False, "big_data", "新建项目不产生新的信息孤岛", "2020-12-31", "island_projects", "不高于", 0),
    (11, "信息化项目重复建设，形成新的孤岛", False, "culture_tourism", "文化场馆预约数据年内接入", "2020-10-31", None, None, None),
    (9, "热线诉求办理超期", False, "urban_management", "停车泊位信息统一发布", "2020-11-30", None, None, None),
]  # fmt: skip
QUESTIONS, ANSWERED_LIVE = 11, 6


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    return {"reform_office.task_register": _tasks_at(world, night), "reform_office.hearing_promise": _promises()}


def _tasks_at(world: World, night: int) -> pd.DataFrame:
    frame, day = _tasks(world).copy(), today(world, night)
    done = hidden_after(frame["完成日期"].to_numpy().astype("datetime64[D]"), day)
    leaf = frame["层级"].to_numpy() == 2
    # a task of the first level is done when its last part is
    parts = np.where(np.isnat(done[leaf]), np.datetime64("2999-12-31"), done[leaf])
    last = pd.Series(parts).groupby(frame["上级任务编号"][leaf].to_numpy()).max()
    done[~leaf] = hidden_after(last.reindex(frame["任务编号"][~leaf]).to_numpy().astype("datetime64[D]"), day)
    frame["完成日期"] = texts(done)
    frame["完成佐证"] = only_where(~np.isnat(done), np.char.add("督查确认单", frame["任务编号"].to_numpy(dtype="U16")))
    return frame


@lru_cache(maxsize=1)
def _tasks(world: World) -> pd.DataFrame:
    rng = world.rng("registers", "tasks")
    parts = []
    for programme, (key, above, below, share, since) in PROGRAMMES.items():
        parents = [f"{key}{number:02d}" for number in range(1, above + 1)]
        under = (
            np.sort(np.concatenate([np.arange(above), rng.integers(0, above, below - above)]))
            if below > above
            else np.zeros(below, int)
        )
        serial = np.arange(below) - np.searchsorted(under, under)
        done = spread(rng, below, since, "2020-04-30")
        later = rng.permutation(below)[round(below * share) :]
        done[later] = NOT_YET
        for day, place in zip(("2020-05-04", "2020-05-05", "2020-05-06"), later, strict=False):
            done[place] = np.datetime64(day)
        parts.append(pd.DataFrame({
            "任务编号": parents + [f"{parents[p]}-{n + 1:02d}" for p, n in zip(under, serial, strict=True)],
            "上级任务编号": [None] * above + [parents[p] for p in under],
            "工作方案": programme,
            "层级": [1] * above + [2] * below,
            "任务名称": [f"{programme}第{n}项" for n in range(1, above + 1)] + [f"{programme}第{p + 1}项任务{n + 1}" for p, n in zip(under, serial, strict=True)],
            "牵头部门": rng.choice(department_ids(), above + below),
            "完成时限": texts(spread(rng, above + below, "2020-04-01", "2020-12-31")),
            "完成日期": np.concatenate([np.full(above, NOT_YET), done]),
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _promises() -> pd.DataFrame:
    names = ("问题序号", "问题", "现场答复", "承诺部门", "承诺内容", "兑现时限", "对应指标", "方向", "目标值")
    frame = pd.DataFrame(_PROMISES, columns=list(names)).astype(object).where(lambda f: f.notna(), None)
    frame["现场答复"] = np.where(frame["现场答复"], "是", "否")
    frame.insert(0, "承诺编号", [f"CN{number:03d}" for number in range(1, len(frame) + 1)])
    return frame
