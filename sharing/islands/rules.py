"""What a city calls an island, from `islands` of its `policy.yaml`: days, cycles, shares, papers, and the articles each kind rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.mistakes import Mistakes, did_you_mean
from contracts.reader import load_yaml
from sharing.islands.kinds import KINDS

_WHERE = "policy.yaml, islands"
_LAW_KEYS = {"kind", "article", "valid_from", "valid_to", "note"}


@dataclass(frozen=True)
class Article:
    """The rule a kind of finding rests on; `valid_to` is its last day."""

    kind: str
    text: str
    valid_from: date
    valid_to: date | None

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class IslandRules:
    """`cycles` and `silent_cycles` count update cycles of the contract, `agree` is a share of entities from 0 to 1, `entities` how many both must hold
    at least. `not_types` are semantic types, `not_items` attributes of `unified.yaml` or fields that everybody may hold; `papers` says which resource
    holds what a paper says."""

    projects_from: date | None = None
    secret_reasons: tuple[str, ...] = ()
    cycles: int = 3
    silent_cycles: int = 30
    agree: float = 0.8
    entities: int = 30
    not_types: tuple[str, ...] = ("resident_id", "credit_code", "division_code", "gender", "person_name")
    not_items: tuple[str, ...] = ()
    papers: Mapping[str, str] = field(default_factory=dict)
    law: tuple[Article, ...] = ()

    def unknown_papers(self, city: City) -> dict[str, str]:
        """Papers whose resource no contract describes: they are not looked for."""
        return {paper: id for paper, id in self.papers.items() if id not in city.resources}

    def articles(self, kind: str, day: date) -> str:
        """The articles in force on the day, parted by semicolons; empty where the city names none."""
        return "；".join(article.text for article in self.law if article.kind == kind and article.in_force(day))


_SETTINGS = {"projects_from", "secret_reasons", "cycles", "silent_cycles", "same_item", "papers", "law"}
_SAME_ITEM = {"agree", "entities", "not_types", "not_items"}


def read_island_rules(city: City) -> IslandRules:
    """The city's rules, the defaults where it states none; ConfigurationError names the setting at fault."""
    stated = _stated(city.folder)
    _known(stated, _SETTINGS, _WHERE)
    same = stated.get("same_item") or {}
    _known(same, _SAME_ITEM, f"{_WHERE}.same_item")
    papers = stated.get("papers") or {}
    defaults = IslandRules()
    return IslandRules(
        projects_from=_day(stated, "projects_from"),
        secret_reasons=tuple(map(str, stated.get("secret_reasons") or ())),
        cycles=_count(stated, "cycles", defaults.cycles),
        silent_cycles=_count(stated, "silent_cycles", defaults.silent_cycles),
        agree=_share(same, "agree", defaults.agree),
        entities=_count(same, "entities", defaults.entities),
        not_types=tuple(map(str, same.get("not_types", defaults.not_types) or ())),
        not_items=tuple(map(str, same.get("not_items") or ())),
        papers={str(paper): str(resource) for paper, resource in papers.items()},
        law=tuple(_article(entry) for entry in stated.get("law") or ()),
    )


def _stated(folder: Path) -> dict[str, Any]:
    if not (folder / "policy.yaml").is_file():
        return {}
    mistakes = Mistakes("policy.yaml")
    data = load_yaml(folder / "policy.yaml", mistakes)
    if mistakes.found or not isinstance(data, dict):
        what = mistakes.found[0].what if mistakes.found else "is no mapping"
        raise ConfigurationError(f"policy.yaml cannot be used: {what}", where=str(folder), remedy="see docs/rate.md")
    stated = data.get("islands") or {}
    if not isinstance(stated, dict):
        raise ConfigurationError("is no mapping", where=_WHERE, remedy="see docs/islands.md")
    return stated


def _known(stated: Any, names: set[str], where: str) -> None:
    if not isinstance(stated, dict):
        raise ConfigurationError("is no mapping", where=where, remedy="see docs/islands.md")
    for unknown in sorted(set(map(str, stated)) - names):
        raise ConfigurationError(f"unknown setting {unknown!r}", where=where, remedy=did_you_mean(unknown, names))


def _article(entry: Any) -> Article:
    where = f"{_WHERE}.law"
    _known(entry, _LAW_KEYS, where)
    kind = str(entry.get("kind"))
    if kind not in KINDS:
        raise ConfigurationError(f"unknown kind {kind!r}", where=where, remedy=did_you_mean(kind, KINDS))
    if not entry.get("article"):
        raise ConfigurationError(f"{kind} has no article", where=where, remedy="name the rule and article")
    begins = _day(entry, "valid_from")
    if begins is None:
        raise ConfigurationError(f"{kind} has no valid_from", where=where, remedy="the rule's first day")
    return Article(kind, str(entry["article"]), begins, _day(entry, "valid_to"))


def _day(stated: Mapping[str, Any], name: str) -> date | None:
    value = stated.get(name)
    if value is None or isinstance(value, date):
        return value
    raise ConfigurationError(f"{name} is {value!r}", where=_WHERE, remedy="a day: 2019-02-01")


def _count(stated: Mapping[str, Any], name: str, default: int) -> int:
    value = stated.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigurationError(f"{name} is {value!r}", where=_WHERE, remedy="a whole number from 1")
    return value


def _share(stated: Mapping[str, Any], name: str, default: float) -> float:
    value = stated.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        raise ConfigurationError(f"{name} is {value!r}", where=_WHERE, remedy="a share above 0 up to 1")
    return float(value)
