"""How names are written wrongly: signs that sound alike, look alike or are traditional, and short names among friends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# sign → the one that sounds the same
_SOUNDS = dict(zip(
    "张李王徐周于姜吴林郑梁谭田董袁魏尹陈伟磊军勇涛明杰鹏辉波斌刚健亮峰浩宇建志文轩俊立新玉山胜思瑞霖东和一鸣"
    "芳敏静丽艳霞英玲红慧婷莉颖琳兰珍晓雨桐欣怡梓涵诗佳子曦彤春琪雅",
    "章黎汪许邹余江武临正粱谈甜懂原卫伊程玮垒君永滔铭捷朋晖博彬钢建量锋皓雨健智雯宣峻力欣钰珊盛斯睿林冬禾依铭"
    "方民婧莉燕侠瑛灵虹惠亭丽影林岚真小宇同心宜子含师家梓西童椿奇娅",
    strict=True,
))  # fmt: skip
# sign → one that a tired clerk reads for it
_LOOKS = dict(zip(
    "王李张刘陈杨孙周于徐姜吴宋马朱林曲胡韩郑明超辉波军刚健峰浩宇国强海文博俊杰立玉永胜远瑞景行东学和"
    "芳敏静丽艳娟霞秀英玲红梅慧婷雪颖琳桂淑珍晓桐欣怡梓诗佳美若彤春琪雅思",
    "玉季弓刈阵扬系同干涂美昊末冯未材由湖朝关朋起挥坡车则键蜂洁字固弥每交搏俏木产王水性运端影衍车字知"
    "芬敝挣两绝捐暇季央铃江海彗停雷颗彬挂椒诊烧铜歆恰样侍住羡苦彩眷棋稚恩",
    strict=True,
))  # fmt: skip
_TRADITIONAL = dict(zip(
    "张刘陈杨赵孙吴马韩郑迟谭纪吕宫万欧诸伟强军涛杰鹏辉刚凯国轩东学华鸣远丽艳红颖兰晓诗静马阳",
    "張劉陳楊趙孫吳馬韓鄭遲譚紀呂宮萬歐諸偉強軍濤傑鵬輝剛凱國軒東學華鳴遠麗艷紅穎蘭曉詩靜馬陽",
    strict=True,
))  # fmt: skip
_DOUBLE_SURNAMES = ("欧阳", "司马", "诸葛", "上官")

Misspelling = Callable[[np.random.Generator, str], str]


def sounding_alike(rng: np.random.Generator, name: str) -> str:
    """The name with one sign that sounds the same, such as 章伟 for 张伟; the name itself where none is known."""
    return _one_replaced(rng, name, _SOUNDS)


def looking_alike(rng: np.random.Generator, name: str) -> str:
    """The name with one sign that looks alike, such as 王朋 for 王明."""
    return _one_replaced(rng, name, _LOOKS)


def traditional(_: np.random.Generator, name: str) -> str:
    """The name in traditional signs, where they differ."""
    return "".join(_TRADITIONAL.get(sign, sign) for sign in name)


def nickname(rng: np.random.Generator, name: str) -> str:
    """What friends say: 小王, 老王, 阿伟 or 伟伟."""
    surname = name[:2] if name.startswith(_DOUBLE_SURNAMES) else name[:1]
    last = name[-1]
    return str(rng.choice([f"小{surname}", f"老{surname}", f"阿{last}", f"{last}{last}"]))


def _one_replaced(rng: np.random.Generator, name: str, others: dict[str, str]) -> str:
    places = [n for n, sign in enumerate(name) if others.get(sign, sign) != sign]
    if not places:
        return name
    place = places[rng.integers(len(places))]
    return name[:place] + others[name[place]] + name[place + 1 :]
