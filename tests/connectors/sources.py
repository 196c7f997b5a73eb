"""Tables written as files of each kind, as departments' systems write them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from tests.connectors.dbase_writer import dbase

WIDTH = 50


def _csv(path: Path, table: pa.Table) -> None:
    if table.num_rows > 5000:
        pacsv.write_csv(table, path)
        return
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([table.column_names, *_rows(table)])


def _excel(path: Path, table: pa.Table) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in [table.column_names, *_rows(table)]:
        sheet.append([_as_text(sheet, value) for value in row])
    book.save(path)


def _as_text(sheet: Any, value: str | None) -> Any:
    """Text stays text, even where it begins as a formula does."""
    if value is None or not value.startswith("="):
        return value
    cell = openpyxl.cell.WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell


def _json(path: Path, table: pa.Table) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in objects(table))


def _xml(path: Path, table: pa.Table) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("<表>\n")
        for record in objects(table):
            children = "".join(f"<{c}>{escape(v, _LINE_END)}</{c}>" for c, v in record.items())
            file.write(f"<行>{children}</行>\n")
        file.write("</表>")


def _parquet(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, row_group_size=20_000)


def _fixed(path: Path, table: pa.Table) -> None:
    path.write_bytes(
        b"".join(b"".join((v or "").encode("gb18030").ljust(WIDTH) for v in row) + b"\r\n" for row in _rows(table))
    )


def _dbase(path: Path, table: pa.Table) -> None:
    columns = [(name, "C", 60, 0) for name in table.column_names]
    rows = [[v or "" for v in row] for row in _rows(table)]
    path.write_bytes(dbase(columns, rows, encoding="gb18030", language=0x4D))


@dataclass(frozen=True)
class FileForm:
    """How a kind's files are written, and what a contract states of them."""

    suffix: str
    write: Callable[[Path, pa.Table], None]
    source: Mapping[str, Any] = field(default_factory=dict)

    def stated(self, columns: Sequence[str]) -> dict[str, Any]:
        """The `source` settings; of fixed width they name the columns."""
        if self.suffix != ".txt":
            return dict(self.source)
        places = [{"name": c, "start": 1 + n * WIDTH, "width": WIDTH} for n, c in enumerate(columns)]
        return {**self.source, "columns": places}


_LINE_END = {"\r": "&#13;"}
FORMS = {
    "csv_files": FileForm(".csv", _csv),
    "excel_files": FileForm(".xlsx", _excel),
    "json_lines": FileForm(".jsonl", _json),
    "xml_files": FileForm(".xml", _xml, {"record": "行"}),
    "parquet_files": FileForm(".parquet", _parquet),
    "fixed_width": FileForm(".txt", _fixed, {"unit": "bytes", "encoding": "gb18030"}),
    "dbase_files": FileForm(".dbf", _dbase),
}


def _rows(table: pa.Table) -> list[tuple[str | None, ...]]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def objects(table: pa.Table) -> list[dict[str, str]]:
    """Records as exporters write them: what is empty is left out."""
    return [{c: v for c, v in record.items() if v is not None} for record in table.to_pylist()]
