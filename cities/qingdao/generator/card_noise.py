"""What goes wrong between a person and a card: kinds of noise by share, put on rows one after the other and remembered row by row.

Kinds that stand in one group exclude each other: a name is wrong in one way at most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from cities.qingdao.generator import misspellings, names
from cities.qingdao.generator.departments._changes import Positions, put
from cities.qingdao.generator.world import DISTRICTS, district_names

NOISE = "noise"
_COLUMNS = ("name", "birth_date", "issued_on", "phone", "address", "division_code", NOISE)
_WIDE = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in "0123456789"})
# present division → the one that is gone, its name and the last day on which cards named it
_BEFORE = {
    "370203": ("370205", "四方区", date(2011, 12, 31)), "370211": ("370284", "胶南市", date(2011, 12, 31)), "370215": ("370282", "即墨市", date(2016, 12, 31)),
}  # fmt: skip

Row = Mapping[str, Any]
Change = Callable[[np.random.Generator, Row], dict[str, Any] | None]


@dataclass(frozen=True)
class Noise:
    """A kind of noise: the share of cards that get it, and what it does to one; `group` names what it excludes."""

    kind: str
    group: str
    share: float
    change: Change


def add_noise(rng: np.random.Generator, cards: pd.DataFrame) -> pd.DataFrame:
    """The cards with noise put on; their column `noise` lists the kinds each carries, parted by blanks.

    Needs the columns name, birth_date and issued_on (datetime64[D]), phone, address, division_code and noise; the given frame is left alone.
    """
    cards = cards.copy()
    for group in dict.fromkeys(noise.group for noise in KINDS):
        mine = [noise for noise in KINDS if noise.group == group]
        drawn = rng.random(len(cards))
        bounds = np.cumsum([noise.share for noise in mine])
        for noise, low, high in zip(mine, [0.0, *bounds[:-1]], bounds, strict=True):
            put_noise(rng, cards, np.flatnonzero((drawn >= low) & (drawn < high)), noise)
    return cards


def put_noise(rng: np.random.Generator, cards: pd.DataFrame, positions: Positions, noise: Noise) -> None:
    """Change the cards at the positions in place, where the kind is possible and no other of its group stands there already."""
    rivals = {other.kind for other in KINDS if other.group == noise.group} - {noise.kind}
    columns = {name: cards[name].iloc[positions].to_list() for name in _COLUMNS}
    for n in range(len(positions)):
        has = columns[NOISE][n].split()
        changed = (
            None if rivals & set(has) else noise.change(rng, {name: column[n] for name, column in columns.items()})
        )
        for name, value in ({**changed, NOISE: " ".join(dict.fromkeys([*has, noise.kind]))} if changed else {}).items():
            columns[name][n] = value
    for name, column in columns.items():
        put(cards, positions, name, column)


def _renamed(how: misspellings.Misspelling) -> Change:
    def change(rng: np.random.Generator, row: Row) -> dict[str, Any] | None:
        name = how(rng, row["name"])
        return {"name": name} if name != row["name"] and "·" not in name else None

    return change


def _swapped(_: np.random.Generator, row: Row) -> dict[str, Any] | None:
    born: date = row["birth_date"].date()
    if born.day > 12 or born.day == born.month:
        return None
    return {"birth_date": pd.Timestamp(born.year, born.day, born.month)}


def _digit_off(rng: np.random.Generator, row: Row) -> dict[str, Any] | None:
    """One digit of the last six is another, and the date is real and before the card's."""
    text = f"{row['birth_date']:%Y%m%d}"
    for _ in range(20):
        place = int(rng.integers(3, 8))
        wrong = text[:place] + str(rng.integers(0, 10)) + text[place + 1 :]
        born = pd.to_datetime(wrong, format="%Y%m%d", errors="coerce")
        if wrong != text and not pd.isna(born) and born < row["issued_on"]:
            return {"birth_date": born}
    return None


def _without_phone(_: np.random.Generator, row: Row) -> dict[str, Any]:
    return {"phone": None}


def _other_phone(rng: np.random.Generator, row: Row) -> dict[str, Any]:
    return {"phone": str(names.phones(rng, 1)[0])}


def _other_home(rng: np.random.Generator, row: Row) -> dict[str, Any]:
    """An address where the reader lived before."""
    home = rng.choice(np.array(list(DISTRICTS)), 1)
    return {"division_code": str(home[0]), "address": str(names.addresses(rng, district_names(home))[0])}


def _old_division(_: np.random.Generator, row: Row) -> dict[str, Any] | None:
    code, name, last = _BEFORE.get(row["division_code"], ("", "", date.min))
    if row["issued_on"].date() > last:
        return None
    return {"division_code": code, "address": name + row["address"][3:]}


def _without_division(_: np.random.Generator, row: Row) -> dict[str, Any]:
    return {"address": row["address"][3:]}


def _with_city(rng: np.random.Generator, row: Row) -> dict[str, Any]:
    city = "青岛市" if row["division_code"].startswith("3702") else ""
    return {"address": ("山东省" if not city or rng.random() < 0.5 else "") + city + row["address"]}


def _full_width(_: np.random.Generator, row: Row) -> dict[str, Any]:
    phone = row["phone"]
    return {
        "phone": phone.translate(_WIDE) if isinstance(phone, str) else None,
        "address": row["address"].translate(_WIDE),
    }


KINDS: tuple[Noise, ...] = (
    Noise("name_homophone", "name", 0.02, _renamed(misspellings.sounding_alike)),
    Noise("name_typo", "name", 0.015, _renamed(misspellings.looking_alike)),
    Noise("name_traditional", "name", 0.02, _renamed(misspellings.traditional)),
    Noise("nickname", "name", 0.003, _renamed(misspellings.nickname)),
    Noise("birth_swapped", "birth", 0.01, _swapped),
    Noise("birth_digit", "birth", 0.012, _digit_off),
    Noise("phone_missing", "phone", 0.05, _without_phone),
    Noise("phone_changed", "phone", 0.10, _other_phone),
    Noise("moved", "home", 0.08, _other_home),
    Noise("old_division", "division", 0.5, _old_division),
    Noise("address_bare", "form", 0.08, _without_division),
    Noise("address_with_city", "form", 0.15, _with_city),
    Noise("full_width", "width", 0.03, _full_width),
)
