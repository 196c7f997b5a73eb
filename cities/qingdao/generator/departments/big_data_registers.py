"""Registers of the big data bureau: departments, systems and their move to the cloud, networks, and IT projects with planted islands."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cities.qingdao.generator.departments._changes import texts
from cities.qingdao.generator.departments._registers import (
    NOT_YET,
    cycled,
    department_ids,
    departments,
    hidden_after,
    numbered,
    only_where,
    short_names,
    spread,
    today,
    yes_no,
)  # fmt: skip
from cities.qingdao.generator.world import CITY_FOLDER, DISTRICTS, World
from contracts.catalogue import load_city
from contracts.model import Resource

MUNICIPAL_SYSTEMS, DISTRICT_SYSTEMS = 308, 34
PROJECTS = 180

_KINDS = {"1": "机关", "2": "事业单位", "3": "群团组织"}
_BUSINESS = [
    "业务管理",
    "行政许可",
    "执法监管",
    "信用监管",
    "统计直报",
    "视频监控",
    "项目管理",
    "资金监管",
    "档案管理",
    "协同办公",
    "公众服务",
    "应急指挥",
    "考核评价",
    "地理信息",
    "数据填报",
    "电子证照",
]
# why a system need not move: the reasons the register accepts
_EXCLUSIONS = ("涉密系统", "国家部委统建系统", "省级统建系统", "拟下线系统")
_SECRET = _EXCLUSIONS[0]
# islands planted in the system register: so many systems without a catalogue entry, and a resource that no system of the register holds
_UNCATALOGUED = 9
WITHOUT_SYSTEM = "meteorology.station_reading"
_NETWORKS = [
    "公安",
    "社保",
    "医保",
    "税务",
    "财政",
    "教育",
    "卫生",
    "环保",
    "水务",
    "气象",
    "交通",
    "国土",
    "规划",
    "住建",
    "民政",
    "司法",
    "法院",
    "检察",
    "审计",
    "统计",
    "应急",
    "消防",
    "人防",
    "农业",
    "林业",
    "海洋",
    "市场监管",
    "质监",
    "食药",
    "粮食",
    "城管",
    "档案",
    "信访",
    "工会",
    "公积金",
]
_MERGED, _MOVING = 10, 22

# Islands planted in the project register, by place: what each of them lacks.
ISLANDS = {
    17: "data list", 58: "data list", 121: "data list", 9: "catalogue entry", 83: "catalogue entry", 44: "pooled data", 150: "pooled data",
}  # fmt: skip


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    day = today(world, night)
    return {
        "big_data.department_register": _departments(),
        "big_data.system_register": _shown(
            _systems(world), day, hide=["migrated_on", "retired_on", "scope_changed_on"], start="built_on"
        ),
        "big_data.network_register": _shown(
            _networks(world), day, hide=["moving_since", "merged_on"], start="planned_on"
        ),
        "big_data.project_register": _shown(
            _projects(world),
            day,
            hide=["data_list_on", "catalogued_on", "pooled_on", "accepted_on"],
            start="approved_on",
        ),
    }


def planted_islands(world: World) -> dict[str, str]:
    """Project number → what it lacks, for each planted island that the last night shows."""
    return {str(_projects(world)["project_no"][place]): lacks for place, lacks in ISLANDS.items()}


def uncatalogued_systems(world: World) -> dict[str, str]:
    """System number → department of each system in service without a catalogue entry; those that hold secrets need none."""
    systems = _systems(world)
    planted = systems[systems["catalogue_code"].isna() & (systems["exclusion_reason"] != _SECRET)]
    return dict(zip(planted["system_no"], planted["department_id"], strict=True))


def owners_of_projects(world: World) -> dict[str, str]:
    """Project number → department."""
    projects = _projects(world)
    return dict(zip(projects["project_no"], projects["department_id"], strict=True))


def _shown(frame: pd.DataFrame, day: np.datetime64, hide: list[str], start: str) -> pd.DataFrame:
    """The register on that day: entries begun by then, later events empty, dates as text."""
    shown = frame[frame[start].to_numpy() <= day].reset_index(drop=True)
    for name in hide:
        shown[name] = hidden_after(shown[name].to_numpy(), day)
    for name in shown.columns:
        if shown[name].dtype.kind == "M":
            shown[name] = texts(shown[name].to_numpy().astype("datetime64[D]"))
    return shown


def _departments() -> pd.DataFrame:
    listed = departments()
    return pd.DataFrame({
        "department_id": [item["id"] for item in listed],
        "name": [item["name"]["zh"] for item in listed],
        "credit_code": [item["credit_code"] for item in listed],
        "kind": [_KINDS[item["credit_code"][1]] for item in listed],
        "sharing_contact": [item["contact"] for item in listed],
        "established_on": "2019-01-01",
        "abolished_on": None,
    })  # fmt: skip


@lru_cache(maxsize=1)
def _systems(world: World) -> pd.DataFrame:
    rng, names = world.rng("registers", "systems"), short_names()
    count = MUNICIPAL_SYSTEMS + DISTRICT_SYSTEMS
    district = np.arange(count) >= MUNICIPAL_SYSTEMS
    owners = np.concatenate(
        [cycled(department_ids(), MUNICIPAL_SYSTEMS), rng.choice(department_ids(), DISTRICT_SYSTEMS)]
    )
    areas = rng.choice(np.array(list(DISTRICTS)), count)
    business = cycled(_BUSINESS, count)[rng.permutation(count)]
    built = spread(rng, count, "2004-01-01", "2018-12-31")
    order = rng.permutation(count)
    excluded, open_still = order[:12], order[12:23]
    migrated = np.maximum(spread(rng, count, "2016-06-01", "2020-04-24"), built + np.timedelta64(90, "D"))
    migrated[excluded] = NOT_YET
    migrated[open_still] = NOT_YET
    migrated[open_still[:2]] = np.array(["2020-05-05", "2020-05-06"], dtype="datetime64[D]")
    out = np.isin(np.arange(count), excluded)
    scope_changed: Any = np.where(out, spread(rng, count, "2018-03-01", "2019-12-20"), NOT_YET)
    return pd.DataFrame({
        "system_no": numbered("XT%05d", count),
        "name": [
            f"{DISTRICTS[area][0] if local else names[owner]}{what}系统" for owner, area, what, local in zip(owners, areas, business, district, strict=True)
        ],
        "department_id": owners,
        "level": np.where(district, "区级", "市级"),
        "division_code": np.where(district, areas, "370200"),
        "built_on": built,
        "retired_on": np.full(count, NOT_YET),
        "in_scope": yes_no(~out),
        "scope_changed_on": scope_changed.astype("datetime64[D]"),
        "exclusion_reason": only_where(out, cycled(_EXCLUSIONS, count)),
        "migrated_on": migrated,
        "catalogue_code": _catalogue_codes(owners, district, excluded),
    })  # fmt: skip


def _catalogue_codes(owners: NDArray[Any], district: NDArray[np.bool_], excluded: NDArray[Any]) -> NDArray[Any]:
    """The codes each system holds: the contracts' own among the municipal systems of their departments, of the others a code of the city's catalogue."""
    places = np.arange(len(owners))
    codes = numbered("399%05d/000001", len(owners)).astype(object)
    bare = np.setdiff1d(places, excluded)[7::37][:_UNCATALOGUED]
    secret = excluded[cycled(_EXCLUSIONS, len(owners))[excluded] == _SECRET]
    held: dict[int, list[str]] = {}
    for department in sorted(set(owners)):
        mine = np.setdiff1d(places[(owners == department) & ~district], [*bare, *secret])
        resources = [r for r in _resources() if r.department == department and r.id != WITHOUT_SYSTEM]
        for number, resource in enumerate(resources):
            held.setdefault(int(mine[number % len(mine)]), []).append(resource.resource_code)
    for place, listed in held.items():
        codes[place] = ";".join(listed)
    codes[bare] = None
    codes[secret] = None
    return codes


@lru_cache(maxsize=1)
def _resources() -> tuple[Resource, ...]:
    return tuple(load_city(CITY_FOLDER).resources.values())


@lru_cache(maxsize=1)
def _networks(world: World) -> pd.DataFrame:
    rng, count = world.rng("registers", "networks"), len(_NETWORKS)
    merged, moving = np.arange(count) < _MERGED, (np.arange(count) >= _MERGED) & (np.arange(count) < _MERGED + _MOVING)
    planned = spread(rng, count, "2018-09-01", "2019-03-31")
    since: Any = np.where(merged | moving, planned + rng.integers(30, 300, count).astype("timedelta64[D]"), NOT_YET)
    since = since.astype("datetime64[D]")
    done: Any = np.where(
        merged,
        np.minimum(since + rng.integers(60, 240, count).astype("timedelta64[D]"), np.datetime64("2020-04-28")),
        NOT_YET,
    )
    return pd.DataFrame({
        "network_no": numbered("ZW%03d", count),
        "name": np.char.add(np.array(_NETWORKS), "业务专网"),
        "department_id": rng.choice(department_ids(), count),
        "sites": rng.integers(12, 900, count),
        "planned_on": planned,
        "moving_since": since,
        "merged_on": done.astype("datetime64[D]"),
        "kept_reason": only_where(~merged & ~moving, "国家垂直管理，暂予保留"),
    })  # fmt: skip


@lru_cache(maxsize=1)
def _projects(world: World) -> pd.DataFrame:
    rng, names, count = world.rng("registers", "projects"), short_names(), PROJECTS
    owners = rng.choice(department_ids(), count)
    approved = np.sort(spread(rng, count, "2019-02-01", "2020-04-20"))
    listed = approved - rng.integers(3, 40, count).astype("timedelta64[D]")
    accepted = approved + rng.integers(60, 420, count).astype("timedelta64[D]")
    catalogued = accepted - rng.integers(5, 30, count).astype("timedelta64[D]")
    pooled = accepted - rng.integers(1, 5, count).astype("timedelta64[D]")
    for place, lacks in ISLANDS.items():
        if lacks == "data list":
            listed[place] = NOT_YET
            continue
        accepted[place] = max(
            approved[place] + np.timedelta64(1, "D"),
            np.datetime64("2020-05-06") if place == 150 else np.datetime64("2020-04-01"),
        )
        catalogued[place], pooled[place] = accepted[place] - np.timedelta64(1, "D"), accepted[place]
        (catalogued if lacks == "catalogue entry" else pooled)[place] = NOT_YET
    return pd.DataFrame({
        "project_no": numbered("XM2019%03d", count),
        "name": [f"{names[owner]}{what}信息化项目" for owner, what in zip(owners, rng.choice(np.array(_BUSINESS), count), strict=True)],
        "department_id": owners,
        "budget": np.char.mod("%.2f", rng.gamma(2, 1_200_000, count) + 100_000),
        "approved_on": approved,
        "data_list_on": listed,
        "catalogue_code": only_where(~np.isnat(catalogued), numbered("307%05d/000002", count)),
        "catalogued_on": catalogued,
        "pooled_on": pooled,
        "accepted_on": accepted,
    })  # fmt: skip
