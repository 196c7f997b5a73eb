"""A life told at the desk counts in the rate by the ledger's own word, and a line of the city's register lives on here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sharing.delivery.deliver import deliver
from sharing.delivery.night import night
from sharing.delivery.ways import Way, Ways
from sharing.delivery.work import Work
from sharing.rate import compute
from sharing.requests import states
from tests.sharing.rate_city import verdict
from tests.sharing.requests.desk_city import BUREAU, CIVIL, POLICE, DeskCity


@pytest.fixture
def own(tmp_path: Path) -> DeskCity:
    """A city with a lake of the test's own."""
    return DeskCity(tmp_path, in_memory=True)


def test_a_line_that_lived_here_holds_by_the_ledgers_own_word(own: DeskCity) -> None:
    for resource in ("police.resident", "tax.taxpayer"):
        own.load(resource, 1)
    own.load_register(1)
    line = own.submit(0)
    own.act(1, "receive", line, POLICE)
    own.act(2, "return", line, POLICE)
    own.act(3, "supplement", line, CIVIL)
    own.act(4, "grant", line, POLICE, unmasked=["name", "number"])
    desk = own.desk(5)
    deliver(Work(own.connection, own.settings, own.city, Ways(), desk.recorded_at, desk.recorded_at), line, Way("csv"))
    assert own.standing(line, 5).state == states.DELIVERED

    own.load("police.resident", 2)
    own.load_register(2)
    night(own.connection, own.settings, own.city, own.as_of(2), own.as_of(2))
    found = verdict(compute(own.connection, own.city, own.as_of(2)), line)
    assert (found["valid"], found["due"], found["holds"], found["on_time"], found["reasons"]) == (
        True,
        True,
        True,
        True,
        [],
    )
    basis = json.loads(found["basis"])
    assert {
        name: basis[name] for name in ("grant", "fields_granted", "delivery", "probe", "clock", "on_time")
    } == dict.fromkeys(("grant", "fields_granted", "delivery", "probe", "clock", "on_time"), "ledger")

    own.act(30, "suspend", line, BUREAU, filing="")
    assert verdict(compute(own.connection, own.city, own.desk(31).recorded_at), line)["reasons"][0] == "grant_suspended"
    own.act(32, "withdraw", line, CIVIL)
    night(own.connection, own.settings, own.city, own.desk(33).recorded_at, own.desk(33).recorded_at)
    assert own.told(line)[-1].kind == "disposed"
    assert not own.standing(line).is_with_requester


def test_a_line_of_the_register_lives_on_here_and_the_next_import_undoes_nothing(own: DeskCity) -> None:
    own.undelivered("GX-1")
    own.undelivered("GX-2")
    own.load_register(1)
    assert own.standing("GX-1").state == states.RECEIVED
    own.act(0, "return", "GX-1", POLICE)
    own.act(1, "supplement", "GX-1", CIVIL)
    own.act(2, "refuse", "GX-2", POLICE)
    own.act(3, "confirm", "GX-2", BUREAU)

    own.undelivered("GX-1", received_at="2020-01-07 10:00:00")
    own.load_register(2)
    own.act(24, "grant", "GX-1", POLICE, valid_to=own.city.start.replace(year=2021))
    own.load_register(3)
    assert [e.kind for e in own.told("GX-1")] == [
        "submitted", "received", "returned", "supplemented", "retracted", "received", "granted",
    ]  # fmt: skip
    assert {e.source for e in own.told("GX-1") if e.kind == "retracted"} == {"register"}
    assert (own.standing("GX-1").state, own.standing("GX-2").state) == (states.GRANTED, states.REFUSAL_CONFIRMED)


def test_a_register_has_no_say_in_a_line_that_was_submitted_here(own: DeskCity) -> None:
    own.undelivered("GX-1")
    own.load_register(1)
    line = own.received()
    own.line(line, fields="nickname")
    own.load_register(2)
    assert {e.source for e in own.told(line)} == {"landbridge"}
    assert (own.standing(line).state, own.standing(line).fields) == (states.RECEIVED, ("name", "number"))
