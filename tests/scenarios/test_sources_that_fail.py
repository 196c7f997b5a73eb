"""Sources that stop, break off and change, told end to end against real servers: whatever happens, the end state is the source's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, timedelta

import psycopg
import pyarrow as pa
import pytest

from contracts.errors import SourceUnavailable
from pipeline.night import run_resource
from tests.file_servers import Cutter
from tests.mariadb import MariaDb
from tests.postgres import Postgres
from tests.small_city import SmallCity, local

RESIDENTS = (
    "CREATE TABLE residents (编号 varchar(20), 姓名 varchar(400), 年龄 int, status varchar(20), updated_at {time})"
)
MANY = 120_000
SQLITE = "sqlite:///${LANDBRIDGE_SOURCES}/population.sqlite"
Rows = list[tuple[object, ...]]


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server that a test may stop."""
    server = Postgres()
    yield server
    server.stop()


def landed(city: SmallCity) -> dict[str, str]:
    """Every manifest, pointer and Parquet file of the landing zone with its hash."""
    root = city.root / "var" / "landing"
    files = [path for path in root.rglob("*") if path.is_file() and path.suffix in (".json", ".parquet")]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def differences(city: SmallCity, source: Rows) -> int:
    """Rows of the lake that the source does not hold, and the other way round."""
    names = ("person_no", "name", "age", "status", "updated_at")
    table = pa.table({name: [row[n] for row in source] for n, name in enumerate(names)})
    lake = city.lake()
    try:
        lake.register("source_rows", table)
        ours = f"SELECT {', '.join(names)} FROM police.resident"
        theirs = f"SELECT {', '.join(names)} FROM source_rows"
        query = f"SELECT count(*) FROM (({ours} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {ours}))"
        (found,) = lake.execute(query).fetchall()
    finally:
        lake.close()
    return int(found[0])


def run_with(city: SmallCity, number: int, progress: Callable[[int], None]) -> None:
    place, interval = city.place, city.interval(number)
    observed = interval.end.astimezone(UTC) + timedelta(minutes=10)
    run_resource(place, place.city.resource("police.resident"), interval, observed, progress=progress)


