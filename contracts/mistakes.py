"""Mistakes found while reading a city: every one with its file, its place and the remedy, all at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from contracts.errors import ConfigurationError


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing to put right in a city's files."""

    file: str
    place: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f" → {self.remedy}" if self.remedy else ""
        return f"{self.file}: {self.place}: {self.what}{remedy}"


@dataclass
class Mistakes:
    """Collects the mistakes of one file."""

    file: str
    found: list[Mistake] = field(default_factory=list)

    def add(self, place: str, what: str, remedy: str = "") -> None:
        self.found.append(Mistake(self.file, place, what, remedy))

    def refuse(self) -> None:
        """Raise ConfigurationError where there is any: it names the first mistake and counts the rest."""
        if self.found:
            first = self.found[0]
            raise ConfigurationError(
                f"{self.file} has {len(self.found)} mistakes, first: {first.what}",
                where=first.place,
                remedy=first.remedy,
            )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A remedy for an unknown word: the nearest known ones, otherwise all of them."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=3)
    return f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(known)}"


def relative(path: Path, root: Path) -> str:
    """The path as a reader of the city folder knows it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
