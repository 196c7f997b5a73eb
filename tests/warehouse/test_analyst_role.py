"""Who may read the lake may not write it: the role on PostgreSQL, the files' rights on SQLite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from contracts.errors import ConfigurationError
from contracts.settings import Settings
from tests.postgres import Postgres
from tests.small_city import ROOT
from warehouse.analyst_role import analyst_role_sql
from warehouse.lake import commit, open_lake


def write(settings: Settings, *statements: str) -> None:
    """One commit of the platform."""
    lake = open_lake(settings)
    commit(lake, settings, lambda: [lake.execute(statement) for statement in statements])
    lake.close()


def test_the_role_reads_the_lake_what_comes_later_included_and_writes_nothing(
    tmp_path: Path, postgres: Postgres
) -> None:
    catalogue = postgres.database("analysts")
    environment = {"LANDBRIDGE_HOME": str(tmp_path), "LANDBRIDGE_CATALOGUE": f"postgres:{catalogue}"}
    ours = Settings.from_environment(environment)
    write(ours, "CREATE SCHEMA tax", "CREATE TABLE tax.taxpayer AS SELECT 10 AS amount FROM range(3)")
    for _ in range(2):
        with psycopg.connect(catalogue, autocommit=True) as owner:
            owner.execute(analyst_role_sql("analyst"))
    # more of the table, and another one, after the right was given
    write(ours, "INSERT INTO tax.taxpayer SELECT 1 FROM range(2000)", "CREATE TABLE tax.duty AS SELECT 7 AS amount")
    write(ours, "INSERT INTO tax.duty VALUES (8)", "DELETE FROM tax.taxpayer WHERE amount = 10")

    theirs = make_conninfo(catalogue, user="analyst")
    settings = Settings.from_environment(environment | {"LANDBRIDGE_CATALOGUE": f"postgres:{theirs}"})
    lake = open_lake(settings, read_only=True)
    assert lake.execute("SELECT sum(amount) FROM tax.taxpayer").fetchone() == (2000,)
    assert lake.execute("SELECT sum(amount) FROM tax.duty").fetchone() == (15,)
    lake.close()
    # not only by asking to read: a program that asks to write is refused by the server
    writer = open_lake(settings)
    for statement in ("DELETE FROM tax.duty", "CREATE TABLE tax.mine (a INTEGER)", "DROP TABLE tax.taxpayer"):
        with pytest.raises(duckdb.Error, match=r"permission denied|read-only transaction"):
            writer.execute(statement)
    writer.close()
    with psycopg.connect(theirs, autocommit=True) as analyst:
        analyst.execute("SET default_transaction_read_only = off")
        for statement in ("DELETE FROM ducklake_data_file", "CREATE TABLE mine (a INTEGER)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                analyst.execute(statement)
    lake = open_lake(ours, read_only=True)
    assert lake.execute("SELECT sum(amount) FROM tax.duty").fetchone() == (15,)
    lake.close()


@pytest.mark.parametrize("name", ['analyst"; DROP ROLE x; --', "", "Ä", "a" * 64])
def test_a_role_has_a_plain_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name for a role"):
        analyst_role_sql(name)


_AS_STRANGER = """
import os, sys
from contracts.settings import Settings
from warehouse.engine import open_engine
settings = Settings.from_environment()
engine = open_engine(settings, extensions=("ducklake", "sqlite_scanner"))
# as root the rights of files count for nothing; what the interpreter needs is read by now
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
place = settings.catalogue.partition(":")[2]
for mode in (", READ_ONLY", ""):
    engine.execute(f"ATTACH 'ducklake:sqlite:{place}' AS lake (DATA_PATH '{settings.lake_files}'{mode})")
    try:
        print(engine.execute("SELECT sum(amount) FROM lake.tax.duty").fetchone()[0])
        engine.execute("DELETE FROM lake.tax.duty")
        print("written")
    except Exception as error:
        print("refused")
    engine.execute("DETACH lake")
"""


@pytest.fixture
def readable() -> Iterator[Settings]:
    """A lake whose folder others may read, and the way there: not below pytest's own folder, which is closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="landbridge-readable-"))
    settings = Settings.from_environment({"LANDBRIDGE_HOME": str(folder / "var")})
    write(settings, "CREATE SCHEMA tax", "CREATE TABLE tax.duty AS SELECT 7 AS amount")
    held_open = open_lake(settings, read_only=True)
    held_open.execute("SELECT * FROM tax.duty").fetchall()
    lake = folder / "var" / "lake"
    for path in (folder, folder / "var"):
        path.chmod(0o755)
    for path in (lake, *lake.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield settings
    for path in (lake, *lake.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    held_open.close()
    shutil.rmtree(folder)


def test_on_sqlite_who_may_only_read_the_folder_writes_nothing(readable: Settings) -> None:
    environment = {**os.environ, "LANDBRIDGE_HOME": str(readable.home)}
    done = subprocess.run(
        [sys.executable, "-c", _AS_STRANGER], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.split() == ["7", "refused", "7", "refused"], done.stderr
