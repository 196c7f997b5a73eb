"""Memo files of dBase (.dbt) and FoxPro (.fpt): texts of any length, found by the number of their block."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from connectors.files.byte_columns import codec
from connectors.files.dbase_values import DbaseField
from contracts.errors import SourceBroken

_BLOCK = 512
_LARGEST = 64 << 20
_DBASE_4 = b"\xff\xff\x08\x00"


@dataclass(frozen=True)
class Memo:
    """An open memo file; none where no column needs it."""

    path: Path
    file: BinaryIO | None
    block: int

    def text(self, cell: bytes, encoding: str) -> str | None:
        """The text that the cell points to, None where it points nowhere. Raises UnicodeDecodeError, and SourceBroken for a spoilt pointer."""
        number = struct.unpack("<i", cell)[0] if len(cell) == 4 else int(cell.strip(b" \0") or b"0")
        if not number or self.file is None:
            return None
        self.file.seek(number * self.block)
        if self.path.suffix.lower() == ".fpt":
            return self._sized(self.file.read(8), ">", 0).decode(codec(encoding))
        head = self.file.read(8)
        if head.startswith(_DBASE_4):
            return self._sized(head, "<", 8).decode(codec(encoding))
        found = head
        while b"\x1a" not in found and (piece := self.file.read(_BLOCK)):
            found += piece
            if len(found) > _LARGEST:
                raise self._broken()
        return found.partition(b"\x1a")[0].decode(codec(encoding))

    def _sized(self, head: bytes, order: str, included: int) -> bytes:
        if len(head) < 8 or self.file is None:
            raise self._broken()
        size = struct.unpack(f"{order}I", head[4:])[0] - included
        content = self.file.read(size) if 0 <= size <= _LARGEST else b""
        if len(content) != size:
            raise self._broken()
        return content

    def _broken(self) -> SourceBroken:
        return SourceBroken(
            "the memo file looks cut or spoilt", where=str(self.path), remedy="ask the department for both files again"
        )


@contextmanager
def open_memo(path: Path, fields: Sequence[DbaseField]) -> Iterator[Memo]:
    """The memo file beside a .dbf; SourceBroken where columns need one and there is none."""
    if not any(field.type == "M" for field in fields):
        yield Memo(path, None, _BLOCK)
        return
    beside = [
        p for p in path.parent.glob("*") if p.stem.lower() == path.stem.lower() and p.suffix.lower() in (".dbt", ".fpt")
    ]
    if not beside:
        raise SourceBroken(
            "its memo file (.dbt or .fpt) is not there", where=str(path), remedy="ask the department for both files"
        )
    with beside[0].open("rb") as file:
        head = file.read(_BLOCK)
        is_foxpro = beside[0].suffix.lower() == ".fpt"
        size = struct.unpack(">H", head[6:8])[0] if is_foxpro else struct.unpack("<H", head[20:22])[0]
        # dBase III leaves the place of the block's size empty
        yield Memo(beside[0], file, size or _BLOCK)
