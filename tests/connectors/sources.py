"""The same table written as a source of each kind: what the suite that every connector passes is parametrised over."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from contracts.model import Resource
from contracts.quoting import ident
from tests.connectors.conftest import Interface, answer, resource
from tests.connectors.dbase_writer import dbase

Rows = Sequence[Sequence[str | None]]


@dataclass(frozen=True)
class Kind:
    """What differs lawfully between kinds: whether a null survives, whether columns are known without rows, whether several files are one table.

    `texts` are what every value must be able to hold, `lists_itself` whether `resources` finds the table again.
    """

    name: str
    null: str | None = None
    knows_columns: bool = True
    has_files: bool = True
    line_breaks: bool = True
    lists_itself: bool = True


KINDS = [
    Kind("database", has_files=False), Kind("csv_files", null=""), Kind("excel_files"), Kind("json_lines", knows_columns=False),
    Kind("xml_files", knows_columns=False), Kind("parquet_files"), Kind("http_api", knows_columns=False, has_files=False, lists_itself=False),
    Kind("fixed_width", null="", line_breaks=False, lists_itself=False), Kind("dbase_files", null="", line_breaks=False),
]  # fmt: skip


def write(kind: str, folder: Path, interface: Interface, columns: Sequence[str], *parts: Rows) -> Resource:
    """A source that holds the parts' rows – one file a part – and the resource that reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "database":
        return _database(folder, columns, [row for rows in parts for row in rows])
    if kind == "http_api":
        return _interface(interface, columns, [row for rows in parts for row in rows])
    suffix = _SUFFIXES[kind]
    for n, rows in enumerate(parts):
        _WRITERS[kind](folder / f"part-{n}{suffix}", columns, rows)
    settings: dict[str, Any] = {
        "xml_files": {"record": "行"},
        "fixed_width": {"unit": "bytes", "encoding": "gb18030"},
    }.get(kind, {})
    it = resource(kind, {"root": "${ROOM}"}, f"part-*{suffix}", columns=tuple(columns), **settings)
    if kind == "fixed_width":
        it.source["columns"] = [{"name": c, "start": 1 + n * _WIDTH, "width": _WIDTH} for n, c in enumerate(columns)]
    return it


def environment(folder: Path, interface: Interface) -> dict[str, str]:
    return {"ROOM": str(folder), "ADDRESS": interface.url, "TOKEN": "let me in", "LANDBRIDGE_HOME": str(folder / "var")}


def _csv(path: Path, columns: Sequence[str], rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])


def _excel(path: Path, columns: Sequence[str], rows: Rows) -> None:
    book = openpyxl.Workbook()
    for row in [columns, *rows]:
        book.active.append(list(row))
    book.save(path)


def _json(path: Path, columns: Sequence[str], rows: Rows) -> None:
    lines = [json.dumps(_object(columns, row), ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), encoding="utf-8")


def _xml(path: Path, columns: Sequence[str], rows: Rows) -> None:
    records = ["".join(f"<{c}>{escape(v)}</{c}>" for c, v in _object(columns, row).items()) for row in rows]
    path.write_text(f"<表>{''.join(f'<行>{r}</行>' for r in records)}</表>", encoding="utf-8")


def _parquet(path: Path, columns: Sequence[str], rows: Rows) -> None:
    pq.write_table(pa.table({c: pa.array([row[n] for row in rows], pa.string()) for n, c in enumerate(columns)}), path)


def _fixed(path: Path, columns: Sequence[str], rows: Rows) -> None:
    path.write_bytes(
        b"".join(b"".join((v or "").encode("gb18030").ljust(_WIDTH) for v in row) + b"\r\n" for row in rows)
    )


def _dbase(path: Path, columns: Sequence[str], rows: Rows) -> None:
    path.write_bytes(
        dbase(
            [(name, "C", 60, 0) for name in columns],
            [[v or "" for v in row] for row in rows],
            encoding="gb18030",
            language=0x4D,
        )
    )


_WIDTH = 50
_WRITERS = {
    "csv_files": _csv, "excel_files": _excel, "json_lines": _json, "xml_files": _xml, "parquet_files": _parquet, "fixed_width": _fixed,
    "dbase_files": _dbase,
}  # fmt: skip
_SUFFIXES = {
    "csv_files": ".csv", "excel_files": ".xlsx", "json_lines": ".jsonl", "xml_files": ".xml", "parquet_files": ".parquet", "fixed_width": ".txt",
    "dbase_files": ".dbf",
}  # fmt: skip


def _database(folder: Path, columns: Sequence[str], rows: Rows) -> Resource:
    with sqlite3.connect(folder / "source.sqlite") as connection:
        connection.execute(f"CREATE TABLE {ident('表 one')} ({', '.join(f'{ident(c)} TEXT' for c in columns)})")
        connection.executemany(f"INSERT INTO {ident('表 one')} VALUES ({', '.join('?' * len(columns))})", rows)
    connection.close()
    return resource("database", {"url": "sqlite:///${ROOM}/source.sqlite"}, "表 one", columns=tuple(columns))


def _interface(interface: Interface, columns: Sequence[str], rows: Rows) -> Resource:
    objects = [_object(columns, row) for row in rows]

    def respond(parameters: dict[str, str], headers: Any, call: int) -> Any:
        size, page = 2, int(parameters["page"])
        return answer({"data": {"items": objects[(page - 1) * size : page * size], "total": len(objects)}})

    interface.respond = respond
    paging = {"style": "page", "parameter": "page", "sizeParameter": "size", "size": 2, "total": "data.total"}
    connection = {"url": "${ADDRESS}", "auth": {"style": "bearer", "token": "${TOKEN}"}}
    return resource("http_api", connection, "/v1/things", columns=tuple(columns), records="data.items", paging=paging)


def _object(columns: Sequence[str], row: Sequence[str | None]) -> dict[str, str]:
    """Exporters leave out what is empty."""
    return {c: v for c, v in zip(columns, row, strict=True) if v is not None}
