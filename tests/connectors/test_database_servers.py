"""Real servers, PostgreSQL and MariaDB, on both paths: bounds, hostile names, one snapshot, limits, refusals, and cuts in the middle of a read."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import psycopg
import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.databases import mysql, postgres
from connectors.databases.columns import columns_of, within_sql
from connectors.databases.session import connected
from connectors.protocol import SourceTable
from connectors.registry import open_connector
from contracts.errors import ConfigurationError, SchemaDrift, SourceUnavailable
from contracts.interval import Interval
from contracts.model import Resource
from tests.connectors.conftest import NIGHT, ZONE, resource
from tests.mariadb import MariaDb
from tests.postgres import Postgres

HOSTILE = (
    "select",
    "姓 名",
    "1st",
    "a,b",
    'quo"te',
    "back`tick",
    "emoji 好",
    "x'; DROP TABLE y; --",
    "%d",
    "%(a)s",
    ":name",
    "a.b",
    "A",
)
CASES = [(server, path) for server in ("postgres", "mariadb") for path in ("columnar", "generic")]
every_path = pytest.mark.parametrize("source", CASES, ids="-".join, indirect=True)
every_server = pytest.mark.parametrize(
    "source", [(s, "auto") for s in ("postgres", "mariadb")], ids="-".join, indirect=True
)


@dataclass
class Source:
    """An empty database of a server, and the way it is read."""

    server: Postgres | MariaDb
    url: str
    path: str

    @property
    def is_postgres(self) -> bool:
        return isinstance(self.server, Postgres)

    def quoted(self, name: str) -> str:
        return postgres.quoted(name) if self.is_postgres else mysql.quoted(name)

    def run(self, *statements: str) -> None:
        if self.is_postgres:
            with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
                for statement in statements:
                    connection.execute(statement.encode())
        else:
            assert isinstance(self.server, MariaDb)
            with self.server.connect(self.url.rpartition("/")[2]) as maria, maria.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def things(self, table: str = "things", connection: dict[str, Any] | None = None, **more: Any) -> Resource:
        return resource("database", {"url": self.url, "path": self.path, **(connection or {})}, table, **more)

    def many(self, rows: int, width: int = 100) -> None:
        series = (
            f"generate_series(1, {rows}) AS s(n)" if self.is_postgres else f"(SELECT seq AS n FROM seq_1_to_{rows}) s"
        )
        text = f"repeat('x', {width})"
        self.run(f"CREATE TABLE things AS SELECT n, {text} AS a, {text} AS b, {text} AS c FROM {series}")


_databases = 0


@pytest.fixture
def source(request: pytest.FixtureRequest) -> Source:
    global _databases
    _databases += 1
    server, path = request.param
    running = request.getfixturevalue(server)
    name = f"source_{_databases}"
    return Source(running, running.url(name) if server == "postgres" else running.database(name), path)


def batches(it: Resource, interval: Interval | None = NIGHT, rows: int = 65536) -> Iterator[pa.RecordBatch]:
    return open_connector(it.system, {"LANDBRIDGE_BATCH_ROWS": str(rows)}).read(it, interval)


def read(it: Resource, interval: Interval | None = NIGHT) -> pa.Table:
    return pa.Table.from_batches(list(batches(it, interval)))


@every_path
def test_hostile_names_are_read_as_they_are(source: Source) -> None:
    table = "表 'one' %s"
    columns = ", ".join(f"{source.quoted(name)} {'text' if n else 'date'}" for n, name in enumerate(HOSTILE))
    values = ", ".join("'2020-05-04'" if not n else f"'{n}%s'" for n, _ in enumerate(HOSTILE))
    source.run(
        f"CREATE TABLE {source.quoted(table)} ({columns})", f"INSERT INTO {source.quoted(table)} VALUES ({values})"
    )
    got = read(source.things(table))
    assert got.column_names == list(HOSTILE)
    assert list(got.to_pylist()[0].values())[1:] == [f"{n}%s" for n in range(1, len(HOSTILE))]


TIMES = ("2020-05-04 01:59:59.999999", "2020-05-04 02:00:00", "2020-05-05 01:59:59.999999", "2020-05-05 02:00:00")
DAYS = ("2020-05-04", "2020-05-05", "2020-05-06")
INSIDE = {"local": [1, 2, 9], "instant": [1, 2, 9], "day": [1, 9]}


def _times(source: Source) -> None:
    types = ("timestamp(6)", "timestamptz(6)") if source.is_postgres else ("datetime(6)", "timestamp(6) NULL")
    zone = "SET TimeZone = 'Asia/Shanghai'" if source.is_postgres else "SET time_zone = '+08:00'"
    rows = [f"({n}, '{time}', '{time}', {repr(DAYS[n]) if n < len(DAYS) else 'NULL'})" for n, time in enumerate(TIMES)]
    source.run(
        zone,
        f"CREATE TABLE things (n int, local {types[0]}, instant {types[1]}, day date)",
        f"INSERT INTO things VALUES {', '.join(rows)}, (9, NULL, NULL, NULL)",
    )


@every_path
@pytest.mark.parametrize("mark", ["local", "instant", "day"])
def test_the_query_keeps_to_the_exact_bounds_and_to_rows_without_a_watermark(source: Source, mark: str) -> None:
    _times(source)
    source.run("UPDATE things SET day = '2020-05-06' WHERE n = 3")
    it = source.things(columns=("n", mark), watermark=mark)
    assert sorted(read(it)["n"].to_pylist()) == INSIDE[mark]
    assert read(it, None).num_rows == 5
    edges = [datetime(2020, 5, day, hour, tzinfo=ZONE) for day in range(3, 8) for hour in (0, 2)]
    parts = [n for a, b in pairwise(edges) for n in read(it, Interval(a, b))["n"].to_pylist() if n != 9]
    assert sorted(parts) == [0, 1, 2, 3], "intervals that meet share no row and lose none"


@every_path
def test_a_watermark_that_is_no_time_never_leaves_a_row_out(source: Source) -> None:
    nonsense = "infinity" if source.is_postgres else "0000-00-00"
    source.run(
        f"CREATE TABLE things (n int, day date, time {'timestamptz' if source.is_postgres else 'timestamp NULL'})",
        f"INSERT INTO things VALUES (1, '2020-05-05', '2020-05-04 12:00'), (2, '{nonsense}', '{nonsense}')",
    )
    for mark in ("day", "time"):
        got = read(source.things(columns=("n", mark), watermark=mark))
        assert sorted(got["n"].to_pylist()) == [1, 2]
        assert got[mark].to_pylist()[-1].startswith(nonsense)


@every_path
@pytest.mark.parametrize("mark", ["local", "instant", "day"])
def test_an_increment_is_looked_up_in_the_index_of_the_watermark(source: Source, mark: str) -> None:
    _times(source)
    source.run(f"CREATE INDEX marks ON things ({mark})")
    it = source.things(columns=("n", mark), watermark=mark)
    bounds = it.watermark_bounds(NIGHT)
    dialect = postgres if source.is_postgres else mysql
    with connected(sa.make_url(source.url), "") as connection:
        within = within_sql(dialect, columns_of(connection, it, None, ""), bounds, "")
        if source.is_postgres:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        hint = "" if source.is_postgres else " FORCE INDEX (marks)"
        plan = str(connection.exec_driver_sql(f"EXPLAIN SELECT n FROM things{hint}{within}").all())
    assert "Seq Scan" not in plan
    assert "marks" in plan
    assert "'range'" in plan or source.is_postgres, plan


@every_path
def test_a_watermark_that_is_gone_or_no_time_is_named(source: Source) -> None:
    source.run("CREATE TABLE things (n int, changed_on date)")
    with pytest.raises(SchemaDrift, match=r"'changed'.*changed_on"):
        read(source.things(columns=("n", "changed"), watermark="changed"))
    with pytest.raises(ConfigurationError, match="neither a time nor a date"):
        read(source.things(columns=("n",), watermark="n"))


@every_path
def test_a_missing_table_gets_a_hint_from_the_server(source: Source) -> None:
    source.run("CREATE TABLE residents (n int)")
    with pytest.raises(SchemaDrift, match="did you mean residents"):
        read(source.things("resident"))


@every_path
def test_rows_come_in_batches_of_one_state(source: Source) -> None:
    source.many(30_000)
    stream = batches(source.things(), rows=1000)
    first = [next(stream), next(stream)]
    source.run("INSERT INTO things (n) VALUES (0)")
    rest = list(stream)
    assert sum(batch.num_rows for batch in [*first, *rest]) == 30_000
    assert max(batch.num_rows for batch in rest) <= 1000


@every_path
def test_very_long_texts_are_whole(source: Source) -> None:
    source.run("CREATE TABLE things (t longtext)" if not source.is_postgres else "CREATE TABLE things (t text)")
    source.run("INSERT INTO things VALUES (repeat('好x', 2500000))")
    assert read(source.things())["t"].to_pylist() == ["好x" * 2_500_000]


@every_path
def test_a_query_that_takes_too_long_is_given_up(source: Source) -> None:
    wait = "pg_sleep(5)::text" if source.is_postgres else "sleep(5)"
    source.run("CREATE TABLE base AS SELECT 1 AS n", f"CREATE VIEW things AS SELECT n, {wait} AS s FROM base")
    started = time.monotonic()
    with pytest.raises(SourceUnavailable):
        read(source.things(connection={"statementTimeout": 1}))
    assert time.monotonic() - started < 5


@every_path
def test_a_locked_table_is_unavailable(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.databases.database.LOCK_SECONDS", 1)
    monkeypatch.setattr("connectors.databases.session.LOCK_SECONDS", 1)
    source.run("CREATE TABLE things (n int, d date)", "INSERT INTO things VALUES (1, NULL)")
    engine = sa.create_engine(source.url, poolclass=sa.NullPool)
    with engine.connect() as other, other.begin():
        other.exec_driver_sql(
            "LOCK TABLE things IN ACCESS EXCLUSIVE MODE" if source.is_postgres else "LOCK TABLE things WRITE"
        )
        with pytest.raises(SourceUnavailable, match="locked"):
            read(source.things())


@every_path
def test_a_limit_of_rows_a_second_spares_the_source(source: Source) -> None:
    source.many(300)
    started = time.monotonic()
    got = [b.num_rows for b in batches(source.things(connection={"rowsPerSecond": 200}), rows=100)]
    assert sum(got) == 300
    assert time.monotonic() - started >= 1


class Cable:
    """A connection between two that can be cut: passes on `limit` bytes of the server, then closes."""

    def __init__(self, port: int, limit: int) -> None:
        self.target, self.limit = port, limit
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.target))
            threading.Thread(target=self._pass, args=(near, far, None), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, self.limit), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        passed = 0
        try:
            while (data := source.recv(65536)) and (limit is None or passed < limit):
                passed += len(data)
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.listener.close()


@every_path
def test_a_connection_cut_in_the_middle_is_no_end(source: Source) -> None:
    source.many(50_000)
    cable = Cable(source.server.port, 4_000_000)
    source.url = source.url.replace(f":{source.server.port}", f":{cable.port}")
    try:
        with pytest.raises(SourceUnavailable, match=r"does not answer.* → "):
            for _ in batches(source.things(), rows=1000):
                pass
    finally:
        cable.close()


@pytest.mark.parametrize(("server", "path"), CASES, ids=map("-".join, CASES))
def test_a_server_that_stops_in_the_middle_is_unavailable(server: str, path: str) -> None:
    own = Postgres() if server == "postgres" else MariaDb()
    try:
        url = own.url("it") if isinstance(own, Postgres) else own.database("it")
        source = Source(own, url, path)
        source.many(200_000)
        stream = batches(source.things(), rows=1000)
        next(stream), next(stream)
        own.kill()
        with pytest.raises(SourceUnavailable):
            for _ in stream:
                pass
        with pytest.raises(SourceUnavailable):
            next(batches(source.things()))
    finally:
        own.stop()


@every_path
def test_refusals_are_told_without_the_secret(source: Source) -> None:
    source.run("CREATE TABLE things (n int)")
    reader = f"reader_{source.url.rpartition('_')[2]}_{source.path}"
    if source.is_postgres:
        source.run(f"CREATE USER {reader}")
    else:
        database = source.url.rpartition("/")[2]
        source.run(
            f"CREATE USER {reader} IDENTIFIED BY 'right'", "CREATE TABLE open_to_all (n int)",
            f"GRANT SELECT ON {database}.open_to_all TO {reader}",
        )  # fmt: skip
    own = "landbridge@" if source.is_postgres else "root@"
    refused = {
        "wrong user or password": source.url.replace(own, f"{'nobody' if source.is_postgres else reader}:hidden@"),
        "no such database": source.url.rpartition("/")[0] + "/nowhere",
    }
    if source.is_postgres:
        refused["no right"] = source.url.replace(own, f"{reader}:hidden@")
    for url in refused.values():
        with pytest.raises(ConfigurationError, match="refuses") as raised:
            read(source.things(connection={"url": url}))
        assert "hidden" not in str(raised.value)


@every_server
def test_tables_are_listed_with_key_comments_and_an_estimate(source: Source) -> None:
    if source.is_postgres:
        source.run(
            "CREATE TABLE residents (name text, id int, part int, PRIMARY KEY (part, id)) PARTITION BY LIST (part)",
            "CREATE TABLE residents_1 PARTITION OF residents FOR VALUES IN (1)",
            "COMMENT ON TABLE residents IS '人口'", "COMMENT ON COLUMN residents.name IS '姓名'",
            "INSERT INTO residents SELECT 'x', n, 1 FROM generate_series(1, 500) n", "ANALYZE residents",
            "CREATE SCHEMA other", "CREATE TABLE other.things (n int)",
        )  # fmt: skip
    else:
        other = source.url.rpartition("/")[2] + "_other"
        source.run(
            "CREATE TABLE residents (name text COMMENT '姓名', id int, part int, PRIMARY KEY (part, id)) COMMENT '人口'",
            "INSERT INTO residents SELECT 'x', seq, 1 FROM seq_1_to_500", "ANALYZE TABLE residents",
            f"CREATE DATABASE {other}", f"CREATE TABLE {other}.things (n int)",
        )  # fmt: skip
    source.run("CREATE VIEW grown_up AS SELECT id FROM residents")
    found: dict[tuple[str, str], SourceTable] = {
        (t.source.get("schema", ""), t.physical_name): t for t in open_connector(source.things().system, {}).resources()
    }
    residents = found["", "residents"]
    assert (residents.key, residents.comments) == (("part", "id"), {"": "人口", "name": "姓名"})
    assert residents.rows is not None
    assert 400 < residents.rows < 600
    assert found["", "grown_up"].key == ()
    schema, table = next(pair for pair in found if pair[0].endswith("other"))
    assert read(source.things(table, schema=schema)).num_rows == 0
    assert ("", "residents_1") not in found


MEASURE = """
import resource, sys
from connectors.databases.database import DatabaseConnector
from tests.connectors.conftest import NIGHT, resource as of
it = of("database", {"url": sys.argv[1], "path": sys.argv[2]}, "things")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = sum(b.num_rows for b in DatabaseConnector.open(it.system.connection, {"LANDBRIDGE_BATCH_ROWS": "1024"}).read(it, NIGHT))
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@every_server
@pytest.mark.parametrize("path", ["columnar", "generic"])
def test_memory_is_bounded_by_the_batch_and_not_by_the_table(source: Source, path: str) -> None:
    source.many(100_000, 1000)  # 300 MB
    words = [sys.executable, "-c", MEASURE, source.url, path]
    rows, megabytes = map(int, subprocess.run(words, check=True, capture_output=True, text=True).stdout.split())
    assert rows == 100_000
    assert megabytes < 150