def ask(url: str, *statements: str) -> Rows:
    """Run the statements; the rows of the last one, where it gives any."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("path", ["columnar", "generic"])
def test_a_server_that_stops_in_the_middle_of_a_night_changes_nothing_and_the_next_run_gives_all(
    path: str, city: SmallCity, own_postgres: Postgres
) -> None:
    url = own_postgres.url("population")
    city.edit("systems.yaml", f'"{SQLITE}"', f'"{url}", path: {path}')
    ask(
        url,
        RESIDENTS.format(time="timestamp"),
        f"INSERT INTO residents VALUES ('0', '王伟', 40, 'active', '{local(1)}')",
    )
    city.run("police.resident", 1)
    ask(
        url,
        f"INSERT INTO residents SELECT n::text, repeat('x', 300), 30, 'active', '{local(2)}' FROM generate_series(1, {MANY}) n",
    )
    before, files = city.hashes(), landed(city)
    stopped: list[int] = []

    def stop(rows: int) -> None:
        if rows and not stopped:
            stopped.append(rows)
            own_postgres.kill()

    with pytest.raises(SourceUnavailable):
        run_with(city, 2, stop)
    assert 0 < stopped[0] < MANY, "rows had come, and others had not"
    assert (city.hashes(), landed(city)) == (before, files)
    assert city.query("SELECT status, error FROM ops.runs ORDER BY finished_at DESC LIMIT 1") == [
        ("failed", "SourceUnavailable")
    ]
    own_postgres.start()
    assert city.run("police.resident", 2).accepted == MANY + 1
    assert differences(city, ask(url, "SELECT * FROM residents")) == 0


def test_a_line_to_mariadb_that_is_cut_changes_nothing_and_the_next_run_gives_all(
    city: SmallCity, mariadb: MariaDb
) -> None:
    url = mariadb.database("cut_in_the_night")
    cutter = Cutter(mariadb.port, 10_000_000)
    city.edit("systems.yaml", SQLITE, url.replace(str(mariadb.port), str(cutter.port)))
    with mariadb.connect("cut_in_the_night") as connection, connection.cursor() as cursor:
        cursor.execute(RESIDENTS.format(time="datetime"))
        cursor.execute(
            f"INSERT INTO residents SELECT seq, repeat('x', 300), 30, 'active', '{local(1)}' FROM seq_1_to_{MANY}"
        )
        cursor.execute("SELECT * FROM residents")
        source = list(cursor.fetchall())
    try:
        with pytest.raises(SourceUnavailable):
            city.run("police.resident", 1)
    finally:
        cutter.stop()
    assert cutter.left <= 0, "the line was cut while rows came"
    assert landed(city) == {}
    city.edit("systems.yaml", str(cutter.port), str(mariadb.port))
    assert city.run("police.resident", 1).accepted == MANY
    assert differences(city, source) == 0


_servers = iter(range(1, 100))


@pytest.mark.parametrize("mode", ["tombstone", "absence"])
def test_increments_late_rows_updates_and_deletions_end_in_the_state_of_the_source(
    mode: str, city: SmallCity, postgres: Postgres
) -> None:
    url = postgres.url(f"increments_{next(_servers)}")
    city.edit("systems.yaml", SQLITE, url)
    if mode == "absence":
        tombstone = "{mode: tombstone, column: status, values: [cancelled]}"
        city.edit("contracts/police/resident.yaml", tombstone, "{mode: absence}")
    old = "1999-01-01 08:00:00"
    ask(
        url, RESIDENTS.format(time="timestamp"),
        f"INSERT INTO residents SELECT n::text, '人' || n, n % 90, 'active', CASE WHEN n > 50 THEN '{local(1)}' ELSE timestamp '{old}' END "
        "FROM generate_series(1, 100) n",
    )  # fmt: skip
    assert city.run("police.resident", 1).accepted == 100
    gone = (
        f"UPDATE residents SET status = 'cancelled', updated_at = '{local(2)}' WHERE 编号 IN ('7', '70')"
        if mode == "tombstone"
        else "DELETE FROM residents WHERE 编号 IN ('7', '70')"
    )
    ask(
        url, gone, f"UPDATE residents SET 年龄 = 91, updated_at = '{local(2)}' WHERE 编号 IN ('8', '80')",
        f"INSERT INTO residents VALUES ('101', '新', 1, 'active', '{local(2)}'), ('102', '迟', 2, 'active', '{local(1, '23:00:00')}')",
    )  # fmt: skip
    now = "SELECT * FROM residents WHERE status <> 'cancelled'"
    city.run("police.resident", 2)
    assert differences(city, ask(url, now)) == 0
    ask(url, f"UPDATE residents SET 编号 = '200', updated_at = '{local(3)}' WHERE 编号 = '101'" if mode == "absence" else
        f"UPDATE residents SET 姓名 = '改', updated_at = '{local(3)}' WHERE 编号 = '101'")  # fmt: skip
    city.run("police.resident", 3)
    assert differences(city, ask(url, now)) == 0
    before = city.hashes()
    city.run("police.resident", 3)
    assert city.hashes() == before


def test_a_malformed_line_is_quarantined_with_its_number_and_cleared_by_the_corrected_file(city: SmallCity) -> None:
    city.marriages(1, [("A1", "2020-05-04"), ("A2", "2020-05-04,too many"), ("A3", "2020-05-04")])
    record = city.run("civil.marriage", 1)
    assert (record.extracted, record.accepted, record.quarantined, record.replaced) == (3, 2, 1, 0)
    (row,) = city.query("SELECT rules, original->>'$' FROM quarantine.rows")
    assert row[0] == ["malformed_line"]
    found = json.loads(str(row[1]))
    assert (found["file"], found["line"], found["text"]) == ("marriage_20200504.csv", 3, "A2,2020-05-04,too many")
    city.marriages(1, [("A1", "2020-05-04"), ("A2", "2020-05-04"), ("A3", "2020-05-04")])
    record = city.run("civil.marriage", 1, "source")
    assert (record.extracted, record.accepted, record.quarantined) == (3, 3, 0)
    assert city.query("SELECT count(*) FROM quarantine.rows") == [(0,)]
    assert city.query("SELECT certificate_no FROM civil.marriage ORDER BY 1") == [("A1",), ("A2",), ("A3",)]


def test_a_key_whose_line_is_malformed_is_not_deleted(city: SmallCity) -> None:
    city.edit(
        "contracts/tax/taxpayer.yaml",
        "value: snapshot}",
        "value: merge}\n  - {property: deletions, value: {mode: absence}}",
    )
    more = {"5": "5.00", "6": "6.00"}
    city.taxpayers({"1": "1.00", "2": "2.00", "3": "3.00", "4": "4.00", **more})
    city.run("tax.taxpayer", 1)
    city.taxpayers({"1": "1.00", "2": "2.00,too many", "3": "3.00", **more})
    assert city.run("tax.taxpayer", 2).quarantined == 1
    assert ("2",) in city.query("SELECT tax_no FROM tax.taxpayer"), "a line that nobody can read deletes nothing"
    city.taxpayers({"1": "1.00", "2": "2.50", "3": "3.00", **more})
    city.run("tax.taxpayer", 3)
    assert city.query("SELECT tax_no, amount::text FROM tax.taxpayer ORDER BY 1") == [
        ("1", "1.00"),
        ("2", "2.50"),
        ("3", "3.00"),
        *more.items(),
    ]
