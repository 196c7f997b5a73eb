"""One city from the records of many departments: what feeds a person, firm or licence, whose word counts first, and what they contradict each other on."""

from transforms.unify.entity_models import entity_models
from transforms.unify.mapping_reader import check_mappings, read_mappings
from transforms.unify.mappings import Attribute, Divisions, Entity, Feed, Mappings, Source

__all__ = [
    "Attribute", "Divisions", "Entity", "Feed", "Mappings", "Source", "check_mappings", "entity_models", "read_mappings",
]  # fmt: skip
