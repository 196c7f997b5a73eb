"""The development and reform commission: the indicator tree of the business environment, credit files of civil servants, rank, policies."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import texts
from cities.qingdao.generator.departments._policies import policies
from cities.qingdao.generator.departments._registers import (
    NOT_YET,
    hidden_after,
    numbered,
    quota,
    spread,
    today,
    yes_no,
)
from cities.qingdao.generator.departments.staff_roll import ENTERING, staff
from cities.qingdao.generator.world import World

# The eighteen first-level indicators of the national evaluation, their department, and the second-level ones of the city's own file.
# After a colon: the scorecard figure that gives the value.
TREE = {
    ("开办企业", "market_supervision"): "环节 时间 成本 便利度",
    ("办理建筑许可", "approval"): "环节 时间:approval_days 成本 建筑质量控制指数 审批便利度:parallel_saving",
    ("获得电力", "industry_it"): "环节 时间 成本 供电可靠性和电费透明度 便利度",
    ("获得用水用气", "water"): "用水环节 用水时间 用水成本 用气环节 用气时间 用气成本",
    ("登记财产", "natural_resources"): "环节 时间 成本 土地管理质量指数 便利度",
    ("纳税", "tax"): "纳税次数 时间 总税收和缴费率 报税后流程指数 便利度",
    ("跨境贸易", "commerce"): "出口边境审核时间 出口单证审核时间 进口边境审核时间 进口单证审核时间 进出口成本 便利度",
    ("办理破产", "court"): "收回债务时间 收回债务成本 债权人回收率 法律框架保障质量",
    ("获得信贷", "local_finance"): "征信机构覆盖面 企业融资便利度 信用信息深度 合法权利度 普惠金融服务",
    ("保护中小投资者", "justice"): "信息披露透明度 董事责任程度 诉讼便利度 股东权利",
    ("执行合同", "court"): "解决商业纠纷时间 解决商业纠纷费用 司法程序质量 行政机关负责人出庭:court_appearance",
    ("劳动力市场监管", "human_resources"): "聘用情况 工作时间 裁员规定 就业服务",
    ("政府采购", "finance"): "电子采购平台 采购流程 采购结果确定和合同签订 合同管理 支付和交付:debts_long_terms",
    ("招标投标", "public_resources"): "互联网招标采购 投标和履约担保 外地企业中标率 公平竞争 公开透明",
    ("政务服务", "approval"): (
        "网上服务能力:mobile_items 事项便利度:guides_missing 服务满意度:hotline_satisfied 平台数据共享:share_verified 电子证照应用:licence_kinds 热线按期办结:hotline_on_time"
    ),
    ("知识产权创造保护和运用", "market_supervision"): "创造质量 保护社会满意度 非诉纠纷解决机构 运用效益",
    ("市场监管", "market_supervision"): (
        "双随机一公开覆盖率 执法信息公开率 政务诚信度:official_credit_coverage 商务诚信度:city_credit_rank 政策兑现:policy_paid_share 清理拖欠账款:debts_overdue"
    ),
    ("包容普惠创新", "development_reform"): "创新创业活跃度 人才流动便利度 市场开放度 公共服务和宜居",
}  # fmt: skip
FIRST_LEVEL, SECOND_LEVEL = 18, 87

_POLICY_NAMES = {
    "policy_no": "政策编号", "title": "政策标题", "document_no": "发文字号", "issuer": "发文机关", "issued_on": "成文日期", "valid_from": "施行日期",
    "valid_to": "有效期至", "industries": "适用行业", "audience": "适用对象", "payout": "涉及兑现",
}  # fmt: skip


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    day = today(world, night)
    reform, _ = policies(world)
    return {
        "development_reform.business_indicator": _indicators(),
        "development_reform.official_credit": _credit_files(world, day),
        "development_reform.city_credit_rank": _ranks(world, day),
        "development_reform.policy_document": shown_policies(reform, day).rename(columns=_POLICY_NAMES),
    }


def shown_policies(frame: pd.DataFrame, day: np.datetime64) -> pd.DataFrame:
    """The policies issued by that day, dates and truth values as text; no end of validity is written 长期."""
    shown = frame[frame["issued_on"].to_numpy() <= day].reset_index(drop=True)
    for name in ("issued_on", "valid_from", "valid_to"):
        shown[name] = texts(shown[name].to_numpy().astype("datetime64[D]"))
    shown["valid_to"] = np.where(shown["valid_to"].isna(), "长期", shown["valid_to"])
    shown["payout"] = yes_no(shown["payout"].to_numpy(dtype=bool))
    return shown


def _indicators() -> pd.DataFrame:
    rows = []
    for first, ((name, department), leaves) in enumerate(TREE.items(), 1):
        for second, leaf in enumerate(leaves.split(), 1):
            title, _, figure = leaf.partition(":")
            rows.append((f"{first:02d}", name, f"{first:02d}.{second:02d}", title, department, figure or None))
    return pd.DataFrame(
        rows,
        columns=[
            "一级指标/编号",
            "一级指标/名称",
            "二级指标/编号",
            "二级指标/名称",
            "二级指标/责任部门",
            "数据来源/指标",
        ],
    )


def _credit_files(world: World, day: np.datetime64) -> pd.DataFrame:
    frame = _files(world)
    shown = frame[frame["opened"].to_numpy() <= day]
    return pd.DataFrame({
        "档案编号": shown["file_no"],
        "人员编号": shown["staff_no"],
        "建档日期": texts(shown["opened"].to_numpy().astype("datetime64[D]")),
        "更新日期": texts(np.maximum(shown["opened"].to_numpy(), np.minimum(shown["updated"].to_numpy(), day)).astype("datetime64[D]")),
        "失信记录数": shown["breaches"],
        "最近失信日期": texts(shown["breach"].to_numpy().astype("datetime64[D]")),
    }).reset_index(drop=True)  # fmt: skip


@lru_cache(maxsize=1)
def _files(world: World) -> pd.DataFrame:
    """A file for everybody on the roll; newcomers get theirs some days after they enter."""
    rng, roll = world.rng("registers", "credit files"), staff(world)
    count = len(roll)
    entered = roll["entered_on"].to_numpy().astype("datetime64[D]")
    opened = np.maximum(spread(rng, count, "2018-03-01", "2019-12-20"), entered)
    opened = np.where(
        np.isin(entered, np.array(list(ENTERING), dtype="datetime64[D]")), np.datetime64("2020-05-09"), opened
    )
    breaches = np.where(quota(rng, count, 0.003), rng.integers(1, 4, count), 0)
    breach = np.where(breaches > 0, np.maximum(opened, spread(rng, count, "2018-06-01", "2020-04-20")), NOT_YET)
    return pd.DataFrame({
        "file_no": numbered("CX%08d", count),
        "staff_no": roll["staff_no"],
        "opened": opened.astype("datetime64[D]"),
        "updated": spread(rng, count, "2020-01-02", "2020-05-06"),
        "breaches": breaches,
        "breach": breach.astype("datetime64[D]"),
    })  # fmt: skip


def _ranks(world: World, day: np.datetime64) -> pd.DataFrame:
    rng = world.rng("registers", "rank")
    months = np.arange(np.datetime64("2018-01"), np.datetime64("2020-05"))
    published = months.astype("datetime64[D]") + rng.integers(47, 53, len(months)).astype("timedelta64[D]")
    published[-2:] = np.array(["2020-04-20", "2020-05-06"], dtype="datetime64[D]")
    rank = np.clip(np.round(np.linspace(15, 2, len(months)) + rng.normal(0, 2, len(months))), 1, 36).astype(int)
    rank[-6:] = np.minimum(rank[-6:], np.array([3, 2, 2, 1, 2, 1]))
    frame = pd.DataFrame({
        "监测月份": np.char.add(months.astype(str), "-01"),
        "发布日期": published,
        "名次": rank,
        "参评城市数": 36,
        "综合指数": np.char.mod("%.2f", 92 - rank * 0.45 + rng.random(len(months)) * 0.3),
    })  # fmt: skip
    shown = hidden_after(frame["发布日期"].to_numpy().astype("datetime64[D]"), day)
    frame["发布日期"] = texts(shown)
    return frame[~np.isnat(shown)].reset_index(drop=True)
