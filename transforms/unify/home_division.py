"""`division` of `unified.yaml`: the code list of divisions, and where in it the city lies.

The names of the city, its province and its own divisions of any year may stand in front of an address or be left out: they say nothing that the
division's code does not say.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from contracts.catalogue import City
from contracts.mistakes import Mistakes, did_you_mean
from transforms.unify.mappings import Divisions

_CODE = re.compile(r"[0-9]{6}")
_WORDS = ("code_list", "home")


def read_divisions(stated: Any, city: City, mistakes: Mistakes) -> Divisions | None:
    """The city's divisions; None where `unified.yaml` states none, or not rightly."""
    if stated is None:
        return None
    said = stated if isinstance(stated, dict) else {}
    for word in sorted(set(map(str, said)) - set(_WORDS)):
        mistakes.add(f"division.{word}", "unknown word", did_you_mean(word, _WORDS))
    name, home = str(said.get("code_list", "")), str(said.get("home", ""))
    if name not in city.code_lists:
        mistakes.add("division.code_list", f"no code list {name!r}", did_you_mean(name, city.code_lists))
        return None
    if not _CODE.fullmatch(home):
        mistakes.add("division.home", f"is {home!r}", 'the code of the city in quotes, such as "370200"')
        return None
    return Divisions(name, home, _names(city.code_lists[name], Divisions(name, home)))


def _names(path: Path, divisions: Divisions) -> tuple[str, ...]:
    """Names of the province, the city and the divisions of any year below it, longest first."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    home = divisions.home
    above = {f"{home[:2]}0000", f"{home[:4]}00"}
    found = {row["name"] for row in rows if row["code"] in above or row["code"].startswith(divisions.prefix)}
    return tuple(sorted(found, key=lambda name: (-len(name), name)))
