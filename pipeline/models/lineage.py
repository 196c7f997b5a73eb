"""From which fields of which resources each column of a city's models comes, through records and models."""

from __future__ import annotations

from contracts.catalogue import City
from pipeline.models.run import chosen, city_models
from pipeline.models.tables import known_tables
from transforms.models.lineage import FieldOf, Lineage, field_lineage
from transforms.models.model import Model
from transforms.unify import read_mappings
from transforms.unify.mappings import Entity


def city_lineage(city: City, models: list[Model]) -> Lineage:
    """The direct origins of every column of the models and of the records below them; those of a resource's field are none, so that is not in it.

    Raises ConfigurationError where the SQL of a model cannot be read.
    """
    mappings = read_mappings(city)
    found: Lineage = {}
    for entity in mappings.entities:
        found |= _of_records(entity)
    return found | field_lineage(models, known_tables(city, mappings))


def direct_lineage(city: City, name: str) -> tuple[Model, dict[str, tuple[FieldOf, ...]]]:
    """One model, and for each of its columns the columns of its inputs it is made from. Raises ConfigurationError where there is no such model."""
    models = city_models(city)
    [model] = chosen(models, [name])
    found = field_lineage([model], known_tables(city, read_mappings(city), models))
    return model, {field.column: made_from for field, made_from in found.items()}


def _of_records(entity: Entity) -> Lineage:
    """The mapping's word on the attributes and the identifier of an entity's records."""
    table = f"unified.{entity.name}_record"
    keys = {FieldOf(f.resource, key) for f in entity.feeds for key in (f.key, f.old_key) if key}
    within = {
        FieldOf(s.resource, s.field)
        for a in entity.attributes
        if a.name == entity.key_within
        for s in a.sources
        if s.field
    }
    found: Lineage = {FieldOf(table, entity.key): tuple(sorted(keys))}
    found |= {FieldOf(table, name): tuple(sorted(keys | within)) for name in ("own_id", "entity_id")}
    for attribute in entity.attributes:
        fields = {FieldOf(s.resource, s.field) for s in attribute.sources if s.field}
        found[FieldOf(table, attribute.name)] = tuple(sorted(fields))
    return found
