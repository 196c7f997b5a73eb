"""HTTP interfaces: what is asked, what patience there is, and which answers are no table."""

from __future__ import annotations

import json
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from connectors.http import answers as http_answers
from connectors.registry import open_connector
from contracts.errors import ConfigurationError, SourceBroken, SourceUnavailable
from tests.connectors.asking import HeldClock, read
from tests.connectors.conftest import NIGHT, Interface, answer, resource

ROWS = [{"id": str(n), "changed": "2020-05-04 12:00:00"} for n in range(5)]


def test_without_paging_one_answer_is_the_table(interface: Interface) -> None:
    interface.respond = lambda *_: (200, {}, b'[{"id": 1.50, "changed": null, "deep": {"a": 1.0}}]')
    assert read(interface).to_pylist() == [{"id": "1.50", "changed": None, "deep": '{"a": 1.0}'}]


def test_a_busy_interface_is_asked_again(interface: Interface) -> None:
    interface.respond = lambda p, h, call: answer({}, 503, Retry_After="0") if call < 3 else answer(ROWS)
    assert read(interface).num_rows == 5


def test_an_interface_that_stays_down_is_unavailable(interface: Interface) -> None:
    interface.respond = lambda *_: answer({}, 502, Retry_After="0")
    with pytest.raises(SourceUnavailable, match="HTTP 502, tried 3 times"):
        read(interface)
    assert len(interface.asked) == 3


def test_an_interface_that_asks_for_an_hour_is_left_to_the_next_run(interface: Interface) -> None:
    interface.respond = lambda *_: answer({}, 503, Retry_After="3600")
    with pytest.raises(SourceUnavailable, match="3600 seconds"):
        read(interface)
    assert len(interface.asked) == 1


def test_a_refused_connection_is_unavailable(interface: Interface) -> None:
    url = interface.url.rpartition(":")[0] + ":1"
    it = resource("http_api", {"url": url, "tries": 1}, "/")
    with pytest.raises(SourceUnavailable, match="ConnectError"):
        next(open_connector(it.system, {}).read(it, NIGHT))


