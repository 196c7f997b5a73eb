"""Big data bureau: the register of share requests – who asked whom for what, and what became of it.

The bureau's habit is that of many cities: a line is marked as satisfied on the day the request is answered, whatever the answer was. What was really
delivered, whether it is still granted, read and right, stands in the other columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from chinese_calendar import is_workday

from cities.qingdao.generator.world import CITY_FOLDER, DISTRICTS, NIGHTS, World
from contracts.catalogue import load_city
from contracts.model import Resource

Row = dict[str, Any]

RESOURCE = "big_data.share_request_register"
BUREAU = "big_data"
_LINES = 560
_FIRST_DAY, _LAST_DAY = date(2019, 1, 7), date(2020, 4, 20)

# what becomes of a line, and how often in a hundred
_FATES = {
    "satisfied": 78.6, "late": 3.0, "only_answered": 2.4, "other_fields": 1.6, "other_rows": 0.4, "expired": 2.2, "expiring": 0.6,
    "suspended": 0.4, "revoked": 0.2, "refused_lawfully": 1.6, "refused": 0.8, "refused_unconfirmed": 0.4, "withdrawn": 1.2,
    "withdrawn_late": 0.3, "outside_duty": 0.8, "duplicate": 1.6, "not_digitised": 0.6, "unknown_resource": 0.6, "unknown_field": 0.8,
    "overdue": 0.4, "incomplete": 0.4, "running": 0.8, "correction_overdue": 0.4, "correction_soon": 0.2, "correction_unfixed": 0.3,
    "correction_fixed": 0.8, "unreadable": 0.5,
}  # fmt: skip
_NEED_A_PAST = (
    "expired", "expiring", "suspended", "revoked", "correction_overdue", "correction_soon", "correction_unfixed", "correction_fixed",
    "unreadable",
)  # fmt: skip
_PURPOSES = (
    "公租房资格核验", "残疾人两项补贴发放", "义务教育入学审核", "企业开办一窗办理", "不动产登记一窗受理", "社会救助家庭经济状况核对", "食品经营许可办理",
    "积分落户审核", "人才引进补贴", "高龄津贴发放", "住房公积金提取核验", "工程建设项目审批", "环评承诺制核查", "安全生产风险监测", "医保参保资格核验",
    "老旧车辆淘汰补助", "失业保险稳岗返还", "小微企业信用贷款", "双随机一公开抽查", "疫情防控复工复产备案", "城市体检评估", "人口动态分析",
    "社区网格管理", "水务报装联办", "社会组织年检", "税收共治", "产业链图谱分析", "政策免申即享", "死亡人员信息核对", "婚姻状况告知承诺核查",
)  # fmt: skip
_SCENARIOS = ("审批核验", "统计分析", "监督检查", "主动服务")
# what no department has asked for so far
_NOBODY_ASKED = (
    "culture_tourism.library_card", "emergency.shelter", "fire_rescue.inspected_place", "market_supervision.registration_number",
    "transport.parking_lot",
)  # fmt: skip
_NOBODY_HAS = ("流动摊贩经营信息", "民间借贷备案信息", "个人征信报告", "快递末端网点用工信息")
_ON_PAPER = ("1985年前婚姻登记档案", "1990年前房产契证档案", "1998年前知青返城档案", "国有企业改制职工档案")
_GROUNDS = {
    "law": "中华人民共和国税收征收管理法第八条", "administrative_regulation": "中华人民共和国政府信息公开条例第十四条", "": "部门内部管理规定",
}  # fmt: skip
# fields that are rightly empty in most rows are seldom asked for
_SELDOM_FILLED = re.compile(r"_(on|to|until|since|reason|code|into)$|paid|owner_id|merged|document")


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    """The whole register as it stands at the night's end."""
    end = world.night_end(night).replace(tzinfo=None)
    rows = [_as_seen(row, world, night, end) for row in _timeline(world) if row["submitted_at"] < end]
    return {RESOURCE: pd.DataFrame([_written(row) for row in rows], columns=list(_columns()), dtype=object)}


def receives(world: World, night: int, requester: str, field: str) -> bool:
    """Whether the department gets a field, `department.resource.field`, by a delivery that is in force at the night's end."""
    resource, _, name = field.rpartition(".")
    end = world.night_end(night).replace(tzinfo=None)
    return any(
        row["requester"] == requester and row["resource"] == resource and name in (row.get("delivered_fields") or "").split(";")
        and row["delivered_at"] < end and row["granted_to"] >= end.date() and not ({"suspended_at", "revoked_at"} & row.keys())
        for row in _timeline(world)
    )  # fmt: skip


