"""Addresses made comparable: 山东省青岛市市南区香港中路1号, 市南区香港中路１号 and 香港中路1号 are one place.

The names of divisions in front are taken off; what is left falls into the street (all but numbers and their units) and its numbers
(house, building, unit, flat) in their order, so that 1号2号楼3单元401户 and 1-2-3-401 say the same.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from contracts.quoting import literal

_LEVEL = re.compile("(特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市|地区)$")
# from the start up to the last word for a division, before any digit or word for a street
_HEAD = "^[^0-9路街巷弄号里村]{1,24}[省市区县旗州盟]"
_UNITS = "(?:号楼|栋楼|幢楼|号院|号|栋|幢|座|单元|门|层|楼|户|室|房)"
_ORDINALS = "一二三四五六七八九"


def read_divisions(path: Path) -> tuple[str, ...]:
    """Every name a division has ever had, from a code list of divisions; longest first. Empty where there is no such file."""
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["code"], row["name"]) for row in csv.DictReader(file)]
    names = {name for _, name in rows if len(name) > 2}
    short = {_LEVEL.sub("", name) for code, name in rows if code.endswith("00")}
    return tuple(sorted(names, key=_longest_first)) + tuple(
        f"~{s}" for s in sorted(short, key=_longest_first) if len(s) > 1
    )


def heads_sql(texts: str, divisions: tuple[str, ...]) -> str:
    """SELECT `head`, `kept` of the distinct heads among compared addresses in a column `address`: what of a head is no division.

    A province or prefecture may be cut short (山东青岛市…), but only before the full name of another division: 青岛路 is a street. The
    heads of a city are few, and looking for thousands of names in each address would take a hundred times as long as all else.
    """
    full = "|".join(name for name in divisions if not name.startswith("~"))
    short = "|".join(name[1:] for name in divisions if name.startswith("~"))
    pattern = f"^(?:中国|中华人民共和国)?(?:(?:{short})*(?:{full}))*" if full and short else "^$"
    return (
        f"SELECT head, regexp_replace(head, {literal(pattern)}, '') AS kept "
        f"FROM (SELECT DISTINCT {head_sql('address')} AS head FROM {texts} WHERE address IS NOT NULL)"
    )


def head_sql(address: str) -> str:
    """SQL of what stands before the street and may be divisions' names; empty where nothing does."""
    return f"regexp_extract({address}, {literal(_HEAD)})"


def numbered_sql(address: str) -> str:
    """SQL of the address with streets' ordinals in characters (延安3路 → 延安三路), as signs write them."""
    text = address
    for digit, word in enumerate(_ORDINALS, 1):
        text = f"regexp_replace({text}, '([^0-9]){digit}([路街道支村])', '\\1{word}\\2')"
    return f"CASE WHEN regexp_matches({address}, '[^0-9][1-9][路街道支村]') THEN {text} ELSE {address} END"


def street_sql(address: str) -> str:
    """SQL of the street: the address without numbers and their units; NULL where nothing is left."""
    return f"nullif(regexp_replace({address}, '[0-9]+{_UNITS}*', '', 'g'), '')"


def numbers_sql(written: str) -> str:
    """SQL of the address's numbers in their order, parted by dashes, from the text as written; NULL where there is none."""
    return f"nullif(array_to_string(regexp_extract_all({written}, '[0-9]+'), '-'), '')"


def _longest_first(name: str) -> tuple[int, str]:
    return -len(name), name
