"""Reading `unified.yaml`. Decree 809 art. 19 has the bureau name one source department (数源) for each data item: the first of an attribute's list.

division: {code_list: divisions, home: "370200"}
entities:
  person:
    label: {zh: 自然人, en: Person}
    key: resident_id
    resources:
      public_security.resident: resident_id
      culture.library_card:                       # no identifier: only linking joins its records
    attributes:
      name: {label: {zh: 姓名, en: Name}, compare: text, from: [public_security.resident.name, culture.library_card.name]}
    link: …                                       # how its records are linked (transforms/link)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from contracts.catalogue import City
from contracts.mistakes import Mistake, Mistakes, did_you_mean
from contracts.model import Field, Label, Resource
from contracts.reader import load_yaml
from contracts.rules import SEMANTIC_TYPES
from transforms.unify.attribute_reader import read_attribute
from transforms.unify.home_division import read_divisions
from transforms.unify.mappings import Attribute, Entity, Feed, Mappings, meaning

FILE = "unified.yaml"
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_WORDS = ("entities", "division")
_FEED_WORDS = ("key", "old_key", "keyless")
_ENTITY_WORDS = ("label", "key", "key_within", "old_key", "resources", "attributes", "link")
_RECORD_COLUMNS = (
    "record_id", "own_id", "entity_id", "resource", "record_key", "valid_from", "valid_to", "from_snapshot", "to_snapshot",
)  # fmt: skip
_ENTITY_COLUMNS = ("resources", "resource_count")


def read_mappings(city: City) -> Mappings:
    """The city's mappings, none where it has no such file; ConfigurationError names the first mistake and counts the rest.

    A resource whose contract is broken is left out, so that one department's mistake does not stop the others.
    """
    mistakes = Mistakes(FILE)
    mappings = _read(city, mistakes)
    mistakes.refuse()
    return mappings


def check_mappings(city: City) -> list[Mistake]:
    """Every mistake of the city's `unified.yaml`."""
    mistakes = Mistakes(FILE)
    _read(city, mistakes)
    return mistakes.found


def _read(city: City, mistakes: Mistakes) -> Mappings:
    path = city.folder / FILE
    nothing = Mappings((), meaning({}, {}), code_lists=dict(city.code_lists))
    if not path.exists():
        return nothing
    data = load_yaml(path, mistakes)
    stated = data.get("entities") if isinstance(data, dict) else None
    if not isinstance(stated, dict):
        if data is not None or not mistakes.found:
            mistakes.add("entities", "is missing", "entities: {person: {key: …, resources: …, attributes: …}}")
        return nothing
    for word in sorted(set(map(str, data)) - set(_WORDS)):
        mistakes.add(word, "unknown word", did_you_mean(word, _WORDS))
    divisions = read_divisions(data.get("division"), city, mistakes)
    entities = tuple(_entity(str(name), body, city, mistakes) for name, body in stated.items())
    for entity in entities:
        for a in entity.attributes:
            if a.compare == "address" and divisions is None:
                place = f"{entity.name}.attributes.{a.name}.compare"
                mistakes.add(place, "no division is stated", 'division: {code_list: divisions, home: "370200"}')
    used = {feed.resource: city.resources[feed.resource].fingerprint for entity in entities for feed in entity.feeds}
    return Mappings(entities, meaning(data, used), divisions, dict(city.code_lists))


def _entity(name: str, body: Any, city: City, mistakes: Mistakes) -> Entity:
    if not NAME.fullmatch(name):
        mistakes.add(name, "an entity's name is lower snake case", "it becomes a table of the schema unified")
    body = _mapping(body, name, mistakes)
    for word in sorted(set(map(str, body)) - set(_ENTITY_WORDS)):
        mistakes.add(f"{name}.{word}", "unknown word", did_you_mean(word, _ENTITY_WORDS))
    key, old_key = str(body.get("key", "")), body.get("old_key")
    for word, value in (("key", key), ("old_key", old_key)):
        if (value is not None and not NAME.fullmatch(str(value))) or value in _RECORD_COLUMNS or (old_key == key):
            mistakes.add(f"{name}.{word}", f"is {value!r}", "the identifier that names one entity, such as resident_id")
    stated = _mapping(body.get("resources"), f"{name}.resources", mistakes)
    entity = Entity(
        name, _label(body.get("label"), name), key, key if key in SEMANTIC_TYPES else None, (), (),
        str(old_key) if old_key else None, body.get("link"), str(body["key_within"]) if body.get("key_within") else None,
    )  # fmt: skip
    feeds = tuple(_feeds(entity, stated, city, mistakes))
    attributes = tuple(
        _attributes(entity, _mapping(body.get("attributes"), f"{name}.attributes", mistakes), {str(id) for id in stated}, city, mistakes)
    )  # fmt: skip
    entity = replace(entity, feeds=feeds, attributes=attributes)
    if entity.key_within is not None:
        _check_key_within(entity, mistakes)
    return entity


