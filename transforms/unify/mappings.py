"""What `unified.yaml` of a city says: which resource feeds which attribute of an entity, and whose word counts first."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from contracts.model import Label

COMPARISONS = ("exact", "text", "code", "address")
"""How two values of an attribute are compared: as they stand; by letters and digits alone, whatever their width; the same in capitals; the same
without the names of divisions in front."""


@dataclass(frozen=True)
class Feed:
    """A resource whose rows are records of an entity.

    `record_key` are the fields that name one of its rows (empty: a row is known by all it says); `key` is the field that holds the entity's identifier,
    None where only linking can join its records; `old_key` the field that holds the number used before; `appended` where rows of one key come again.
    A row in which the stated keys are empty is no record of the entity, unless `keyless` leaves it to linking.
    """

    resource: str
    record_key: tuple[str, ...]
    key: str | None
    old_key: str | None = None
    appended: bool = False
    keyless: bool = False


@dataclass(frozen=True)
class Source:
    """What can give an attribute its value: a field, a field whose codes are put into other words, or a constant of the whole resource."""

    resource: str
    field: str | None
    codes: tuple[tuple[str, str], ...] = ()
    constant: str | None = None

    def __str__(self) -> str:
        return f"{self.resource}.{self.field}" if self.field else self.resource


@dataclass(frozen=True)
class Attribute:
    """`sources` stand in order of priority; `type` is the column's DuckDB type. A row that says nothing of what is `required` is no record."""

    name: str
    label: Label
    type: str
    sources: tuple[Source, ...]
    compare: str = "exact"
    required: bool = False

    @cached_property
    def priority(self) -> tuple[str, ...]:
        """The resources that may give it, source department first."""
        return tuple(dict.fromkeys(s.resource for s in self.sources))

    def of(self, resource: str) -> tuple[Source, ...]:
        return tuple(s for s in self.sources if s.resource == resource)


@dataclass(frozen=True)
class Entity:
    """`key_kind` is the semantic type by which identifiers are checked, None where any text is one; `link` is what linking may do, as it stands.

    `key_within` is the attribute that, together with the key, names one entity: numbers of licences are given out by kind.
    """

    name: str
    label: Label
    key: str
    key_kind: str | None
    feeds: tuple[Feed, ...]
    attributes: tuple[Attribute, ...]
    old_key: str | None = None
    link: Any = field(default=None, hash=False)
    key_within: str | None = None

    @property
    def id(self) -> str:
        """Name of the column of `unified.<entity>` that holds its stable id."""
        return f"{self.name}_id"

    @property
    def record_table(self) -> str:
        return f"{self.name}_record"

    @property
    def alias_table(self) -> str:
        return f"{self.name}_alias"


@dataclass(frozen=True)
class Divisions:
    """The code list of divisions, the code of the city itself, and the names that may stand in front of its addresses."""

    code_list: str
    home: str
    names: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """How the codes of the city and all that lies in it begin."""
        return self.home[:2] if self.home.endswith("0000") else self.home[:4] if self.home.endswith("00") else self.home


@dataclass(frozen=True)
class Mappings:
    """All of `unified.yaml`; `fingerprint` is the SHA-256 of its meaning together with the contracts it rests on."""

    entities: tuple[Entity, ...]
    fingerprint: str
    divisions: Divisions | None = None
    code_lists: dict[str, Path] = field(default_factory=dict, hash=False)

    @property
    def resources(self) -> tuple[str, ...]:
        """Ids of the resources that feed any entity, sorted."""
        return tuple(sorted({feed.resource for entity in self.entities for feed in entity.feeds}))


def meaning(stated: Any, contracts: dict[str, str]) -> str:
    """SHA-256 of what a city states, together with the fingerprints of the contracts it rests on."""
    text = json.dumps([stated, sorted(contracts.items())], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