def asked_on_paper(world: World, night: int) -> set[str]:
    """What departments had asked for by the night's end and were told to be on paper only."""
    end = world.night_end(night).replace(tzinfo=None)
    return {
        row["resource"] for row in _timeline(world) if row.get("answer") == "not_digitised" and row["answered_at"] < end
    }


@lru_cache(maxsize=1)
def _columns() -> tuple[str, ...]:
    return tuple(field.physical_name for field in load_city(CITY_FOLDER, BUREAU).resource(RESOURCE).fields)


@lru_cache(maxsize=1)
def _timeline(world: World) -> list[Row]:
    """Every line with all that will ever happen to it up to the last night."""
    rng = world.rng("share_requests")
    city = load_city(CITY_FOLDER)
    resources = [r for r in city.resources.values() if r.id not in (RESOURCE, *_NOBODY_ASKED)]
    liked = 1 / (1 + np.argsort(rng.permutation(len(resources)))) ** 0.6
    departments = list(city.departments)
    fates = rng.choice(list(_FATES), _LINES, p=np.array(list(_FATES.values())) / sum(_FATES.values()))
    rows: list[Row] = []
    asked: set[tuple[str, str, str]] = set()
    for fate in fates:
        if fate == "duplicate" and rows:
            rows.append(_repeated(rng, rows))
            continue
        while True:
            resource = resources[rng.choice(len(resources), p=liked / liked.sum())]
            if fate == "refused_lawfully" or resource.share_type != "not_shared":
                requester = departments[rng.integers(len(departments))]
                purpose = _PURPOSES[rng.integers(len(_PURPOSES))]
                if requester != resource.department and (requester, resource.id, purpose) not in asked:
                    break
        asked.add((requester, resource.id, purpose))
        rows.append(_line(rng, str(fate), resource, requester, purpose))
    rows += _new_requests(world, rng, resources, departments)
    rows.sort(key=lambda row: row["submitted_at"])
    for number, row in enumerate(rows, 1):
        row["line_id"] = f"GX{row['submitted_at']:%Y}{number:05d}"
        # two lines in a row of one requester on one day are one request
        before = rows[number - 2]
        same = number > 1 and (before["requester"], before["submitted_at"].date()) == (
            row["requester"],
            row["submitted_at"].date(),
        )
        row["request_id"] = before["request_id"] if same else f"SQ{row['submitted_at']:%Y%m%d}{number:05d}"
    return rows


def _line(rng: np.random.Generator, fate: str, resource: Resource, requester: str, purpose: str) -> Row:
    # what needs a past was asked for by the end of 2019
    span = ((date(2019, 12, 31) if fate in _NEED_A_PAST else _LAST_DAY) - _FIRST_DAY).days
    submitted = _office_hour(rng, _workday(_FIRST_DAY + timedelta(days=int(rng.integers(span)))))
    if fate == "running":
        submitted = _office_hour(rng, date(2020, 4, 22))
    names = _fields(rng, resource)
    divided = any(f.semantic_type == "division_code" and (f.required or f.primary_key) for f in resource.fields)
    scope = str(rng.choice(list(DISTRICTS))) if divided and rng.random() < 0.1 else None
    row: Row = {
        "requester": requester, "provider": resource.department, "resource": resource.id, "purpose": purpose, "fields": ";".join(names),
        "row_scope": scope, "basis": f"关于做好{purpose}工作的通知", "scenario": str(rng.choice(_SCENARIOS)),
        "way": {"database": "batch"}.get(resource.share_way, resource.share_way), "duration_months": int(rng.choice([12, 24, 36])),
        "share_type": resource.share_type, "submitted_at": submitted, "received_at": submitted + timedelta(hours=int(rng.integers(0, 3))),
    }  # fmt: skip
    for event in _life(rng, fate, row, names):
        row.update(event)
    return row


