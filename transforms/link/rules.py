"""The `link:` section of `unified.yaml`: what is compared to find records of one entity that carry no identifier, and from where on they are one.

entities:
  person:
    link:
      compare: {name: name, birth_date: date, phone: phone, address: address, division_code: division, gender: gender}
      threshold: 0.99      # probability from which a record joins an entity
      review: 0.5          # probability from which a pair is kept and shown to a reviewer
      margin: 4            # how much heavier (in bits) the best must be than the second best
      blocking: [[phone], [birth_date, name_key]]   # optional: columns that agree in the pairs to look at
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.catalogue import City
from contracts.mistakes import Mistake, Mistakes, did_you_mean
from contracts.reader import load_yaml

FILE = "unified.yaml"
KINDS: dict[str, tuple[str, ...]] = {
    "name": ("", "_sound", "_key"),
    "date": ("", "_year"),
    "phone": ("",),
    "address": ("", "_street", "_numbers"),
    "division": ("",),
    "gender": ("",),
    "text": ("",),
    "code": ("",),
}
_WORDS = ("compare", "threshold", "review", "margin", "blocking")
_THRESHOLD, _REVIEW, _MARGIN = 0.95, 0.5, 4.0


@dataclass(frozen=True)
class Compared:
    """An attribute that is compared: its kind decides how, `resources` whose value counts first."""

    name: str
    kind: str
    resources: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold its comparable forms."""
        return tuple(f"{self.name}{part}" for part in KINDS[self.kind])


@dataclass(frozen=True)
class LinkRules:
    """How records of one entity are joined. `threshold` and `review` are probabilities, `margin` is in bits of weight."""

    entity: str
    key: str
    compared: tuple[Compared, ...]
    threshold: float = _THRESHOLD
    review: float = _REVIEW
    margin: float = _MARGIN
    blocking: tuple[tuple[str, ...], ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All comparable columns, in order."""
        return tuple(column for attribute in self.compared for column in attribute.columns)

    def of_kind(self, kind: str) -> tuple[Compared, ...]:
        return tuple(a for a in self.compared if a.kind == kind)


def read_link_rules(city: City) -> list[LinkRules]:
    """The rules of every entity that has a `link:` section; ConfigurationError names the first mistake and counts the rest."""
    mistakes = Mistakes(FILE)
    rules = _read(city, mistakes)
    mistakes.refuse()
    return rules


def check_link_rules(city: City) -> list[Mistake]:
    """Every mistake of the `link:` sections."""
    mistakes = Mistakes(FILE)
    _read(city, mistakes)
    return mistakes.found


def _read(city: City, mistakes: Mistakes) -> list[LinkRules]:
    path = city.folder / FILE
    data = load_yaml(path, Mistakes(FILE)) if path.exists() else None
    entities = data.get("entities") if isinstance(data, dict) else None
    if not isinstance(entities, dict):
        return []
    return [
        parse_link_rules(str(name), body, mistakes)
        for name, body in entities.items()
        if isinstance(body, dict) and "link" in body
    ]


def parse_link_rules(entity: str, body: dict[str, Any], mistakes: Mistakes) -> LinkRules:
    """The rules of one entity from its part of the file; what is wrong is added to `mistakes` and left out."""
    link = body["link"] if isinstance(body["link"], dict) else {}
    for word in sorted(set(map(str, link)) - set(_WORDS)):
        mistakes.add(f"{entity}.link.{word}", "unknown word", did_you_mean(word, _WORDS))
    attributes = body.get("attributes") if isinstance(body.get("attributes"), dict) else {}
    stated = link.get("compare")
    if not isinstance(stated, dict) or not stated:
        mistakes.add(
            f"{entity}.link.compare", "names no attribute", f"compare: {{<attribute>: one of {', '.join(KINDS)}}}"
        )
        stated = {}
    compared = []
    for name, kind in stated.items():
        place = f"{entity}.link.compare.{name}"
        if name not in (attributes or {}):
            mistakes.add(place, "is no attribute of the entity", did_you_mean(str(name), map(str, attributes or {})))
        elif kind not in KINDS:
            mistakes.add(place, f"is {kind!r}", did_you_mean(str(kind), KINDS))
        else:
            compared.append(Compared(str(name), str(kind), _resources((attributes or {})[name])))
    threshold = _number(link, "threshold", _THRESHOLD, entity, mistakes, 0.5, 1)
    review = _number(link, "review", _REVIEW, entity, mistakes, 0, 1)
    if review > threshold:
        mistakes.add(
            f"{entity}.link.review",
            f"{review} is above the threshold {threshold}",
            "the review band lies below the threshold",
        )
    rules = LinkRules(
        entity, str(body.get("key", "")), tuple(compared), threshold, review,
        _number(link, "margin", _MARGIN, entity, mistakes, 0, 100), (),
    )  # fmt: skip
    return LinkRules(**{**rules.__dict__, "blocking": _blocking(rules, link.get("blocking"), mistakes)})


def _resources(attribute: Any) -> tuple[str, ...]:
    """The attribute's resources in order of priority; each source is `<department>.<resource>.<field>`, or a mapping that names it."""
    stated = attribute.get("from") if isinstance(attribute, dict) else None
    texts = [s if isinstance(s, str) else str(next(iter(s))) if isinstance(s, dict) and s else "" for s in stated or ()]
    return tuple(dict.fromkeys(".".join(text.split(".")[:2]) for text in texts if text))


def _number(
    link: dict[str, Any], word: str, otherwise: float, entity: str, mistakes: Mistakes, low: float, high: float
) -> float:
    value = link.get(word, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        mistakes.add(f"{entity}.link.{word}", f"is {value!r}", f"a number from {low} to {high}")
        return otherwise
    return float(value)


def _blocking(rules: LinkRules, stated: Any, mistakes: Mistakes) -> tuple[tuple[str, ...], ...]:
    if stated is None:
        return ()
    known = set(rules.columns)
    found = []
    for columns in stated if isinstance(stated, list) else [stated]:
        named = tuple(map(str, columns)) if isinstance(columns, list) else (str(columns),)
        for column in (c for c in named if c not in known):
            mistakes.add(
                f"{rules.entity}.link.blocking", f"{column} is no compared column", did_you_mean(column, known)
            )
        if named and set(named) <= known:
            found.append(named)
    return tuple(found)
