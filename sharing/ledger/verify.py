"""Verification: every place where a history is not the one that was recorded, in the lake or in an export, in bounded memory.

One pass in SQL recomputes each entry's hash and id and keeps what the chain needs in a temporary table, which spills; chain, head and anchors
are then checked on that. An edit or a removal shows in the chain itself; a history cut off at its end or rewritten as a whole shows in the
anchors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from contracts.errors import ConfigurationError
from contracts.quoting import literal
from contracts.settings import Settings
from sharing.ledger.anchors import Anchor, Claim, against, read_anchors, stale
from sharing.ledger.chain import GENESIS
from sharing.ledger.findings import Finding
from sharing.ledger.store import COLUMNS, EVENTS, HEAD, ledger_exists
from sharing.ledger.texts import line_sql, right_hash_sql, right_id_sql, told_sql
from warehouse.engine import open_engine

_CHECKED = "temp.ledger_checked"
_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
# a line of an export that is longer is none; lines are handed on by so many bytes at once
_LONGEST, _CHUNK = 16 << 20, 4 << 20
_LINES = pa.schema([("position", pa.int64()), ("line", pa.string())])


def verify_lake(
    connection: duckdb.DuckDBPyConnection, folder: Path, today: date, days: int, printed: Sequence[Claim] = ()
) -> Iterator[Finding]:
    """Everything that is wrong with the lake's ledger and its anchors, as of one snapshot.

    The newest anchor may be `days` old on `today`, the city's day; `printed` are anchors known from elsewhere. Runs in a transaction of its own;
    the connection is free again when the last finding was taken.
    """
    anchors, findings = read_anchors(folder)
    yield from findings
    if not ledger_exists(connection):
        yield from against(connection, _claims(anchors, printed))
        return
    # what the catalogue says of the columns – no NULL, at most this – is a claim too: nothing is concluded from it
    connection.execute("SET disabled_optimizers = 'statistics_propagation'")
    connection.execute("BEGIN TRANSACTION")
    try:
        _check(connection, f"SELECT 0 AS position, number IS NOT NULL AS readable, * FROM ({told_sql(EVENTS)})")
        yield from _chain(connection)
        yield from _head(connection)
        yield from against(connection, _claims(anchors, printed), _CHECKED)
        yield from _stale(connection, anchors, today, days)
    finally:
        connection.execute("ROLLBACK")
        connection.execute("RESET disabled_optimizers")


def verify_export(path: Path, folder: Path, settings: Settings, printed: Sequence[Claim] = ()) -> Iterator[Finding]:
    """Everything that is wrong with an export and its folder of anchors; needs neither lake nor network.

    Staleness is judged as of the export's newest entry. Raises ConfigurationError where there is no such file.
    """
    if not path.is_file():
        raise ConfigurationError(f"there is no export {path}", remedy="landbridge audit export FILE makes one")
    anchors, findings = read_anchors(folder)
    yield from findings
    if not anchors and not printed:
        yield Finding(
            "anchor", place=str(folder), says="there is none: a history rewritten as a whole would not be found"
        )
    connection = open_engine(settings)
    try:
        shape = ", ".join(f'"{name}":"{"BIGINT" if name == "number" else "VARCHAR"}"' for name in COLUMNS)
        parsed = f"CASE WHEN json_valid(line) AND json_type(line) = 'OBJECT' THEN from_json(line, '{{{shape}}}') END"
        instants = " AND ".join(f"regexp_full_match({n}, {literal(_INSTANT)})" for n in COLUMNS if n.endswith("_at"))
        connection.register("ledger_lines_read", pa.RecordBatchReader.from_batches(_LINES, _lines(path)))
        _check(
            connection,
            f"""SELECT *, coalesce(line = {line_sql()} AND number > 0 AND {instants}, false) AS readable
            FROM (SELECT position, line, unnest({parsed}) FROM ledger_lines_read)""",
        )
        yield from _misplaced(connection)
        yield from _chain(connection)
        # a line that is no entry keeps no promise, whatever can be read of it
        yield from against(connection, _claims(anchors, printed), f"(SELECT * FROM {_CHECKED} WHERE readable)")
        newest = _day(connection, "max", "true")
        if anchors and newest:
            yield from _stale(connection, anchors, max(newest, anchors[-1].day), settings.anchor_days)
    finally:
        connection.close()


def _check(connection: duckdb.DuckDBPyConnection, select: str) -> None:
    """Recompute every entry's hash and id, and keep of each what the chain needs."""
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE ledger_checked AS
        SELECT position, readable, number, line_id, kind, recorded_at, id, previous, hash,
               coalesce(hash = {right_hash_sql()}, false) AS right_hash, coalesce(id = {right_id_sql()}, false) AS right_id
        FROM ({select})"""
    )


def _misplaced(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Lines of an export that are no entries, and entries that do not stand in the order of their numbers."""
    for (position,) in _rows(connection, f"SELECT position FROM {_CHECKED} WHERE NOT readable ORDER BY position"):
        yield Finding("unreadable", place=f"line {position}")
    rows = _rows(
        connection,
        f"""SELECT position, number, line_id, kind, before FROM (
            SELECT *, lag(number) OVER (ORDER BY position) AS before FROM {_CHECKED} WHERE readable)
        WHERE number < before ORDER BY position""",
    )
    for position, number, line_id, kind, before in rows:
        yield Finding("order", number, f"line {position}", line_id, kind, f"stands after entry {before}")


