"""`unified.yaml` of a city: which resource feeds which attribute of an entity, and whose word counts first.

Decree 809 art. 19 has the bureau name one source department (数源) for each data item: that is the first resource of an attribute's list.

    entities:
      person:
        label: {zh: 自然人, en: Person}
        key: resident_id
        resources: {public_security.resident: resident_id, education.student: student_id_no}
        attributes:
          name: {label: {zh: 姓名, en: Name}, from: [public_security.resident.name, education.student.name]}
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.mistakes import Mistake, Mistakes, did_you_mean
from contracts.model import Field, Label, Resource
from contracts.reader import load_yaml
from contracts.rules import SEMANTIC_TYPES
from contracts.types import lake_type

FILE = "unified.yaml"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ENTITY_WORDS = ("label", "key", "resources", "attributes")


@dataclass(frozen=True)
class Feed:
    """A resource that knows the entity, the field that holds the key, and whether no two of its rows share one."""

    resource: str
    key: str
    unique: bool


@dataclass(frozen=True)
class Source:
    """A field that can give an attribute its value."""

    resource: str
    field: str


@dataclass(frozen=True)
class Attribute:
    """`sources` stand in order of priority; `type` is the column's DuckDB type."""

    name: str
    label: Label
    type: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Entity:
    name: str
    label: Label
    key: str
    feeds: tuple[Feed, ...]
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True)
class Mappings:
    """All of `unified.yaml`; `fingerprint` is the SHA-256 of its meaning together with the contracts it rests on."""

    entities: tuple[Entity, ...]
    fingerprint: str

    @property
    def resources(self) -> tuple[str, ...]:
        """Ids of the resources that feed any entity, sorted."""
        return tuple(sorted({feed.resource for entity in self.entities for feed in entity.feeds}))


def read_mappings(city: City) -> Mappings:
    """The city's mappings, none where it has no such file; ConfigurationError names the first mistake and counts the rest.

    A resource whose contract is broken is left out, so that one department's mistake does not stop the others.
    """
    mistakes = Mistakes(FILE)
    mappings = _read(city, mistakes)
    if mistakes.found:
        first = mistakes.found[0]
        raise ConfigurationError(
            f"{FILE} has {len(mistakes.found)} mistakes, first: {first.what}", where=first.place, remedy=first.remedy
        )
    return mappings


def check_mappings(city: City) -> list[Mistake]:
    """Every mistake of the city's `unified.yaml`."""
    mistakes = Mistakes(FILE)
    _read(city, mistakes)
    return mistakes.found


def _read(city: City, mistakes: Mistakes) -> Mappings:
    path = city.folder / FILE
    if not path.exists():
        return Mappings((), _fingerprint({}, {}))
    data = load_yaml(path, mistakes)
    stated = data.get("entities") if isinstance(data, dict) else None
    if not isinstance(stated, dict):
        if data is not None or not mistakes.found:
            mistakes.add("entities", "is missing", "entities: {person: {key: …, resources: …, attributes: …}}")
        return Mappings((), _fingerprint({}, {}))
    entities = tuple(_entity(str(name), body, city, mistakes) for name, body in stated.items())
    used = {feed.resource: city.resources[feed.resource].fingerprint for entity in entities for feed in entity.feeds}
    return Mappings(entities, _fingerprint(stated, used))


def _entity(name: str, body: Any, city: City, mistakes: Mistakes) -> Entity:
    if not _NAME.fullmatch(name):
        mistakes.add(name, "an entity's name is lower snake case", "it becomes a table of the schema unified")
    body = _mapping(body, name, mistakes)
    for word in sorted(set(map(str, body)) - set(_ENTITY_WORDS)):
        mistakes.add(f"{name}.{word}", "unknown word", did_you_mean(word, _ENTITY_WORDS))
    key = str(body.get("key", ""))
    if not _NAME.fullmatch(key):
        mistakes.add(f"{name}.key", f"is {key!r}", "the identifier that names one entity, such as resident_id")
    feeds = tuple(_feeds(name, key, _mapping(body.get("resources"), f"{name}.resources", mistakes), city, mistakes))
    stated = _mapping(body.get("attributes"), f"{name}.attributes", mistakes)
    names = {str(id) for id in _mapping(body.get("resources"), f"{name}.resources", Mistakes(FILE))}
    attributes = []
    for attribute, about in stated.items():
        place = f"{name}.attributes.{attribute}"
        if not _NAME.fullmatch(str(attribute)) or str(attribute) in _reserved(key):
            mistakes.add(
                place, "is no name for a column here", f"lower snake case, and none of {', '.join(_reserved(key))}"
            )
        elif (found := _attribute(str(attribute), place, about, names, city, mistakes)) is not None:
            attributes.append(found)
    taken = {a.name for a in attributes}
    for attribute in sorted(name for name in taken if f"{name}_source" in taken):
        mistakes.add(f"{name}.attributes.{attribute}_source", "is the name of another column", "rename the attribute")
    return Entity(name, _label(body.get("label"), name), key, feeds, tuple(attributes))


