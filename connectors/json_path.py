"""Where something lies in a JSON document: a small, sound part of RFC 9535.

Names and places only – `data.items`, `data["the list"]`, `pages[0].rows`, `result[*].rows`, with or without `$` before them. There are no filters
and no wildcards over names: a path that could leave records out without a word would be a trap.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.errors import ConfigurationError

_STEP = re.compile(
    r"""\.?(?P<name>[^\s.\[\]"'$*@]+) | \[(?P<at>-?\d+)\] | \[(?P<all>\*)\] | \[(?P<quoted>"(?:[^"\\]|\\.)*")\]""",
    re.VERBOSE,
)

Step = str | int | None
"""A member's name, a place in a list, or None for every item of a list."""


@dataclass(frozen=True)
class JsonPath:
    """A path, read once. The empty path is the document itself."""

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str) -> JsonPath:
        """Raises ConfigurationError for what is no path of this kind."""
        steps: list[Step] = []
        at = 1 if text.startswith("$") else 0
        while at < len(text):
            match = _STEP.match(text, at)
            # only what begins the text needs no dot before a name
            if match is None or (match["name"] and (match[0][0] == ".") != bool(steps or text[:1] == "$")):
                raise ConfigurationError(
                    f"{text!r} is no path: cannot read {text[at:]!r}", remedy='for example data.items or data["the list"][0].rows'
                )  # fmt: skip
            steps.append(_step(match))
            at = match.end()
        return cls(text, tuple(steps))

    def find(self, document: Any) -> Any:
        """What lies there, None where nothing does. With `[*]` in the path, the list of what lies below each item, lists joined into one."""
        return _find(document, self.steps)

    def __str__(self) -> str:
        return repr(self.text) if self.text else "its top"


def place(document: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the document with the value at a path of names; objects on the way are made."""
    names = JsonPath.parse(path).steps
    if not names or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(f"{path!r} is no path of names", remedy="for example page.number")
    return _placed(document, [str(name) for name in names], value)


def _placed(document: Mapping[str, Any], names: list[str], value: Any) -> dict[str, Any]:
    first, *rest = names
    if not rest:
        return {**document, first: value}
    inner = document.get(first)
    return {**document, first: _placed(inner if isinstance(inner, dict) else {}, rest, value)}


def _step(match: re.Match[str]) -> Step:
    if match["at"]:
        return int(match["at"])
    if match["quoted"]:
        try:
            return str(json.loads(match["quoted"]))
        except ValueError:
            raise ConfigurationError(
                f"{match['quoted']} is no quoted name", remedy='for example ["the list"]'
            ) from None
    return match["name"]


def _find(value: Any, steps: Sequence[Step]) -> Any:
    for n, step in enumerate(steps):
        if step is None:
            if not isinstance(value, list):
                return None
            found: list[Any] = []
            for item in value:
                below = _find(item, steps[n + 1 :])
                if below is None:
                    return None  # one item without it: nothing may be left out in silence
                found.extend(below if isinstance(below, list) else [below])
            return found
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value