def _life(rng: np.random.Generator, fate: str, row: Row, names: list[str]) -> Iterator[Row]:
    """What happens to the line after it was received."""
    received = row["received_at"]
    soon = _later(rng, received, 1 if row["share_type"] == "unconditional" else int(rng.integers(1, 10)))
    match fate:
        case "running" | "overdue":
            return
        case "incomplete":
            yield {"supplement_asked_at": _later(rng, received, 0 if row["share_type"] == "unconditional" else 3)}
            return
        case "withdrawn" | "withdrawn_late":
            limit = 1 if row["share_type"] == "unconditional" else 10
            days = limit if fate == "withdrawn_late" else max(0, limit - 4)
            yield {"withdrawn_at": _later(rng, received, days), "withdrawn_by": row["requester"]}
            return
        case "outside_duty":
            yield {"ruled_outside_at": _later(rng, received, 6), "ruled_outside_by": BUREAU}
            return
        case "refused" | "refused_unconfirmed" | "refused_lawfully":
            level = "" if fate == "refused" else str(rng.choice(["law", "administrative_regulation"]))
            yield {
                "answered_at": soon,
                "answer": "refused",
                "refusal_ground": _GROUNDS[level],
                "refusal_ground_level": level or None,
            }
            yield {"marked_satisfied_at": soon}
            if fate == "refused_lawfully":
                yield {"refusal_confirmed_at": _later(rng, soon, 4), "refusal_confirmed_by": BUREAU}
            return
        case "not_digitised" | "unknown_resource":
            if fate == "not_digitised":
                yield {"resource": str(rng.choice(_ON_PAPER)), "answered_at": soon, "answer": "not_digitised"}
            else:
                yield {"resource": str(rng.choice(_NOBODY_HAS)), "answered_at": soon, "answer": "consented"}
            yield {"marked_satisfied_at": soon, "row_scope": None}
            return
    yield from _granted(rng, fate, row, names, soon)


def _granted(rng: np.random.Generator, fate: str, row: Row, names: list[str], answered: datetime) -> Iterator[Row]:
    granted, scope = list(names), row["row_scope"]
    if fate == "unknown_field":
        yield {"fields": ";".join([*names, "credit_score"])}
    if fate == "other_fields" and len(granted) > 1:
        granted.pop()
    elif fate == "other_rows":
        scope = str(rng.choice(list(DISTRICTS)))
    elif fate == "late" and row["share_type"] != "unconditional" and rng.random() < 0.5:
        answered = _later(rng, row["received_at"], int(rng.integers(11, 25)))
    months = row["duration_months"]
    last = _months_later(answered.date(), months)
    while last <= date(2020, 6, 30):  # renewed in time, so that the grant goes on
        last = _months_later(last, months)
    if fate == "expired":
        last = max(answered.date(), date(2020, 5, 3)) - timedelta(days=int(rng.integers(0, 60)))
    elif fate == "expiring":
        last = date(2020, 5, 5)
    yield {
        "answered_at": answered, "answer": "consented", "granted_fields": ";".join(granted), "granted_rows": scope,
        "granted_from": answered.date(), "granted_to": last, "marked_satisfied_at": answered,
    }  # fmt: skip
    if fate == "only_answered":
        return
    delivered = _later(rng, answered, int(rng.integers(21, 60)) if fate == "late" else int(rng.integers(2, 19)))
    yield {
        "delivered_at": delivered,
        "delivered_fields": ";".join(granted),
        "delivered_rows": scope,
        "probed": fate != "unreadable",
    }
    # one line in eight is never read, and one in eight not any more
    habit = rng.random()
    yield {"reading": habit >= 0.25, "last_read_at": delivered + timedelta(days=1) if 0.125 <= habit < 0.25 else None}
    match fate:
        case "suspended" | "revoked":
            yield {f"{fate}_at": _office_hour(rng, date(2020, 4, int(rng.integers(20, 25))))}
        case "correction_overdue":
            yield {"correction_asked_at": _office_hour(rng, date(2020, 4, int(rng.integers(7, 11))))}
        case "correction_soon":  # ten working days end on 6 May
            yield {"correction_asked_at": _office_hour(rng, date(2020, 4, 20))}
        case "correction_unfixed" | "correction_fixed":
            asked = _office_hour(rng, date(2020, 4, int(rng.integers(7, 11))))
            decided = _later(rng, asked, 6)
            yield {
                "correction_asked_at": asked,
                "correction_decided_at": decided,
                "correction_upheld": True,
                "correction_closed_at": decided,
            }
            if fate == "correction_fixed":
                yield {"correction_fixed_at": _later(rng, decided, 2)}


