"""The words of a contract file against those of the standard: a misspelt `requierd` must not vanish in silence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    SchemaObject,
    SchemaProperty,
    Server,
    ServiceLevelAgreementProperty,
    TeamMember,
)
from pydantic import BaseModel

# where lists of each kind stand; the standard's own model refuses unknown words at the top of a file only
_PARTS: dict[str, type[BaseModel]] = {
    "servers": Server,
    "slaProperties": ServiceLevelAgreementProperty,
    "customProperties": CustomProperty,
    "members": TeamMember,
    "schema": SchemaObject,
    "properties": SchemaProperty,
    "quality": DataQuality,
}


def unknown_words(node: Any, place: str = "") -> Iterator[tuple[str, str, list[str]]]:
    """Place, word and the words known there, for each word the standard does not have; what a value holds is not looked into."""
    if not isinstance(node, dict):
        return
    for name, items in node.items():
        if name == "team" and isinstance(items, dict):
            yield from unknown_words(items, "team")
        if name not in _PARTS or not isinstance(items, list):
            continue
        known = [field.alias or word for word, field in _PARTS[name].model_fields.items()]
        for n, item in enumerate(items):
            if not isinstance(item, dict):
                continue
            here = _place(place, name, n, item)
            yield from ((here, str(word), known) for word in item if word not in known)
            if name in ("schema", "properties"):
                yield from unknown_words(item, here)


def _place(parent: str, name: str, number: int, item: dict[Any, Any]) -> str:
    if name == "properties":
        return f"property {item.get('name', number)}"
    return f"{parent} {name}[{number}]".strip()
