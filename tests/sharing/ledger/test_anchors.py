"""The chain's head outside every day: written once, checked before the next, and missed when it does not come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.errors import LedgerBroken
from sharing.ledger.anchors import alarms, anchor_line
from sharing.ledger.findings import Finding
from tests.sharing.ledger.ledger_lake import MONDAY, Ledger, Statements, event, rewritten, story


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path)
    yield made
    made.close()


def files(ledger: Ledger) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(ledger.settings.anchors.iterdir())}


def alarmed(ledger: Ledger, day: int) -> list[Finding]:
    today = (MONDAY + timedelta(days=day)).date()
    return alarms(ledger.connection, ledger.settings.anchors, today, ledger.settings.anchor_days)


def test_the_same_day_again_changes_no_file_and_a_chain_that_has_grown_adds_one(ledger: Ledger) -> None:
    assert ledger.anchor(0) is None
    ledger.tell(*story(1, 2))
    ledger.anchor(0)
    first = files(ledger)
    ledger.anchor(0)
    assert files(ledger) == first

    ledger.tell(*story(3, 1))
    ledger.anchor(0)
    (head,) = (e for e in ledger.kept() if e.number == 6)
    assert files(ledger) == {
        **first,
        "2020-05-04-6.json": f'{{"city":"testville","day":"2020-05-04","hash":"{head.hash}","number":6,"recorded_at":"2020-05-04T01:00:00.000000Z"}}\n',
    }


def test_a_clock_that_went_back_is_held_at_the_newest_day(ledger: Ledger) -> None:
    ledger.tell(*story(1, 1))
    ledger.anchor(3)
    ledger.tell(*story(2, 1), recorded_at=MONDAY)
    ledger.anchor(1)
    assert [*files(ledger)] == ["2020-05-07-2.json", "2020-05-07-4.json"]
    assert ledger.verify(3) == []


def test_a_chain_that_is_no_longer_the_anchored_one_is_not_anchored_again(ledger: Ledger) -> None:
    ledger.tell(*story(1, 2))
    ledger.anchor(0)
    before = files(ledger)
    storage = Statements(ledger)
    forged = rewritten(ledger.kept(), 2, lambda told: event("received", 1, line=told.line_id))
    storage.put(forged)
    storage.put_heads((4, forged[-1].hash))
    for day in (0, 1):
        with pytest.raises(LedgerBroken, match="changed or cut off after entry 0"):
            ledger.anchor(day)
    assert files(ledger) == before
    assert [(f.what, f.number) for f in alarmed(ledger, 0)] == [("anchor", 4)]


def test_an_anchor_older_than_two_days_is_an_alarm_once_entries_were_recorded_since(ledger: Ledger) -> None:
    ledger.tell(*story(1, 1))
    assert [alarmed(ledger, day) != [] for day in (2, 3)] == [False, True]
    ledger.anchor(0)
    assert alarmed(ledger, 30) == []
    ledger.tell(*story(2, 1), recorded_at=MONDAY + timedelta(days=1))
    assert alarmed(ledger, 2) == []
    (stale,) = alarmed(ledger, 3)
    assert "the newest anchor is of 2020-05-04, while entries were recorded since 2020-05-05" in str(stale)
    assert ledger.verify(3) == [stale]
    ledger.anchor(3)
    assert alarmed(ledger, 3) == []


def test_an_anchor_of_a_day_still_to_come_hides_no_staleness(ledger: Ledger) -> None:
    ledger.tell(*story(1, 1))
    ledger.anchor(9)
    assert [(f.what, f.place) for f in ledger.verify(0)] == [("ahead", "2020-05-13-2.json")]


@pytest.mark.parametrize(
    ("old", "new"),
    [('"number":4', '"number":3'), ("2020-05-05", "2020-05-06"), ("testville", "elsewhere"), ('"hash":"', '"hash":"0'), ("}\n", "}"), ("{", "["), (":", ": ")],
)  # fmt: skip
def test_an_anchor_s_file_that_was_changed_is_named(ledger: Ledger, old: str, new: str) -> None:
    for day in (0, 1):
        ledger.tell(*story(day + 1, 1))
        ledger.anchor(day)
    path = ledger.settings.anchors / "2020-05-05-4.json"
    text = path.read_text()
    path.write_text(text.replace(old, new, 1))
    faults = ledger.verify(1)
    assert {f.what for f in faults} == {"anchor"}
    assert {f.place for f in faults} == {"2020-05-05-4.json"}
    with pytest.raises(LedgerBroken):
        ledger.anchor(1)


def test_a_later_anchor_cannot_have_fewer_entries(ledger: Ledger) -> None:
    ledger.tell(*story(1, 2))
    anchored = ledger.anchor(0)
    assert anchored is not None
    later = ledger.settings.anchors / "2020-05-05-2.json"
    hash = ledger.kept()[1].hash
    later.write_text(
        anchored.text.replace("05-04", "05-05", 1).replace('"number":4', '"number":2').replace(anchored.hash, hash)
    )
    assert [f.says for f in ledger.verify(1)] == ["contradicts 2020-05-04-4.json"]


def test_the_line_to_print_holds_what_a_verification_takes_back(ledger: Ledger) -> None:
    ledger.tell(*story(1, 1))
    anchored = ledger.anchor(0)
    assert anchored is not None
    assert f"testville 2020-05-04: 第 2 条 entry 2, SHA-256 {anchored.hash}" in anchor_line(anchored)
