"""What every register says of people, firms and licences at the end of each night, and hence on what they disagree: the truth of `unified.conflict`.

Only what differs from the world the tables were drawn from is kept as a value; of the rest, that it is said and since when.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cities.qingdao.generator.as_loaded import same
from cities.qingdao.generator.conflict_plan import HAPPENING, PLANTED
from cities.qingdao.generator.departments import licences
from cities.qingdao.generator.departments._work import jobs
from cities.qingdao.generator.world import CITY_FOLDER, NIGHTS, World
from contracts.mistakes import Mistakes
from contracts.model import Resource
from contracts.reader import load_yaml

LINKED = "linked"
"""Name of the column that stands for the key where a resource has none, or an old one: whom the record belongs to in truth."""


_WITHIN = "\x1f"


@dataclass(frozen=True)
class Word:
    """The field of that name, whose codes, if any, are put into other words; without a name a constant of the whole resource."""

    name: str
    codes: dict[str, str] = field(default_factory=dict)
    constant: str = ""

    def of(self, lake: pd.DataFrame) -> pd.Series:
        """What the rows say, by the lake's columns."""
        if not self.name:
            return pd.Series(self.constant, index=lake.index, dtype=object)
        return lake[self.name].map(self.codes) if self.codes else lake[self.name]


@dataclass(frozen=True)
class Feed:
    """What a resource says of an entity: its field with the key, attribute → word, and what the key is one within."""

    entity: str
    key: str
    attributes: dict[str, Word]
    within: Word | None = None

    def identifiers(self, lake: pd.DataFrame) -> pd.Series:
        """The rows' keys as the base has them: of a licence its kind and number."""
        keys = lake[LINKED if LINKED in lake else self.key]
        return keys if self.within is None else self.within.of(lake).str.cat(keys, sep=_WITHIN)


@dataclass(frozen=True)
class Said:
    """What one resource says of one attribute: since which night the world's value, by position in the world (0: not at all), and other values."""

    expected: NDArray[np.int8]
    others: pd.DataFrame  # position, value, since


