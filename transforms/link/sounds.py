"""How characters sound: pinyin without tones, so that names typed by ear are recognised (张伟, 章玮)."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SOUNDS = "link_sounds"

_COMPOUND = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 "
    "宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 公仪 梁丘 公仲 公上 公门 公山 公坚 左丘 公伯 西门 公祖 第五 公乘 贯丘 公皙 南荣 东里 东宫 仲长 子书 子桑 即墨 淳于 达奚 褚师 纳兰 "
)
COMPOUND_SURNAMES = tuple(_COMPOUND.split())


@cache
def sounds_table() -> pa.Table:
    """One row a character: `ch`, and `sound`, its first reading without tone and with ü as v; some 40,000 rows, made once a process.

    A character with several readings has one here, the same on both sides of a comparison.
    """
    import pyarrow as pa
    from pypinyin.pinyin_dict import pinyin_dict

    characters = [chr(code) for code in pinyin_dict]
    sounds = [_toneless(readings.split(",")[0]) for readings in pinyin_dict.values()]
    return pa.table({"ch": characters, "sound": sounds})


def sound_sql(names: str) -> str:
    """SELECT `name`, `sound` for a relation of distinct names in a column `name`; characters that are no Chinese stand for themselves.

    Needs the table of `sounds_table` registered as `SOUNDS`. Each syllable is followed by a dash, so that xi'an is not xian.
    """
    return f"""
SELECT c.name, string_agg(coalesce(s.sound || '-', c.ch), '' ORDER BY c.place) AS sound
FROM (SELECT name, unnest(string_split(name, '')) AS ch, generate_subscripts(string_split(name, ''), 1) AS place FROM {names}) AS c
LEFT JOIN {SOUNDS} AS s ON s.ch = c.ch GROUP BY c.name"""


def _toneless(reading: str) -> str:
    plain = reading.translate(str.maketrans("üǖǘǚǜ", "vvvvv"))
    return "".join(c for c in unicodedata.normalize("NFD", plain) if c.isascii() and c.isalpha()).upper()
