"""Every kind of ours passes the conformance suite against the real thing: servers of databases and of files, and an interface on loopback.

`rows` are fewer than a million where a million, written and read, take more than some five seconds.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sqlite3
from collections.abc import Iterator
from typing import Any, ClassVar

import psycopg
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from connectors.conformance.source import HOSTILE_NAMES, Stated, text_of, texts
from connectors.conformance.suite import ConnectorConformance
from connectors.databases.database import DatabaseConnector
from connectors.files.csv_files import CsvFilesConnector
from connectors.files.dbase_files import DbaseFilesConnector
from connectors.files.excel_files import ExcelFilesConnector
from connectors.files.file_kind import FileKind
from connectors.files.fixed_width import FixedWidthConnector
from connectors.files.json_lines import JsonLinesConnector
from connectors.files.parquet_files import ParquetFilesConnector
from connectors.files.xml_files import XmlFilesConnector
from connectors.http.api import HttpApiConnector
from connectors.registry import connector_class, kinds, open_connector
from contracts.errors import ConfigurationError, SchemaDrift
from contracts.quoting import ident, literal
from tests.connectors.conftest import Answer, Interface, resource
from tests.connectors.sources import FORMS, objects
from tests.file_servers import PASSWORD, S3, Cutter, FileServer, Ftp, Http, Sftp, free_port
from tests.mariadb import MariaDb
from tests.postgres import Postgres
from transforms.standardise.drift import check_drift

LINE_ENDS = ("one\ntwo", "one\r\ntwo")
BLANKS = (" ", " x ")


class OfFiles(ConnectorConformance):
    """Files of a local folder."""

    connector: ClassVar[type[FileKind]]  # type: ignore[misc]

    def write(self, table: pa.Table) -> Stated:
        form = FORMS[self.connector.kind]
        name = f"part-0{form.suffix}"
        form.write(self.folder / name, table)
        return Stated(name, {"root": "${ROOM}"}, form.stated(table.column_names), {"ROOM": str(self.folder)})

    def cut(self, table: pa.Table) -> Stated:
        stated = self.write(table)
        path = self.folder / stated.physical_name
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2 + 1])
        return stated

    def nowhere(self) -> Stated:
        form = FORMS[self.connector.kind]
        return Stated("a", {"root": "${ROOM}"}, form.stated(["甲"]), {"ROOM": str(self.folder / "gone")})

    def test_several_files_are_one_table(self) -> None:
        form = FORMS[self.connector.kind]
        self.write(texts({"甲": ["1"], "乙": ["a"]}))
        form.write(self.folder / f"part-1{form.suffix}", texts({"甲": [], "乙": []}))
        form.write(self.folder / f"part-2{form.suffix}", texts({"甲": ["2", "3"], "乙": ["b", "c"]}))
        stated = Stated(
            f"part-*{form.suffix}", {"root": "${ROOM}"}, form.stated(["甲", "乙"]), {"ROOM": str(self.folder)}
        )
        assert pa.Table.from_batches(self.batches(stated, ["甲", "乙"]))["甲"].to_pylist() == ["1", "2", "3"]

    def test_a_folder_that_is_not_there_is_not_made(self) -> None:
        self.test_a_source_that_is_not_there_is_waited_for()
        assert not (self.folder / "gone").exists()


class TestCsvFiles(OfFiles):
    connector = CsvFilesConnector
    null = ""


class TestExcelFiles(OfFiles):
    connector = ExcelFilesConnector
    empty = None
    # the format has no control characters, and its writer folds line ends
    impossible_values = ("\x01", "one\r\ntwo")
    # a sheet is held whole in memory
    rows, is_bounded = 20_000, False


class TestJsonLines(OfFiles):
    connector = JsonLinesConnector
    rows = 200_000


class TestXmlFiles(OfFiles):
    connector = XmlFilesConnector
    impossible_names = tuple(name for name in HOSTILE_NAMES if name not in ("select", "a.b", "_row", "file_row_number"))
    impossible_values = ("\x01",)
    rows = 200_000


class TestParquetFiles(OfFiles):
    connector = ParquetFilesConnector
    types: ClassVar[dict[str, pa.DataType]] = {}


class TestFixedWidth(OfFiles):
    connector = FixedWidthConnector
    null = ""
    rows = 400_000
    lists_itself = False
    impossible_values = (*LINE_ENDS, *BLANKS)


class TestDbaseFiles(OfFiles):
    connector = DbaseFilesConnector
    null = ""
    rows = 400_000
    # ten bytes a name
    impossible_names = ("file_row_number",)
    impossible_values = BLANKS


class OfServers(ConnectorConformance):
    """CSV files on a server."""

    connector = CsvFilesConnector
    null = ""
    # fetched to disk and then read as a local file, whose memory TestCsvFiles measures; at this size Arrow's reading ahead hides any figure
    rows, is_bounded = 200_000, False
    scheme: ClassVar[str]

    server: FileServer

    @pytest.fixture(autouse=True)
    def _server(self, file_servers: dict[str, FileServer]) -> Iterator[None]:
        self.server = file_servers[self.scheme]
        yield
        self.server.empty()

    def write(self, table: pa.Table) -> Stated:
        FORMS["csv_files"].write(self.folder / "a.csv", table)
        self.server.put("a.csv", (self.folder / "a.csv").read_bytes())
        return self._stated()

    def cut(self, table: pa.Table) -> Stated:
        self.write(table)
        return self._cut()

    def nowhere(self) -> Stated:
        self.server.put("b.csv", b"a\n1\n")
        return self._stated()

    def _stated(self, **connection: Any) -> Stated:
        secrets = {"PASSWORD": PASSWORD}
        given = {name: value for name, value in {**self.server.connection, **connection}.items() if value is not None}
        return Stated("a.csv", given, {}, secrets, tuple(secrets))

    def _cut(self) -> Stated:
        """The line breaks after a part of the file."""
        assert isinstance(self.server, Sftp | Http | S3)
        cutter = Cutter(self.server.port, 400_000)
        self._cutter = cutter
        place = "endpoint" if self.scheme == "s3" else "root"
        moved = self.server.connection[place].replace(f":{self.server.port}", f":{cutter.port}")
        known = self.folder / "known"
        known.write_text(f"[127.0.0.1]:{cutter.port} {self.server.connection.get('hostKey', 'ssh-rsa AAAA')}\n")
        more = {"hostKey": None, "knownHosts": str(known)} if self.scheme == "sftp" else {}
        return self._stated(**{place: moved}, **more)

    @pytest.fixture(autouse=True)
    def _no_cutter_left(self) -> Iterator[None]:
        yield
        if hasattr(self, "_cutter"):
            self._cutter.stop()


class TestCsvOverSftp(OfServers):
    scheme = "sftp"


class TestCsvOverS3(OfServers):
    scheme = "s3"


class TestCsvOverHttp(OfServers):
    scheme = "http"


class TestCsvOverHttps(OfServers):
    scheme = "https"


class TestCsvOverFtp(OfServers):
    scheme = "ftp"

    @pytest.fixture(autouse=True)
    def _sends_whole_again(self, file_servers: dict[str, FileServer]) -> Iterator[None]:
        server = file_servers[self.scheme]
        assert isinstance(server, Ftp)
        whole = server.handler.dtp_handler
        yield
        server.handler.dtp_handler = whole

    def _cut(self) -> Stated:
        """The connection of the data ends early."""
        assert isinstance(self.server, Ftp)

        class Stopping(self.server.handler.dtp_handler):  # type: ignore[misc]
            def handle_write(self) -> None:
                super().handle_write()
                if self.tot_bytes_sent > 100_000:
                    self.close()

        self.server.handler.dtp_handler = Stopping
        return self._stated(timeoutSeconds=2)


class TestCsvOverFtps(TestCsvOverFtp):
    scheme = "ftps"


class OfDatabases(ConnectorConformance):
    """A table of a database, dropped and made anew."""

    connector = DatabaseConnector
    name: ClassVar[str] = "表 one"

    def create(self, table: pa.Table, quoted: Any, types: dict[str, str]) -> list[str]:
        columns = [f"{quoted(f.name)} {types[str(f.type)]}" for f in table.schema]
        return [f"DROP TABLE IF EXISTS {quoted(self.name)}", f"CREATE TABLE {quoted(self.name)} ({', '.join(columns)})"]


class TestDatabaseOnSqlite(OfDatabases):
    rows = 400_000
    types: ClassVar[dict[str, pa.DataType]] = {name: pa.string() for name in ("exact", "truth", "day", "moment")}

    def write(self, table: pa.Table) -> Stated:
        types = {"string": "TEXT", "int64": "INTEGER", "double": "REAL", "binary": "BLOB"}
        as_text = {str(f.type): "TEXT" for f in table.schema if str(f.type) not in types}
        with contextlib.closing(sqlite3.connect(self.folder / "source.sqlite")) as connection, connection:
            for statement in self.create(table, ident, types | as_text):
                connection.execute(statement)
            marks = ", ".join("?" * table.num_columns)
            rows = zip(*(_sqlite_values(column, types) for column in table.columns), strict=True)
            connection.executemany(f"INSERT INTO {ident(self.name)} VALUES ({marks})", rows)
        return Stated(self.name, {"url": "sqlite:///${ROOM}/source.sqlite"}, {}, {"ROOM": str(self.folder)})

    def cut(self, table: pa.Table) -> Stated:
        stated = self.write(table)
        path = self.folder / "source.sqlite"
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2 + 1])
        return stated

    def nowhere(self) -> Stated:
        return Stated("a", {"url": "sqlite:///${ROOM}/gone.sqlite"}, {}, {"ROOM": str(self.folder)})


def _sqlite_values(column: pa.ChunkedArray, types: dict[str, str]) -> list[Any]:
    values = column.to_pylist()
    return values if str(column.type) in types else [text_of(value) for value in values]


_numbers = itertools.count(1)


class OfServersOfDatabases(OfDatabases):
    """With a password, and through a wire that can be cut."""

    path: ClassVar[str]
    server: Postgres | MariaDb
    url: str
    cable: Cutter | None = None

    @pytest.fixture(autouse=True)
    def _no_cable_left(self) -> Iterator[None]:
        yield
        if self.cable:
            self.cable.stop()

    def stated(self, url: str, port: int | None = None) -> Stated:
        head, _, tail = url.partition("://")
        user, _, place = tail.partition("@")
        database = place.partition("/")[2]
        there = f"127.0.0.1:{port}" if port else place.partition("/")[0]
        url = f"{head}://{user}:${{PASSWORD}}@{there}/{database}"
        return Stated(self.name, {"url": url, "path": self.path}, {}, {"PASSWORD": "s3cret of@ours"}, ("PASSWORD",))

    def cut(self, table: pa.Table) -> Stated:
        self.write(table)
        self.cable = Cutter(self.server.port, 400_000)
        return self.stated(self.url, self.cable.port)

    def nowhere(self) -> Stated:
        return self.stated(self.url, free_port())


class OfPostgres(OfServersOfDatabases):
    types: ClassVar[dict[str, pa.DataType]] = {}
    server: Postgres

    @pytest.fixture(autouse=True)
    def _database(self, postgres: Postgres) -> None:
        self.server = postgres
        self.url = postgres.url(f"conformance_{next(_numbers)}")

    def write(self, table: pa.Table) -> Stated:
        types = {
            "string": "text", "int64": "bigint", "double": "double precision", "decimal128(22, 2)": "numeric(22,2)", "bool": "boolean",
            "date32[day]": "date", "timestamp[us]": "timestamp", "binary": "bytea",
        }  # fmt: skip
        with psycopg.connect(self.url.replace("+psycopg", ""), autocommit=True) as connection:
            for statement in self.create(table, ident, types):
                connection.execute(statement.encode())
            with connection.cursor() as cursor:
                if table.num_rows > 5000:
                    with cursor.copy(f"COPY {ident(self.name)} FROM STDIN (FORMAT csv)".encode()) as copy:
                        copy.write(_csv_bytes(table))
                elif table.num_rows:
                    marks = ", ".join(["%s"] * table.num_columns)
                    rows = [tuple(row.values()) for row in table.to_pylist()]
                    cursor.executemany(f"INSERT INTO {ident(self.name)} VALUES ({marks})".encode(), rows)
        return self.stated(self.url)


class TestDatabaseOnPostgresColumnar(OfPostgres):
    path = "columnar"


class TestDatabaseOnPostgresGeneric(OfPostgres):
    rows = 400_000
    path = "generic"


class OfMariaDb(OfServersOfDatabases):
    types: ClassVar[dict[str, pa.DataType]] = {"truth": pa.int64()}
    # its identifiers have no characters beyond the basic plane
    impossible_names = ("😀",)
    server: MariaDb

    @pytest.fixture(autouse=True)
    def _database(self, mariadb: MariaDb) -> None:
        self.server = mariadb
        self.url = mariadb.database(f"conformance_{next(_numbers)}").replace("root@", "conformance@")
        with mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE USER IF NOT EXISTS conformance IDENTIFIED BY 's3cret of@ours'")
            cursor.execute(f"GRANT ALL ON `{self.url.rpartition('/')[2]}`.* TO conformance")

    def write(self, table: pa.Table) -> Stated:
        types = {
            "string": "text", "int64": "bigint", "double": "double", "decimal128(22, 2)": "decimal(22,2)", "bool": "boolean",
            "date32[day]": "date", "timestamp[us]": "datetime(6)", "binary": "blob",
        }  # fmt: skip
        with self.server.connect(self.url.rpartition("/")[2]) as connection, connection.cursor() as cursor:
            for statement in self.create(table, _backticked, types):
                cursor.execute(statement)
            if table.num_rows > 5000:
                file = self.server.folder / "bulk.csv"
                file.write_bytes(_csv_bytes(table))
                cursor.execute(
                    f"LOAD DATA INFILE {literal(str(file))} INTO TABLE {_backticked(self.name)} FIELDS TERMINATED BY ',' ENCLOSED BY '\"'"
                )
            elif table.num_rows:
                marks = ", ".join(["%s"] * table.num_columns)
                rows = [tuple(row.values()) for row in table.to_pylist()]
                cursor.executemany(f"INSERT INTO {_backticked(self.name)} VALUES ({marks})", rows)
        return self.stated(self.url)


class TestDatabaseOnMariaDbColumnar(OfMariaDb):
    rows = 600_000
    path = "columnar"


class TestDatabaseOnMariaDbGeneric(OfMariaDb):
    rows = 400_000
    path = "generic"


def _backticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _csv_bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pacsv.write_csv(table, sink, pacsv.WriteOptions(include_header=False))
    return sink.getvalue().to_pybytes()


class TestHttpApi(ConnectorConformance):
    """Pages of ten thousand records, asked for with a token."""

    connector = HttpApiConnector
    lists_itself = False
    rows = 200_000

    @pytest.fixture(autouse=True)
    def _interface(self, interface: Interface) -> None:
        self.interface = interface

    def write(self, table: pa.Table) -> Stated:
        size = 10_000

        def respond(parameters: dict[str, str], headers: Any, call: int) -> Answer:
            assert headers["Authorization"] == "Bearer let me in"
            page = int(parameters["page"])
            records = objects(table.slice((page - 1) * size, size))
            return 200, {}, json.dumps({"data": {"items": records, "total": table.num_rows}}).encode()

        self.interface.respond = respond
        return self._stated(self.interface.url)

    def cut(self, table: pa.Table) -> Stated:
        """An answer that is shorter than its head promises."""
        content = json.dumps({"data": {"items": objects(table), "total": table.num_rows}}).encode()
        self.interface.respond = lambda *_: (200, {"Content-Length": str(len(content))}, content[: len(content) // 2])
        return self._stated(self.interface.url)

    def nowhere(self) -> Stated:
        return self._stated(f"http://127.0.0.1:{free_port()}")

    def _stated(self, url: str) -> Stated:
        paging = {"style": "page", "parameter": "page", "sizeParameter": "size", "size": 10_000, "total": "data.total"}
        connection = {"url": "${ADDRESS}", "auth": {"style": "bearer", "token": "${TOKEN}"}, "tries": 1}
        environ = {"ADDRESS": url, "TOKEN": "let me in"}
        return Stated("/v1/things", connection, {"records": "data.items", "paging": paging}, environ, ("TOKEN",))


def test_what_the_suite_calls_seen_is_seen_by_the_check_against_the_contract() -> None:
    it = resource("csv_files", {}, "x", columns=("编号", "甲"))
    assert check_drift(it, ["编号", "甲", "乙"]).added == ("乙",)
    with pytest.raises(SchemaDrift, match="甲"):
        check_drift(it, ["编号"])


def _suites() -> list[type[ConnectorConformance]]:
    return [it for name, it in globals().items() if name.startswith("Test") and issubclass(it, ConnectorConformance)]


def test_the_suite_runs_over_every_kind() -> None:
    assert {suite.connector for suite in _suites()} == {connector_class(kind) for kind in kinds()}


def test_an_unknown_kind_gets_a_hint() -> None:
    with pytest.raises(ConfigurationError, match="csv_files"):
        open_connector(resource("csv_file", {}, "x").system, {})
