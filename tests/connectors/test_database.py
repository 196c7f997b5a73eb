"""Databases: SQLite with its loose types and textual times, read without loss and never written."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.databases.database import DatabaseConnector
from connectors.databases.types import first_day_from, reflected, text_of
from connectors.registry import open_connector
from contracts.errors import ConfigurationError, SchemaDrift, SourceBroken, SourceUnavailable
from contracts.interval import Interval
from contracts.model import Resource
from tests.connectors.conftest import NIGHT, ZONE, resource


@pytest.fixture
def source(tmp_path: Path) -> sqlite3.Connection:
    return sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)


def things(tmp_path: Path, table: str = "things", **more: Any) -> Resource:
    return resource("database", {"url": f"sqlite:///{tmp_path}/s.sqlite"}, table, **more)


def read(it: Resource, interval: Interval | None = NIGHT) -> pa.Table:
    return pa.Table.from_batches(list(open_connector(it.system, {}).read(it, interval)))


def test_values_that_keep_to_their_type_keep_it(tmp_path: Path, source: sqlite3.Connection) -> None:
    source.execute("CREATE TABLE things (n INTEGER, x REAL, d DECIMAL(10,2), t TEXT, b BLOB, u)")
    source.execute(
        "INSERT INTO things VALUES (9007199254740993, 0.1, '12.50', '007', x'00ff', 5), (NULL, 2, NULL, '', NULL, NULL)"
    )
    table = read(things(tmp_path))
    assert [str(t) for t in table.schema.types] == ["int64", "double", "string", "string", "binary", "string"]
    assert list(table.to_pylist()[0].values()) == [9007199254740993, 0.1, "12.5", "007", b"\x00\xff", "5"]
    assert list(table.to_pylist()[1].values()) == [None, 2.0, None, "", None, None]


def test_a_column_with_a_value_of_another_type_becomes_text_as_a_whole(
    tmp_path: Path, source: sqlite3.Connection
) -> None:
    source.execute("CREATE TABLE things (n INTEGER, x REAL)")
    source.execute("INSERT INTO things VALUES (1, 1.5), ('unknown', 'n/a'), (3, x'ab')")
    assert read(things(tmp_path)).to_pylist() == [
        {"n": "1", "x": "1.5"},
        {"n": "unknown", "x": "n/a"},
        {"n": "3", "x": "\\xab"},
    ]


def test_a_view_is_read_like_a_table(tmp_path: Path, source: sqlite3.Connection) -> None:
    source.execute("CREATE TABLE base (n INTEGER)")
    source.execute("INSERT INTO base VALUES (1)")
    source.execute("CREATE VIEW things AS SELECT n, n + 1 AS m FROM base")
    assert read(things(tmp_path)).to_pylist() == [{"n": 1, "m": "2"}]


TIMES = {
    "before": "2020-05-04 01:59:59", "start": "2020-05-04 02:00:00", "start in minutes": "2020-05-04 02:00", "with T": "2020-05-04T12:00:00",
    "fraction": "2020-05-05 01:59:59.999", "midnight": "2020-05-05", "end": "2020-05-05 02:00:00", "end in minutes": "2020-05-05 02:00",
    "T after the end": "2020-05-05T02:00:01", "T before the start": "2020-05-04T01:00:00", "date before": "2020-05-04", "null": None,
    "other form": "2020/05/04", "with a zone": "2020-05-03T18:00:00Z", "nonsense": "yesterday", "number": 1588557600,
}  # fmt: skip
OUTSIDE = {"before", "end", "end in minutes", "T after the end", "T before the start", "date before"}


def test_the_watermark_is_compared_as_local_time_and_nothing_unknown_vanishes(
    tmp_path: Path, source: sqlite3.Connection
) -> None:
    source.execute("CREATE TABLE things (id TEXT, changed DATETIME)")
    source.executemany("INSERT INTO things VALUES (?, ?)", TIMES.items())
    it = things(tmp_path, columns=("id", "changed"), watermark="changed")
    assert set(read(it)["id"].to_pylist()) == set(TIMES) - OUTSIDE
    assert set(read(it, None)["id"].to_pylist()) == set(TIMES)
    assert open_connector(it.system, {}).bounds_rows


def test_intervals_that_meet_share_no_row_and_lose_none(tmp_path: Path, source: sqlite3.Connection) -> None:
    source.execute("CREATE TABLE things (id TEXT, changed TEXT)")
    source.executemany(
        "INSERT INTO things VALUES (?, ?)", ((k, v) for k, v in TIMES.items() if k in OUTSIDE or k == "midnight")
    )
    it = things(tmp_path, columns=("id", "changed"), watermark="changed")
    edges = [
        datetime(2000, 1, 1, tzinfo=ZONE),
        NIGHT.start,
        datetime(2020, 5, 5, tzinfo=ZONE),
        NIGHT.end,
        datetime(2030, 1, 1, tzinfo=ZONE),
    ]
    parts = [read(it, Interval(a, b))["id"].to_pylist() for a, b in pairwise(edges)]
    assert sorted(id for part in parts for id in part) == sorted(OUTSIDE | {"midnight"})


def test_the_source_is_not_written_and_read_as_of_one_moment(tmp_path: Path, source: sqlite3.Connection) -> None:
    source.execute("PRAGMA journal_mode = WAL")
    source.execute("CREATE TABLE things (n INTEGER)")
    source.executemany("INSERT INTO things VALUES (?)", ((n,) for n in range(10)))
    it = things(tmp_path)
    batches = open_connector(it.system, {"LANDBRIDGE_BATCH_ROWS": "2"}).read(it, NIGHT)
    next(batches)
    source.execute("INSERT INTO things VALUES ('a late text')")
    assert sum(batch.num_rows for batch in batches) == 10


def test_a_missing_table_gets_a_hint(tmp_path: Path, source: sqlite3.Connection) -> None:
    source.execute("CREATE TABLE residents (n INTEGER)")
    with pytest.raises(SchemaDrift, match=r"no table 'resident'.*did you mean residents"):
        read(things(tmp_path, "resident"))


def test_a_missing_watermark_is_drift(tmp_path: Path, source: sqlite3.Connection) -> None:
    source.execute("CREATE TABLE things (changed_on TEXT)")
    with pytest.raises(SchemaDrift, match=r"'changed'.*changed_on"):
        read(things(tmp_path, columns=("changed",), watermark="changed"))


def test_a_file_that_is_no_database_is_broken(tmp_path: Path) -> None:
    (tmp_path / "s.sqlite").write_bytes(b"<html>502 Bad Gateway</html>" * 100)
    with pytest.raises(SourceBroken, match="not a database"):
        read(things(tmp_path))


def test_text_that_is_no_utf8_is_broken_and_not_shown(tmp_path: Path, source: sqlite3.Connection) -> None:
    source.execute("CREATE TABLE things (t TEXT)")
    source.execute("INSERT INTO things VALUES (CAST(x'37303230ff' AS TEXT))")
    with pytest.raises(SourceBroken, match="no UTF-8") as raised:
        read(things(tmp_path))
    assert "7020" not in str(raised.value)


def test_a_locked_database_is_unavailable(
    tmp_path: Path, source: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.databases.sqlite_source._BUSY_SECONDS", 0)
    source.execute("CREATE TABLE things (t TEXT)")
    source.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SourceUnavailable, match="locked"):
        read(things(tmp_path))


def test_a_password_with_the_marks_of_a_url_does_not_part_it() -> None:
    connector = DatabaseConnector.open(
        {"url": "postgresql+psycopg://${U}:${P}@host:5432/db"}, {"U": "me", "P": "p@ss/w:rd"}
    )
    assert (connector.url.password, connector.url.host, connector.url.database) == ("p@ss/w:rd", "host", "db")
    assert "p@ss" not in repr(connector)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("oracle+oracledb://u:${P}@h/d", "pip install oracledb"),
        ("postgresql+psycopg2://u:${P}@h/d", "pip install psycopg2-binary"),
        ("nonsense://u:${P}@h/d", "no SQLAlchemy dialect 'nonsense'"),
        ("nothing", "no SQLAlchemy URL"),
        ("sqlite://", "names no file"),
    ],
)
def test_what_a_url_lacks_is_said_without_its_password(url: str, said: str) -> None:
    it = resource("database", {"url": url}, "t")
    with pytest.raises(ConfigurationError) as raised:
        next(open_connector(it.system, {"P": "hidden"}).read(it, NIGHT))
    assert said in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_types_of_other_databases_have_their_arrow_type() -> None:
    types = [
        sa.BigInteger(),
        sa.Double(),
        sa.Numeric(18, 2),
        sa.Numeric(),
        sa.Boolean(),
        sa.Date(),
        sa.DateTime(),
        sa.DateTime(True),
        sa.JSON(),
        sa.Uuid(),
    ]
    got = [str(reflected("x", type).type) for type in types]
    assert got == [
        "int64", "double", "decimal128(18, 2)", "string", "bool", "date32[day]", "timestamp[us]", "timestamp[us, tz=UTC]", "string", "string",
    ]  # fmt: skip


def test_a_day_is_inside_when_its_midnight_is() -> None:
    assert str(first_day_from(NIGHT.start)) == "2020-05-05"
    assert str(first_day_from(datetime(2020, 5, 4, tzinfo=ZONE))) == "2020-05-04"


def test_values_become_text_without_loss() -> None:
    from decimal import Decimal

    assert [text_of(v) for v in (True, 1e15, 0.1 + 0.2, Decimal("1E+3"), {"a": "值"}, 10**30)] == [
        "true", "1000000000000000", "0.30000000000000004", "1000", '{"a": "值"}', "1" + "0" * 30,
    ]  # fmt: skip
