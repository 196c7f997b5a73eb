"""What the dictionary says of a table and of a column."""

from __future__ import annotations

import re
from dataclasses import dataclass

from contracts.model import Label

LAYERS = {
    "resource": Label("DWD", "明细层"),
    "reference": Label("DIM", "维度层"),
    "record": Label("DWS", "汇总层"),
    "unified": Label("DWS", "汇总层"),
    "mart": Label("ADS", "应用层"),
}
"""Kind of table → its layer, as local staff call it."""

_UNITS = {
    "元": "yuan", "万元": "10,000 yuan", "%": "%", "工作日": "working days", "小时": "hours", "天": "days", "日": "days", "人": "persons",
    "平方米": "square metres", "亩": "mu", "公顷": "hectares", "立方米": "cubic metres", "吨": "tonnes", "毫米": "millimetres", "米": "metres",
    "摄氏度": "degrees Celsius", "℃": "degrees Celsius", "卷": "volumes",
}  # fmt: skip
_IN_BRACKETS = re.compile(r"（([^（）]+)）")


@dataclass(frozen=True)
class Mask:
    """How a value leaves the lake: `kind` as deliveries mask it; pseudonyms of one `domain` join."""

    kind: str
    domain: str = ""


@dataclass(frozen=True)
class ColumnEntry:
    """One column. `comment` is what stands in the database, `origins` the columns it is made from directly, `mask` is None where it is shown as it is."""

    name: str
    type: str
    label: Label
    note: str
    comment: str
    classification: str
    is_key: bool = False
    mask: Mask | None = None
    origins: tuple[str, ...] = ()
    code_list: str = ""

    @property
    def unit(self) -> Label | None:
        """The unit its Chinese label names in brackets, None where it names none."""
        for inside in _IN_BRACKETS.findall(self.label.zh):
            word = re.split(r"[，,；;、]", inside)[0].strip()
            if word in _UNITS:
                return Label(_UNITS[word], word)
        return None


@dataclass(frozen=True)
class TableEntry:
    """One table; `kind` is resource, reference, record, unified or mart. What does not apply to it is empty."""

    name: str
    kind: str
    label: Label
    note: Label
    comment: str
    columns: tuple[ColumnEntry, ...]
    key: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    department: str = ""
    department_label: Label | None = None
    owner: str = ""
    cycle: str = ""
    share_type: str = ""
    resource_code: str = ""
    sql: str = ""

    @property
    def schema(self) -> str:
        return self.name.partition(".")[0]

    @property
    def table(self) -> str:
        return self.name.partition(".")[2]

    @property
    def layer(self) -> Label:
        return LAYERS[self.kind]

    def column(self, name: str) -> ColumnEntry | None:
        return next((c for c in self.columns if c.name == name), None)
