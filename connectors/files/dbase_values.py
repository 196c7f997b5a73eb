"""The header of a dBase file, and how the values of its types are written."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from connectors.files.byte_columns import codec
from contracts.errors import ConfigurationError, SourceBroken

# first byte of the file: dBase III to 7, FoxPro, with and without memo
_VERSIONS = frozenset(
    {0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x32, 0x43, 0x63, 0x7B, 0x83, 0x8B, 0x8E, 0xCB, 0xE5, 0xF5, 0xFB}
)
# the file's mark of its language → encoding, as far as we know the encoding
_LANGUAGES = {
    0x03: "windows-1252", 0x57: "windows-1252", 0x58: "windows-1252", 0x59: "windows-1252", 0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5",
    0x78: "big5", 0x13: "shift_jis", 0x7B: "shift_jis", 0x4E: "euc-kr", 0x79: "euc-kr", 0xC8: "windows-1250", 0xC9: "windows-1251", 0xCB: "windows-1253",
}  # fmt: skip
_TYPES = "CNFDLMIBYT@+OGPVQ0"
_END_OF_FIELDS = 0x0D
_JULIAN_OF_YEAR_1 = 1721426


@dataclass(frozen=True)
class DbaseField:
    """A column: where it starts in the record, the deletion mark included, and how many bytes it has."""

    name: str
    type: str
    start: int
    width: int


@dataclass(frozen=True)
class DbaseHeader:
    records: int
    size: int
    record_size: int
    encoding: str
    fields: tuple[DbaseField, ...]


def dbase_header(path: Path, encoding: str | None, fallback: str = "") -> DbaseHeader:
    """The file's header. Raises SourceBroken for what is no dBase file, ConfigurationError where nothing states the encoding."""
    with path.open("rb") as file:
        start = file.read(32)
        if len(start) < 32 or start[0] not in _VERSIONS:
            raise _broken(path, "not a dBase file")
        records, size, record_size = struct.unpack("<IHH", start[4:12])
        # dBase 7 has longer descriptions of its fields, of another form
        if start[0] & 7 == 4:
            raise _broken(path, "a dBase 7 file, which is not read")
        descriptions = file.read(size - 32)
    encoding = encoding or _LANGUAGES.get(start[29]) or fallback
    if not encoding:
        raise ConfigurationError(
            "the file does not say its encoding", where=str(path), remedy="state `encoding`, such as gb18030"
        )
    fields, at = [], 1
    for n in range(0, len(descriptions) - 31, 32):
        part = descriptions[n : n + 32]
        if part[0] == _END_OF_FIELDS:
            break
        kind, width = chr(part[11]), part[16]
        if kind == "C":
            width += part[17] << 8
        if kind not in _TYPES:
            raise _broken(path, f"a column of the unknown type {kind!r}")
        try:
            name = part[:11].partition(b"\0")[0].decode(codec(encoding))
        except UnicodeDecodeError:
            raise _broken(path, f"a column's name is no {encoding}") from None
        # a hidden column of FoxPro tells which others are null
        if kind != "0":
            fields.append(DbaseField(name, kind, at, width))
        at += width
    if not fields or at > record_size:
        raise _broken(path, "its header contradicts itself")
    return DbaseHeader(records, size, record_size, encoding, tuple(fields))


def _broken(path: Path, what: str) -> SourceBroken:
    return SourceBroken(what, where=str(path), remedy="ask the department to deliver the file again")


def _date(cell: bytes) -> str | None:
    """A date that is none stays as it was written: the contract's types judge it."""
    text = cell.strip(b" \0").decode("latin-1")
    if not text or text == "00000000":
        return None
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text


def _logical(cell: bytes) -> str | None:
    text = cell.decode("latin-1")
    return "true" if text in "TtYy" else "false" if text in "FfNn" else None if text in " ?\0" else text


def _timestamp(cell: bytes) -> str | None:
    day, milliseconds = struct.unpack("<ii", cell)
    if day < _JULIAN_OF_YEAR_1:
        return None
    at = datetime.min.replace(tzinfo=UTC) + timedelta(day - _JULIAN_OF_YEAR_1, milliseconds=milliseconds)
    # a local time: the zone only made the sum
    return at.replace(tzinfo=None).isoformat(sep=" ")


def _integer(cell: bytes) -> str:
    return str(struct.unpack("<i", cell)[0])


def _double(cell: bytes) -> str:
    return repr(struct.unpack("<d", cell)[0])


def _currency(cell: bytes) -> str:
    return str(Decimal(struct.unpack("<q", cell)[0]).scaleb(-4))


CONVERTERS: Mapping[str, Callable[[bytes], str | None]] = {
    "D": _date, "L": _logical, "T": _timestamp, "@": _timestamp, "I": _integer, "+": _integer, "B": _double, "O": _double, "Y": _currency,
    "G": bytes.hex, "P": bytes.hex, "V": bytes.hex, "Q": bytes.hex,
}  # fmt: skip
"""Types whose cells are not plain text; objects and pictures come as the number of their block, in hexadecimal digits."""
