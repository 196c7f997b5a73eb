"""How a department writes its CSV, and what stands for it in Arrow's parser and in Python's."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from connectors.files.text import ENCODING
from connectors.protocol import Setting

# both parsers split at one byte, so a longer delimiter is replaced by the separator that ASCII keeps for this
STAND_IN = "\x1f"
# stands for an unquoted null text that the escape character would otherwise spoil, such as \N
NULL_STAND_IN = "\x1d"

_SIGN = r"[^A-Za-z0-9\r\n\x00]"
DIALECT: Mapping[str, Setting] = {
    "encoding": ENCODING,
    "delimiter": {"type": "string", "pattern": rf"\A{_SIGN}{{1,5}}\Z", "default": ","},
    "quote": {"type": "string", "pattern": r"\A[!-~]?\Z", "default": '"'},
    "escape": {"type": "string", "pattern": r"\A[!-~]?\Z", "default": ""},
    "comment": {"type": "string", "pattern": rf"\A({_SIGN}{{1,5}})?\Z", "default": ""},
    "null": {"type": ["string", "array"], "items": {"type": "string"}, "default": []},
    "skipRows": {"type": "integer", "minimum": 0, "default": 0},
    "header": {"type": "boolean", "default": True},
    "columns": {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    "trailingDelimiter": {"type": "boolean", "default": False},
}

# a cell may be as large as its record, which is bounded elsewhere
csv.field_size_limit(sys.maxsize)


@dataclass(frozen=True)
class Dialect:
    """An empty `quote`, `escape` or `comment` means that there is none. `trailing`: each line ends with one delimiter too many."""

    encoding: str
    delimiter: str
    quote: str
    escape: str
    comment: str
    nulls: tuple[str, ...]
    skip_rows: int
    has_heading: bool
    trailing: bool

    @classmethod
    def stated(cls, settings: Mapping[str, Any]) -> Dialect:
        null = settings["null"]
        return cls(
            settings["encoding"], settings["delimiter"], settings["quote"], settings["escape"], settings["comment"],
            (null,) if isinstance(null, str) else tuple(null), settings["skipRows"], settings["header"], settings["trailingDelimiter"],
        )  # fmt: skip

    @property
    def byte(self) -> str:
        """The delimiter as the parsers know it."""
        return self.delimiter if len(self.delimiter.encode()) == 1 else STAND_IN

    @property
    def is_replaced(self) -> bool:
        return self.byte != self.delimiter

    @cached_property
    def escaped_null(self) -> re.Pattern[str] | None:
        """Finds an unquoted cell that is a null text with the escape character in it."""
        spoilt = [re.escape(null) for null in self.nulls if self.escape and self.escape in null]
        edge = f"[^{re.escape(self.byte)}\r\n]"
        return re.compile(f"(?<!{edge})(?:{'|'.join(spoilt)})(?!{edge})") if spoilt else None

    @property
    def needs_preparing(self) -> bool:
        return self.is_replaced or self.escaped_null is not None

    def prepared(self, text: str) -> str:
        """Whole lines with the stand-ins in place."""
        if self.is_replaced:
            text = text.replace(self.delimiter, STAND_IN)
        return self.escaped_null.sub(NULL_STAND_IN, text) if self.escaped_null else text

    def restored(self, cell: str) -> str:
        """A quoted cell may hold the delimiter and the null text as they are."""
        if self.is_replaced:
            cell = cell.replace(STAND_IN, self.delimiter)
        return cell.replace(NULL_STAND_IN, self.unescaped_null) if self.escaped_null else cell

    @property
    def unescaped_null(self) -> str:
        spoilt = next(null for null in self.nulls if self.escape in null)
        return re.sub(re.escape(self.escape) + "(.)", r"\1", spoilt)

    @property
    def null_texts(self) -> list[str]:
        if not self.escaped_null:
            return list(self.nulls)
        return [NULL_STAND_IN, *(null for null in self.nulls if self.escape not in null)]

    def reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        return csv.reader(
            lines, delimiter=self.byte, quotechar=self.quote or None, escapechar=self.escape or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
        )  # fmt: skip

    def fault(self, row: list[str], width: int) -> str:
        """Why the row is no record of a table of `width` columns, or the empty text."""
        cells = len(row)
        if self.trailing and cells == width + 1 and row[-1] == "":
            return ""
        if cells == width and not self.trailing:
            return ""
        if self.trailing and cells in (width, width + 1):
            return (
                "the delimiter that ends each line is missing"
                if cells == width
                else "a value stands behind the last delimiter"
            )
        cells -= self.trailing
        promised = "the heading has" if self.has_heading else "there should be"
        return f"{cells} cell{'s' if cells != 1 else ''} where {promised} {width}"
