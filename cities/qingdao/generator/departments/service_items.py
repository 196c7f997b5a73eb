"""The city app's service items: published over two years, some the same item twice, a few withdrawn."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments._changes import texts
from cities.qingdao.generator.departments._registers import (
    NOT_YET,
    department_ids,
    hidden_after,
    numbered,
    short_names,
    spread,
    today,
    yes_no,
)  # fmt: skip
from cities.qingdao.generator.world import World

ITEMS, DUPLICATES, WITHDRAWN, DEPARTMENTS = 1_126, 46, 28, 54

_CATEGORIES = ("政务服务", "公共交通", "公用事业", "社会保障", "医疗健康", "教育", "其他")
_ACTIONS = [
    "查询",
    "申请",
    "预约",
    "缴费",
    "变更",
    "注销",
    "备案",
    "年审",
    "打印证明",
    "进度查询",
    "补办",
    "登记",
    "投诉",
    "评价",
    "申报",
    "认证",
    "公示",
    "报名",
    "换领",
    "延期",
]
_SUBJECTS = [
    "公交线路",
    "地铁乘车码",
    "水费",
    "电费",
    "燃气费",
    "社保",
    "公积金",
    "不动产",
    "婚姻登记",
    "居住证",
    "驾驶证",
    "行驶证",
    "学籍",
    "挂号",
    "医保",
    "养老金",
    "残疾人补贴",
    "老年卡",
    "营业执照",
    "食品经营许可",
    "纳税",
    "发票",
    "住房补贴",
    "公租房",
    "停车",
    "企业年报",
    "招聘",
    "职称",
    "法律援助",
    "公证",
]


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    rng, day, names = world.rng("registers", "service items"), today(world, night), short_names()
    owners = rng.choice(department_ids()[:DEPARTMENTS], ITEMS)
    published = np.sort(spread(rng, ITEMS, "2018-06-01", "2020-05-03"))
    published[-6:] = np.array(["2020-05-04"] * 2 + ["2020-05-05"] * 2 + ["2020-05-06"] * 2, dtype="datetime64[D]")
    special = rng.permutation(ITEMS - 6)
    duplicate, gone = special[:DUPLICATES], special[DUPLICATES : DUPLICATES + WITHDRAWN]
    originals = special[DUPLICATES + WITHDRAWN : 2 * DUPLICATES + WITHDRAWN]
    withdrawn = np.full(ITEMS, NOT_YET)
    lasted = rng.random(WITHDRAWN) * (np.datetime64("2020-05-05") - published[gone]).astype(int)
    withdrawn[gone] = published[gone] + lasted.astype(int).astype("timedelta64[D]")
    codes, merged = numbered("YD%06d", ITEMS), np.full(ITEMS, None, dtype=object)
    merged[duplicate] = codes[originals]
    title = np.char.add(rng.choice(np.array(_SUBJECTS), ITEMS), rng.choice(np.array(_ACTIONS), ITEMS))
    title[duplicate] = title[originals]
    known = hidden_after(withdrawn, day)
    frame = pd.DataFrame({
        "itemCode": codes,
        "itemName": [f"{subject}（{names[owner]}）" for subject, owner in zip(title, owners, strict=True)],
        "deptId": owners,
        "category": rng.choice(np.array(_CATEGORIES), ITEMS, p=[0.62, 0.04, 0.08, 0.1, 0.07, 0.05, 0.04]),
        "publishedOn": texts(published),
        "withdrawnOn": texts(known),
        "mergedInto": merged,
        "active": yes_no(np.isnat(known)),
    })  # fmt: skip
    return {"big_data.service_item": frame[published <= day].reset_index(drop=True)}