def _repeated(rng: np.random.Generator, rows: list[Row]) -> Row:
    """The same line asked for once more, some days later, and marked as satisfied by the first one's delivery."""
    first = rows[rng.integers(len(rows))]
    asked = (
        "requester",
        "provider",
        "resource",
        "purpose",
        "fields",
        "row_scope",
        "basis",
        "scenario",
        "way",
        "duration_months",
        "share_type",
    )
    submitted = _later(rng, first["submitted_at"], int(rng.integers(1, 4)))
    return {name: first[name] for name in asked} | {
        "submitted_at": submitted,
        "received_at": submitted,
        "duplicates": first,
    }


def _new_requests(
    world: World, rng: np.random.Generator, resources: list[Resource], departments: list[str]
) -> list[Row]:
    """What is asked during the three nights: little on the holiday, more on the first working day after it."""
    rows = []
    for night, count in zip(NIGHTS, (1, 1, 4), strict=True):
        for _ in range(count):
            resource = resources[rng.integers(len(resources))]
            others = [d for d in departments if d != resource.department]
            row = _line(
                rng, "running", resource, others[rng.integers(len(others))], _PURPOSES[rng.integers(len(_PURPOSES))]
            )
            moment = _office_hour(rng, world.night_start(night).date())
            rows.append(row | {"submitted_at": moment, "received_at": moment})
    return rows


def _as_seen(row: Row, world: World, night: int, end: datetime) -> Row:
    """The row at the night's end: what happens later is not there yet, and the platform probes and requesters read every day."""
    seen = {name: None if isinstance(value, datetime) and value >= end else value for name, value in row.items()}
    for event, names in _WRITTEN_WITH.items():
        if seen.get(event) is None:
            seen.update(dict.fromkeys(names))
    if "duplicates" in row:
        seen["duplicate_of"] = row["duplicates"]["line_id"]
    if seen.get("delivered_at") is not None:
        start = world.night_start(night).replace(tzinfo=None)
        seen["last_probe_at"], seen["last_probe_ok"] = (
            start + timedelta(hours=20, minutes=int(row["line_id"][-2:]) % 60),
            bool(row["probed"]),
        )
        if row["reading"]:
            seen["last_read_at"] = start + timedelta(hours=6, minutes=int(row["line_id"][-2:]))
        if row["last_read_at"] is not None:
            seen["last_read_at"] = row["last_read_at"]
    seen["updated_at"] = max(value for value in seen.values() if isinstance(value, datetime))
    return seen


_WRITTEN_WITH = {
    "answered_at": (
        "answer", "refusal_ground", "refusal_ground_level", "granted_fields", "granted_rows", "granted_from", "granted_to",
    ),
    "delivered_at": ("delivered_fields", "delivered_rows", "last_read_at"),
    "refusal_confirmed_at": ("refusal_confirmed_by",), "correction_decided_at": ("correction_upheld",),
    "withdrawn_at": ("withdrawn_by",), "ruled_outside_at": ("ruled_outside_by",),
}  # fmt: skip


def _written(row: Row) -> Row:
    return {
        name: f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime)
        else value.isoformat() if isinstance(value, date)
        else int(value) if isinstance(value, bool)
        else value
        for name, value in row.items() if name in _columns()
    }  # fmt: skip


def _fields(rng: np.random.Generator, resource: Resource) -> list[str]:
    """The key and some more: mostly what every row has, sometimes what most rows have."""
    keys = [f.name for f in resource.fields if f.primary_key]
    always = [f.name for f in resource.fields if f.required and not f.primary_key]
    often = [
        f.name for f in resource.fields if not f.required and not f.primary_key and not _SELDOM_FILLED.search(f.name)
    ]
    chosen = [name for name in always if rng.random() < 0.6] + [name for name in often if rng.random() < 0.25]
    return keys + (chosen or always[:1])


def _office_hour(rng: np.random.Generator, day: date) -> datetime:
    return datetime.combine(day, time(9)) + timedelta(seconds=int(rng.integers(0, 8 * 3600)))


def _workday(day: date) -> date:
    while not is_workday(day):
        day += timedelta(days=1)
    return day


def _later(rng: np.random.Generator, moment: datetime, workdays: int) -> datetime:
    """A moment in office hours, that many working days later; the same day, an hour later, for none."""
    if workdays == 0:
        return moment + timedelta(hours=1)
    day = moment.date()
    for _ in range(workdays):
        day = _workday(day + timedelta(days=1))
    return _office_hour(rng, day)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, 28))
