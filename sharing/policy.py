"""Legal limits and the city's own switches, from `policy.yaml`: law is data here, each limit with its article and years."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from contracts.errors import ConfigurationError
from contracts.mistakes import Mistakes, did_you_mean
from contracts.reader import load_yaml

DUTIES = {
    "answer_unconditional": "答复（无条件共享） answer a request for data shared unconditionally",
    "answer_conditional": "答复（有条件共享） answer a request for data shared on conditions",
    "extend_answer": "延长答复 longest extension of an answer",
    "provide": "提供数据 provide the data after consent",
    "correction": "校核 verify, correct and report back",
}
LEVELS = ("nation", "province", "city")
_KEYS = {"duty", "working_days", "level", "article", "valid_from", "valid_to", "liability", "note"}
# `islands` is read by sharing/islands/rules.py
_SETTINGS = {"limits", "incomplete_papers", "min_fill", "min_fill_by_field", "goal", "islands"}


@dataclass(frozen=True)
class Limit:
    """A duty's limit in working days, and the rule it rests on; `valid_to` is the rule's last day, `liability` the article that says what follows
    where the limit is not kept, empty where the rule names nothing."""

    duty: str
    working_days: int
    level: str
    article: str
    valid_from: date
    valid_to: date | None
    liability: str = ""

    def strictness(self) -> tuple[int, int, str]:
        """The order in which limits apply: fewest days first; of equal ones the highest level is cited."""
        return self.working_days, LEVELS.index(self.level), self.article

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True)
class Policy:
    """All limits, and what the law leaves to the city. `min_fill` is a share of rows, 0 to 1, for fields their contract does not require;
    `goal` the verified rate the city wants to reach, 0 to 1, None where it has set none."""

    limits: tuple[Limit, ...]
    pause_while_incomplete: bool = True
    min_fill: float = 0.1
    min_fill_by_field: dict[str, float] = field(default_factory=dict)
    goal: float | None = None

    def limit(self, duty: str, day: date) -> Limit:
        """The strictest limit in force on that day; ConfigurationError where none is."""
        if duty not in DUTIES:
            raise ConfigurationError(f"no duty {duty!r}", remedy=did_you_mean(duty, DUTIES))
        found = [limit for limit in self.limits if limit.duty == duty and limit.in_force(day)]
        if not found:
            raise no_limit(duty, day)
        return min(found, key=Limit.strictness)


def no_limit(duty: str, day: date) -> ConfigurationError:
    return ConfigurationError(
        f"no limit for {duty} is in force on {day}",
        where="policy.yaml",
        remedy=f"add a limit of that duty whose valid_from is not after {day}",
    )


def read_policy(folder: Path) -> Policy:
    """The policy of a city folder; ConfigurationError that names the entry at fault."""
    mistakes = Mistakes("policy.yaml")
    data = load_yaml(folder / "policy.yaml", mistakes)
    if mistakes.found or not isinstance(data, dict) or not isinstance(data.get("limits"), list):
        first = mistakes.found[0].what if mistakes.found else "it needs a list `limits`"
        raise ConfigurationError(
            f"policy.yaml cannot be used: {first}", where=str(folder), remedy="see docs/rate.md, policy.yaml"
        )
    for unknown in sorted(set(map(str, data)) - _SETTINGS):
        raise ConfigurationError(
            f"unknown setting {unknown!r}", where="policy.yaml", remedy=did_you_mean(unknown, _SETTINGS)
        )
    papers = data.get("incomplete_papers", "pause")
    if papers not in ("pause", "run"):
        raise ConfigurationError(f"incomplete_papers is {papers!r}", where="policy.yaml", remedy="pause or run")
    by_field = data.get("min_fill_by_field") or {}
    if not isinstance(by_field, dict):
        raise ConfigurationError(
            "min_fill_by_field is no mapping", where="policy.yaml", remedy="department.resource.field: share"
        )
    return Policy(
        tuple(_limit(n, entry) for n, entry in enumerate(data["limits"], 1)),
        pause_while_incomplete=papers == "pause",
        min_fill=_share("min_fill", data.get("min_fill", 0.1)),
        min_fill_by_field={str(name): _share(str(name), value) for name, value in by_field.items()},
        goal=_share("goal", data["goal"]) if data.get("goal") is not None else None,
    )


def _limit(number: int, entry: Any) -> Limit:
    where = f"policy.yaml, limit {number}"
    if not isinstance(entry, dict):
        raise ConfigurationError(
            "is no mapping", where=where, remedy="{duty, working_days, level, article, valid_from}"
        )
    for unknown in sorted(set(map(str, entry)) - _KEYS):
        raise ConfigurationError(f"unknown {unknown!r}", where=where, remedy=did_you_mean(unknown, _KEYS))
    duty, level, days = str(entry.get("duty")), str(entry.get("level")), entry.get("working_days")
    if duty not in DUTIES:
        raise ConfigurationError(f"unknown duty {duty!r}", where=where, remedy=did_you_mean(duty, DUTIES))
    if level not in LEVELS:
        raise ConfigurationError(f"unknown level {level!r}", where=where, remedy=did_you_mean(level, LEVELS))
    if not isinstance(days, int) or isinstance(days, bool) or days < 1:
        raise ConfigurationError(f"working_days is {days!r}", where=where, remedy="a whole number from 1")
    if not entry.get("article"):
        raise ConfigurationError("no article", where=where, remedy="name the rule and article the limit rests on")
    start, end = _day(entry.get("valid_from"), where), entry.get("valid_to")
    last = None if end is None else _day(end, where)
    if last is not None and last < start:
        raise ConfigurationError(
            f"valid_to {last} is before valid_from {start}", where=where, remedy="first and last day of the rule"
        )
    return Limit(duty, days, level, str(entry["article"]), start, last, str(entry.get("liability") or ""))


def _day(value: Any, where: str) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError as error:
        raise ConfigurationError(f"{value!r} is no day", where=where, remedy="2025-08-01") from error


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ConfigurationError(f"{name} is {value!r}", where="policy.yaml", remedy="a share from 0 to 1")
    return float(value)