def _feeds(entity: str, key: str, stated: dict[Any, Any], city: City, mistakes: Mistakes) -> Iterator[Feed]:
    for id, field_name in stated.items():
        place = f"{entity}.resources.{id}"
        resource = _resource(str(id), place, city, mistakes)
        field = _field(resource, field_name, place, mistakes) if resource else None
        if resource is None or field is None:
            continue
        if key in SEMANTIC_TYPES and field.semantic_type != key:
            mistakes.add(
                place,
                f"{field.name} is not declared as {key}",
                f"semanticType: {key} in the contract, or another field",
            )
            continue
        unique = resource.key == (field.name,) and resource.load_mode != "append"
        yield Feed(resource.id, field.name, unique)


def _attribute(name: str, place: str, about: Any, names: set[str], city: City, mistakes: Mistakes) -> Attribute | None:
    about = _mapping(about, place, mistakes)
    for word in sorted(set(map(str, about)) - {"label", "from"}):
        mistakes.add(f"{place}.{word}", "unknown word", did_you_mean(word, ("label", "from")))
    stated = about.get("from")
    if not isinstance(stated, list) or not stated:
        mistakes.add(
            place, "names no source", "from: [<department>.<resource>.<field>, …], the source department first"
        )
        return None
    sources: list[Source] = []
    first: Field | None = None
    for text in map(str, stated):
        id, _, field_name = text.rpartition(".")
        here = f"{place}.from {text}"
        if id not in names:
            mistakes.add(here, f"{id or text} is no resource of this entity", did_you_mean(id, names))
            continue
        resource = city.resources.get(id)
        field = _field(resource, field_name, here, mistakes) if resource else None
        if field is None:
            continue
        if Source(id, field_name) in sources:
            mistakes.add(here, "stands twice", "remove one of the two")
        elif first is not None and lake_type(field) != lake_type(first):
            mistakes.add(here, f"is {lake_type(field)}, the attribute {lake_type(first)}", "give both fields one type")
        else:
            first = first or field
            sources.append(Source(id, field_name))
    type = lake_type(first) if first else "VARCHAR"
    return Attribute(name, _label(about.get("label"), name), type, tuple(sources))


def _resource(id: str, place: str, city: City, mistakes: Mistakes) -> Resource | None:
    if id not in city.resources and id not in city.broken:
        mistakes.add(place, f"no resource {id!r}", did_you_mean(id, city.resources))
    return city.resources.get(id)


def _field(resource: Resource, name: Any, place: str, mistakes: Mistakes) -> Field | None:
    field = next((f for f in resource.fields if f.name == name), None)
    if field is None:
        mistakes.add(
            place, f"{resource.id} has no field {name!r}", did_you_mean(str(name), [f.name for f in resource.fields])
        )
    return field


def _reserved(key: str) -> tuple[str, ...]:
    return (key, "resources", "resource_count")


def _mapping(value: Any, place: str, mistakes: Mistakes) -> dict[Any, Any]:
    if isinstance(value, dict) and value:
        return value
    mistakes.add(place, "is missing or no mapping", "see cities/qingdao/unified.yaml")
    return {}


def _label(value: Any, name: str) -> Label:
    if isinstance(value, dict) and (value.get("en") or value.get("zh")):
        return Label(str(value.get("en") or value["zh"]), str(value.get("zh") or value["en"]))
    return Label(str(value or name), str(value or name))


def _fingerprint(stated: dict[Any, Any], contracts: dict[str, str]) -> str:
    meaning = json.dumps([stated, contracts], ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(meaning.encode()).hexdigest()
