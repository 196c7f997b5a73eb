"""Files that lie on a server: the same records as from a local folder, or an error that says what to do – against real servers."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.conformance.source import texts
from connectors.files.file_kind import FileKind
from connectors.registry import open_connector
from contracts.errors import ConfigurationError, LandbridgeError, SourceBroken, SourceUnavailable
from contracts.model import Resource
from tests.connectors.conftest import NIGHT, resource
from tests.connectors.reading import read_all
from tests.connectors.sources import FORMS
from tests.file_servers import PASSWORD, S3, SERVERS, Cutter, FileServer, Ftp, Http, Sftp, free_port

SECRETS = {"PASSWORD": PASSWORD}


@pytest.fixture(params=list(SERVERS))
def server(request: pytest.FixtureRequest, file_servers: dict[str, FileServer]) -> Iterator[FileServer]:
    yield file_servers[request.param]
    file_servers[request.param].empty()


def delivered(server: FileServer, pattern: str, kind: str = "csv_files", **changed: Any) -> Resource:
    connection = {name: value for name, value in {**server.connection, **changed}.items() if value is not None}
    return resource(kind, connection, pattern)


def refusal(it: Resource) -> LandbridgeError:
    with pytest.raises(LandbridgeError) as raised:
        read_all(it, SECRETS)
    assert PASSWORD not in str(raised.value) and PASSWORD not in repr(raised.value.args)
    return raised.value


def test_patterns_find_the_files_of_the_night_wherever_they_lie(server: FileServer, tmp_path: Path) -> None:
    server.put("in/甲 1_20200504.csv", "编号,名\n1,张\n".encode())
    server.put("in/甲 2_20200504.csv", b"\xef\xbb\xbf" + "编号,名\n2,李\n".encode())
    server.put("in/deep/乙_20200504.csv", "编号,名\n3,王\n".encode())
    server.put("in/甲_20200503.csv", b"other\n1\n")
    server.put("in/.甲_20200504.csv", b"hidden\n1\n")
    server.put("100%.csv", b"a\n1\n")
    environ = {**SECRETS, "LANDBRIDGE_HOME": str(tmp_path)}
    for pattern, ids in (
        ("in/*_{date}.csv", "12"),
        ("**/*_{date}.csv", "312"),
        ("in/甲 [1]_{date}.csv", "1"),
        ("in/deep/乙_{date}.csv", "3"),
    ):
        table, _ = read_all(delivered(server, pattern), environ)
        assert sorted(table["编号"].to_pylist()) == sorted(ids), pattern
    assert read_all(delivered(server, "100%.csv"), environ)[0].to_pylist() == [{"a": "1"}]
    assert list((tmp_path / "spool").iterdir()) == [], "nothing of what was fetched is left"


def test_every_kind_of_files_gives_from_a_server_what_it_gives_locally(server: FileServer, tmp_path: Path) -> None:
    columns = ("编号", "备注")
    for kind, form in FORMS.items():
        folder = tmp_path / kind
        folder.mkdir()
        for n, rows in enumerate(((["007", "08"], ["x", "值 😀"]), (["1.10"], ["y"]))):
            form.write(folder / f"part-{n}{form.suffix}", texts(dict(zip(columns, rows, strict=True))))
        local = resource(kind, {"root": "${ROOM}"}, f"part-*{form.suffix}", columns=columns)
        local.source.update(form.stated(columns))
        for path in sorted(folder.glob("part-*")):
            server.put(f"{kind}/{path.name}", path.read_bytes())
        it = delivered(server, f"{kind}/{local.physical_name}", kind)
        far = replace(local, system=it.system, physical_name=it.physical_name)
        table = read_all(far, SECRETS)[0]
        assert table.equals(read_all(local, {"ROOM": str(folder)})[0]), kind
        assert table["编号"].to_pylist() == ["007", "08", "1.10"], kind


def test_a_file_without_its_marker_or_still_growing_is_waited_for(server: FileServer) -> None:
    server.put("in/a.csv", b"a\n1\n")
    it = delivered(server, "in/a.csv", complete={"marker": "{stem}.ok"})
    assert "in/a.ok is not there" in refusal(it).what
    server.put("in/a.ok", b"")
    assert read_all(it, SECRETS)[0].num_rows == 1
    stop = threading.Event()

    def write_on() -> None:
        content = b"a\n"
        while not stop.is_set():
            content += b"1\n"
            server.put("in/a.csv", content)
            time.sleep(0.01)

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        assert isinstance(refusal(delivered(server, "in/a.csv", complete={"stable": 0.3})), SourceUnavailable)
    finally:
        stop.set()
        writer.join()


def test_what_is_not_there_is_waited_for(server: FileServer) -> None:
    server.put("in/a.csv", b"a\n1\n")
    for pattern in ("in/b.csv", "in/*.xml", "out/*.csv"):
        error = refusal(delivered(server, pattern))
        assert isinstance(error, SourceUnavailable), pattern
    root = server.connection["root"]
    error = refusal(delivered(server, "in/*.csv", root=f"{root.rstrip('/')}/nowhere"))
    assert isinstance(error, SourceUnavailable)


def test_errors_name_the_address_and_nothing_secret(server: FileServer) -> None:
    server.put("in/a.csv", b"a,b\n1,2\n3")
    error = refusal(delivered(server, "in/*.csv"))
    assert isinstance(error, SourceBroken)
    assert error.where == f"{server.connection['root'].rstrip('/')}/in/a.csv"


def test_what_was_read_is_told_and_a_later_change_noticed(server: FileServer) -> None:
    server.put("a.csv", b"a\n1\n")
    server.put("b.csv", b"a\n2\n")
    it = delivered(server, "*.csv")
    connector = open_connector(it.system, SECRETS)
    assert isinstance(connector, FileKind)
    list(connector.read(it, NIGHT))
    read = connector.read_files
    assert [(file.name, file.size) for file in read] == [("a.csv", 4), ("b.csv", 4)]
    assert read[0].sha256 == hashlib.sha256(b"a\n1\n").hexdigest()
    assert connector.changed_files(it, NIGHT, read) == ()
    server.put("b.csv", b"a\n2\n3\n")
    server.put("c.csv", b"a\n4\n")
    assert set(connector.changed_files(it, NIGHT, read)) >= {"c.csv"}


def test_files_are_listed_for_drafting(server: FileServer) -> None:
    server.put("in/m_20200503.csv", b"a,b\n1,2\n")
    server.put("in/m_20200504.csv", b"a;b\n1;2\n")
    it = delivered(server, "x")
    listed = list(open_connector(it.system, SECRETS).resources())
    assert [(t.physical_name, dict(t.source)) for t in listed] == [
        ("in/m_{date}.csv", {"encoding": "utf-8", "delimiter": ";"})
    ]


@pytest.mark.parametrize("name", ["ftp", "ftps"])
def test_a_refused_password_is_a_matter_of_configuration(name: str, file_servers: dict[str, FileServer]) -> None:
    assert isinstance(refusal(delivered(file_servers[name], "*.csv", password="wrong")), ConfigurationError)


@pytest.mark.parametrize("name", ["ftps", "https"])
def test_a_certificate_that_is_not_trusted_is_refused(name: str, file_servers: dict[str, FileServer]) -> None:
    error = refusal(delivered(file_servers[name], "*.csv", authority=None))
    assert isinstance(error, ConfigurationError)
    assert "certificate" in error.what


def test_sftp_talks_to_no_server_whose_key_is_not_the_known_one(
    file_servers: dict[str, FileServer], tmp_path: Path
) -> None:
    server = file_servers["sftp"]
    assert isinstance(server, Sftp)
    server.put("a.csv", b"a\n1\n")
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {server.public_key('host')}\n")
    assert read_all(delivered(server, "a.csv", hostKey=None, knownHosts=str(known)), SECRETS)[0].num_rows == 1
    known.write_text(f"elsewhere {server.public_key('host')}\n")
    for wrong in ({"hostKey": server.public_key("other")}, {"hostKey": None, "knownHosts": str(known)}):
        error = refusal(delivered(server, "a.csv", **wrong))
        assert isinstance(error, ConfigurationError)
        assert "host key" in error.what
    assert "nobody can tell" in refusal(delivered(server, "a.csv", hostKey=None)).what
    error = refusal(delivered(server, "a.csv", key=str(server.folder / "other"), password=None))
    assert (type(error), error.what) == (ConfigurationError, "the server refuses")


@pytest.mark.parametrize("name", ["sftp", "http", "s3"])
def test_a_line_that_breaks_in_the_middle_is_waited_for_and_leaves_nothing(
    name: str, file_servers: dict[str, FileServer], tmp_path: Path
) -> None:
    server = file_servers[name]
    assert isinstance(server, Sftp | Http | S3)
    server.put("a.csv", b"a,b\n" + b"1,2\n" * 500_000)
    cutter = Cutter(server.port, 1_000_000)
    try:
        place = "endpoint" if name == "s3" else "root"
        moved = server.connection[place].replace(f":{server.port}", f":{cutter.port}")
        known = tmp_path / "known"
        known.write_text(f"[127.0.0.1]:{cutter.port} {server.connection.get('hostKey', 'ssh-rsa AAAA')}\n")
        changed = {place: moved, **({"hostKey": None, "knownHosts": str(known)} if name == "sftp" else {})}
        it = delivered(server, "a.csv", **changed)
        with pytest.raises(SourceUnavailable):
            read_all(it, {**SECRETS, "LANDBRIDGE_HOME": str(tmp_path)})
        assert list((tmp_path / "spool").iterdir()) == []
    finally:
        cutter.stop()
        server.empty()


def test_an_ftp_server_that_stops_sending_is_waited_for(file_servers: dict[str, FileServer]) -> None:
    server = file_servers["ftp"]
    assert isinstance(server, Ftp)
    server.put("a.csv", b"a,b\n" + b"1,2\n" * 500_000)
    whole = server.handler.dtp_handler

    class Stopping(whole):  # type: ignore[misc, valid-type]
        def handle_write(self) -> None:
            super().handle_write()
            if self.tot_bytes_sent > 300_000:
                self.close()

    server.handler.dtp_handler = Stopping
    try:
        with pytest.raises(SourceUnavailable):
            read_all(delivered(server, "a.csv", timeoutSeconds=1), SECRETS)
    finally:
        server.handler.dtp_handler = whole
        server.empty()


def test_an_ftp_server_may_write_its_names_in_gbk(file_servers: dict[str, FileServer]) -> None:
    server = file_servers["ftp"]
    assert isinstance(server, Ftp)
    server.put("婚姻/登记.csv", b"a\n1\n")
    server.handler.encoding = "gb18030"
    try:
        assert read_all(delivered(server, "婚姻/*.csv"), SECRETS)[0].num_rows == 1
        assert read_all(delivered(server, "*/登记.csv"), SECRETS)[0].num_rows == 1
    finally:
        server.handler.encoding = "utf8"
        server.empty()


@pytest.mark.parametrize("scheme", ["sftp", "ftp", "ftps", "http", "s3"])
def test_a_server_that_is_down_is_waited_for(scheme: str, file_servers: dict[str, FileServer]) -> None:
    port = free_port()
    place = {"endpoint": f"http://127.0.0.1:{port}"} if scheme == "s3" else {"root": f"{scheme}://127.0.0.1:{port}/x"}
    assert isinstance(refusal(delivered(file_servers[scheme], "*.csv", timeoutSeconds=1, **place)), SourceUnavailable)


def test_a_password_in_the_address_is_refused_unseen(file_servers: dict[str, FileServer]) -> None:
    it = delivered(file_servers["ftp"], "a.csv", root="ftp://me:${PASSWORD}@127.0.0.1/")
    assert "holds a user or password" in refusal(it).what


def test_an_index_page_cannot_lead_out_of_its_folder(file_servers: dict[str, FileServer]) -> None:
    server = file_servers["http"]
    server.put("secret.csv", b"a\nno\n")
    server.put("in/a.csv", b"a\n1\n")
    links = [
        "a.csv",
        "../secret.csv",
        "/secret.csv",
        "http://127.0.0.1:1/b.csv",
        "?C=N",
        "%2e%2e%2fsecret.csv",
        "//x/y.csv",
        "javascript:x.csv",
    ]
    server.put("in/index.html", "".join(f"<a href='{link}'>x</a>" for link in links).encode())
    assert read_all(delivered(server, "in/*.csv"))[0].to_pylist() == [{"a": "1"}]
    server.empty()
