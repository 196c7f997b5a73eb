"""Names of people, firms, streets and schools, drawn from weighted lists of our own; none is meant to be anyone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[Any]


def words(text: str) -> list[str]:
    """The words of a text, parted by blanks."""
    return text.split()


# commonest first; weights fall as one over the rank
_SURNAMES = words(
    "王 李 张 刘 陈 杨 赵 孙 周 于 徐 姜 吴 宋 高 马 朱 林 郭 崔 曲 胡 韩 迟 邵 郑 梁 隋 江 矫 逄 丁 薛 曹 邢 臧 尹 谭 纪 袁 "
    "田 辛 董 吕 宫 史 万 毛 解 冷 葛 魏 法 辛 殷 蓝 官 仇 盛 牟 欧阳 司马 诸葛 上官"
)
_GIVEN_MALE = words(
    "伟 强 磊 军 勇 涛 明 超 杰 鹏 辉 波 斌 刚 健 亮 峰 浩 宇 凯 建国 志强 海涛 文博 子轩 浩然 俊杰 立新 玉山 德明 国栋 永胜 思远 瑞霖 景行 东海 学文 振华 家和 一鸣"
)
_GIVEN_FEMALE = words(
    "芳 娜 敏 静 丽 艳 娟 霞 秀英 玲 红 梅 燕 慧 婷 雪 莉 倩 颖 琳 桂兰 淑珍 玉华 晓燕 雨桐 欣怡 梓涵 诗雨 佳怡 海霞 秀兰 美玲 子涵 若曦 晓彤 春梅 丽华 静怡 思琪 雅文"
)
# people who come from elsewhere: surnames of the whole country, given names of two signs out of many
_SURNAMES_ELSEWHERE = words(
    "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 林 高 罗 郑 梁 谢 宋 唐 许 韩 邓 冯 曹 彭 曾 肖 田 董 潘 袁 蔡 蒋 余 于 杜 叶 程 "
    "魏 苏 吕 丁 任 卢 姚 沈 钟 姜 崔 谭 陆 范 汪 廖 石 金 韦 贾 夏 付 方 邹 熊 白 孟 秦 邱 侯 江 尹 薛 闫 段 雷 龙 黎 史 陶 贺 毛 郝 顾 龚 邵"
)
_SIGNS_MALE = words(
    "天 志 文 家 俊 宏 国 建 景 学 立 成 光 永 正 泽 启 明 云 世 绍 承 嘉 振 宗 维 少 继 庆 广 荣 仁 义 信 达 兴 旺 宁 平 安"
)
_SIGNS_FEMALE = words(
    "月 秋 香 凤 莲 菊 荷 青 婉 清 巧 翠 珠 碧 惠 贞 娥 竹 夏 冬 依 冰 若 紫 心 妍 瑶 璐 蕾 薇 菲 莹 露 蓉 芝 萍 云 华 文 雅"
)
_STREETS = words(
    "香港中路 山东路 南京路 延安三路 江西路 宁夏路 台东一路 威海路 辽阳西路 重庆南路 黑龙江中路 九水路 振华路 书院路 金水路 海尔路 "
    "银川东路 松岭路 秦岭路 正阳路 长城路 崇阳路 明阳路 长江中路 滨海大道 井冈山路 钱塘江路 珠江路 鹤山路 嵩山三路 岙兰路 扬州路 "
    "胶州西路 郑州东路 人民路 杭州路 青岛路 红旗路 烟台路 威海西路"
)
_FIRM_WORDS = words("海 青 胶 崂 鲁 华 盛 泰 信 恒 达 瑞 丰 润 联 创 智 新 鑫 宏 源 通 和 正 安 凯 金 蓝 东 远")
_FIRM_TRADES = words(
    "科技 商贸 贸易 建筑工程 食品 机械制造 电子 物流 水产 餐饮管理 信息技术 文化传媒 环保科技 服装 化工 医疗器械 "
    "房地产开发 物业服务 汽车销售 国际货运代理 农业发展 装饰工程 新材料 橡胶制品 旅游开发"
)
_FIRM_FORMS = ("有限公司", "有限责任公司", "股份有限公司", "合伙企业（有限合伙）")


def surnames(rng: np.random.Generator, count: int) -> Texts:
    weights = 1 / (np.arange(len(_SURNAMES)) + 2)
    return rng.choice(np.array(_SURNAMES), count, p=weights / weights.sum())


def people(rng: np.random.Generator, male: NDArray[np.bool_]) -> Texts:
    """A full name for each person; one in two hundred carries a middle dot, as Uyghur and other transliterated names do."""
    count = len(male)
    given = np.where(male, _parts(rng, _GIVEN_MALE, count), _parts(rng, _GIVEN_FEMALE, count))
    names = np.char.add(surnames(rng, count), given)
    dotted = np.char.add(np.char.add("阿依", rng.choice(["古丽", "努尔", "木江", "帕夏"], count)), "·买买提")
    return np.where(rng.random(count) < 0.005, dotted, names)


def people_of_elsewhere(rng: np.random.Generator, male: NDArray[np.bool_]) -> Texts:
    """A full name for each person, out of many more than `people` draws from."""
    weights = 1 / (np.arange(len(_SURNAMES_ELSEWHERE)) + 5)
    surname = rng.choice(np.array(_SURNAMES_ELSEWHERE), len(male), p=weights / weights.sum())
    return np.char.add(surname, given_of_elsewhere(rng, male))


def given_of_elsewhere(rng: np.random.Generator, male: NDArray[np.bool_]) -> Texts:
    """A given name of two signs, of some 1,600 for men and as many for women."""
    first = np.where(male, _parts(rng, _SIGNS_MALE, len(male)), _parts(rng, _SIGNS_FEMALE, len(male)))
    return np.char.add(
        first, np.where(male, _parts(rng, _SIGNS_MALE, len(male)), _parts(rng, _SIGNS_FEMALE, len(male)))
    )


def addresses(rng: np.random.Generator, districts: Texts) -> Texts:
    """Street, number, house and flat in each district (its name is given)."""
    count = len(districts)
    text = np.char.add(districts, rng.choice(np.array(_STREETS), count))
    for low, high, unit in ((1, 400, "号"), (1, 12, "号楼"), (1, 5, "单元")):
        text = np.char.add(np.char.add(text, rng.integers(low, high, count).astype("U3")), unit)
    flat = rng.integers(1, 18, count) * 100 + rng.integers(1, 5, count)
    return np.char.add(np.char.add(text, flat.astype("U4")), "户")


def phones(rng: np.random.Generator, count: int) -> Texts:
    """Mobile numbers of eleven digits."""
    heads = rng.choice(np.array(["130", "131", "135", "136", "137", "138", "139", "150", "158", "186", "188"]), count)
    return np.char.add(heads, np.char.zfill(rng.integers(0, 100_000_000, count).astype("U8"), 8))


def firms(rng: np.random.Generator, count: int) -> Texts:
    """Company names; the same name may occur twice in large cities of ours, as branches do."""
    text = np.char.add("青岛", np.char.add(_parts(rng, _FIRM_WORDS, count), _parts(rng, _FIRM_WORDS, count)))
    third = np.where(rng.random(count) < 0.7, _parts(rng, _FIRM_WORDS, count), "")
    text = np.char.add(np.char.add(text, third), _parts(rng, _FIRM_TRADES, count))
    return np.char.add(text, rng.choice(np.array(_FIRM_FORMS), count, p=[0.82, 0.08, 0.06, 0.04]))


def _parts(rng: np.random.Generator, words: list[str], count: int) -> Texts:
    return rng.choice(np.array(words), count)
