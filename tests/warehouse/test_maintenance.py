"""Maintenance makes the lake smaller and takes nothing away that anybody cites, deletes, renames or is about to commit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from contracts.errors import ConfigurationError, LakeBusy
from contracts.settings import Settings
from tests.postgres import Postgres
from warehouse.lake import commit, current_snapshot, open_lake
from warehouse.maintenance import Snapshot, expirable, maintain, snapshots_of

# time is passed in: ten days on, every snapshot made now is old
LATER = datetime.now(UTC) + timedelta(days=10)
BEFORE = LATER - timedelta(days=2)
ROWS = 40

_WRITER = """
import sys
from contracts.settings import Settings
from warehouse.lake import commit, open_lake
settings = Settings.from_environment({"LANDBRIDGE_HOME": sys.argv[1], "LANDBRIDGE_MEMORY": "256MiB"})
connection = open_lake(settings)
print("ready", flush=True)
sys.stdin.readline()
for number in range(%d):
    commit(connection, settings, lambda: connection.execute(f"DELETE FROM lake.main.people WHERE id = {number}"))
    commit(connection, settings, lambda: connection.execute(f"INSERT INTO lake.main.people VALUES ({1000 + number}, 'new')"))
    print(number, flush=True)
"""


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Settings]]:
    settings = Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path), "LANDBRIDGE_MEMORY": "256MiB"})
    connection = open_lake(settings)
    _fill(connection, settings)
    yield connection, settings
    connection.close()


def _fill(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    commit(connection, settings, lambda: connection.execute(
        f"CREATE TABLE lake.main.people AS SELECT range AS id, 'old' AS name FROM range({ROWS})"))  # fmt: skip


def _change(connection: duckdb.DuckDBPyConnection, settings: Settings, *statements: str) -> int:
    for statement in statements:
        commit(connection, settings, lambda statement=statement: connection.execute(statement))  # type: ignore[misc]
    return current_snapshot(connection)


def test_what_is_cited_can_be_read_to_the_byte_and_the_rest_is_gone(
    lake: tuple[duckdb.DuckDBPyConnection, Settings],
) -> None:
    connection, settings = lake
    cited = _change(connection, settings, "UPDATE lake.main.people SET name = 'cited' WHERE id < 5")
    read = f"SELECT * FROM lake.main.people AT (VERSION => {cited}) ORDER BY id"
    then = connection.execute(read).fetchall()
    uncited = _change(
        connection,
        settings,
        "DELETE FROM lake.main.people WHERE id < 9",
        "UPDATE lake.main.people SET name = 'a' WHERE id = 12",
    )
    _change(connection, settings, "UPDATE lake.main.people SET name = 'b'")
    now = connection.execute("SELECT * FROM lake.main.people ORDER BY id").fetchall()
    would = maintain(connection, settings, {cited}, BEFORE, LATER, dry_run=True)
    assert uncited in would.expired and len(snapshots_of(connection)) == would.snapshots
    done = maintain(connection, settings, {cited}, BEFORE, LATER)
    assert uncited in done.expired and cited not in done.expired and done.removed_files > 0
    assert connection.execute(read).fetchall() == then
    assert connection.execute("SELECT * FROM lake.main.people ORDER BY id").fetchall() == now
    with pytest.raises(duckdb.Error):
        connection.execute(f"SELECT * FROM lake.main.people AT (VERSION => {uncited})").fetchall()


def test_a_renamed_table_and_column_keep_their_rows_through_expiry(
    lake: tuple[duckdb.DuckDBPyConnection, Settings],
) -> None:
    connection, settings = lake
    _change(
        connection, settings, "DELETE FROM lake.main.people WHERE id = 3", "ALTER TABLE lake.main.people RENAME COLUMN name TO called",
        "ALTER TABLE lake.main.people RENAME TO residents", "INSERT INTO lake.main.residents VALUES (99, 'after')",
    )  # fmt: skip
    maintain(connection, settings, set(), BEFORE, LATER)
    fresh = open_lake(settings)
    counted = fresh.execute(
        "SELECT count(*), count(called), min(id), max(id) FROM lake.main.residents WHERE id <> 3"
    ).fetchone()
    fresh.close()
    assert counted == (ROWS, ROWS, 0, 99)


def test_a_writer_that_deletes_meanwhile_loses_no_delete(lake: tuple[duckdb.DuckDBPyConnection, Settings]) -> None:
    connection, settings = lake
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER % ROWS, str(settings.home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdin and writer.stdout
        assert writer.stdout.readline() == "ready\n"
        print(file=writer.stdin, flush=True)
        expired = 0
        while writer.stdout.readline():
            expired += len(maintain(connection, settings, set(), BEFORE, LATER).expired)
    assert writer.returncode == 0
    assert expired > ROWS
    left = connection.execute("SELECT id FROM lake.main.people ORDER BY id").fetchall()
    assert left == [(1000 + number,) for number in range(ROWS)]


def test_an_open_transaction_in_postgresql_keeps_maintenance_away(tmp_path: Path) -> None:
    server = Postgres()
    try:
        settings = Settings.from_environment(
            {"LANDBRIDGE_HOME": str(tmp_path), "LANDBRIDGE_CATALOGUE": f"postgres:{server.database('lake')}", "LANDBRIDGE_MEMORY": "256MiB"}
        )  # fmt: skip
        connection, writer = open_lake(settings), open_lake(settings)
        _fill(connection, settings)
        _change(connection, settings, "UPDATE lake.main.people SET name = 'x' WHERE id = 1")
        writer.execute("BEGIN TRANSACTION")
        writer.execute("DELETE FROM lake.main.people WHERE id < 10")
        with pytest.raises(LakeBusy, match="transaction has been open"):
            maintain(connection, settings, set(), BEFORE, LATER)
        writer.execute("COMMIT")
        writer.close()
        assert maintain(connection, settings, set(), BEFORE, LATER).expired
        assert connection.execute("SELECT count(*) FROM lake.main.people").fetchone() == (ROWS - 10,)
        connection.close()
    finally:
        server.stop()


def test_a_load_s_snapshot_stays_with_the_later_loads_of_its_run() -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    runs = [None, "a", "b", "a", "b", None]
    snapshots = [Snapshot(number, old, run) for number, run in enumerate(runs)]
    assert expirable(snapshots, {1}, old + timedelta(days=1)) == (0, 2, 4)
    assert expirable(snapshots, {4}, old + timedelta(days=1)) == (0, 1, 2, 3)
    assert expirable(snapshots, set(), old) == ()


def test_nothing_young_expires(lake: tuple[duckdb.DuckDBPyConnection, Settings]) -> None:
    connection, settings = lake
    with pytest.raises(ConfigurationError, match="1 day old"):
        maintain(connection, settings, set(), LATER - timedelta(hours=3), LATER)
