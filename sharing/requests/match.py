"""What the catalogue has for a request in business words: the field and the resource that fit each word best, and the words nobody has.

The scorer is small and always says the same: shared pairs of characters and words, the rare ones weighing more; names that people use for the
same thing; and where two resources have a field of the same name, the one that has more of what is asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

from contracts.catalogue import City
from sharing.requests.synonyms import Group, read_synonyms
from sharing.requests.words import Features, features, is_chinese, split

# from this score on a word counts as found
FOUND = 0.55
# what one feature found only in the resource's name, or only in a description, is worth against one found in the field's own name
_CONTEXT, _DESCRIBED = 0.6, 0.4
# fitting the asked word wholly matters more than having no words beside it
_RECALL = 0.7
_SYNONYM = 0.95
# how much better a resource is for having all that is asked for, and how much worse than the best a candidate may fit
_COMPANY, _BESIDE = 0.3, 0.3
# what is easier to have goes first among equals: openly shared, and there at all
_SHARE, _EMPTY = {"unconditional": 0.0, "conditional": 0.01, "not_shared": 0.05}, 0.04


@dataclass(frozen=True)
class Candidate:
    """A resource, or a field of it, and how well it fits, 0 to 1; `field` is empty where the word names the resource as a whole."""

    resource: str
    field: str
    score: float


@dataclass(frozen=True)
class Asked:
    """A word of the request and what fits it, the best first; nothing where nobody has it."""

    word: str
    candidates: tuple[Candidate, ...]

    @property
    def best(self) -> Candidate | None:
        return self.candidates[0] if self.candidates else None


@dataclass(frozen=True)
class _Entry:
    resource: str
    field: str
    texts: tuple[tuple[str, Features], ...]
    context: Features
    described: Features


class Matcher:
    """The words of one city's catalogue, ready to be asked."""

    def __init__(self, city: City) -> None:
        self._shares = {id: resource.share_type for id, resource in city.resources.items()}
        self._groups = read_synonyms(city.folder)
        self._entries: list[_Entry] = []
        words = {word.lower() for group in self._groups for word in group}
        for resource in city.resources.values():
            named = _texts(resource.label, resource.name)
            self._entries.append(
                _Entry(resource.id, "", named, features(resource.department), features(resource.description))
            )
            context = features(" ".join((resource.label, resource.name, resource.department, resource.description)))
            for field in resource.fields:
                texts = _texts(field.label, field.name, field.semantic_type or "")
                self._entries.append(_Entry(resource.id, field.name, texts, context, features(field.description)))
                words |= {field.label, field.name.replace("_", " ")}
            words |= {resource.label, resource.name.replace("_", " ")}
        self.vocabulary = frozenset(words - {""})
        self._places: dict[str, list[int]] = defaultdict(list)
        for place, entry in enumerate(self._entries):
            for feature in {feature for _, text in entry.texts for feature in text}:
                self._places[feature].append(place)

    def match(
        self, text: str, fields: Iterable[str] = (), top: int = 3, loaded: Collection[str] | None = None
    ) -> list[Asked]:
        """Each asked word with at most `top` candidates. Where fields are named they are what is asked for, and the text says only what about.

        Where it is told which resources were ever `loaded`, the others go behind them among equals.
        """
        named = [field.strip() for field in fields if field.strip()]
        about = split(text, self.vocabulary)
        words = list(dict.fromkeys(named)) or about
        scored = {word: self._scored(word) for word in dict.fromkeys([*words, *about])}
        company = self._company(scored)
        return [Asked(word, self._chosen(scored[word], company, loaded)[:top]) for word in words]

    def nearest(self, word: str) -> Candidate | None:
        """What fits one word best, however little, or None."""
        found = self._scored(word)
        return max(found, key=lambda c: (c.score, -self._burden(c), c.resource, c.field), default=None)

    def _chosen(
        self, found: Sequence[Candidate], company: dict[str, float], loaded: Collection[str] | None
    ) -> tuple[Candidate, ...]:
        enough = max(FOUND, max((c.score for c in found), default=0.0) - _BESIDE)

        def rank(candidate: Candidate) -> tuple[float, str, str]:
            burden = self._burden(candidate) + (
                _EMPTY if loaded is not None and candidate.resource not in loaded else 0.0
            )
            return (
                burden - candidate.score - _COMPANY * company.get(candidate.resource, 0.0),
                candidate.resource,
                candidate.field,
            )

        return tuple(sorted((c for c in found if c.score >= enough), key=rank))

    def _company(self, scored: dict[str, list[Candidate]]) -> dict[str, float]:
        """Resource → the share of the asked words that it has, each by how well."""
        total: dict[str, float] = defaultdict(float)
        for found in scored.values():
            best: dict[str, float] = defaultdict(float)
            for candidate in found:
                if candidate.score >= FOUND:
                    best[candidate.resource] = max(best[candidate.resource], candidate.score)
            for resource, score in best.items():
                total[resource] += score / len(scored)
        return total

    def _scored(self, word: str) -> list[Candidate]:
        """Every entry that shares a feature with the word or with what else it is called."""
        best: dict[int, float] = {}
        for variant, worth in self._variants(word):
            asked = features(variant)
            for place in {place for feature in asked for place in self._places.get(feature, ())}:
                score = worth * self._score(variant, asked, self._entries[place])
                best[place] = max(best.get(place, 0.0), score)
        return [
            Candidate(self._entries[place].resource, self._entries[place].field, round(score, 4))
            for place, score in sorted(best.items())
        ]

    def _score(self, word: str, asked: Features, entry: _Entry) -> float:
        best = 0.0
        for name, text in entry.texts:
            # the pairs across the edges of the name are no words
            wanted = text | features(word.replace(name, " ")) if name in word and is_chinese(name) else asked
            own = self._weight(wanted & text)
            if not own:
                continue
            missing = wanted - text
            beside = _CONTEXT * self._weight(missing & entry.context) + _DESCRIBED * self._weight(
                missing - entry.context & entry.described
            )
            best = max(best, _RECALL * (own + beside) / self._weight(wanted) + (1 - _RECALL) * own / self._weight(text))
        return best

    def _weight(self, found: Features) -> float:
        """What features are worth together: the fewer entries have one, the more it says."""
        many = len(self._entries)
        return sum(log(1 + many / (1 + len(self._places.get(feature, ())))) for feature in sorted(found))

    def _variants(self, word: str) -> list[tuple[str, float]]:
        word = self._by_sound.get(word.lower(), word) if not is_chinese(word) else word
        variants = {word: 1.0}
        for group in self._groups:
            for said in _said(word.lower(), group):
                for other in group:
                    variants.setdefault(word.lower().replace(said, other), _SYNONYM)
        return list(variants.items())

    def _burden(self, candidate: Candidate) -> float:
        return _SHARE.get(self._shares[candidate.resource], 0.0)

    @cached_property
    def _by_sound(self) -> dict[str, str]:
        """Pinyin without tones → the word of the vocabulary, for who types it with an English keyboard."""
        from pypinyin import lazy_pinyin

        return {"".join(lazy_pinyin(word)): word for word in sorted(self.vocabulary, reverse=True) if is_chinese(word)}


def _texts(*names: str) -> tuple[tuple[str, Features], ...]:
    return tuple((name, features(name)) for name in names if features(name))


def _said(word: str, group: Group) -> list[str]:
    """The words of the group that the asked word holds, whole words in English; the longest only, for `身份证号` also holds `身份证`."""
    held = [other for other in group if (other in word if is_chinese(other) else f" {other} " in f" {word} ")]
    return sorted(held, key=len, reverse=True)[:1]