@dataclass
class Claims:
    """Collects the registers night by night; `said` is by night, entity, attribute and resource."""

    world: World
    said: dict[tuple[int, str, str, str], Said] = field(default_factory=dict)
    kinds: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mapped = load_yaml(CITY_FOLDER / "unified.yaml", Mistakes("unified.yaml"))["entities"]
        self.sources = {
            (entity, attribute): words
            for entity, about in mapped.items()
            for attribute, of in about["attributes"].items()
            if len(words := _words(of["from"])) > 1 and attribute != about.get("key_within")
        }
        self.feeds: dict[str, list[Feed]] = {}
        for entity, about in mapped.items():
            within = _words(about["attributes"][about["key_within"]]["from"]) if "key_within" in about else {}
            for resource, key in about["resources"].items():
                words = {
                    a: said[resource] for (of, a), said in self.sources.items() if of == entity and resource in said
                }
                key = key.get("key") if isinstance(key, dict) else key
                if words:
                    self.feeds.setdefault(resource, []).append(
                        Feed(entity, str(key or LINKED), words, within.get(resource))
                    )
        work = jobs(self.world).set_index("resident_id")["employer_code"]
        people = self.world.people.set_index("resident_id")
        people = people.assign(birth_date=people["birth_date"].astype(str), employer_code=work.reindex(people.index))
        firms = self.world.firms.set_index("credit_code")
        firms = firms.assign(established_on=firms["established_on"].astype(str))
        self.base = {"person": people, "legal_entity": firms, "licence": _licences(self.world)}

    def fields_of(self, resource: Resource) -> list[str]:
        """The fields of the resource that say anything of an entity, keys included."""
        feeds = self.feeds.get(resource.id, [])
        words = {word.name for f in feeds for word in (*f.attributes.values(), *([f.within] if f.within else []))}
        return sorted((words | {feed.key for feed in feeds}) - {LINKED, ""})

    def observe(self, resource: Resource, night: int, lake: pd.DataFrame | None) -> None:
        """Note what the lake holds of the resource at the night's end: columns by field name, and `since <field>`."""
        for feed in self.feeds.get(resource.id, []):
            base = self.base[feed.entity]
            for attribute, word in feed.attributes.items():
                self.kinds[feed.entity, attribute, resource.id] = _kind(resource, attribute, word.name)
                expected = np.zeros(len(base), dtype=np.int8)
                others = pd.DataFrame({"position": [], "value": [], "since": []})
                if lake is not None and len(lake):
                    at = base.index.get_indexer(pd.Index(feed.identifiers(lake), dtype=object))
                    rows = pd.DataFrame({
                        "position": at, "value": word.of(lake).to_numpy(dtype=object), "since": lake[f"since {word.name}"].to_numpy(),
                    })  # fmt: skip
                    rows = rows[(rows["position"] >= 0) & rows["value"].notna()]
                    usual = base[attribute].to_numpy(dtype=object)[rows["position"]] if attribute in base else None
                    equal = (
                        (rows["value"].to_numpy() == usual) if usual is not None else np.zeros(len(rows), dtype=bool)
                    )
                    # of several rows the earliest counts: written last
                    first = rows[equal].sort_values("since", ascending=False)
                    expected[first["position"]] = first["since"]
                    others = rows[~equal].sort_values("since").drop_duplicates(["position", "value"])
                self.said[night, feed.entity, attribute, resource.id] = Said(expected, others)

    def conflicts(self) -> Iterator[dict[str, Any]]:
        """One line a value that lost against another: from `night` on, and until the end of night `until` where it ended."""
        spans: dict[tuple[Any, ...], list[Any]] = {}
        for night in NIGHTS:
            for entity, attribute in self.sources:
                for line in self._conflicts_at(night, entity, attribute):
                    spans.setdefault(tuple(line.values()), [line, night, night])[2] = night
        names = sorted(spans, key=lambda key: tuple(map(str, key)))
        for line, first, last in (spans[key] for key in names):
            yield {"night": first, "until": last if last < max(NIGHTS) else None, **line}

    def _conflicts_at(self, night: int, entity: str, attribute: str) -> Iterator[dict[str, Any]]:
        order = self.sources[entity, attribute]
        said = {
            id: self.said[night, entity, attribute, id] for id in order if (night, entity, attribute, id) in self.said
        }
        base = self.base[entity]
        usual = base[attribute].to_numpy(dtype=object) if attribute in base else np.full(len(base), None, dtype=object)
        odd: dict[str, dict[int, list[tuple[str, int]]]] = {id: {} for id in said}
        for id, claims in said.items():
            for at, value, since in claims.others.itertuples(index=False):
                odd[id].setdefault(int(at), []).append((value, int(since)))
        for position in sorted({int(p) for values in odd.values() for p in values}):
            told = [
                (id, value, since)
                for id in said
                for value, since in [*_usual(said[id], position, usual), *odd[id].get(position, [])]
            ]
            # the first resource that says anything, of several values of its the newest and then the greatest
            winner = max((c for c in told if c[0] == told[0][0]), key=lambda c: (c[2], c[1]))
            for id, value, since in told:
                if not same(attribute, value, winner[1]):
                    odd_ones = [
                        of
                        for of, said_so, *_ in ((id, value), winner)
                        if not same(attribute, said_so, str(usual[position]))
                    ]
                    yield {
                        "entity": entity, "identifier": str(base.index[position]).rpartition(_WITHIN)[2], "attribute": attribute,
                        "resource": id, "value": value, "since": since,
                        "winner": winner[0], "winning_value": winner[1], "winner_since": winner[2],
                        "kind": " ".join(dict.fromkeys(self.kinds[entity, attribute, of] for of in odd_ones)),
                    }  # fmt: skip


def _words(sources: list[Any]) -> dict[str, Word]:
    """Resource → what it says of an attribute, in the order of the sources."""
    found: dict[str, Word] = {}
    for source in sources:
        [(item, codes)] = source.items() if isinstance(source, dict) else [(source, {})]
        resource, _, name = item.rpartition(".")
        constant = "" if isinstance(codes, dict) else str(codes)
        found[item if constant else resource] = Word("", {}, constant) if constant else Word(name, codes)
    return found


def _licences(world: World) -> pd.DataFrame:
    """The electronic licences by kind and number, as they were issued: of all others no second register can know."""
    table = licences.as_issued(world)
    days = {
        name: table[column].dt.strftime("%Y-%m-%d")
        for name, column in (("issued_on", "有效期起"), ("expires_on", "有效期止"))
    }
    return pd.DataFrame({
        "holder_name": table["持证主体名称"], "holder_code": table["持证法人信用代码"], "holder_id": table["持证人身份号码"],
        **days, "status": table["证照状态"],
    }).set_axis(pd.Index(table["证照类型代码"] + _WITHIN + table["证照编号"], dtype=object))  # fmt: skip


def _usual(said: Said, position: int, usual: NDArray[Any]) -> list[tuple[str, int]]:
    return [(str(usual[position]), int(said.expected[position]))] if said.expected[position] else []


def _kind(resource: Resource, attribute: str, name: str) -> str:
    """Why the resource says something else of the attribute than the world; `accidental` where nothing was planned."""
    column = resource.field(name).physical_name
    planted = [
        d.kind for d in PLANTED if d.resource == resource.id and column in d.columns and not d.kind.startswith("form_")
    ]
    happening = HAPPENING.get((resource.id, attribute)) or HAPPENING.get((resource.id, ""))
    return " ".join(dict.fromkeys([*planted, *filter(None, [happening])])) or "accidental"
