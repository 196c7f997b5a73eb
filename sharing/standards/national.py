"""The catalogue as the fields of the national guide 政务信息资源目录编制指南: what a city hands to the province's catalogue system."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from contracts.catalogue import City
from contracts.model import Field, Resource
from sharing.formulas import defused
from sharing.standards.described import Span, cycle, title

COLUMNS = (
    "类代码", "项代码", "目代码", "细目代码", "信息资源代码", "信息资源名称", "信息资源提供方", "提供方代码", "信息资源摘要", "信息资源格式",
    "信息项", "共享类型", "共享条件", "共享方式", "是否向社会开放", "开放条件", "更新周期", "发布日期", "关联资源代码",
)  # fmt: skip
SHARE_TYPES = {"unconditional": "1", "conditional": "2", "not_shared": "3"}
_WAYS = {"database": "数据库", "file": "文件", "interface": "服务接口"}
# letters of the data types, as the guide's forms use them: C text, I whole, N number, L yes or no, D day, T instant
_TYPES = {"string": "C", "integer": "I", "number": "N", "boolean": "L", "date": "D", "timestamp": "T"}
_LEVELS = {"law": "法律", "administrative_regulation": "行政法规", "state_council_decision": "国务院决定"}

Entry = dict[str, Any]


def national(city: City, spans: Mapping[str, Span] | None = None) -> list[Entry]:
    """One entry a resource, by resource code; resources whose contract has mistakes are not in it.

    The issue date is the day of the first load. A contract says nothing of opening data to society or of related resources: the first is
    given as 否, the second left empty.
    """
    entries = [_entry(city, r, (spans or {}).get(r.id)) for r in city.resources.values()]
    return sorted(entries, key=lambda entry: str(entry["信息资源代码"]))


def national_csv(entries: list[Entry]) -> str:
    """The entries as CSV with the guide's words as heads; items as `name(letter)` parted by `；`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for entry in entries:
        items = "；".join(f"{item['名称']}({item['类型']})" for item in entry["信息项"])
        writer.writerow([defused(items if name == "信息项" else entry[name]) for name in COLUMNS])
    return "\ufeff" + text.getvalue()


def parts_of(code: str) -> tuple[str, str, str, str]:
    """类 (1 digit), 项 (2), 目 (3) and 细目 (the rest) of a resource code; what a short code lacks is empty."""
    digits = re.sub(r"\D", "", code.partition("/")[0])
    return digits[:1], digits[1:3], digits[3:6], digits[6:]


def _entry(city: City, resource: Resource, span: Span | None) -> Entry:
    department, (_, code, word) = city.departments.get(resource.department), cycle(resource)
    ground = resource.legal_ground
    condition = resource.share_condition or (f"{_LEVELS[ground['level']]}：{ground['text']}" if ground else "")
    values = (
        *parts_of(resource.resource_code), resource.resource_code, title(resource).zh,
        department.name.zh if department else resource.department, department.credit_code if department else "",
        resource.description, resource.format, [_item(f) for f in resource.fields], SHARE_TYPES[resource.share_type], condition,
        _WAYS[resource.share_way], "否", "", f"{code} {word}",
        span.first_loaded.astimezone(city.timezone).date().isoformat() if span else "", "",
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def _item(field: Field) -> Entry:
    return {"名称": field.label or field.name, "英文名称": field.name, "类型": _TYPES.get(field.logical_type, "C")}
