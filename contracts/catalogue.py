"""A whole city read from its folder: departments, source systems, resources, code lists – and every mistake in them.

A contract with mistakes does not stop the others: it stands in `City.broken`, and asking for its resource raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.errors import ConfigurationError
from contracts.interval import parse_cron
from contracts.mistakes import Mistake, Mistakes, did_you_mean, relative
from contracts.model import Department, Label, Resource, SourceSystem
from contracts.reader import load_yaml, read_contract

_DIVISION = re.compile(r"[0-9]{2,12}")

REQUEST_REGISTER = "share_request_register"
"""The role of the resource that holds the requests a city registered before."""


@dataclass(frozen=True)
class City:
    """All that is known of a city; `resources` are sorted by id."""

    id: str
    name: Label
    folder: Path
    timezone: ZoneInfo
    schedule: str
    start: date
    end: date | None
    calendar_from: date | None
    calendar_to: date | None
    departments: dict[str, Department]
    systems: dict[str, SourceSystem]
    resources: dict[str, Resource]
    broken: dict[str, tuple[Mistake, ...]]
    mistakes: tuple[Mistake, ...]
    code_lists: dict[str, Path] = field(default_factory=dict)
    named_bureau: str = ""

    def resource(self, id: str) -> Resource:
        """The resource `department.name`; ConfigurationError where its contract is missing or broken."""
        if id in self.resources:
            return self.resources[id]
        if id in self.broken:
            first = self.broken[id][0]
            raise ConfigurationError(
                f"the contract has {len(self.broken[id])} mistakes, first: {first.what}",
                where=f"{first.file}, {first.place}",
                remedy="landbridge catalogue check",
            )
        raise ConfigurationError(f"no resource {id!r} in {self.id}", remedy=did_you_mean(id, self.resources))

    def department(self, id: str) -> Department:
        """The department of that id; ConfigurationError where there is none."""
        if id not in self.departments:
            raise ConfigurationError(f"no department {id!r} in {self.id}", remedy=did_you_mean(id, self.departments))
        return self.departments[id]

    @property
    def bureau(self) -> str:
        """The department that runs sharing and decides disputes: `bureau` of city.yaml, otherwise whose resource the request register is, or none."""
        if self.named_bureau:
            return self.named_bureau
        registers = [id for id in (*self.broken, *self.resources) if id.endswith(f".{REQUEST_REGISTER}")]
        register = self.with_role(REQUEST_REGISTER)
        return register.department if register else registers[0].partition(".")[0] if registers else ""

    def resources_of(self, department: str) -> list[Resource]:
        return [r for r in self.resources.values() if r.department == department]

    def with_role(self, role: str) -> Resource | None:
        """The resource that plays a part for the platform itself, such as the request register."""
        return next((r for r in self.resources.values() if r.role == role), None)

    def code_list(self, name: str) -> Path:
        """CSV file `code,name,valid_from,valid_to,successor` of a code list."""
        if name not in self.code_lists:
            raise ConfigurationError(
                f"no code list {name!r}", where="code_lists/", remedy=did_you_mean(name, self.code_lists)
            )
        return self.code_lists[name]


def load_city(folder: Path, only_department: str | None = None) -> City:
    """Read the city folder; raise ConfigurationError only where the city itself cannot be read.

    `only_department` reads the contracts of one department, which is all an Airflow task needs to start.
    """
    mistakes = Mistakes("city.yaml")
    if not (folder / "city.yaml").is_file():
        raise ConfigurationError(
            f"{folder} is no city folder: it has no city.yaml", remedy="set LANDBRIDGE_CITY to the folder of your city"
        )
    head = load_yaml(folder / "city.yaml", mistakes)
    try:
        timezone = ZoneInfo(str(head["timezone"]))
        schedule = parse_cron(str(head["schedule"]))
        name, start = _label(head["name"]), _day(head["start"])
        end = _day(head["end"]) if head.get("end") else None
        calendar = head.get("calendar") or {}
        calendar_from, calendar_to = (_day(calendar[k]) if calendar.get(k) else None for k in ("from", "to"))
    except (KeyError, TypeError, AttributeError, ZoneInfoNotFoundError, ConfigurationError, ValueError) as error:
        reason = mistakes.found[0].what if mistakes.found else error
        raise ConfigurationError(
            f"city.yaml cannot be used: {reason}",
            where=str(folder),
            remedy="it needs id, name, timezone, schedule and start",
        ) from error
    if end is not None and end < start:
        mistakes.add("end", f"{end} is before start {start}", "the last night follows the first")
    departments, found = _departments(folder)
    systems, more = _systems(folder, departments)
    bureau = str(head.get("bureau") or "")
    if bureau and bureau not in departments:
        mistakes.add("bureau", f"unknown department {bureau!r}", did_you_mean(bureau, departments))
    resources: dict[str, Resource] = {}
    broken: dict[str, tuple[Mistake, ...]] = {}
    for path in sorted((folder / "contracts").glob(f"{only_department or '*'}/*.y*ml")):
        reading = Mistakes(relative(path, folder))
        if path.suffix == ".yml":
            reading.add("file", "ends in .yml", "name it .yaml: one extension everywhere")
        if path.parent.name not in departments:
            reading.add(
                "folder", f"unknown department {path.parent.name!r}", did_you_mean(path.parent.name, departments)
            )
        resource = _contract(path, systems, schedule, reading)
        id = f"{path.parent.name}.{path.stem}"
        if resource is not None and not reading.found:
            resources[id] = resource
        else:
            broken[id] = tuple(reading.found)
    return City(
        id=str(head.get("id", folder.name)), name=name, folder=folder, timezone=timezone, schedule=schedule, start=start,
        end=end, calendar_from=calendar_from, calendar_to=calendar_to,
        departments=departments, systems=systems, resources=dict(sorted(resources.items())), broken=broken,
        mistakes=(*mistakes.found, *found, *more, *(m for listed in broken.values() for m in listed)),
        code_lists={p.stem: p for p in sorted((folder / "code_lists").glob("*.csv"))}, named_bureau=bureau,
    )  # fmt: skip


@dataclass(frozen=True)
class _ReadContract:
    """What a contract's file held, what else its reading depended on, and what came of it."""

    content: bytes
    systems: dict[str, SourceSystem]
    schedule: str
    resource: Resource | None
    mistakes: tuple[Mistake, ...]


