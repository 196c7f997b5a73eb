"""The invented city: its people and firms as they are when the first night begins, and the nights' times.

Departments' tables are drawn from these two tables, so that the same person or firm meets itself in several departments.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cities.qingdao.generator import identifiers, names

NIGHTS = (1, 2, 3)
ZONE = ZoneInfo("Asia/Shanghai")
FIRST_START = datetime(2020, 5, 4, 2, 0, tzinfo=ZONE)
CITY_FOLDER = Path(__file__).resolve().parent.parent

# where people live now: the ten districts and cities under Qingdao, with rough shares of the population
DISTRICTS = {
    "370202": ("市南区", 0.06), "370203": ("市北区", 0.11), "370211": ("黄岛区", 0.19), "370212": ("崂山区", 0.05),
    "370213": ("李沧区", 0.07), "370214": ("城阳区", 0.11), "370215": ("即墨区", 0.13), "370281": ("胶州市", 0.09),
    "370283": ("平度市", 0.12), "370285": ("莱西市", 0.07),
}  # fmt: skip
_OLDEST, _NEWEST = np.datetime64("1925-01-01"), np.datetime64("2020-04-30")
_FIRST_IDS = np.datetime64("1984-04-06")  # resident ids were first given out then, with the division of that day


@dataclass(frozen=True, eq=False)
class World:
    """The city before the first night. Equal seed and scale give equal tables; treat them as read-only."""

    seed: int
    scale: float
    people: pd.DataFrame
    firms: pd.DataFrame

    def rng(self, *name: str) -> np.random.Generator:
        """A stream of random numbers of its own for each name, independent of the order of calls."""
        return _stream(self.seed, *name)

    def night_start(self, night: int) -> datetime:
        """Start of the night's interval, 02:00 in the city."""
        return FIRST_START + timedelta(days=night - 1)

    def night_end(self, night: int) -> datetime:
        """End of the night's interval, which is the next one's start."""
        return self.night_start(night + 1)

    @cached_property
    def adults(self) -> pd.DataFrame:
        """Living people of 18 to 85 years, with a fresh index."""
        born = self.people["birth_date"]
        grown = (born <= date(2002, 5, 1)) & (born >= date(1935, 1, 1)) & self.people["alive"]
        return self.people[grown].reset_index(drop=True)


def build_world(seed: int, scale: float) -> World:
    """Invent the city: about 4,000 people and 1,200 firms times `scale`, and never fewer than 200 and 60."""
    people = _people(seed, max(200, round(4000 * scale)))
    return World(seed, scale, people, _firms(seed, max(60, round(1200 * scale)), people))


def district_names(codes: NDArray[Any]) -> NDArray[Any]:
    """The names of Qingdao's present districts, for their codes."""
    known = np.array(sorted(DISTRICTS))
    return np.array([DISTRICTS[code][0] for code in sorted(DISTRICTS)])[np.searchsorted(known, codes)]


