"""The city's files around a drafted contract: the skeleton of a new city, entries for a new department and system, and what is never overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import yaml

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.model import SourceSystem
from pipeline.draft.names import business_name
from pipeline.scratch import write_atomically

_NO_CODE = "0000000"


def city_skeleton(name: str, department: str | None, today: date) -> dict[str, str]:
    """File → text of the smallest city that can run: its head, its first department, and no system yet."""
    departments = department_entry(department, name) if department else "[]\n"
    return {
        "city.yaml": f"id: {business_name(name, 'city')}\nname: {_flow(name)}\ntimezone: Asia/Shanghai\n"
        f'schedule: "0 2 * * *"\nstart: {today.isoformat()}\n',
        "departments.yaml": departments,
        "systems.yaml": "[]\n",
    }


def department_entry(id: str, name: str | None = None) -> str:
    return f'- id: {_flow(id)}\n  name: {_flow(name or id)}  # TODO\n  credit_code: ""  # TODO\n  contact: to_be_named  # TODO: the data officer\n'


def system_entry(system: SourceSystem) -> str:
    """The entry of systems.yaml; secrets are `${NAME}` by now."""
    return (
        f"- id: {_flow(system.id)}\n  department: {_flow(system.department)}\n  name: {_flow(system.name.en)}\n"
        f"  connector: {_flow(system.connector)}\n  connection: {_flow(dict(system.connection))}\n  poolSlots: {system.pool_slots}\n"
    )


def appended(path: Path, entry: str) -> str:
    """The list file with one entry more; what stands there stays as it is, comments included."""
    held = path.read_text(encoding="utf-8") if path.exists() else ""
    if held.strip() in ("", "[]"):
        return entry
    return held if not entry else f"{held.rstrip()}\n{entry}"


def free_codes(city: City) -> Iterable[str]:
    """Placeholders for resource codes that no contract of the city has, in order."""
    taken = {r.resource_code for r in city.resources.values()}
    serial = 0
    while True:
        serial += 1
        code = f"{_NO_CODE}/{serial:06}"
        if code not in taken:
            yield code


def write_new(folder: Path, files: Mapping[str, str]) -> list[Path]:
    """Write the files; ConfigurationError, and nothing written, where one of them exists."""
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise ConfigurationError(
            f"{there[0]} exists, nothing was written", where=str(folder), remedy="a draft overwrites nothing: move the file away, or --out another folder"
        )  # fmt: skip
    for name, text in files.items():
        write_atomically(folder / name, text)
    return [folder / name for name in files]


def _flow(value: object) -> str:
    text = yaml.safe_dump([value], allow_unicode=True, default_flow_style=True, width=float("inf"), sort_keys=False)
    return text.strip().removeprefix("[").removesuffix("]")