def _check_key_within(entity: Entity, mistakes: Mistakes) -> None:
    """Every row with the key must state the attribute too: its number alone names nothing."""
    place = f"{entity.name}.key_within"
    if entity.key_kind or entity.old_key:
        mistakes.add(place, f"{entity.key} names one entity by itself", "leave key_within out")
        return
    attribute = next((a for a in entity.attributes if a.name == entity.key_within), None)
    if attribute is None or not attribute.required or attribute.type != "VARCHAR":
        what = f"{entity.key_within!r} is no attribute that every record states as a text"
        mistakes.add(place, what, "one with required: true")
        return
    for feed in entity.feeds:
        if feed.key and not attribute.of(feed.resource):
            mistakes.add(
                place, f"{feed.resource} does not state {attribute.name}", f"a source of {feed.resource} in {entity.name}.attributes.{attribute.name}.from",
            )  # fmt: skip


def _attributes(
    entity: Entity, stated: dict[Any, Any], resources: set[str], city: City, mistakes: Mistakes
) -> Iterator[Attribute]:
    taken = sorted({entity.key, entity.old_key or entity.key, entity.id, *_RECORD_COLUMNS, *_ENTITY_COLUMNS})
    names: set[str] = set()
    for attribute, about in stated.items():
        name, place = str(attribute), f"{entity.name}.attributes.{attribute}"
        if not NAME.fullmatch(name) or name in taken:
            mistakes.add(place, "is no name for a column here", f"lower snake case, and none of {', '.join(taken)}")
        elif (found := read_attribute(name, place, about, resources, city, mistakes)) is not None:
            names.add(name)
            yield found
    for name in sorted(names):
        for end in ("source", "since", "snapshot"):
            if f"{name}_{end}" in names:
                mistakes.add(
                    f"{entity.name}.attributes.{name}_{end}", "is the name of another column", "rename the attribute"
                )


def _feeds(entity: Entity, stated: dict[Any, Any], city: City, mistakes: Mistakes) -> Iterator[Feed]:
    for id, about in stated.items():
        place = f"{entity.name}.resources.{id}"
        if str(id) not in city.resources and str(id) not in city.broken:
            mistakes.add(place, f"no resource {id!r}", did_you_mean(str(id), city.resources))
        resource = city.resources.get(str(id))
        if resource is None:
            continue
        said = about if isinstance(about, dict) else {"key": about}
        for word in sorted(set(map(str, said)) - set(_FEED_WORDS)):
            mistakes.add(f"{place}.{word}", "unknown word", did_you_mean(word, _FEED_WORDS))
        if said.get("keyless") not in (None, "link"):
            mistakes.add(
                f"{place}.keyless", f"is {said['keyless']!r}", "link: rows without identifier are left to linking"
            )
        if said.get("old_key") is not None and entity.old_key is None:
            mistakes.add(place, "the entity has no old_key", f"{entity.name}.old_key: the name of its column")
        fields = [
            _field(resource, said[word], place, mistakes) if said.get(word) is not None else None
            for word in ("key", "old_key")
        ]
        if any(said.get(word) is not None and f is None for word, f in zip(("key", "old_key"), fields, strict=True)):
            continue
        # one field may hold either number: which it is shows by its check digit
        either = fields[0] is fields[1]
        if entity.key_kind and fields[0] is not None and fields[0].semantic_type != entity.key_kind and not either:
            mistakes.add(
                place, f"{fields[0].name} is not declared as {entity.key_kind}", f"semanticType: {entity.key_kind} in the contract, or another field",
            )  # fmt: skip
            continue
        key, old_key = (f.name if f else None for f in fields)
        yield Feed(
            resource.id, resource.key, key, old_key, resource.load_mode == "append", said.get("keyless") == "link"
        )


def _field(resource: Resource, name: Any, place: str, mistakes: Mistakes) -> Field | None:
    found = next((f for f in resource.fields if f.name == name), None)
    if found is None:
        mistakes.add(
            place, f"{resource.id} has no field {name!r}", did_you_mean(str(name), [f.name for f in resource.fields])
        )
    return found


def _mapping(value: Any, place: str, mistakes: Mistakes) -> dict[Any, Any]:
    if isinstance(value, dict) and value:
        return value
    mistakes.add(place, "is missing or no mapping", "see cities/qingdao/unified.yaml")
    return {}


def _label(value: Any, name: str) -> Label:
    if isinstance(value, dict) and (value.get("en") or value.get("zh")):
        return Label(str(value.get("en") or value["zh"]), str(value.get("zh") or value["en"]))
    return Label(str(value or name), str(value or name))