# of contracts read by this process, or by the one it was forked from: reading one costs fifty times as much as seeing that it is still the same
_read: dict[Path, _ReadContract] = {}
_MOST_READ = 2000


def _contract(path: Path, systems: dict[str, SourceSystem], schedule: str, mistakes: Mistakes) -> Resource | None:
    """As `read_contract`, which is asked only where the file or the systems are not what they were."""
    try:
        content = path.read_bytes()
    except OSError:
        return read_contract(path, systems, schedule, mistakes)
    known = _read.get(path)
    if known is None or (known.content, known.systems, known.schedule) != (content, systems, schedule):
        reading = Mistakes(mistakes.file)
        resource = read_contract(path, systems, schedule, reading)
        if len(_read) >= _MOST_READ:
            _read.clear()
        known = _read[path] = _ReadContract(content, systems, schedule, resource, tuple(reading.found))
    mistakes.found += known.mistakes
    return known.resource


def city_timezone(folder: Path) -> str | None:
    """The name of the city's time zone, from city.yaml alone; None where it cannot be read."""
    if not (folder / "city.yaml").is_file():
        return None
    head = load_yaml(folder / "city.yaml", Mistakes("city.yaml"))
    return str(head["timezone"]) if isinstance(head, dict) and head.get("timezone") else None


def _departments(folder: Path) -> tuple[dict[str, Department], list[Mistake]]:
    mistakes = Mistakes("departments.yaml")
    departments: dict[str, Department] = {}
    for place, item in _items(folder / "departments.yaml", mistakes):
        if (id := _unique_id(item, place, departments, mistakes)) is None:
            continue
        if not item.get("contact"):
            mistakes.add(id, "no contact", "name the department's data officer")
        division = str(item.get("division") or "")
        if division and not _DIVISION.fullmatch(division):
            mistakes.add(id, f"division is {division!r}", 'a code of GB/T 2260 in quotes, such as "370211"')
        departments[id] = Department(
            id, _label(item.get("name", id)), str(item.get("credit_code", "")), str(item.get("contact", "")), division
        )
    return departments, mistakes.found


def _systems(folder: Path, departments: dict[str, Department]) -> tuple[dict[str, SourceSystem], list[Mistake]]:
    mistakes = Mistakes("systems.yaml")
    systems: dict[str, SourceSystem] = {}
    for place, item in _items(folder / "systems.yaml", mistakes):
        if (id := _unique_id(item, place, systems, mistakes)) is None:
            continue
        department = str(item.get("department", ""))
        if department not in departments:
            mistakes.add(id, f"unknown department {department!r}", did_you_mean(department, departments))
        if not isinstance(item.get("connection"), dict) or not item.get("connector"):
            mistakes.add(id, "needs connector and connection", "see docs/connectors.md")
            continue
        slots = item.get("poolSlots", 1)
        if not isinstance(slots, int) or isinstance(slots, bool) or slots < 1:
            mistakes.add(id, f"poolSlots is {slots!r}", "a whole number from 1")
            slots = 1
        systems[id] = SourceSystem(
            id, department, _label(item.get("name", id)), str(item["connector"]), item["connection"], slots
        )
    return systems, mistakes.found


def _items(path: Path, mistakes: Mistakes) -> list[tuple[str, dict[str, Any]]]:
    loaded = load_yaml(path, mistakes)
    if not isinstance(loaded, list):
        if mistakes.found:
            return []
        mistakes.add("file", "is no list", "each item starts with `- id: …`")
        return []
    for n, item in enumerate(loaded, 1):
        if not isinstance(item, dict):
            mistakes.add(f"item {n}", "is no mapping", "each item starts with `- id: …`")
    return [(f"item {n}", item) for n, item in enumerate(loaded, 1) if isinstance(item, dict)]


def _unique_id(item: dict[str, Any], place: str, known: dict[str, Any], mistakes: Mistakes) -> str | None:
    id = item.get("id")
    if not isinstance(id, str) or not id:
        mistakes.add(place, "no id", "give it an id in lower snake case")
        return None
    if id in known:
        mistakes.add(id, "stands twice", "ids are unique")
        return None
    return id


def _label(value: Any) -> Label:
    if isinstance(value, dict) and (value.get("en") or value.get("zh")):
        return Label(str(value.get("en") or value.get("zh")), str(value.get("zh") or value.get("en")))
    return Label(str(value), str(value))


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