def test_a_proxy_of_the_environment_is_not_used(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert read(interface).num_rows == 0


@pytest.mark.parametrize(
    ("response", "what"),
    [
        (answer({}, 404), "HTTP 404"),
        (answer({}, 302, Location="http://127.0.0.1:1/login"), "HTTP 302"),
        ((200, {"Content-Type": "text/html"}, b"<html>login</html>"), r"no JSON \(text/html\)"),
        (answer({"items": []}), "no list of records at 'data.items'"),
        (answer({"data": {"items": [1]}}), "no list of records at 'data.items'"),
    ],
)
def test_an_answer_that_is_no_table_is_broken(interface: Interface, response: Any, what: str) -> None:
    interface.respond = lambda *_: response
    with pytest.raises(SourceBroken, match=what):
        read(interface, records="data.items")


def test_an_answer_without_end_is_not_taken_into_memory(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_answers, "_LARGEST_ANSWER", 1 << 20)
    interface.respond = lambda *_: (200, {}, b" " * (3 << 20))
    with pytest.raises(SourceBroken, match="larger than 1 MiB"):
        read(interface)


def test_pages_on_disk_have_no_name_and_leave_nothing(interface: Interface, tmp_path: Path) -> None:
    interface.respond = lambda *_: answer(ROWS)
    it = resource("http_api", {"url": interface.url}, "/v1/things")
    batches = open_connector(it.system, {"LANDBRIDGE_HOME": str(tmp_path)}).read(it, NIGHT)
    next(batches)
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_wait_follows_the_interface_and_otherwise_doubles(interface: Interface) -> None:
    clock = HeldClock()
    asked = {1: {}, 2: {"Retry_After": "7"}, 3: {"Retry_After": "Tue, 05 May 2020 02:10:20 GMT"}, 4: {}}
    interface.respond = lambda p, h, call: answer({}, 429, **asked[call]) if call < 5 else answer(ROWS)
    assert read(interface, connection={"tries": 5}, clock=clock).num_rows == 5
    assert clock.waits == [1, 7, 12, 8]


def test_no_more_is_asked_a_second_than_stated(interface: Interface) -> None:
    clock = HeldClock()
    interface.respond = lambda p, h, call: answer([{"id": call}] if call < 4 else [])
    paging = {"style": "page", "parameter": "p"}
    assert read(interface, connection={"requestsPerSecond": 0.5}, paging=paging, clock=clock).num_rows == 3
    assert clock.waits == [2, 2, 2]


def test_a_post_carries_pages_and_bounds_in_its_body(interface: Interface) -> None:
    rows = [{"id": n} for n in range(3)]

    def respond(parameters: dict[str, Any], headers: Any, call: int) -> Any:
        page = parameters["page"]["no"]
        return answer({"code": 0, "data": rows[(page - 1) * 2 : page * 2], "total": 3})

    interface.respond = respond
    table = read(
        interface, columns=("id", "changed"), watermark="changed", method="POST", path="/v1/query?app=x", since="from", until="range.to",
        body={"table": "things_{date}", "page": {"order": "id"}, "flags": [1, True, None]}, parameters={"version": 2}, records="data",
        paging={"style": "page", "parameter": "page.no", "sizeParameter": "page.size", "size": 2, "total": "total"},
    )  # fmt: skip
    assert table["id"].to_pylist() == ["0", "1", "2"]
    assert [q[:2] for q in interface.questions] == [("POST", "/v1/query?app=x&version=2")] * 2
    assert interface.asked[0] == {
        "app": "x", "version": "2", "table": "things_20200504", "page": {"order": "id", "no": 1, "size": 2}, "flags": [1, True, None],
        "from": "2020-05-04T02:00:00+08:00", "range": {"to": "2020-05-05T02:00:00+08:00"},
    }  # fmt: skip


def test_a_failure_that_answers_200_is_a_failure(interface: Interface) -> None:
    success = {"path": "code", "values": [0, "200"], "busy": ["429"]}
    interface.respond = lambda p, h, call: answer({"code": 429 if call < 3 else "0", "data": ROWS})
    assert read(interface, records="data", success=success).num_rows == 5
    interface.respond = lambda *_: answer({"code": 500, "data": []})
    with pytest.raises(SourceBroken, match="reports a failure: 'code' is '500'"):
        read(interface, records="data", success=success)
    interface.respond = lambda *_: answer({"data": []})
    with pytest.raises(SourceBroken, match="'code' is 'null'"):
        read(interface, records="data", success=success)


def test_an_interface_cannot_list_itself() -> None:
    it = resource("http_api", {"url": "http://127.0.0.1:1"}, "/")
    with pytest.raises(ConfigurationError, match=r"cannot list itself.*--table /path"):
        list(open_connector(it.system, {}).resources())


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"paging": {"style": "cursor", "parameter": "c"}}, "source.paging: next is missing"),
        ({"paging": {"style": "pages"}}, "unknown style 'pages'.*page"),
        ({"paging": {"parameter": "p"}}, "style is missing; it is one of page, offset, cursor, link"),
        ({"paging": {"style": "link", "parameter": "p"}}, "source.paging: unknown setting 'parameter'"),
        ({"records": "data[?x]"}, "is no path"),
        ({"body": {}}, "body needs `method: POST`"),
        ({"stepHours": 24}, "stepHours needs since, until and a watermark"),
    ],
)
def test_settings_that_do_not_fit_are_refused_before_anything_is_asked(
    interface: Interface, settings: dict[str, Any], what: str
) -> None:
    with pytest.raises(ConfigurationError, match=what):
        read(interface, **settings)
    assert interface.asked == []


def test_an_answer_in_gbk_that_says_so_is_read(interface: Interface) -> None:
    body = json.dumps([{"id": "张三", "changed": None}], ensure_ascii=False).encode("gbk")
    interface.respond = lambda *_: (200, {"Content-Type": "application/json; charset=GBK"}, body)
    assert read(interface)["id"].to_pylist() == ["张三"]


def test_a_certificate_is_checked_against_the_stated_authority(interface: Interface, tmp_path: Path) -> None:
    certificate, key = tmp_path / "authority.pem", tmp_path / "key.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=test",
    ]
    subprocess.run(
        ["openssl", *words, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], check=True, capture_output=True
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    interface.server.socket = context.wrap_socket(interface.server.socket, server_side=True)
    connection = {"url": interface.url.replace("http:", "https:"), "authority": str(certificate)}
    assert read(interface, connection=connection).num_rows == 0
    with pytest.raises(ConfigurationError, match="certificate is not trusted"):
        read(interface, connection={"url": connection["url"]})
    with pytest.raises(ConfigurationError, match="authority is no file of certificates"):
        read(interface, connection={**connection, "authority": str(tmp_path / "gone.pem")})