def _chain(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    rows = _rows(
        connection,
        f"""SELECT number, line_id, kind, right_hash, right_id, before, before_at, recorded_at, follows FROM (
            SELECT *, lag(number, 1, 0) OVER chain AS before, lag(recorded_at) OVER chain AS before_at,
                   previous IS NOT DISTINCT FROM lag(hash, 1, {literal(GENESIS)}) OVER chain AS follows
            FROM {_CHECKED} WHERE readable WINDOW chain AS (ORDER BY number, position, hash))
        WHERE NOT right_hash OR NOT right_id OR NOT follows OR number <> before + 1 OR coalesce(recorded_at < before_at, false)
        ORDER BY number""",
    )
    for number, line_id, kind, right_hash, right_id, before, before_at, recorded_at, follows in rows:
        place = (number, "", line_id or "", kind or "")
        if number > before + 1:
            missing = f"{before + 1} to {number - 1} are" if number > before + 2 else f"{before + 1} is"
            yield Finding("gap", before + 1, says=f"{missing} missing")
        elif number <= before:
            yield Finding("number", *place)
        elif not follows:
            yield Finding("previous", *place, says=f"its previous is not the hash of entry {before}" if before else "")
        if not right_hash:
            yield Finding("hash", *place)
        if not right_id:
            yield Finding("id", *place)
        if before_at is not None and recorded_at is not None and recorded_at < before_at:
            yield Finding("time", *place, says=f"recorded {recorded_at}, entry {before} {before_at}")
    for (unnumbered,) in _rows(connection, f"SELECT id FROM {_CHECKED} WHERE number IS NULL AND position = 0"):
        yield Finding("number", says=f"the event {unnumbered} has none")
    twice = f"SELECT min(number), max(number) FROM {_CHECKED} WHERE readable GROUP BY id HAVING min(number) <> max(number) ORDER BY 1"
    for first, again in _rows(connection, twice):
        yield Finding("twice", again, says=f"entry {first} is the same act")


def _head(connection: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    heads = connection.execute(f"SELECT number, hash FROM {HEAD}").fetchall()
    row = connection.execute(f"SELECT max(number), max_by(hash, number) FROM {_CHECKED}").fetchone()
    number, hash = row if row and row[0] is not None else (0, GENESIS)
    if len(heads) != 1:
        yield Finding("head", number, place="sharing.ledger_head", says=f"{len(heads)} rows in place of one")
    for told, told_hash in heads:
        if (told, told_hash) != (number, hash):
            says = f"it says entry {told}, the newest is {number}" if told != number else "it has another hash"
            yield Finding("head", number, place="sharing.ledger_head", says=says)


def _stale(connection: duckdb.DuckDBPyConnection, anchors: list[Anchor], today: date, days: int) -> Iterator[Finding]:
    newest = anchors[-1].number if anchors else 0
    yield from stale(anchors, _day(connection, "min", f"number > {newest}"), today, days)


def _day(connection: duckdb.DuckDBPyConnection, which: str, condition: str) -> date | None:
    """The first or last day (UTC) on which an entry under the condition was recorded."""
    day = f"{which}(TRY_CAST(left(recorded_at, 10) AS DATE))"
    row = connection.execute(f"SELECT {day} FROM {_CHECKED} WHERE readable AND {condition}").fetchone()
    return row[0] if row else None


def _claims(anchors: list[Anchor], printed: Sequence[Claim]) -> list[Claim]:
    return [*(a.claim for a in anchors), *printed]


def _lines(path: Path) -> Iterator[pa.RecordBatch]:
    """The lines of a file in batches; one without its end, or that is no UTF-8, is empty: no entry."""
    position, size, lines = 0, 0, list[str]()
    with path.open("rb") as file:
        while line := file.readline(_LONGEST):
            size += len(line)
            try:
                lines.append(line[:-1].decode() if line.endswith(b"\n") else "")
            except UnicodeDecodeError:
                lines.append("")
            if size >= _CHUNK:
                yield _batch(position, lines)
                position, size, lines = position + len(lines), 0, []
    yield _batch(position, lines)


def _batch(position: int, lines: list[str]) -> pa.RecordBatch:
    numbers = pa.array(range(position + 1, position + 1 + len(lines)), pa.int64())
    return pa.RecordBatch.from_arrays([numbers, pa.array(lines, pa.string())], schema=_LINES)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[tuple[Any, ...]]:
    cursor = connection.execute(sql)
    while rows := cursor.fetchmany(1000):
        yield from rows
