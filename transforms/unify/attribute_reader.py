"""Reading one attribute of `unified.yaml`: its sources in order of priority, and how its values are compared.

A source is a field (`tax.taxpayer.name`), a constant of a whole resource (`{transport.vehicle: "11"}`), or a field whose codes are put into the
attribute's own (`{health.practitioner.category: {"11": "15", "21": "16"}}`; a code that is not listed says nothing).
"""

from __future__ import annotations

from typing import Any

from contracts.catalogue import City
from contracts.mistakes import Mistakes, did_you_mean
from contracts.model import Label
from contracts.types import lake_type
from transforms.unify.mappings import COMPARISONS, Attribute, Source

_WORDS = ("label", "from", "compare", "required")
_TEXT = "VARCHAR"


def read_attribute(
    name: str, place: str, about: Any, resources: set[str], city: City, mistakes: Mistakes
) -> Attribute | None:
    """The attribute, None where no source of it can be used; what is wrong is added to the mistakes."""
    if not isinstance(about, dict) or not about:
        mistakes.add(place, "is missing or no mapping", "see cities/qingdao/unified.yaml")
        about = {}
    for word in sorted(set(map(str, about)) - set(_WORDS)):
        mistakes.add(f"{place}.{word}", "unknown word", did_you_mean(word, _WORDS))
    compare = str(about.get("compare", "exact"))
    if compare not in COMPARISONS:
        mistakes.add(f"{place}.compare", f"is {compare!r}", did_you_mean(compare, COMPARISONS))
    required = about.get("required", False)
    if not isinstance(required, bool):
        mistakes.add(f"{place}.required", f"is {required!r}", "true: a row that says nothing of it is no record")
    stated = about.get("from")
    if not isinstance(stated, list) or not stated:
        mistakes.add(
            place, "names no source", "from: [<department>.<resource>.<field>, …], the source department first"
        )
        return None
    sources: list[Source] = []
    type = ""
    for item in stated:
        found = _source(item, place, resources, city, mistakes)
        if found is None:
            continue
        source, kind = found
        here = f"{place}.from {source}"
        if any((s.resource, s.field) == (source.resource, source.field) for s in sources):
            mistakes.add(here, "stands twice", "remove one of the two")
        elif type and kind != type:
            mistakes.add(here, f"is {kind}, the attribute {type}", "give both fields one type")
        else:
            type = type or kind
            sources.append(source)
    if compare != "exact" and type not in ("", _TEXT):
        mistakes.add(f"{place}.compare", f"{compare} compares texts, the attribute is {type}", "leave it out")
    return Attribute(name, _label(about.get("label"), name), type or _TEXT, tuple(sources), compare, bool(required))


def _source(item: Any, place: str, resources: set[str], city: City, mistakes: Mistakes) -> tuple[Source, str] | None:
    codes: Any = None
    if isinstance(item, dict):
        if len(item) != 1:
            mistakes.add(f"{place}.from", "one source an item", '{transport.vehicle: "11"}')
            return None
        [(item, codes)] = item.items()
    text = str(item)
    here = f"{place}.from {text}"
    if codes is not None and not isinstance(codes, dict):
        if text not in resources:
            mistakes.add(here, f"{text} is no resource of this entity", did_you_mean(text, resources))
            return None
        return (Source(text, None, constant=str(codes)), _TEXT) if text in city.resources else None
    id, _, name = text.rpartition(".")
    if id not in resources:
        mistakes.add(here, f"{id or text} is no resource of this entity", did_you_mean(id, resources))
        return None
    if id not in city.resources:
        return None
    field = next((f for f in city.resources[id].fields if f.name == name), None)
    if field is None:
        mistakes.add(
            here, f"{id} has no field {name!r}", did_you_mean(name, [f.name for f in city.resources[id].fields])
        )
        return None
    if codes is None:
        return Source(id, name), lake_type(field)
    return Source(id, name, tuple((str(k), str(v)) for k, v in codes.items())), _TEXT


def _label(value: Any, name: str) -> Label:
    if isinstance(value, dict) and (value.get("en") or value.get("zh")):
        return Label(str(value.get("en") or value["zh"]), str(value.get("zh") or value["en"]))
    return Label(str(value or name), str(value or name))
