"""A list of objects somewhere in one large JSON document, streamed: memory holds a record and not the document.

The streaming parsers at hand turn 1.10 into 1.1 or 1E5 into 1E+5, so the way to the list is found here, and each object is parsed as JSON lines are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from connectors.files.text import open_text
from connectors.json_text import DECODER, json_text
from contracts.errors import SourceBroken

_PIECE = 1 << 18
_LARGEST_RECORD = 16 << 20
_BLANK = re.compile(r"[ \t\r\n]*")
# what changes how deep one is, and the strings in which such signs mean nothing
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def document_records(path: Path, encoding: str, records: str) -> Iterator[dict[str, Any]]:
    """The objects of the list at the dotted path, the empty text for a document that is the list itself.

    SourceBroken with the line where the document breaks off or is no JSON, where no list lies there, or where something else lies in it.
    """
    with open_text(path, encoding) as text:
        document = _Document(path, text)
        for name in filter(None, records.split(".")):
            document.enter(name, records)
        if document.next_sign() != "[":
            raise document.broken(f"no list of records lies at {records or 'its top'!r}", "look at `records`")
        document.take()
        is_first = True
        while (sign := document.next_sign()) != "]":
            if not is_first:
                if sign != ",":
                    raise document.broken("a record does not end where it should")
                document.take()
            is_first = False
            if document.next_sign() != "{":
                raise document.broken("not a JSON object in the list of records")
            yield document.value()
        document.take()
        document.skip_rest(len([*filter(None, records.split("."))]))


def path_of_records(path: Path, encoding: str) -> str | None:
    """Where a list of objects lies in the document, looked for in its first pieces; None where none is found."""
    with open_text(path, encoding) as text:
        document = _Document(path, text)
        names: list[str] = []
        try:
            while (sign := document.next_sign()) == "{":
                document.take()
                found = document.first_list()
                if found is None:
                    return None
                names.append(found)
            if sign == "[":
                document.take()
                return ".".join(names) if document.next_sign() == "{" else None
        except SourceBroken:
            return None
    return None


class _Document:
    """The text from the place that was reached on; what lies before it is forgotten."""

    def __init__(self, path: Path, text: TextIO) -> None:
        self.path, self.text = path, text
        self.buffer, self.at, self.line = "", 0, 1
        self.is_whole = False

    def next_sign(self) -> str:
        """The next character that is no blank, left where it is; the empty text at the end."""
        while True:
            self._advance(_BLANK.match(self.buffer, self.at).end())  # type: ignore[union-attr]
            if self.at < len(self.buffer):
                return self.buffer[self.at]
            if not self._more():
                return ""

    def take(self) -> None:
        self._advance(self.at + 1)

    def value(self) -> Any:
        """The value that starts here."""
        while True:
            try:
                value, end = DECODER.raw_decode(self.buffer, self.at)
            except (ValueError, RecursionError) as error:
                if (
                    isinstance(error, json.JSONDecodeError)
                    and len(self.buffer) - self.at < _LARGEST_RECORD
                    and self._more()
                ):
                    continue
                if len(self.buffer) - self.at >= _LARGEST_RECORD:
                    raise self.broken(
                        f"a record is longer than {_LARGEST_RECORD >> 20} million characters, or broken"
                    ) from None
                if self.is_whole and isinstance(error, json.JSONDecodeError):
                    self.line += self.buffer.count("\n", self.at, error.pos)
                    cut = (
                        "; the file looks cut"
                        if error.pos >= len(self.buffer.rstrip()) - 1 or "Unterminated" in error.msg
                        else ""
                    )
                    raise self.broken(f"{error.msg}{cut}") from None
                raise self.broken("nested too deep" if isinstance(error, RecursionError) else str(error)) from None
            # a number at the end of the buffer may go on
            if end == len(self.buffer) and self._more():
                continue
            if "\\u" in self.buffer[self.at : end]:
                try:
                    json_text(value).encode()
                except UnicodeEncodeError:
                    raise self.broken("an escape names half of a character") from None
            self._advance(end)
            return value

    def enter(self, name: str, records: str) -> None:
        """Go to the member `name` of the object that starts here."""
        if self.next_sign() != "{":
            raise self.broken(f"no list of records lies at {records!r}", "look at `records`")
        self.take()
        while self.next_sign() == '"':
            key = self.value()
            if self.next_sign() != ":":
                raise self.broken("a name without a value")
            self.take()
            if key == name:
                return
            self.skip_value()
            if self.next_sign() != ",":
                break
            self.take()
        if self.next_sign() not in ("}", ","):
            raise self.broken("an object does not end; the file looks cut")
        raise self.broken(f"no list of records lies at {records!r}", "look at `records`")

    def first_list(self) -> str | None:
        """Go to the first member that is an object or a list; its name, None where there is none."""
        while self.next_sign() == '"':
            key = self.value()
            if self.next_sign() != ":":
                return None
            self.take()
            if self.next_sign() == "[":
                return str(key)
            if self.next_sign() == "{" and key in ("data", "result", "results", "response", "body", "page"):
                return str(key)
            self.skip_value()
            if self.next_sign() != ",":
                return None
            self.take()
        return None

    def skip_value(self) -> None:
        """Pass over a value, however large."""
        if self.next_sign() not in ("{", "["):
            self.value()
            return
        self._skip_to(0)

    def skip_rest(self, depth: int) -> None:
        """Pass over what is left of the document, which is `depth` objects deep here; a cut document is noticed."""
        if depth:
            self._skip_to(0, depth)
        if self.next_sign():
            raise self.broken("something stands behind the document's end")

    def _skip_to(self, wanted: int, depth: int = 0) -> None:
        while True:
            found = _STRUCTURE.search(self.buffer, self.at)
            # a string that is not closed yet is no structure: its quote must not be passed over
            quote = self.buffer.find('"', self.at)
            if found is None or (quote != -1 and quote < found.start()):
                self._advance(quote if quote != -1 else len(self.buffer))
                if len(self.buffer) - self.at > _LARGEST_RECORD or not self._more():
                    raise self.broken("the document does not end; the file looks cut")
                continue
            self._advance(found.end())
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
            if depth == wanted:
                return

    def broken(self, what: str, remedy: str = "ask the department for a whole JSON file") -> SourceBroken:
        return SourceBroken(f"line {self.line}: {what}", where=str(self.path), remedy=remedy)

    def _advance(self, to: int) -> None:
        self.line += self.buffer.count("\n", self.at, to)
        self.at = to

    def _more(self) -> bool:
        """Whether the text went on. What an unfinished value grows by doubles, so that it is not parsed too often."""
        piece = self.text.read(max(_PIECE, len(self.buffer) - self.at))
        self.buffer, self.at = self.buffer[self.at :] + piece, 0
        self.is_whole = not piece
        return bool(piece)
