"""Columns cut out of lines or records at fixed places, a whole column at a time; the bytes of any encoding become text without a loop over rows."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from connectors.files.text import CODECS

BLANKS = " \u3000\xa0"


def decoded(cells: pa.Array, encoding: str) -> pa.Array:
    """The cells as text. Raises UnicodeDecodeError where one is not text of the encoding; no cell may hold a line feed."""
    return split(_joined(cells).decode(codec(encoding)))


def decoded_each(cells: pa.Array, encoding: str) -> tuple[pa.Array, list[int]]:
    """As `decoded`, and the places of the cells that are no text, whose text is NULL."""
    found: list[str | None] = []
    bad = []
    for n, cell in enumerate(cells.to_pylist()):
        try:
            found.append(cell.decode(codec(encoding)))
        except UnicodeDecodeError:
            found.append(None)
            bad.append(n)
    return pa.array(found, pa.string()), bad


def split(text: str | bytes) -> pa.Array:
    """The text's lines as an array, at least one; line ends are single line feeds."""
    kind, end = (pa.large_string(), "\n") if isinstance(text, str) else (pa.large_binary(), b"\n")
    lines = pc.split_pattern(pa.array([text], kind), end).values
    return lines.cast(pa.string() if isinstance(text, str) else pa.binary())


def trimmed(cells: pa.Array) -> pa.Array:
    """Without the blanks that fill a column, on both sides."""
    return pc.utf8_trim(cells, characters=BLANKS)


def _joined(cells: pa.Array) -> bytes:
    offsets = pa.array([0, len(cells)], pa.int32())
    value = pc.binary_join(pa.ListArray.from_arrays(offsets, cells.cast(pa.binary())), b"\n")[0].as_py()
    return bytes(value)


def codec(encoding: str) -> str:
    """The codec for pieces of a text: a byte order mark stands only at its start."""
    return CODECS[encoding.lower()].removesuffix("-sig")
