"""How business words are taken apart and compared: pairs of characters for Chinese, words for English, both in one set of features."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

Features = frozenset[str]

_RUNS = re.compile(r"[\u3400-\u9fff]+|[a-z]+|[0-9]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
# what parts one asked word from the next; particles part Chinese words too, where the whole is no word of the catalogue
_BREAKS = re.compile(r"[,，、;；。：:/|+\n\r\t\[\]【】“”\"]+")
_PARTICLES = re.compile(r"以及|还有|上的|里的|中的|[的和与及或]")
# words that say nothing about what is asked for
_EMPTY = frozenset(
    [
        "信息",
        "数据",
        "资料",
        "情况",
        "需要",
        "申请",
        "查询",
        "记录",
        "the",
        "of",
        "for",
        "and",
        "or",
        "a",
        "an",
        "in",
        "on",
        "with",
        "need",
        "want",
        "data",
        "information",
        "record",
        "records",
        "please",
    ]
)
_SPELLINGS = {
    "license": "licence",
    "licenses": "licence",
    "organization": "organisation",
    "telephone": "phone",
    "no": "number",
}
_LONGEST_PHRASE = 4


def features(text: str) -> Features:
    """The pairs of neighbouring characters of Chinese runs, and the English words in one spelling and in the singular."""
    found: set[str] = set()
    for run in _RUNS.findall(text.replace("_", " ").lower()):
        if not _HAN.match(run):
            found.add(_singular(_SPELLINGS.get(run, run)))
        elif len(run) == 1:
            found.add(run)
        else:
            found.update(run[n : n + 2] for n in range(len(run) - 1))
    return frozenset(found)


def is_chinese(text: str) -> bool:
    return bool(_HAN.search(text))


def split(text: str, vocabulary: Collection[str]) -> list[str]:
    """The words asked for, in their order, without those that say nothing; what is in the vocabulary is kept whole, the longest first.

    English words between commas are one phrase; without commas each is a word of its own, unless the vocabulary has them together.
    """
    words: list[str] = []
    parts = [part.split() for part in _BREAKS.split(text) if part.split()]
    for part in parts:
        for chinese, run in _runs_of_one_language(part):
            if chinese:
                words += [word for piece in run for word in _chinese(piece, vocabulary)]
            elif len(parts) > 1 and len(run) <= _LONGEST_PHRASE:
                words.append(" ".join(run))
            else:
                words += _english(run, vocabulary)
    return list(dict.fromkeys(word for word in words if word.lower() not in _EMPTY))


def _runs_of_one_language(pieces: Sequence[str]) -> Iterator[tuple[bool, list[str]]]:
    run: list[str] = []
    for piece in pieces:
        if run and is_chinese(piece) != is_chinese(run[0]):
            yield is_chinese(run[0]), run
            run = []
        run.append(piece)
    if run:
        yield is_chinese(run[0]), run


def _chinese(piece: str, vocabulary: Collection[str]) -> Iterable[str]:
    """A piece that is a word of the vocabulary stays; one with particles is parted at them; a long one into the words it is made of."""
    if piece in vocabulary:
        return [piece]
    parts = [part for part in _PARTICLES.split(piece) if part]
    if len(parts) > 1:
        return [word for part in parts for word in _chinese(part, vocabulary)]
    words, place, rest = [], 0, ""
    while place < len(piece):
        size = next((n for n in range(len(piece) - place, 1, -1) if piece[place : place + n] in vocabulary), 0)
        if size:
            words.append(piece[place : place + size])
        else:
            rest += piece[place]
        place += size or 1
    # words that do not cover the piece would drop a part of what was asked
    return words if len(words) > 1 and not rest else [piece]


def _english(run: Sequence[str], vocabulary: Collection[str]) -> Iterable[str]:
    place = 0
    while place < len(run):
        longest = min(_LONGEST_PHRASE, len(run) - place)
        size = next((n for n in range(longest, 1, -1) if " ".join(run[place : place + n]).lower() in vocabulary), 1)
        yield " ".join(run[place : place + size])
        place += size


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
