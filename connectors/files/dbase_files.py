"""dBase, FoxPro and Clipper tables (.dbf) with their memo files. All columns are text: numbers as written, dates in ISO form.

Traps: the format's own mark of a deleted record stays in the file until it is packed, and such records are none; the encoding is often not stated in the
file, and must be stated in the contract then; texts longer than 254 bytes lie in a memo file beside it. No driver: the format is read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import check_same_columns, column_names, no_rows, text_schema
from connectors.files.byte_columns import codec, decoded, trimmed
from connectors.files.dbase_memo import open_memo
from connectors.files.dbase_values import CONVERTERS, DbaseField, dbase_header
from connectors.files.file_kind import FileKind
from connectors.files.text import CODECS
from connectors.folders.delivery import DELIVERY
from connectors.folders.paths import reading
from connectors.protocol import Setting
from contracts.errors import SourceBroken
from contracts.model import Resource


@dataclass(frozen=True)
class DbaseFilesConnector(FileKind):
    """Reads the files of `root` that the contract's pattern names, one after the other."""

    kind: ClassVar[str] = "dbase_files"
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        **DELIVERY,
        "encoding": {"type": "string", "known": tuple(CODECS)},
    }
    SUFFIXES: ClassVar[tuple[str, ...]] = (".dbf",)
    COMPANIONS: ClassVar[tuple[str, ...]] = (".dbt", ".fpt", ".cdx", ".mdx", ".ndx")

    def batches(self, files: list[Path], resource: Resource, stated: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        wanted: list[str] = []
        for path in files:
            with reading(path):
                header = dbase_header(path, stated.get("encoding"))
                names = column_names([field.name for field in header.fields], resource, str(path))
                if not wanted:
                    wanted = names
                    yield no_rows(text_schema(names))
                check_same_columns(path, names, files[0], wanted)
                with open_memo(path, header.fields) as memo, path.open("rb") as file:
                    file.seek(header.size)
                    left = header.records
                    while left:
                        count = min(left, self.batch_rows)
                        content = file.read(count * header.record_size)
                        if len(content) < count * header.record_size:
                            raise _cut(path, header.records - left + len(content) // header.record_size, header.records)
                        left -= count
                        records = _present(content, header.record_size, count)
                        columns = [_column(path, records, field, header.encoding, memo) for field in header.fields]
                        yield pa.RecordBatch.from_arrays(columns, names=names).select(wanted)

    def recognise(self, path: Path) -> Mapping[str, Any] | None:
        with reading(path):
            return {"encoding": dbase_header(path, None, fallback="gb18030").encoding}


def _present(content: bytes, size: int, count: int) -> pa.Array:
    """The records that are not deleted, as bytes."""
    records = pa.Array.from_buffers(pa.binary(size), count, [None, pa.py_buffer(content)]).cast(pa.binary())
    return records.filter(pc.not_equal(pc.binary_slice(records, 0, 1), b"*"))


def _column(path: Path, records: pa.Array, field: DbaseField, encoding: str, memo: Any) -> pa.Array:
    if not len(records):
        return pa.array([], pa.string())
    cells = pc.binary_slice(records, field.start, field.start + field.width)
    if field.type in CONVERTERS:
        return pa.array([CONVERTERS[field.type](cell) for cell in cells.to_pylist()], pa.string())
    try:
        if field.type == "M":
            return pa.array([memo.text(cell, encoding) for cell in cells.to_pylist()], pa.string())
        # programs of old fill with NUL bytes in place of blanks
        text = trimmed(_text(pc.replace_substring(cells, b"\0", b" "), encoding))
    except UnicodeDecodeError:
        raise SourceBroken(
            f"the column {field.name!r} holds bytes that are no {encoding}", where=str(path), remedy="correct `encoding`, or ask the department"
        ) from None  # fmt: skip
    return text if field.type == "C" else pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _text(cells: pa.Array, encoding: str) -> pa.Array:
    """The cells as text, one by one where one holds a line feed."""
    if pc.any(pc.match_substring(cells, b"\n")).as_py():
        return pa.array([cell.decode(codec(encoding)) for cell in cells.to_pylist()], pa.string())
    return decoded(cells, encoding)


def _cut(path: Path, found: int, promised: int) -> SourceBroken:
    return SourceBroken(
        f"holds {found:,} of {promised:,} records; the file looks cut", where=str(path), remedy="ask the department for a whole file"
    )  # fmt: skip
