"""What a refused value may have been meant to be: read from the value itself, its field and the codes there are; nothing is proved here."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from contracts.identifiers import credit_code, resident_id
from contracts.model import Field

_DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%Y-%m-%dT%H:%M:%S%z")
_CHINESE_DAY = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
_CHINESE_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}
_SPREADSHEET_EPOCH = date(1899, 12, 30)
# letters that credit codes do not hold, and the signs they are misread for
_MISREAD = str.maketrans("IOSZ", "1052")
_UNITS = re.compile(r"^[¥￥$]|\s+|(人民币|元|人|岁|周岁|个|户|家|件|次|平方米|㎡)$")
_WORDS = {"√": "是", "✓": "是", "×": "否", "✗": "否", "对": "是", "错": "否"}


@dataclass(frozen=True)
class Codes:
    """A code list, or the values a contract lists: `names` leads from what a code is called to the code."""

    codes: tuple[str, ...]
    names: Mapping[str, str]


def proposals(field: Field, value: str, codes: Codes | None = None) -> list[str]:
    """What the value may have been meant to be, likeliest first; not proved yet, never the value itself."""
    plain = unicodedata.normalize("NFKC", value).strip()
    bare = re.sub(r"\s+", "", plain)
    found = [*_by_code(plain, codes)] if codes else []
    match field.semantic_type or field.logical_type:
        case "resident_id":
            found += _resident_id(value)
        case "credit_code":
            found += _credit_code(value)
        case "date" | "timestamp":
            found += _days(plain)
        case "integer" | "number":
            found += _numbers(plain)
        case "boolean":
            found += [_WORDS[plain]] if plain in _WORDS else []
        case "phone":
            found += [re.sub(r"[^0-9+]", "", plain)]
    if field.logical_type == "string":
        # a hyphen in a text parts it; before a number it is its sign
        found += [*_redecoded(value), plain, bare, bare.replace("-", "")]
    found += [plain, bare, bare.upper(), bare.lower()]
    return [text for text in dict.fromkeys(found) if text and text != value]


def read_codes(path: Path) -> Codes:
    """The codes of a list of the city's: `code` and `name` of its CSV."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("code")]
    named: dict[str, set[str]] = {}
    for row in rows:
        for part in {row.get("name") or "", *(row.get("name") or "").split()}:
            named.setdefault(part, set()).add(row["code"])
    # a name that several codes bear leads to none of them
    names = {name: next(iter(codes)) for name, codes in named.items() if name and len(codes) == 1}
    return Codes(tuple(sorted({row["code"] for row in rows})), names)


def _by_code(text: str, codes: Codes) -> Iterator[str]:
    if text in codes.names:
        yield codes.names[text]
    same = {c for c in codes.codes if c.casefold() == text.casefold() or (text and c.lstrip("0") == text.lstrip("0"))}
    if len(same) == 1:
        yield same.pop()
    # 370202000000 is a longer form of 370202; a number that merely resembles a code is another code
    if text.isdigit():
        longer = {c for c in codes.codes if c and text.startswith(c) and not text[len(c) :].strip("0")}
        if longer:
            yield max(longer, key=len)
        return
    # nor is a code that resembles another one a slip of it, unless codes are words
    if not any(letter.isdigit() for letter in text):
        yield from get_close_matches(text, codes.codes, n=1, cutoff=0.75)
    yield from (codes.names[name] for name in get_close_matches(text, codes.names, n=1, cutoff=0.75))


def _resident_id(value: str) -> Iterator[str]:
    number = resident_id.compact(value)
    if re.fullmatch(r"[1-9][0-9]{16}[0-9A-Z]?", number, re.ASCII):
        yield number[:17] + mod_11_2.calc_check_digit(number[:17])


def _credit_code(value: str) -> Iterator[str]:
    number = credit_code.compact(value)
    for code in (number, number.translate(_MISREAD)):
        if credit_code.has_check_digit(code):
            yield code
        elif len(code) in (17, 18):
            with suppress(Exception):  # letters that have no value
                yield code[:17] + uscc.calc_check_digit(code[:17])


def _days(text: str) -> Iterator[str]:
    if written := _CHINESE_DAY.search(text):
        year = "".join(str(_CHINESE_DIGITS[c]) for c in written[1])
        month, day = _chinese_number(written[2]), _chinese_number(written[3])
        yield f"{year}-{month:02}-{day:02}"
    read = set()
    for form in _DAYS:
        with suppress(ValueError):
            read.add(datetime.strptime(text, form).date())
    # 04/05/2020 is two days: nobody knows which was meant
    if len(read) == 1:
        yield read.pop().isoformat()
    # a spreadsheet's own number of the day, from 1954 to 2064
    if re.fullmatch(r"[2-5][0-9]{4}(\.0+)?", text, re.ASCII):
        yield (_SPREADSHEET_EPOCH + timedelta(days=int(float(text)))).isoformat()


def _chinese_number(text: str) -> int:
    tens, ten, ones = text.rpartition("十")
    return (_CHINESE_DIGITS.get(tens, 1) * 10 if ten else 0) + _CHINESE_DIGITS.get(ones, 0)


def _numbers(text: str) -> Iterator[str]:
    bare = _UNITS.sub("", _UNITS.sub("", _UNITS.sub("", text)))
    yield bare
    if re.fullmatch(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", bare, re.ASCII):
        yield bare.replace(",", "")
    if re.fullmatch(r"[0-9]+(\.0+)?", bare, re.ASCII):
        yield bare.partition(".")[0]


def _redecoded(value: str) -> Iterator[str]:
    """The text behind a wrong decoding, where nothing was lost."""
    for wrong in ("latin-1", "cp1252", "gb18030"):
        for right in ("utf-8", "gb18030"):
            if wrong != right:
                with suppress(UnicodeError):
                    yield value.encode(wrong).decode(right)
