"""The registers a city keeps of its projects, systems, service items and paper archives: told by the role in their contract, as the request register is."""

from __future__ import annotations

from collections.abc import Collection

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.model import Label, Resource
from sharing.islands.kinds import KINDS, Kind

PROJECTS, SYSTEMS, GUIDE, HOLDINGS = "project_register", "system_register", "service_guide", "paper_holdings"

# role → the fields its contract must have; docs/islands.md says what each means
FIELDS: dict[str, tuple[str, ...]] = {
    PROJECTS: (
        "project_no", "name", "department_id", "approved_on", "data_list_on", "catalogue_code", "catalogued_on", "pooled_on", "accepted_on",
    ),
    SYSTEMS: ("system_no", "name", "department_id", "built_on", "retired_on", "exclusion_reason", "catalogue_code"),
    GUIDE: ("item_code", "name", "department_id", "papers", "paper_resources", "guide_published_on"),
    HOLDINGS: (
        "holding_no", "department_id", "series", "year_from", "year_to", "volumes", "digitised_volumes", "resource",
    ),
}  # fmt: skip


def registers_of(city: City) -> dict[str, Resource]:
    """Role → the city's resource that plays it; ConfigurationError where one lacks a field. A role that no resource plays is left out."""
    found = {}
    for role, needed in FIELDS.items():
        resource = city.with_role(role)
        if resource is None:
            continue
        if missing := sorted(set(needed) - {field.name for field in resource.fields}):
            raise ConfigurationError(
                f"the {role} lacks {', '.join(missing)}",
                where=resource.id,
                remedy="docs/islands.md lists the fields of each register",
            )
        found[role] = resource
    return found


def not_looked_for(city: City, loaded: Collection[str]) -> dict[str, tuple[Kind, Label]]:
    """Kind → why it is not looked for: the city has no such register, or it was not loaded; `loaded` are ids of resources."""
    found = {}
    registers = registers_of(city)
    for code, kind in KINDS.items():
        if not kind.role:
            continue
        if kind.role not in registers:
            found[code] = kind, Label(f"no contract has the role {kind.role}", f"无契约登记角色 {kind.role}")
        elif registers[kind.role].id not in loaded:
            found[code] = (
                kind,
                Label(f"{registers[kind.role].id} was not loaded", f"{registers[kind.role].id} 尚未加载"),
            )
    return found
