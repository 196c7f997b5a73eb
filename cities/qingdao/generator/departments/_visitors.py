"""Readers who are registered nowhere in the city: strangers, and some who have a name, a birth date or a home in common with a resident."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cities.qingdao.generator import names
from cities.qingdao.generator.departments._changes import days_before, rows_of
from cities.qingdao.generator.world import DISTRICTS, World, code_list, district_names

# kind → share of the visitors; what each has in common with a resident says its name
VISITORS = {"stranger": 0.8, "same_name": 0.07, "same_birth": 0.07, "same_home": 0.05, "twin": 0.01}


def visitors(world: World, rng: np.random.Generator, residents: pd.DataFrame, count: int, night: int) -> pd.DataFrame:
    """At most `count` people of no register; none has both the name and the birth date of anybody registered.

    Columns identifier (empty), who, name, gender, birth_date, phone, address, division_code and noise: the kind. `residents` are those whom some resemble.
    """
    alike, male = rows_of(residents, rng, count), rng.random(count) < 0.5
    kind = rng.choice(list(VISITORS), count, p=list(VISITORS.values()))
    given = names.people_of_elsewhere(rng, male)
    surname, gender = alike["name"].str.slice(0, 1).to_numpy(dtype="U4"), np.where(male, "1", "2")
    home_code, home = _homes(rng, count)
    at_home = np.isin(kind, ["same_home", "twin"])
    frame = pd.DataFrame({
        "identifier": "",
        "who": np.char.add(f"visitor-{night}-", np.arange(count).astype("U8")),
        "name": np.where(
            kind == "same_name", alike["name"], np.where(at_home, np.char.add(surname, names.given_of_elsewhere(rng, male)), given)
        ),
        "gender": np.where(kind == "same_name", alike["gender"], gender),
        "birth_date": np.where(
            np.isin(kind, ["same_birth", "twin"]), alike["birth_date"].to_numpy().astype("datetime64[s]"),
            days_before(rng, count, "2012-01-01", 25_000).astype("datetime64[s]"),
        ),
        "phone": np.where(at_home, alike["phone"], names.phones(rng, count)),
        "address": np.where(at_home, alike["address"], home),
        "division_code": np.where(at_home, alike["division_code"], home_code),
        "noise": kind,
    })  # fmt: skip
    return frame[~_known(world, frame)].reset_index(drop=True)


def _known(world: World, people: pd.DataFrame) -> np.ndarray:
    """Who has the name and the birth date of somebody registered, and could not be told from them."""
    registered = world.people["name"].astype(object) + world.people["birth_date"].astype("datetime64[s]").astype(str)
    theirs = people["name"].astype(object) + people["birth_date"].astype("datetime64[s]").astype(str)
    return theirs.isin(registered).to_numpy()


def _homes(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Half live in Qingdao for a while, half come from elsewhere in the province."""
    here = rng.choice(np.array(list(DISTRICTS)), count)
    rows = [row for row in code_list("divisions") if row["code"].startswith("37") and not row["valid_to"]]
    cities = {row["code"]: row["name"] for row in rows if row["code"].endswith("00")}
    away = [
        row
        for row in rows
        if row["code"][:4] + "00" in cities and row["code"][:4] not in ("3700", "3702") and row["code"][4:] != "00"
    ]
    chosen = rng.integers(0, len(away), count)
    codes = np.array([row["code"] for row in away])[chosen]
    place = np.array([cities[row["code"][:4] + "00"] + row["name"] for row in away])[chosen]
    local = rng.random(count) < 0.5
    return np.where(local, here, codes), names.addresses(rng, np.where(local, district_names(here), place))
