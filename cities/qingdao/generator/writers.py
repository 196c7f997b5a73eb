"""One writer a kind of source: each lays a table down the way its contract and its source system say.

`open_night` collects what goes into shared files (a database, a workbook); leaving it writes them.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cities.qingdao.generator.workbooks import Sheet, write_workbook
from contracts.model import Resource

_SQLITE_TYPES = {"integer": "INTEGER", "boolean": "INTEGER", "number": "NUMERIC", "timestamp": "DATETIME"}
_BATCH = 100_000


@dataclass
class Night:
    """Where the sources of one night lie, its day as file names give it, and the files still open."""

    folder: Path
    day: date
    databases: dict[Path, sqlite3.Connection] = field(default_factory=dict)
    workbooks: dict[Path, list[Sheet]] = field(default_factory=dict)


@contextmanager
def open_night(folder: Path, day: date) -> Iterator[Night]:
    """A night to write tables into; databases and workbooks are complete once it is left."""
    folder.mkdir(parents=True, exist_ok=True)
    night = Night(folder, day)
    try:
        yield night
        for path, sheets in night.workbooks.items():
            write_workbook(path, sheets)
    finally:
        for connection in night.databases.values():
            connection.commit()
            connection.close()


def write(night: Night, resource: Resource, frame: pd.DataFrame) -> Path:
    """Write the table as its source system would hold it that night; returns the file."""
    path = source_path(night.folder, resource, night.day)
    path.parent.mkdir(parents=True, exist_ok=True)
    _WRITERS[resource.system.connector](night, path, resource, frame)
    return path


def source_path(folder: Path, resource: Resource, day: date) -> Path:
    """The file of the resource below a night's folder: data file, database, or the lines behind an API path."""
    connection = resource.system.connection
    if resource.system.connector == "http_api":
        return folder / resource.department / f"api{resource.physical_name}.jsonl"
    if resource.system.connector == "database":
        return folder / _below_sources(connection["url"].removeprefix("sqlite:///"))
    name = resource.physical_name.replace("{date}", f"{day:%Y%m%d}").replace("*", "part")
    return folder / _below_sources(connection["root"]) / name


def _below_sources(text: str) -> str:
    return re.sub(r"^\$\{LANDBRIDGE_SOURCES\}/?", "", text)


def _csv(_: Night, path: Path, resource: Resource, frame: pd.DataFrame) -> None:
    encoding = resource.source.get("encoding", "utf-8")
    with path.open("w", encoding=encoding, newline="") as file:
        for _n in range(int(resource.source.get("skipRows", 0))):
            file.write(f"{resource.label}\r\n")
        quote = resource.source.get("quote", '"')
        # what comes from a Chinese Windows ends its lines as Windows does
        ending = "\n" if encoding.lower().startswith("utf") else "\r\n"
        frame.to_csv(
            file, index=False, sep=resource.source.get("delimiter", ","), quotechar=quote, lineterminator=ending
        )


def _json_lines(_: Night, path: Path, resource: Resource, frame: pd.DataFrame) -> None:
    with path.open("w", encoding=resource.source.get("encoding", "utf-8"), newline="\n") as file:
        frame.to_json(file, orient="records", lines=True, force_ascii=False, date_format="iso")


def _api(night: Night, path: Path, resource: Resource, frame: pd.DataFrame) -> None:
    """The lines behind a path, and beside them what the server must know to page and filter them."""
    _json_lines(night, path, resource, frame)
    watermark = resource.field(resource.watermark.column).physical_name if resource.watermark else None
    about = {"watermark": watermark, "paging": resource.source.get("paging", {}).get("style", "page")}
    path.with_suffix(".json").write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")


def _xml(_: Night, path: Path, resource: Resource, frame: pd.DataFrame) -> None:
    """Attributes are the columns named `@…`; an empty value leaves its element out, as exporters do."""
    record = resource.source["record"]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<{record}s>\n')
        for start in range(0, len(frame), _BATCH):
            part = frame.iloc[start : start + _BATCH]
            lines = pd.Series(f"  <{record}", index=part.index, dtype=object)
            for column in [c for c in frame.columns if c.startswith("@")]:
                lines += f' {column[1:]}="' + _escaped(part[column]) + '"'
            lines += ">"
            for column in [c for c in frame.columns if not c.startswith("@")]:
                written = f"<{column}>" + _escaped(part[column]) + f"</{column}>"
                lines += written.where(part[column].notna(), "")
            file.write("\n".join(lines + f"</{record}>") + "\n")
        file.write(f"</{record}s>\n")


def _escaped(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), "").map(lambda value: escape(str(value), {'"': "&quot;"}))


def _parquet(_: Night, path: Path, resource: Resource, frame: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    types = {f.physical_name: f.logical_type for f in resource.fields}
    for n, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            target = pa.date32() if types.get(column.name) == "date" else pa.timestamp("us", column.type.tz)
            table = table.set_column(n, column.name, table.column(n).cast(target, safe=False))
        elif pa.types.is_large_string(column.type) or pa.types.is_null(column.type):
            table = table.set_column(n, column.name, table.column(n).cast(pa.string()))
    pq.write_table(table, path, compression="zstd")


def _database(night: Night, path: Path, resource: Resource, frame: pd.DataFrame) -> None:
    if path not in night.databases:
        path.unlink(missing_ok=True)
        night.databases[path] = sqlite3.connect(path)
    types = {f.physical_name: _SQLITE_TYPES.get(f.logical_type, "TEXT") for f in resource.fields}
    columns = ", ".join(f'"{name}" {types.get(name, "TEXT")}' for name in frame.columns)
    connection = night.databases[path]
    connection.execute(f'CREATE TABLE "{resource.physical_name}" ({columns})')
    marks = ", ".join("?" * len(frame.columns))
    for start in range(0, len(frame), _BATCH):
        part = frame.iloc[start : start + _BATCH]
        connection.executemany(
            f'INSERT INTO "{resource.physical_name}" VALUES ({marks})',
            zip(*(_plain(part[name]) for name in frame.columns), strict=True),
        )


def _plain(values: pd.Series) -> list[Any]:
    """Python values SQLite knows: times as ISO text with a blank, as SQLAlchemy writes them."""
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.strftime("%Y-%m-%d %H:%M:%S")
    plain = values.astype(object).where(values.notna(), None).tolist()
    return [value.isoformat() if isinstance(value, date) else value for value in plain]


def _excel(night: Night, path: Path, resource: Resource, frame: pd.DataFrame) -> None:
    source = resource.source
    sheet = Sheet(
        source.get("sheet", 1), resource.label, int(source.get("headerRow", 1)), int(source.get("headerRows", 1)), frame
    )
    night.workbooks.setdefault(path, []).append(sheet)


_WRITERS: dict[str, Callable[[Night, Path, Resource, pd.DataFrame], None]] = {
    "csv_files": _csv,
    "json_lines": _json_lines,
    "http_api": _api,
    "xml_files": _xml,
    "parquet_files": _parquet,
    "database": _database,
    "excel_files": _excel,
}
