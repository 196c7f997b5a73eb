"""Writes dBase III and IV files by the published format, deleted records included."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence

Column = tuple[str, str, int, int]
"""Name, type, width, decimals."""


def dbase(
    columns: Sequence[Column], rows: Sequence[Sequence[str | bytes]], *, encoding: str = "utf-8", language: int = 0, version: int = 3,
    deleted: Collection[int] = (),
) -> bytes:  # fmt: skip
    """The file; values are as they stand in it, `deleted` the numbers of rows that carry the mark."""
    fields = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(encoding), kind.encode(), width, decimals)
        for name, kind, width, decimals in columns
    )
    size = 1 + sum(width for _, _, width, _ in columns)
    header = struct.pack("<BBBBIHH17xBH", version, 120, 5, 4, len(rows), 33 + len(fields), size, language, 0)
    body = bytearray()
    for n, row in enumerate(rows):
        cells = [value if isinstance(value, bytes) else value.encode(encoding) for value in row]
        body += b"*" if n in deleted else b" "
        body += b"".join(cell.ljust(width)[:width] for cell, (_, _, width, _) in zip(cells, columns, strict=True))
    return header + fields + b"\r" + body + b"\x1a"