@every_server
def test_auto_takes_the_columnar_path(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    source.run("CREATE TABLE things (n int)", "INSERT INTO things VALUES (1)")
    refuse: Callable[..., Any] = lambda *_: pytest.fail("rows became Python objects")  # noqa: E731
    monkeypatch.setattr("connectors.databases.database._batch", refuse)
    assert read(source.things())["n"].to_pylist() == [1]


@every_server
def test_auto_falls_back_where_the_columnar_connection_fails(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise RuntimeError("a server that only resembles it")

    monkeypatch.setattr(postgres if source.is_postgres else mysql, "Columnar", fails)
    source.run("CREATE TABLE things (n int)", "INSERT INTO things VALUES (1)")
    assert read(source.things())["n"].to_pylist() == [1]


def test_a_server_version_that_sqlalchemy_does_not_know_is_taken() -> None:
    from connectors.databases.session import _engine

    engine = _engine(sa.make_url("postgresql+psycopg://u@h/d"), "")

    class Odd:
        def exec_driver_sql(self, _: str) -> Odd:
            return self

        def scalar(self) -> str:
            return "KingbaseES V008R006C008B0014 on x86_64"

    assert engine.dialect._get_server_version_info(Odd()) == (9, 2)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["timestamp", "date", "datetime"])
@every_server
def test_the_newest_mark_passes_over_what_is_no_time(source: Source, kind: str) -> None:
    if source.is_postgres:
        kind = "timestamptz" if kind == "datetime" else kind
        strange = "'infinity'"
    else:
        strange = "'0000-00-00'"
    source.run(
        *([] if source.is_postgres else ["SET SESSION sql_mode = ''"]),
        f"CREATE TABLE things (n int, m {kind} NULL)",
        f"INSERT INTO things VALUES (1, '2020-05-04'), (2, '2020-05-06'), (3, NULL), (4, {strange})",
    )
    connector = open_connector(source.things(columns=("n", "m"), watermark="m").system, {})
    newest = connector.newest_mark(source.things(columns=("n", "m"), watermark="m"))  # type: ignore[attr-defined]
    assert datetime.fromisoformat(newest).date().isoformat() == "2020-05-06"
    source.run("DELETE FROM things")
    assert connector.newest_mark(source.things(columns=("n", "m"), watermark="m")) is None  # type: ignore[attr-defined]
