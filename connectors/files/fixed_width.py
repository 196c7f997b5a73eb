"""Files whose columns have a fixed place in each line, as mainframes export them. All columns are text, without the blanks that fill them.

Traps: such exports count bytes of their own encoding, in which a Chinese character has two, and an editor counts characters: `unit` says which. A line
that is too short, goes on behind its last column or is cut inside a character goes on as malformed. Driver: pyarrow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from connectors.columns import column_names, no_rows, text_schema
from connectors.files.byte_columns import codec, decoded, decoded_each, split, trimmed
from connectors.files.file_kind import FileKind
from connectors.files.malformed import Fault, fault_batch, looks_cut, refuse_if_no_table, sound, with_malformed
from connectors.files.text import ENCODING, check_head, no_text, open_text, undecodable
from connectors.folders.delivery import DELIVERY
from connectors.folders.paths import reading
from connectors.protocol import Setting, SourceTable
from contracts.errors import ConfigurationError, SourceBroken
from contracts.model import Resource

_BLOCK = 4 << 20
# Arrow fails on an open end where a line ends before the start
_ENDLESS = 1 << 30
_WHOLE: Setting = {"type": "integer", "minimum": 1, "maximum": 1_000_000}
_COLUMN: Setting = {
    "type": "object", "additionalProperties": False, "required": ["name", "start", "width"],
    "properties": {"name": {"type": "string", "minLength": 1}, "start": _WHOLE, "width": _WHOLE},
}  # fmt: skip


@dataclass(frozen=True)
class FixedWidthConnector(FileKind):
    """Reads the files of `root` that the contract's pattern names, one after the other."""

    kind: ClassVar[str] = "fixed_width"
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]] = {
        **DELIVERY, "encoding": ENCODING, "columns": {"type": "array", "items": _COLUMN, "minItems": 1, "mandatory": True},
        "unit": {"enum": ["characters", "bytes"], "default": "characters"}, "skipRows": {"type": "integer", "minimum": 0, "default": 0},
    }  # fmt: skip

    def batches(self, files: list[Path], resource: Resource, stated: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
        in_bytes = stated["unit"] == "bytes"
        if in_bytes and stated["encoding"].lower().startswith("utf-16"):
            raise ConfigurationError(
                "source: UTF-16 is not counted in bytes", where=resource.id, remedy="state `unit: characters`"
            )
        names = column_names([column["name"] for column in stated["columns"]], resource, resource.id)
        places = [(column["start"] - 1, column["start"] - 1 + column["width"]) for column in stated["columns"]]
        schema = text_schema(names)
        yield no_rows(with_malformed(schema))
        for path in files:
            table = _Table(path, stated["encoding"], schema, places, in_bytes)
            for batch in table.batches(stated["skipRows"]):
                for start in range(0, batch.num_rows, self.batch_rows):
                    yield batch.slice(start, self.batch_rows)

    def resources(self) -> Iterable[SourceTable]:
        raise ConfigurationError(
            "where the columns of a fixed-width file begin cannot be recognised", remedy="write them into `source: columns` by the department's description"
        )  # fmt: skip


@dataclass
class _Table:
    path: Path
    encoding: str
    schema: pa.Schema
    places: list[tuple[int, int]]
    in_bytes: bool

    def batches(self, skip_rows: int) -> Iterator[pa.RecordBatch]:
        records = faults = 0
        first: Fault | None = None
        line = 1
        for block, is_ended in self._blocks():
            lines = split(block)
            if skip_rows >= line:
                lines = lines.slice(min(len(lines), skip_rows - line + 1))
            number = max(line, skip_rows + 1)
            line += (block.count(b"\n") if isinstance(block, bytes) else block.count("\n")) + 1
            batch, bad = self._records(lines, number)
            if bad and not is_ended and bad[-1].line == line - 1 and bad[-1].reason.startswith("too short"):
                raise looks_cut(self.path, bad[-1])
            records, faults, first = records + batch.num_rows, faults + len(bad), first or (bad[0] if bad else None)
            yield sound(batch)
            if bad:
                yield fault_batch(bad, self.path, with_malformed(self.schema))
        refuse_if_no_table(self.path, faults, records, first)

    def _records(self, lines: pa.Array, number: int) -> tuple[pa.RecordBatch, list[Fault]]:
        """The lines' records and faults; `number` is the first line's. Empty lines are passed over."""
        whole = max(end for _, end in self.places)
        lengths = pc.binary_length(lines) if self.in_bytes else pc.utf8_length(lines)
        short = pc.less(lengths, whole)
        beyond = self._slices(lines, whole, _ENDLESS)
        blank = pc.equal(pc.binary_length(self._stripped(beyond)), 0)
        is_record = pc.and_(pc.invert(short), blank)
        reasons = {
            n: f"too short: {lengths[n]} {self._unit} where the columns take {whole}"
            for n in _where(pc.and_(short, pc.greater(lengths, 0)))
        }
        reasons |= dict.fromkeys(
            _where(pc.and_(pc.invert(short), pc.invert(blank))),
            f"text goes on behind the last column, which ends at {whole}",
        )
        kept = lines.filter(is_record)
        columns, cut = self._columns(kept)
        if cut:
            at = _where(is_record)
            reasons |= {at[n]: f"the column {name!r} cuts a character in two" for n, name in cut.items()}
            mask = pa.array([n not in cut for n in range(len(kept))])
            columns = [column.filter(mask) for column in columns]
        faults = [Fault(number + n, self._text(lines[n].as_py()), reason) for n, reason in sorted(reasons.items())]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema), faults

    def _columns(self, lines: pa.Array) -> tuple[list[pa.Array], dict[int, str]]:
        """The columns, and the lines in which one cannot be decoded though the line can."""
        columns, cut = [], dict[int, str]()
        for name, (start, end) in zip(self.schema.names, self.places, strict=True):
            cells = self._slices(lines, start, end)
            if self.in_bytes and len(cells):
                try:
                    cells = decoded(cells, self.encoding)
                except UnicodeDecodeError:
                    cells, bad = decoded_each(cells, self.encoding)
                    for n in bad:
                        self._text(lines[n].as_py())
                        cut.setdefault(n, name)
            columns.append(trimmed(cells.cast(pa.string())))
        return columns, cut

    def _slices(self, lines: pa.Array, start: int, end: int) -> pa.Array:
        return pc.binary_slice(lines, start, end) if self.in_bytes else pc.utf8_slice_codeunits(lines, start, end)

    def _stripped(self, cells: pa.Array) -> pa.Array:
        return pc.replace_substring(cells, b" ", b"") if self.in_bytes else trimmed(cells)

    @property
    def _unit(self) -> str:
        return "bytes" if self.in_bytes else "characters"

    def _text(self, line: str | bytes) -> str:
        """The line as text; SourceBroken where the file is not in the stated encoding."""
        if isinstance(line, str):
            return line
        try:
            return line.decode(codec(self.encoding))
        except UnicodeDecodeError:
            raise undecodable(self.path, self.encoding) from None

    def _blocks(self) -> Iterator[tuple[str | bytes, bool]]:
        """Pieces of whole lines without the last line's end, and whether it has one; all line ends are single line feeds."""
        if self.in_bytes:
            with reading(self.path), self.path.open("rb") as raw:
                head = raw.read(_BLOCK)
                check_head(self.path, head, self.encoding)
                raw.seek(3 if head.startswith(b"\xef\xbb\xbf") else 0)
                yield from _whole_lines(self.path, raw, b"\r", b"\n", b"\0")
        else:
            with open_text(self.path, self.encoding) as text:
                yield from _whole_lines(self.path, text, "\r", "\n", "\0")


def _whole_lines(path: Path, stream: Any, cr: Any, lf: Any, nul: Any) -> Iterator[tuple[Any, bool]]:
    held = cr[:0]
    line = 1
    while piece := stream.read(_BLOCK):
        block = held + piece
        # a CR at the very end may be half of a line end
        end = max(block.rfind(lf), block.rfind(cr, 0, len(block) - 1)) + 1
        held, block = block[end:], block[:end].replace(cr + lf, lf).replace(cr, lf)
        if nul in block or nul in held:
            place = block.find(nul)
            raise no_text(path, line + block.count(lf, 0, place if place >= 0 else len(block)))
        if len(held) > 2 * _BLOCK:
            raise SourceBroken("not a table: its lines do not end", where=str(path), remedy="look at the file")
        if block:
            line += block.count(lf)
            yield block[:-1], True
    held = held.replace(cr + lf, lf).replace(cr, lf)
    if held:
        yield held.removesuffix(lf), held.endswith(lf)


def _where(mask: pa.Array) -> list[int]:
    found: list[int] = pc.indices_nonzero(mask).to_pylist()
    return found
