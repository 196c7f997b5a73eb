"""A query's rows as a file: staged beside its place, whole or not at all, in bounded memory."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from contracts.errors import ConfigurationError, InternalError
from contracts.quoting import ident, literal
from pipeline.dictionary.entries import ColumnEntry
from pipeline.export.doors import Door, opened_door
from pipeline.export.query import tables_read
from pipeline.export.record import Taker, record_export
from pipeline.scratch import scratch_path
from pipeline.workplace import Workplace
from sharing.delivery.masks import PSEUDONYM, WITHHELD, WORDS
from sharing.formulas import defused_sql
from sharing.spreadsheet import Book, check_fits, write_book

FORMS = (".parquet", ".csv", ".xlsx")
_BOM = "\ufeff"
_NO_TEXT = (
    "BIGINT",
    "INTEGER",
    "SMALLINT",
    "TINYINT",
    "HUGEINT",
    "UBIGINT",
    "UINTEGER",
    "DOUBLE",
    "FLOAT",
    "BOOLEAN",
    "DATE",
    "TIME",
)


@dataclass(frozen=True)
class Exported:
    """What was written: rows, the tables read, and the columns in them that are masked or withheld."""

    file: Path
    rows: int
    tables: tuple[str, ...]
    masked: tuple[str, ...]
    withheld_for_want_of_a_key: bool


def export_rows(
    place: Workplace, query: str, target: Path, observed_at: datetime, *, as_of: datetime | None = None, overwrite: bool = False, taker: Taker | None = None
) -> Exported:  # fmt: skip
    """Write a SELECT's rows to a new file only its owner may read; masked, unless a `taker` answers for unmasked data, which is recorded first.

    Raises ConfigurationError for a query that may not be exported, a file that is there already (without `overwrite`), or data a spreadsheet cannot hold;
    HistoryUnavailable where the lake has no state as of the instant.
    """
    form = target.suffix.lower()
    if form not in FORMS:
        raise ConfigurationError(f"{target.name!r} ends in no form that can be written", remedy=", ".join(FORMS))
    if target.exists() and not overwrite:
        raise ConfigurationError("the file is there already", where=str(target), remedy="another name, or --overwrite")
    if not target.parent.is_dir():
        raise ConfigurationError("there is no such folder", where=str(target.parent), remedy="make it first")
    if taker is not None:
        taker.check()
    with duckdb.connect() as parser:
        tables = tuple(sorted(tables_read(parser, query)))
    staging = scratch_path(target)
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    try:
        with opened_door(place, tables, as_of, masked=taker is None) as door:
            staged = staging / f"data{form}"
            rows = _write(door, place, query, staged, observed_at)
        staged.chmod(0o600)
        if taker is not None:
            record_export(place, taker, tables, query, rows, target.name, observed_at)
        _publish(staged, target, overwrite=overwrite)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    names = tuple(sorted({_told(column, door.has_key) for column in door.masked}))
    wanted_key = not door.has_key and any(c.mask and c.mask.kind == PSEUDONYM for c in door.masked)
    return Exported(target, rows, tables, names, wanted_key)


def _write(door: Door, place: Workplace, query: str, staged: Path, observed_at: datetime) -> int:
    """Stage the rows and return how many they are."""
    connection = door.connection
    try:
        described = connection.execute(f"DESCRIBE {query}").fetchall()
    except duckdb.Error as error:
        raise ConfigurationError(
            f"the query cannot be run: {str(error).splitlines()[0]}", remedy="landbridge sql shows tables and columns"
        ) from None
    columns = {row[0]: row[1] for row in described}
    if len(columns) < len(described):
        raise ConfigurationError("two columns have one name", remedy="name them apart: SELECT a AS …")
    # an ORDER BY holds all the same; without one no row is held back in memory to be written in its turn
    connection.execute("SET preserve_insertion_order = false")
    try:
        if staged.suffix == ".csv":
            # a spreadsheet tells UTF-8 by the mark before the first name
            shown = [
                f"{_as_text(n, t)} AS {ident(_header(n, first=i == 0))}" for i, (n, t) in enumerate(columns.items())
            ]
            return _copy(connection, f"SELECT {', '.join(shown)} FROM ({query})", staged, "FORMAT csv, HEADER")
        parquet = staged.with_name("rows.parquet") if staged.suffix == ".xlsx" else staged
        rows = _copy(connection, query, parquet, "FORMAT parquet, COMPRESSION zstd")
        if staged.suffix == ".xlsx":
            _write_book(door, place, parquet, columns, staged, observed_at)
            parquet.unlink()
        return rows
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise InternalError(
            f"the lake could not be read or the file not written: {type(error).__name__}", where=str(staged.parent.parent),
            remedy="look at disk space, memory (LANDBRIDGE_MEMORY) and the lake's files",
        ) from None  # fmt: skip
    except duckdb.Error as error:
        # the message may quote a value
        raise ConfigurationError(
            f"the query failed on its data: {type(error).__name__}", remedy="look at its casts: try_cast gives NULL"
        ) from None


def _copy(connection: duckdb.DuckDBPyConnection, sql: str, staged: Path, options: str) -> int:
    row = connection.execute(f"COPY ({sql}) TO {literal(staged)} ({options})").fetchone()
    return int(row[0]) if row else 0


def _write_book(
    door: Door, place: Workplace, parquet: Path, columns: dict[str, str], staged: Path, observed_at: datetime
) -> None:
    texts = [name for name, type in columns.items() if type == "VARCHAR"]
    source = f"read_parquet({literal(parquet)})"
    check_fits(door.connection, f"SELECT * FROM {source}", texts, staged.name)
    # a spreadsheet knows no zones and no lists
    shown = [
        ident(name)
        if type in (*_NO_TEXT, "VARCHAR") or type.startswith("DECIMAL")
        else f"CAST({ident(name)} AS VARCHAR) AS {ident(name)}"
        for name, type in columns.items()
    ]
    masked = {f"脱敏 masked: {c.name}": WORDS[_kind(c, door.has_key)] for c in door.masked}
    book = Book(
        observed_at,
        "",
        {"导出时间 exported": observed_at.astimezone(place.city.timezone).isoformat(timespec="minutes"), **masked},
    )
    sql = f"SELECT {', '.join(shown)} FROM {source}"
    write_book(door.connection, sql, list(columns), staged, staged.parent, place.settings.batch_rows, book)


def _as_text(name: str, type: str) -> str:
    """A column as CSV shows it: what would begin a formula gets an apostrophe; numbers, days and instants cannot."""
    if type in _NO_TEXT or type.startswith(("DECIMAL", "TIMESTAMP")):
        return ident(name)
    return defused_sql(ident(name) if type == "VARCHAR" else f"CAST({ident(name)} AS VARCHAR)")


def _header(name: str, *, first: bool) -> str:
    plain = name if name.isidentifier() else f"'{name}" if name[:1] in "=+-@\t\r" else name
    return _BOM + plain if first else plain


def _publish(staged: Path, target: Path, *, overwrite: bool) -> None:
    with staged.open("rb") as written:
        os.fsync(written.fileno())
    if overwrite:
        staged.replace(target)
        return
    try:
        os.link(staged, target)
    except FileExistsError:
        raise ConfigurationError(
            "the file is there already", where=str(target), remedy="another name, or --overwrite"
        ) from None


def _kind(column: ColumnEntry, has_key: bool) -> str:
    kind = column.mask.kind if column.mask else ""
    return WITHHELD if kind == PSEUDONYM and not has_key else kind


def _told(column: ColumnEntry, has_key: bool) -> str:
    return f"{column.name}: {WORDS[_kind(column, has_key)]}"