def code_list(name: str) -> list[dict[str, str]]:
    """The rows of one of the city's code lists."""
    with (CITY_FOLDER / "code_lists" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _stream(seed: int, *name: str) -> np.random.Generator:
    digest = hashlib.sha256("\x1f".join((str(seed), *name)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def _people(seed: int, count: int) -> pd.DataFrame:
    rng = _stream(seed, "world", "people")
    drawn = count + count // 20 + 50  # some ids come out twice
    age = rng.beta(1.4, 2.2, drawn)
    births = _NEWEST - (age * (_NEWEST - _OLDEST).astype(np.int64)).astype(np.int64).astype("timedelta64[D]")
    male = rng.random(drawn) < 0.505
    orders = rng.integers(0, 499, drawn) * 2 + np.where(male, 1, 2)
    ids = identifiers.resident_ids(_origins(rng, births), births, orders)
    first = np.sort(np.unique(ids, return_index=True)[1])[:count]
    count, births, male, age = len(first), births[first], male[first], age[first]
    residence = rng.choice(np.array(list(DISTRICTS)), count, p=[share for _, share in DISTRICTS.values()])
    minority = rng.choice(np.array(["02", "03", "08", "10", "11", "15"]), count)
    frame = pd.DataFrame({
        "resident_id": ids[first],
        "name": names.people(rng, male),
        "gender": np.where(male, "1", "2"),
        "birth_date": births.astype("datetime64[D]").astype(object),
        "division_code": residence,
        "address": names.addresses(rng, district_names(residence)),
        "phone": names.phones(rng, count),
        "ethnicity": np.where(rng.random(count) < 0.97, "01", minority),
        "alive": rng.random(count) > np.clip((age - 0.75) * 0.6, 0, 0.2),
    })  # fmt: skip
    return frame.sort_values("resident_id", ignore_index=True)


def _origins(rng: np.random.Generator, births: NDArray[Any]) -> NDArray[Any]:
    """The division in each id: the one of the day the id was given, so older people carry codes that are gone today."""
    rows = [r for r in code_list("divisions") if r["code"][2:] != "0000" and r["code"][4:] != "00"]
    codes = np.array([r["code"] for r in rows])
    since = np.array([r["valid_from"] or "1980-01-01" for r in rows], dtype="datetime64[D]")
    until = np.array([r["valid_to"] or "2100-01-01" for r in rows], dtype="datetime64[D]")
    issued = np.maximum(
        births + np.timedelta64(60, "D"), _FIRST_IDS + rng.integers(0, 1500, len(births)).astype("timedelta64[D]")
    )
    issued = np.where(births < _FIRST_IDS, issued, births + np.timedelta64(60, "D")).astype("datetime64[D]")
    local = np.char.startswith(codes, "3702")
    province = np.char.startswith(codes, "37") & ~local
    kind = rng.choice(3, len(births), p=[0.68, 0.19, 0.13])
    chosen = np.full(len(births), "370202", dtype="U6")
    for number, group in enumerate((local, province, ~local & ~province)):
        members = np.flatnonzero(group)
        for year in range(1984, 2021):
            day = np.datetime64(f"{year}-07-01")
            mine = np.flatnonzero((kind == number) & (issued.astype("datetime64[Y]").astype(int) + 1970 == year))
            open_codes = codes[members[(since[members] <= day) & (until[members] > day)]]
            chosen[mine] = rng.choice(open_codes, len(mine))
    chosen[rng.random(len(births)) < 0.002] = "810000"
    return chosen


def _firms(seed: int, count: int, people: pd.DataFrame) -> pd.DataFrame:
    rng = _stream(seed, "world", "firms")
    born, alive = people["birth_date"], people["alive"]
    able = people[(born <= date(1999, 1, 1)) & (born >= date(1945, 1, 1)) & alive].reset_index(drop=True)
    heads = able.iloc[rng.integers(0, len(able), count)].reset_index(drop=True)
    residence = rng.choice(np.array(list(DISTRICTS)), count, p=[share for _, share in DISTRICTS.values()])
    # market supervision registers nearly all; rural collectives (N), army units (A) and others (Y) come from elsewhere
    authority = rng.choice(np.array(["9", "N", "A", "Y"]), count, p=[0.97, 0.02, 0.005, 0.005])
    kind = np.where(authority == "9", rng.choice(np.array(["1", "2", "3"]), count, p=[0.85, 0.1, 0.05]), "1")
    # the registrar's division is of its own day: some no longer exist, and the bonded zone's stands in no list
    old = rng.random(count)
    registrar = np.where(
        old < 0.03, "370282", np.where(old < 0.05, "370205", np.where(old < 0.06, "370220", residence))
    )
    serials = (rng.permutation(count) + rng.integers(1_000_000, 9_000_000)) % 100_000_000
    codes = identifiers.credit_codes(authority, kind, registrar, serials)
    classes = np.array([row["code"] for row in code_list("industries") if len(row["code"]) == 5])
    days = rng.integers(0, 11_500, count).astype("timedelta64[D]")
    frame = pd.DataFrame({
        "credit_code": codes,
        "name": names.firms(rng, count),
        "representative_id": heads["resident_id"],
        "representative_name": heads["name"],
        "industry_code": rng.choice(classes, count),
        "division_code": residence,
        "address": names.addresses(rng, district_names(residence)),
        "phone": names.phones(rng, count),
        "capital": np.round(np.exp(rng.normal(5.2, 1.4, count)), 2),
        "established_on": (np.datetime64("2020-04-20") - days).astype("datetime64[D]").astype(object),
        "status": rng.choice(np.array(["存续", "注销", "吊销"]), count, p=[0.93, 0.04, 0.03]),
    })  # fmt: skip
    return frame.sort_values("credit_code", ignore_index=True)
