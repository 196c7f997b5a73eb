"""The registers of the departments that issue licences: what the e-licence register copies from them, printed number included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType

import numpy as np
import pandas as pd

from cities.qingdao.generator.departments import civil_affairs, disability, ecology, health, housing, market, transport
from cities.qingdao.generator.world import World
from contracts.identifiers import resident_id

COLUMNS = ("number", "holder_name", "holder_id", "holder_code", "start", "end", "status")
DAILY = frozenset({"03", "04", "05"})
"""Kinds whose registers hold the days' new entries alone."""

_DAY = r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})"


@dataclass(frozen=True)
class Register:
    """Where a kind of licence stands: its table, and the physical columns of COLUMNS, empty where it has none.

    `only` is a column and the values that make a row this kind; of `words` those of the state that an electronic licence has a word for.
    """

    module: ModuleType
    resource: str
    number: str
    holder_name: str
    holder_id: str = ""
    holder_code: str = ""
    start: str = ""
    end: str = ""
    status: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, frozenset[str]] | None = None


def _marriages(*kinds: str) -> Register:
    return Register(
        civil_affairs, "civil_affairs.marriage", "证件字号", "男方姓名", "男方身份证号", start="登记日期", status="状态", words={"有效": "有效"},
        only=("登记类型", frozenset(kinds)),
    )  # fmt: skip


def _practitioners(*categories: str) -> Register:
    return Register(
        health, "health.practitioner", "cert_no", "name", "id_no", start="registered", end="expires", status="status", words={"有效": "有效"},
        only=("category", frozenset(categories)),
    )  # fmt: skip


REGISTERS: Mapping[str, Register] = {
    "03": _marriages("结婚", "结婚登记"),
    "04": _marriages("离婚", "离婚登记"),
    # a newborn has no number yet: the mother's stands for it
    "05": Register(health, "health.birth_certificate", "@no", "child_name", "mother_id", start="born_at"),
    "06": Register(housing, "housing.property_right", "BDCQZH", "QLRMC", "QLRZJH", "QLRXYDM", "DJRQ", status="QSZT", words={"现势": "有效"}),
    "07": Register(market, "market_supervision.enterprise", "uniscid", "entname", holder_code="uniscid", start="estdate", status="regstate", words={"存续": "有效", "吊销": "吊销"}),
    "08": Register(market, "market_supervision.food_licence", "许可证编号", "经营者名称", holder_code="社会信用代码", start="发证日期", end="有效期至"),
    "11": Register(transport, "transport.vehicle", "车牌号码", "业户名称", "业户身份证号", "业户信用代码", "初次登记日期", status="营运状态", words={"营运": "有效", "逾期未检验": "过期"}),
    "14": Register(disability, "disabled_federation.certificate", "残疾人证号", "姓名", "身份证号", start="发证日期", end="有效期至"),
    "15": _practitioners("11", "12", "13", "14"),
    "16": _practitioners("21"),
    "18": Register(ecology, "ecology.discharge_permit", "许可证编号", "单位名称", holder_code="统一社会信用代码", start="发证日期", end="有效期至"),
    "21": Register(civil_affairs, "civil_affairs.social_organisation", "统一社会信用代码", "名称", holder_code="统一社会信用代码", start="成立日期", status="状态", words={"正常": "有效"}),
}  # fmt: skip


@cache
def registered(world: World, kind: str, night: int) -> pd.DataFrame:
    """The register's licences of a kind as of the night, in an order of their own: COLUMNS, days as datetime64[s], the state in an electronic licence's words.

    Rows without a holder's name, and those in a state that electronic licences have no word for, are left out.
    """
    register = REGISTERS[kind]
    table = register.module.tables(world, night)[register.resource]
    if register.only:
        table = table[table[register.only[0]].isin(register.only[1])]
    nothing = pd.Series(None, index=table.index, dtype="str")
    found = pd.DataFrame({name: table[column] if (column := getattr(register, name)) else nothing for name in COLUMNS})
    found["start"], found["end"] = _days(found["start"]), _days(found["end"])
    found["holder_id"] = found["holder_id"].map(resident_id.compact, na_action="ignore")
    found["status"] = found["status"].map(register.words) if register.status else "有效"
    found = found[found["holder_name"].notna() & found["status"].notna()]
    order = world.rng("licence register", kind, str(night)).permutation(len(found))
    return found.iloc[order].reset_index(drop=True)


def _days(written: pd.Series) -> np.ndarray:
    parts = written.astype("str").str.extract(_DAY)
    texts = parts[0] + "-" + parts[1].str.zfill(2) + "-" + parts[2].str.zfill(2)
    return pd.to_datetime(texts, format="%Y-%m-%d").to_numpy().astype("datetime64[s]")
