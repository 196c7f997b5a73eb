"""Culture and tourism: cards of the public libraries, which ask for no identity number.

Who holds a card is the truth's business (`links`); the table itself names readers by what stands on their cards.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from cities.qingdao.generator import identifiers
from cities.qingdao.generator.card_noise import KINDS, NOISE, add_noise, put_noise
from cities.qingdao.generator.departments._changes import (
    amount,
    days_before,
    moments,
    past_moments,
    pick,
    put,
    rows_of,
    texts,
    written_dates,
)
from cities.qingdao.generator.departments._visitors import VISITORS, visitors
from cities.qingdao.generator.world import World

RESOURCE = "culture_tourism.library_card"
_SHOWN = {
    "reader_no": "读者证号", "name": "姓名", "gender": "性别", "birth_date": "出生日期", "phone": "联系电话", "address": "住址",
    "division_code": "住址区划", "issued_on": "办证日期", "status": "证件状态", "updated_at": "更新时间",
}  # fmt: skip
_READING = 0.8  # of the residents between six and eighty-five
_PERSON = ["identifier", "who", "name", "gender", "birth_date", "phone", "address", "division_code"]


def tables(world: World, night: int) -> dict[str, pd.DataFrame]:
    cards = _cards(world, night)
    rng = world.rng(
        "library", "written"
    )  # a row is written alike on every night: the stream begins anew, and rows keep their places
    shown = cards.assign(
        gender=np.where(cards["gender"] == "1", "男", "女"),
        birth_date=written_dates(rng, cards["birth_date"].to_numpy().astype("datetime64[D]")),
        phone=cards["phone"].fillna("无"),
        issued_on=texts(cards["issued_on"].to_numpy().astype("datetime64[D]")),
        updated_at=texts(cards["updated_at"].to_numpy().astype("datetime64[s]")),
    )
    return {RESOURCE: shown[list(_SHOWN)].rename(columns=_SHOWN)}


def links(world: World, night: int) -> dict[str, pd.DataFrame]:
    """Who each card of the night belongs to, row by row as in the table: identifier (empty for a visitor), who, noise."""
    return {RESOURCE: _cards(world, night)[["identifier", "who", NOISE]]}


@lru_cache(maxsize=4)
def _cards(world: World, night: int) -> pd.DataFrame:
    return _first(world) if night == 0 else _a_day(world, night, _cards(world, night - 1).copy())


@lru_cache(maxsize=1)
def _people(world: World) -> pd.DataFrame:
    """Residents old enough to read, in the order in which they take a card."""
    people = world.people.rename(columns={"resident_id": "identifier"})
    born = people["birth_date"]
    able = people[(born >= date(1935, 1, 1)) & (born < date(2014, 5, 1)) & people["alive"]]
    able = able.assign(who=able["identifier"], birth_date=able["birth_date"].astype("datetime64[s]"))[_PERSON]
    return able.iloc[world.rng("library", "readers").permutation(len(able))].reset_index(drop=True)


def _first(world: World) -> pd.DataFrame:
    rng, people = world.rng("library"), _people(world)
    readers = people[: round(len(people) * _READING)].assign(noise="")
    strangers = visitors(world, rng, readers, amount(world, 900, 60), 0)
    cards = _issued(world, rng, [_in_households(rng, readers), strangers], 0, None)
    again = _as_registered(world, rows_of(cards, rng, round(len(cards) * 0.05)))
    cards = pd.concat([cards, _issued(world, rng, [_second(again)], len(cards), None)], ignore_index=True)
    cards["updated_at"] = np.maximum(
        past_moments(rng, len(cards)), cards["issued_on"].to_numpy() + np.timedelta64(10, "h")
    )
    return cards


def _issued(world: World, rng: np.random.Generator, holders: list[pd.DataFrame], first: int, day: Any) -> pd.DataFrame:
    """New cards of the holders, numbered from `first`, issued on the day or, without one, in the last years."""
    cards = pd.concat(holders, ignore_index=True)
    cards = cards.iloc[rng.permutation(len(cards))].reset_index(drop=True)
    count = len(cards)
    issued = days_before(rng, count, "2020-05-02", 5000) if day is None else np.full(count, day)
    # nobody has a card before the fifth birthday
    issued = np.maximum(issued, cards["birth_date"].to_numpy().astype("datetime64[D]") + np.timedelta64(1900, "D"))
    cards["issued_on"] = np.minimum(issued, np.datetime64("2020-05-07")).astype("datetime64[s]")
    cards = add_noise(rng, cards)
    cards["reader_no"] = np.char.add("QDL", identifiers.padded((first + np.arange(count)) * 7919 % 10**10, 10))
    cards["status"] = rng.choice(["正常", "挂失", "停用"], count, p=[0.95, 0.02, 0.03])
    return cards


def _in_households(rng: np.random.Generator, readers: pd.DataFrame) -> pd.DataFrame:
    """Some readers give the address and the phone of another one with whom they live."""
    readers = readers.copy()
    chosen = rng.permutation(len(readers))[: 2 * (len(readers) // 40)]
    guests, hosts = np.split(chosen, 2)
    for column in ("phone", "address", "division_code"):
        put(readers, guests, column, readers[column].to_numpy()[hosts])
    put(readers, guests, NOISE, "household")
    return readers


def _second(holders: pd.DataFrame) -> pd.DataFrame:
    """The holders as they take a further card; of a visitor it stays known what makes one of him."""
    kind = [" ".join([*(set(text.split()) & set(VISITORS)), "duplicate"]) for text in holders[NOISE]]
    return holders[_PERSON].assign(noise=kind)


def _as_registered(world: World, cards: pd.DataFrame) -> pd.DataFrame:
    """The holders as their registers know them, visitors as their first card does."""
    known = _people(world).set_index("identifier")
    result = cards.copy()
    at = np.flatnonzero(cards["identifier"].to_numpy() != "")
    for column in ("name", "gender", "birth_date", "phone", "address", "division_code"):
        put(result, at, column, known[column].reindex(cards["identifier"].iloc[at]).to_numpy())
    return result


def _a_day(world: World, night: int, cards: pd.DataFrame) -> pd.DataFrame:
    """Readers tell new phones and addresses, renew, lose and give back their cards; new ones come."""
    rng = world.rng("library", str(night))
    kinds = {noise.kind: noise for noise in KINDS}
    residents = np.flatnonzero((cards["identifier"] != "") & (cards["status"] == "正常"))
    chosen = residents[rng.permutation(pick(rng, len(residents), amount(world, 46, 23)))]
    phoned, moved, renewed, lost, given_back = np.split(
        chosen, (len(chosen) * np.array([6, 11, 17, 20]) // 23).tolist()
    )
    put_noise(rng, cards, phoned, kinds["phone_changed"])
    put_noise(rng, cards, moved, kinds["moved"])
    fresh = _as_registered(world, cards.iloc[renewed])
    for column in ("name", "birth_date", "phone", "address", "division_code"):
        put(cards, renewed, column, fresh[column].to_numpy())
    put(
        cards,
        renewed,
        NOISE,
        [" ".join(kind for kind in text.split() if kind == "duplicate") for text in cards[NOISE].iloc[renewed]],
    )
    put(cards, lost, "status", "挂失")
    put(cards, given_back, "status", "注销")
    put(cards, chosen, "updated_at", moments(world, rng, night, len(chosen)))
    new = _new_cards(world, night, rng, cards)
    new["updated_at"] = moments(world, rng, night, len(new))
    return pd.concat([cards, new], ignore_index=True)


def _new_cards(world: World, night: int, rng: np.random.Generator, cards: pd.DataFrame) -> pd.DataFrame:
    count, people = amount(world, 24, 6), _people(world)
    first = round(len(people) * _READING) + (night - 1) * count
    newcomers = people[first : first + count].assign(noise="")
    strangers = visitors(world, rng, newcomers if len(newcomers) else people, max(2, count // 4), night)
    again = _as_registered(world, rows_of(cards[cards["identifier"] != ""], rng, max(2, count // 12)))
    day = np.datetime64(world.night_start(night).date(), "D")
    return _issued(world, rng, [newcomers, strangers, _second(again)], len(cards), day)
