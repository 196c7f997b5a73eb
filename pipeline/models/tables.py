"""Which tables a model may read and what columns they have, told from the city's files alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from contracts.catalogue import City
from contracts.types import lake_type
from pipeline.calendar_table import CALENDAR, COLUMNS, has_calendar
from transforms.models.model import Model
from transforms.unify import records
from transforms.unify.mappings import Entity, Mappings
from warehouse.tables import INTERVAL_COLUMN, RUN_COLUMN

Columns = Mapping[str, str]
_TIMES = "TIMESTAMP WITH TIME ZONE"
_DAYS = ("valid_from", "valid_to")
_ALIAS = {"own_id": "VARCHAR", "entity_id": "VARCHAR", "how": "VARCHAR", "weight": "DOUBLE"}
_JUDGEMENT = {
    "judgement_id": "VARCHAR", "entity": "VARCHAR", "left_id": "VARCHAR", "right_id": "VARCHAR", "decision": "VARCHAR", "author": "VARCHAR",
    "decided_at": _TIMES, "note": "VARCHAR", "revoked_at": _TIMES, "revoked_by": "VARCHAR",
}  # fmt: skip


def known_tables(city: City, mappings: Mappings, models: Iterable[Model] = ()) -> dict[str, Columns]:
    """`schema.table` → column → type of all that may be read: resources, code lists, what the steps before make, and the models themselves."""
    known: dict[str, Columns] = {id: resource_columns(city, id) for id in city.resources}
    known |= {f"reference.{name}": _code_list_columns(path) for name, path in city.code_lists.items()}
    if has_calendar(city):
        known[CALENDAR] = COLUMNS
    for entity in mappings.entities:
        known[f"unified.{entity.name}_record"] = record_columns(entity)
        known[f"unified.{entity.name}_alias"] = _ALIAS
    if mappings.entities:
        known["unified.judgement"] = _JUDGEMENT
    return known | {model.name: {c.name: c.type for c in model.columns} for model in models}


def resource_columns(city: City, id: str) -> Columns:
    """The columns of a resource's table, as a load makes it."""
    fields = {f.name: lake_type(f) for f in city.resource(id).fields}
    return {**fields, INTERVAL_COLUMN: _TIMES, RUN_COLUMN: "VARCHAR"}


def record_columns(entity: Entity) -> Columns:
    """The columns of an entity's records."""
    return {name: type for name, (type, _) in records.record_columns(entity).items()}


def _code_list_columns(path: Path) -> Columns:
    with path.open(encoding="utf-8-sig") as file:
        return {name.strip(): "DATE" if name.strip() in _DAYS else "VARCHAR" for name in file.readline().split(",")}
