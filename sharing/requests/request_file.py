"""A request as people write it: a YAML file with the five elements the law asks for, and one or more lines."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from contracts.errors import ConfigurationError
from contracts.mistakes import Mistakes, did_you_mean
from contracts.reader import load_yaml

_MOST_LINES, _MOST_BYTES, _MOST_LETTERS = 500, 1 << 20, 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Wish:
    """One line as it is asked for. Basis in law, scenario, scope (resource, fields, rows), way and duration are the elements of art. 20.

    `purpose` is what tells two lines of one requester and resource apart; the scenario where it is empty. A `demand` asks for what no catalogue
    has: `resource` and `fields` are then in business words, and `provider` is who should have it.
    """

    resource: str
    fields: tuple[str, ...]
    basis: str
    scenario: str
    way: str
    duration_months: int
    purpose: str = ""
    rows: str = ""
    backflow: bool = False
    demand: bool = False
    provider: str = ""


_KEYS = {f.name for f in fields(Wish)}
# what is not said is told by whoever submits it, with the article that asks for it
_EMPTY: dict[str, Any] = {"resource": "", "fields": (), "basis": "", "scenario": "", "way": "", "duration_months": 0}
_SHARED = ("basis", "scenario", "way", "duration_months", "purpose", "backflow", "demand", "provider", "rows")


def misfit_text(text: str) -> str:
    """Why a text that people typed is not one plain line that can be shown anywhere, or the empty text."""
    if _CONTROL.search(text):
        return "holds a control character"
    return f"is longer than {_MOST_LETTERS} characters" if len(text) > _MOST_LETTERS else ""


def read_request(path: Path) -> list[Wish]:
    """The lines of a request's YAML file; what stands beside `lines` holds for each that does not say it. ConfigurationError lists every mistake."""
    mistakes = Mistakes(path.name)
    if path.is_file() and path.stat().st_size > _MOST_BYTES:
        raise ConfigurationError("the request is larger than 1 MiB", where=str(path), remedy="submit it in parts")
    told = load_yaml(path, mistakes)
    wishes: list[Wish] = []
    if isinstance(told, dict) and isinstance(told.get("lines"), list) and told["lines"]:
        for unknown in sorted(set(map(str, told)) - {*_SHARED, "lines"}):
            mistakes.add("file", f"unknown word {unknown!r}", did_you_mean(unknown, {*_SHARED, "lines"}))
        if len(told["lines"]) > _MOST_LINES:
            mistakes.add("lines", f"there are more than {_MOST_LINES}", "submit it in parts")
        shared = {name: told[name] for name in _SHARED if name in told}
        for n, line in enumerate(told["lines"][:_MOST_LINES], 1):
            wish = _wish(shared | line, f"line {n}", mistakes) if isinstance(line, dict) else None
            if wish:
                wishes.append(wish)
            elif not isinstance(line, dict):
                mistakes.add(f"line {n}", "is no mapping", "resource and fields, and what else differs")
    elif not mistakes.found:
        mistakes.add("file", "needs a list `lines`", "see docs/requests.md")
    if mistakes.found:
        raise ConfigurationError(
            "\n".join(map(str, mistakes.found)), where=str(path), remedy="docs/requests.md shows a request"
        )
    return wishes


def _wish(told: dict[str, Any], place: str, mistakes: Mistakes) -> Wish | None:
    before = len(mistakes.found)
    for unknown in sorted(set(map(str, told)) - _KEYS):
        mistakes.add(place, f"unknown word {unknown!r}", did_you_mean(unknown, _KEYS))
    values: dict[str, Any] = {}
    for name, value in told.items():
        if name == "fields":
            names = value if isinstance(value, list) else [value]
            values[name] = tuple(str(item) for item in names)
        elif name in ("backflow", "demand"):
            values[name] = value is True
            if not isinstance(value, bool):
                mistakes.add(f"{place} {name}", f"is {value!r}", "true or false")
        elif name == "duration_months":
            values[name] = value if isinstance(value, int) and not isinstance(value, bool) else 0
        elif isinstance(value, dict | list):
            mistakes.add(f"{place} {name}", "is no text")
        else:
            values[str(name)] = "" if value is None else str(value)
    return Wish(**_EMPTY | values) if len(mistakes.found) == before else None
