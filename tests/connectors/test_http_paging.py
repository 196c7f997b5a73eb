"""Pages turned to their end in every style, and tables that change meanwhile: no row is lost without a word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.bounds import Bounds
from contracts.errors import ConfigurationError, SourceBroken, SourceUnavailable
from contracts.interval import Interval
from tests.connectors.asking import HeldClock, read
from tests.connectors.conftest import ZONE, Interface, answer, resource

PAGE = {"style": "page", "parameter": "page", "sizeParameter": "size", "size": 2, "total": "total"}
OFFSET = {"style": "offset", "parameter": "from", "sizeParameter": "limit", "size": 3}
CURSOR = {"style": "cursor", "parameter": "cursor", "next": "data.next"}
Rows = list[dict[str, Any]]
ROWS: Rows = [{"id": str(n), "changed": "2020-05-04 12:00:00"} for n in range(5)]


def paged(rows: Callable[[int], Rows], size: int = 2, has_total: bool = True) -> Any:
    """Pages of a table that `rows(call)` gives as it stands at each call."""

    def respond(parameters: dict[str, str], headers: Any, call: int) -> Any:
        page, table = int(parameters["page"]), rows(call)
        return answer({"items": table[(page - 1) * size : page * size], **({"total": len(table)} if has_total else {})})

    return respond


def offset(rows: Callable[[int], Rows], most: int = 100) -> Any:
    def respond(parameters: dict[str, str], headers: Any, call: int) -> Any:
        at = int(parameters["from"])
        return answer(rows(call)[at : at + min(int(parameters["limit"]), most)])

    return respond


def test_pages_are_turned_until_the_total_is_reached(interface: Interface) -> None:
    interface.respond = paged(lambda _: ROWS)
    assert read(interface, records="items", paging=PAGE)["id"].to_pylist() == list("01234")
    assert interface.asked == [{"page": str(n), "size": "2"} for n in (1, 2, 3)]


def test_a_total_may_stand_in_a_header(interface: Interface) -> None:
    interface.respond = lambda p, h, call: answer(ROWS[2 * call - 2 : 2 * call], X_Total_Count="6")
    with pytest.raises(SourceUnavailable, match="5 rows came, 6 were told"):
        read(interface, paging={"style": "page", "parameter": "page", "totalHeader": "X-Total-Count"})


def test_without_a_total_a_short_page_is_not_taken_for_the_last(interface: Interface) -> None:
    interface.respond = paged(lambda _: ROWS, size=1)
    paging = {"style": "page", "parameter": "page", "sizeParameter": "size", "size": 100}
    assert read(interface, records="items", paging=paging).num_rows == 5


@pytest.mark.parametrize("most", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 4, 5])
def test_pages_by_offset_give_every_row_once_however_many_the_interface_gives(
    interface: Interface, most: int, rows: int
) -> None:
    interface.respond = offset(lambda _: ROWS[:rows], most)
    assert read(interface, paging=OFFSET)["id"].to_pylist() == list("01234")[:rows]


def test_a_cursor_is_followed_to_its_end(interface: Interface) -> None:
    def respond(parameters: dict[str, str], headers: Any, call: int) -> Any:
        at = int(parameters.get("cursor", 0))
        return answer({"data": {"rows": ROWS[at : at + 2], "next": at + 2 if at + 2 < len(ROWS) else None}})

    interface.respond = respond
    assert read(interface, records="data.rows", paging=CURSOR)["id"].to_pylist() == list("01234")
    assert interface.asked == [{}, {"cursor": "2"}, {"cursor": "4"}]


def test_a_link_is_followed_to_its_end_with_our_secret(interface: Interface) -> None:
    def respond(parameters: dict[str, str], headers: Any, call: int) -> Any:
        if headers["Authorization"] != "Bearer s3cret":
            return answer({}, 401)
        at = int(parameters.get("at", 0))
        links = f'</v1/things?at={at + 2}>; rel="prefetch Next", </v1/things?at=0>; rel=first'
        return answer(ROWS[at : at + 2], Link=links if at + 2 < len(ROWS) else "")

    interface.respond = respond
    assert read(interface, paging={"style": "link"}, parameters={"q": "x"})["id"].to_pylist() == list("01234")
    assert interface.asked == [{"q": "x"}, {"at": "2"}, {"at": "4"}]


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.1:1/v1", "https://127.0.0.1/v1", "//example.org/v1"])
def test_a_link_to_another_address_gets_nothing_from_us(interface: Interface, elsewhere: str) -> None:
    interface.respond = lambda *_: answer(ROWS, Link=f"<{elsewhere}>; rel=next")
    with pytest.raises(SourceBroken, match="leads to another address"):
        read(interface, paging={"style": "link"})


def test_pages_that_lead_back_have_no_end(interface: Interface) -> None:
    interface.respond = lambda p, h, call: answer([{"id": call}], Link="</v1/things?at=1>; rel=next")
    with pytest.raises(SourceBroken, match="no end: a link leads back, after 2 rows"):
        read(interface, paging={"style": "link"})
    interface.respond = lambda p, h, call: answer({"rows": [{"id": call}], "data": {"next": "same"}})
    with pytest.raises(SourceBroken, match="no end: a cursor leads back"):
        read(interface, records="rows", paging=CURSOR)


def test_a_total_that_changes_is_noticed(interface: Interface) -> None:
    interface.respond = lambda p, h, call: answer({"items": ROWS[2 * call - 2 : 2 * call], "total": 4 + call})
    with pytest.raises(
        SourceUnavailable, match=r"changed while it was read: the total went from 5 to 6.*run the interval again"
    ):
        read(interface, records="items", paging=PAGE)


def test_a_total_that_the_rows_do_not_reach_is_noticed(interface: Interface) -> None:
    interface.respond = lambda p, h, call: answer({"items": ROWS[2 * call - 2 : 2 * call], "total": 9})
    with pytest.raises(SourceUnavailable, match="5 rows came, 9 were told"):
        read(interface, records="items", paging=PAGE)


def test_a_page_that_comes_twice_is_noticed(interface: Interface) -> None:
    interface.respond = lambda *_: answer({"items": ROWS[:2], "total": 5})
    with pytest.raises(SourceUnavailable, match="a page came twice, after 2 rows"):
        read(interface, records="items", paging=PAGE)


def test_a_row_deleted_behind_our_back_is_noticed_by_the_overlap(interface: Interface) -> None:
    interface.respond = offset(lambda call: ROWS if call == 1 else ROWS[1:])
    with pytest.raises(SourceUnavailable, match="row 3 is no longer what it was"):
        read(interface, paging=OFFSET)


def test_a_row_added_before_our_page_is_noticed_by_its_key(interface: Interface) -> None:
    new = {"id": "new", "changed": None}
    interface.respond = paged(lambda call: ROWS if call == 1 else [new, *ROWS], has_total=False)
    paging = {"style": "page", "parameter": "page"}
    with pytest.raises(SourceUnavailable, match="a key came on two pages, and a second reading differs"):
        read(interface, records="items", paging=paging, keys=("id",))


def test_a_key_that_stands_twice_in_the_source_itself_is_read_as_it_stands(interface: Interface) -> None:
    doubled = [*ROWS, ROWS[0]]
    interface.respond = paged(lambda _: doubled, size=4)
    assert read(interface, records="items", paging=PAGE, keys=("id",))["id"].to_pylist() == list("012340")
    assert [q["page"] for q in interface.asked] == ["1", "2", "1", "2"]


def test_the_bounds_of_the_watermark_are_sent_as_instants(interface: Interface) -> None:
    more: dict[str, Any] = {"watermark": "changed", "since": "from", "until": "to"}
    read(interface, **more)
    read(interface, None, **more)
    assert interface.asked == [{"from": "2020-05-04T02:00:00+08:00", "to": "2020-05-05T02:00:00+08:00"}, {}]


@pytest.mark.parametrize(
    ("form", "included", "sent"),
    [
        ("local", False, ("2020-05-04 02:00:00", "2020-05-05 02:00:00")),
        ("local", True, ("2020-05-04 02:00:00", "2020-05-05 01:59:59")),
        ("date", False, ("2020-05-04", "2020-05-06")),
        ("date", True, ("2020-05-04", "2020-05-05")),
        ("seconds", True, ("1588528800", "1588615199")),
        ("milliseconds", False, ("1588528800000", "1588615200000")),
    ],
)
def test_bounds_take_the_form_that_the_interface_wants(
    interface: Interface, form: str, included: bool, sent: tuple[str, str]
) -> None:
    read(interface, watermark="changed", since="a", until="b", boundsForm=form, untilIncluded=included)
    assert interface.asked == [{"a": sent[0], "b": sent[1]}]


def test_a_long_span_is_asked_for_in_steps_and_each_step_in_pages(interface: Interface) -> None:
    def respond(parameters: dict[str, str], headers: Any, call: int) -> Any:
        inside = [row for row in rows if parameters["a"] <= row["changed"] < parameters["b"]]
        page = int(parameters["page"])
        return answer({"items": inside[(page - 1) * 2 : page * 2], "total": len(inside)})

    rows = [{"id": str(n), "changed": f"2020-05-{1 + n // 5:02} {n % 5 * 6:02}:00:00"} for n in range(20)]
    interface.respond = respond
    span = Interval(datetime(2020, 4, 1, tzinfo=ZONE), datetime(2020, 5, 5, 2, tzinfo=ZONE))
    more: dict[str, Any] = {
        "watermark": "changed",
        "since": "a",
        "until": "b",
        "boundsForm": "local",
        "stepHours": 36,
        "begin": "2020-05-01",
    }
    table = read(interface, span, records="items", paging=PAGE, **more)
    assert table["id"].to_pylist() == [str(n) for n in range(20)]
    assert interface.asked[0]["a"] == "2020-05-01 00:00:00"


def test_the_whole_source_in_steps_needs_a_beginning(interface: Interface) -> None:
    more: dict[str, Any] = {"watermark": "changed", "since": "a", "until": "b", "boundsForm": "date", "stepHours": 240}
    with pytest.raises(ConfigurationError, match="needs begin"):
        read(interface, None, **more)
    read(interface, None, **more, begin="2020-04-20", clock=HeldClock())
    assert [(q["a"], q["b"]) for q in interface.asked] == [("2020-04-19", "2020-04-29"), ("2020-04-29", "2020-05-07")]


@given(
    hours=st.integers(1, 1000), length=st.integers(1, 60 * 24 * 90), start=st.integers(0, 10**6), form=st.sampled_from(["iso", "seconds", "date"]),
    back=st.integers(0, 48),
)  # fmt: skip
def test_steps_leave_no_gap_and_no_overlap(hours: int, length: int, start: int, form: str, back: int) -> None:
    it = resource("http_api", {}, "/", columns=("changed",), watermark="changed")
    begin = datetime(1985, 4, 1, tzinfo=ZONE) + timedelta(
        minutes=start
    )  # summer time was kept in China from 1986 to 1991
    interval = Interval(begin, begin + timedelta(minutes=length))
    stated = {
        "since": "a",
        "until": "b",
        "boundsForm": form,
        "untilIncluded": False,
        "stepHours": hours * (24 if form == "date" else 1),
    }
    steps = list(Bounds.stated(stated, it).parameters(it, interval, interval.end))
    assert all(one["b"] == two["a"] for one, two in pairwise(steps))
    assert all(step["a"] < step["b"] for step in steps if form != "iso")
    first, last = steps[0]["a"], steps[-1]["b"]
    if form == "date":
        assert first == f"{begin:%Y-%m-%d}" and last >= f"{interval.end:%Y-%m-%d}"
    else:
        form_of = {"iso": lambda t: t.isoformat(), "seconds": lambda t: int(t.timestamp())}[form]
        assert (first, last) == (form_of(interval.start.astimezone(ZONE)), form_of(interval.end.astimezone(ZONE)))
