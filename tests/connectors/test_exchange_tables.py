"""A zone's database: which row of the batch table is the interval's, and which rows of the data are the batch's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.exchange.zone import Zone, open_zone
from contracts.errors import SchemaDrift, SourceBroken, SourceUnavailable
from contracts.model import Resource
from tests.connectors.conftest import NIGHT, resource
from tests.postgres import Postgres

STATED = {
    "table": "batches",
    "number": "no",
    "status": "state",
    "complete": [1, "done"],
    "rows": "n",
    "rowsColumn": "batch",
}


@pytest.fixture
def source(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "s.sqlite", isolation_level=None)
    connection.execute("CREATE TABLE things (id TEXT, batch TEXT, n INTEGER)")
    connection.executemany(
        "INSERT INTO things VALUES (?, ?, ?)", [("a", "B-9", 1), ("b", "B-10", 2), ("c", "B-10 ", 3), ("d", None, 4)]
    )
    connection.execute("CREATE TABLE batches (no TEXT, state TEXT, n, day TEXT)")
    yield connection
    connection.close()


def things(tmp_path: Path, **more: Any) -> Resource:
    return resource("database", {"url": f"sqlite:///{tmp_path}/s.sqlite"}, "things", columns=("id",), **more)


def zone_of(tmp_path: Path, **more: Any) -> Zone:
    zone = open_zone(things(tmp_path, batch={**STATED, **more}), {})
    assert zone is not None
    return zone


def test_the_newest_complete_batch_is_the_one_where_no_date_is_named(
    tmp_path: Path, source: sqlite3.Connection
) -> None:
    source.executemany(
        "INSERT INTO batches VALUES (?, ?, ?, ?)",
        [("B-9", "1", 1, ""), ("B-10", "done", 2.0, ""), ("B-11", "open", 9, "")],
    )
    zone = zone_of(tmp_path)
    batch = zone.batch(NIGHT)
    assert (batch.number, batch.rows, zone.is_dated) == ("B-10", 2, False)
    with zone.taking(batch, NIGHT) as taken:
        assert [row["id"] for _, part in taken.parts() for row in part.to_pylist()] == ["b", "c"], (
            "blanks at the end are padding"
        )


@pytest.mark.parametrize("day", ["20200504", "2020-05-04", "2020/05/04 02:00:00"])
def test_a_batch_belongs_to_the_first_day_of_its_interval(tmp_path: Path, source: sqlite3.Connection, day: str) -> None:
    source.executemany("INSERT INTO batches VALUES (?, '1', 1, ?)", [("B-9", day), ("B-10", "20200505")])
    assert zone_of(tmp_path, date="day").batch(NIGHT).number == "B-9"


def test_a_batch_that_changes_while_it_is_read_is_noticed(tmp_path: Path, source: sqlite3.Connection) -> None:
    source.execute("INSERT INTO batches VALUES ('B-9', '1', 1, '')")
    zone = zone_of(tmp_path)
    batch = zone.batch(NIGHT)
    source.execute("UPDATE batches SET n = 2")
    with pytest.raises(SourceUnavailable, match="changed while it was read"), zone.taking(batch, NIGHT) as taken:
        list(taken.parts())


@pytest.mark.parametrize("count", ["many", None, 1.5, -1])
def test_a_count_that_is_no_whole_number_is_the_department_s_mistake(
    tmp_path: Path, source: sqlite3.Connection, count: object
) -> None:
    source.execute("INSERT INTO batches VALUES ('B-9', '1', ?, '')", [count])
    with pytest.raises(SourceBroken, match=r"holds no number|no whole number"):
        zone_of(tmp_path).batch(NIGHT)


def test_a_column_that_is_not_there_gets_a_hint(tmp_path: Path, source: sqlite3.Connection) -> None:
    with pytest.raises(SchemaDrift, match=r"no column 'stats'.*state"):
        zone_of(tmp_path, status="stats").batch(NIGHT)


def test_a_postgresql_zone_with_its_own_types_is_read_and_receipted(postgres: Postgres) -> None:
    postgres.database("zone")
    url = f"postgresql+psycopg://landbridge@127.0.0.1:{postgres.port}/zone"
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for sql in (
            "CREATE SCHEMA ex",
            "CREATE TABLE ex.things (id char(4), batch numeric(10, 2), amount numeric(12, 2))",
            "INSERT INTO ex.things VALUES ('a', 7, 0.10), ('b', 7, 0.20), ('c', 8, 5)",
            "CREATE TABLE ex.batches (no bigint, state char(8), n numeric, day date, total numeric(14, 4))",
            "INSERT INTO ex.batches VALUES (7, 'done', 2, '2020-05-04', 0.3), (8, 'open', 1, '2020-05-05', 5)",
            "CREATE TABLE ex.receipts (batch text, resource text, outcome text, rows_stated int, rows_received int, differences text, received_at timestamptz)",
        ):
            connection.execute(sa.text(sql))
    stated = {**STATED, "date": "day", "controlSums": {"amount": "total"}, "receipt": "receipts"}
    it = resource("database", {"url": url}, "things", columns=("id",), schema="ex", batch=stated)
    zone = open_zone(it, {})
    assert zone is not None
    batch = zone.batch(NIGHT)
    assert (batch.number, batch.rows, batch.control_sums) == ("7", 2, {"amount": Decimal("0.3")})
    with zone.taking(batch, NIGHT) as taken:
        assert [str(row["id"]).strip() for _, part in taken.parts() for row in part.to_pylist()] == ["a", "b"]
    receipt = {
        "outcome": "agreed",
        "rows": {"stated": 2, "received": 2},
        "differences": [],
        "received_at": "2020-05-05T02:10:00+08:00",
    }
    assert [zone.write_receipt(batch, receipt) for _ in range(2)] == ["", ""]
    with engine.connect() as connection:
        assert [
            tuple(row)
            for row in connection.execute(sa.text("SELECT batch, resource, outcome, rows_received FROM ex.receipts"))
        ] == [("7", "things", "agreed", 2)]
