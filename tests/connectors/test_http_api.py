"""HTTP interfaces: pages, cursors, tokens, patience – and tables that change while they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connectors import http_answers
from connectors.registry import open_connector
from contracts.errors import ConfigurationError, SourceBroken, SourceUnavailable
from contracts.interval import Interval
from tests.connectors.conftest import NIGHT, Interface, answer, resource

PAGE = {"style": "page", "parameter": "page", "sizeParameter": "size", "size": 2, "total": "total"}
CURSOR = {"style": "cursor", "parameter": "cursor", "next": "data.next"}
ROWS = [{"id": str(n), "changed": "2020-05-04 12:00:00"} for n in range(5)]


def read(
    interface: Interface,
    interval: Interval | None = NIGHT,
    tries: int = 3,
    environ: dict[str, str] | None = None,
    **more: Any,
) -> pa.Table:
    connection = {"url": interface.url, "token": "${TOKEN}", "tries": tries, "timeoutSeconds": 5}
    it = resource("http_api", connection, "/v1/things", **{"columns": ("id", "changed"), **more})
    return pa.Table.from_batches(
        list(open_connector(it.system, {"TOKEN": "s3cret", **(environ or {})}).read(it, interval))
    )


def paged(rows: list[dict[str, str]], size: int = 2, **more: Any) -> Any:
    def respond(parameters: dict[str, str], headers: Any, call: int) -> Any:
        page = int(parameters["page"])
        return answer({"items": rows[(page - 1) * size : page * size], "total": len(rows), **more})

    return respond


def test_pages_are_turned_until_the_total_is_reached(interface: Interface) -> None:
    interface.respond = paged(ROWS)
    assert read(interface, records="items", paging=PAGE)["id"].to_pylist() == list("01234")
    assert interface.asked == [{"page": str(n), "size": "2"} for n in (1, 2, 3)]


def test_without_a_total_a_short_page_is_not_taken_for_the_last(interface: Interface) -> None:
    interface.respond = paged(ROWS, size=1)
    paging = {"style": "page", "parameter": "page", "sizeParameter": "size", "size": 100}
    assert read(interface, records="items", paging=paging).num_rows == 5


def test_a_cursor_is_followed_to_its_end(interface: Interface) -> None:
    def respond(parameters: dict[str, str], headers: Any, call: int) -> Any:
        at = int(parameters.get("cursor", 0))
        return answer({"data": {"rows": ROWS[at : at + 2], "next": at + 2 if at + 2 < len(ROWS) else None}})

    interface.respond = respond
    assert read(interface, records="data.rows", paging=CURSOR)["id"].to_pylist() == list("01234")
    assert interface.asked == [{}, {"cursor": "2"}, {"cursor": "4"}]


def test_without_paging_one_answer_is_the_table(interface: Interface) -> None:
    interface.respond = lambda *_: answer([{"id": 1.50, "changed": None}])
    interface.respond = lambda *_: (200, {}, b'[{"id": 1.50, "changed": null, "deep": {"a": 1.0}}]')
    assert read(interface).to_pylist() == [{"id": "1.50", "changed": None, "deep": '{"a": 1.0}'}]


def test_the_token_is_sent_and_a_refused_one_is_a_mistake_of_configuration(interface: Interface) -> None:
    def respond(parameters: dict[str, str], headers: Any, call: int) -> Any:
        return answer([]) if headers["Authorization"] == "Bearer s3cret" else answer({}, 401)

    interface.respond = respond
    assert read(interface).column_names == ["id", "changed"]
    with pytest.raises(ConfigurationError, match="refuses the token") as raised:
        read(interface, environ={"TOKEN": "wr0ng"})
    assert "wr0ng" not in str(raised.value)


def test_the_bounds_of_the_watermark_are_sent_as_instants(interface: Interface) -> None:
    more: dict[str, Any] = {"watermark": "changed", "since": "from", "until": "to"}
    read(interface, **more)
    read(interface, None, **more)
    assert interface.asked == [{"from": "2020-05-04T02:00:00+08:00", "to": "2020-05-05T02:00:00+08:00"}, {}]


def test_a_busy_interface_is_asked_again(interface: Interface) -> None:
    interface.respond = lambda p, h, call: answer({}, 503, Retry_After="0") if call < 3 else answer(ROWS)
    assert read(interface).num_rows == 5


def test_a_wait_follows_the_interface_within_limits(interface: Interface, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(http_answers.time, "sleep", waits.append)
    asked = {1: {}, 2: {"Retry_After": "7"}, 3: {"Retry_After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 4: {}}
    interface.respond = lambda p, h, call: answer({}, 429, **asked[call]) if call < 5 else answer(ROWS)
    assert read(interface, tries=5).num_rows == 5
    assert waits == [1, 7, 0, 8]


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


def test_a_total_that_changes_is_noticed(interface: Interface) -> None:
    interface.respond = lambda p, h, call: answer({"items": ROWS[2 * call - 2 : 2 * call], "total": 4 + call})
    with pytest.raises(
        SourceBroken, match=r"changed while it was read: the total went from 5 to 6.*run the interval again"
    ):
        read(interface, records="items", paging=PAGE)


def test_a_total_that_the_rows_do_not_reach_is_noticed(interface: Interface) -> None:
    interface.respond = lambda p, h, call: answer({"items": ROWS[2 * call - 2 : 2 * call], "total": 9})
    with pytest.raises(SourceBroken, match="5 rows came, 9 were told"):
        read(interface, records="items", paging=PAGE)


def test_a_page_that_comes_twice_is_noticed(interface: Interface) -> None:
    interface.respond = lambda *_: answer({"items": ROWS[:2], "total": 5})
    with pytest.raises(SourceBroken, match="a page came twice, after 2 rows"):
        read(interface, records="items", paging=PAGE)


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


def test_a_cursor_needs_next(interface: Interface) -> None:
    with pytest.raises(ConfigurationError, match="needs `next`"):
        read(interface, paging={"style": "cursor", "parameter": "c"})
