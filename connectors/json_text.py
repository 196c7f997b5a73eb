"""JSON objects as records of text: numbers as they are written, nested values as JSON text, null as NULL."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from connectors.columns import free
from connectors.records import Record


class Number(str):
    """A JSON number as written: a float would make 1.10 into 1.1 and round an 18-digit identifier."""

    __slots__ = ()


def parse(text: str) -> Any:
    """The value; ValueError for text that is no JSON, a name twice in one object, half a character, and NaN or Infinity, which JSON does not know."""
    value = DECODER.decode(text)
    if "\\u" in text:
        try:
            json_text(value).encode()
        except UnicodeEncodeError:
            raise ValueError("an escape names half of a character") from None
    return value


def record_of(value: dict[str, Any]) -> Record:
    """The object's members as text. One that has the name of the column for malformed lines gets another."""
    return {
        free(name): item if item is None or isinstance(item, str) else json_text(item) for name, item in value.items()
    }  # fmt: skip


def json_text(value: Any) -> str:
    """The value as JSON text on one line, numbers as they were written."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number():
            return value
        case str():
            return json.dumps(value, ensure_ascii=False)
        case dict():
            return "{" + ", ".join(f"{json_text(str(k))}: {json_text(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(json_text, value)) + "]"
    raise TypeError(type(value).__name__)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in an object")
    return members


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


DECODER = json.JSONDecoder(
    parse_float=Number, parse_int=Number, parse_constant=_no_constant, object_pairs_hook=_members
)
