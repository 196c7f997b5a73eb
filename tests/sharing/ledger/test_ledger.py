"""The ledger: what was recorded stays, is chained, and tells the state of a line as of any instant as known at any other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ConfigurationError
from sharing.ledger.chain import EMPTY, Head, follow
from sharing.ledger.events import Event, canonical
from sharing.ledger.store import EVENTS, entries, head_of
from sharing.lines import corrections_sql
from tests.sharing.ledger.ledger_lake import ASKED, CONSENT, MONDAY, Ledger, event


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path)
    yield made
    made.close()


def test_an_act_told_twice_is_recorded_once_and_the_chain_goes_on_from_its_head(ledger: Ledger) -> None:
    first = ledger.tell(event("submitted", actor="civil", **ASKED))
    again = ledger.tell(event("submitted", actor="civil", **ASKED), event("received"))

    assert [e.kind for e in (*first, *again)] == ["submitted", "received"]
    kept = list(entries(ledger.connection))
    assert [e.number for e in kept] == [1, 2]
    assert [e.previous for e in kept] == [EMPTY.hash, kept[0].hash]
    assert all(e.hash == e.right_hash for e in kept)
    assert head_of(ledger.connection) == Head(2, kept[1].hash, kept[1].recorded_at)


def test_the_ledger_s_own_time_never_goes_back(ledger: Ledger) -> None:
    ledger.tell(event("submitted", actor="civil", **ASKED), recorded_at=MONDAY + timedelta(days=3))
    (late,) = ledger.tell(event("received"), recorded_at=MONDAY)
    assert late.recorded_at == MONDAY + timedelta(days=3)


def test_an_entry_edited_in_the_lake_no_longer_has_its_hash(ledger: Ledger) -> None:
    ledger.tell(event("submitted", actor="civil", **ASKED), event("granted", 1, **CONSENT))
    ledger.connection.execute(
        f"UPDATE {EVENTS} SET payload = replace(payload, 'name', 'number') WHERE kind = 'granted'"
    )
    assert [e.kind for e in entries(ledger.connection) if e.hash != e.right_hash] == ["granted"]


@given(
    st.sampled_from(
        ("number", "line_id", "kind", "occurred_at", "recorded_at", "actor", "person", "payload", "previous")
    )
)
def test_the_hash_covers_every_column(column: str) -> None:
    entry = follow(EMPTY, event("submitted", actor="civil", **ASKED), MONDAY)
    value = getattr(entry, column)
    other = (
        value + 1
        if column == "number"
        else value + timedelta(microseconds=1)
        if column.endswith("_at")
        else value + "x"
    )
    assert replace(entry, **{column: other}).right_hash != entry.hash


def test_a_line_is_what_had_happened_by_then_as_it_was_known_then(ledger: Ledger) -> None:
    ledger.tell(event("submitted", actor="civil", **ASKED))
    ledger.tell(event("granted", 1, **CONSENT), recorded_at=MONDAY + timedelta(days=5))

    tuesday, friday, saturday = (MONDAY + timedelta(days=n) for n in (1, 4, 5))
    assert ledger.line(MONDAY)["answer"] is None
    assert ledger.line(tuesday)["answer"] == "consented"
    assert ledger.line(tuesday, known_at=friday)["answer"] is None
    known = ledger.line(saturday, known_at=saturday)
    assert (known["answer"], known["granted_fields"], known["granted_rows"]) == ("consented", ["name"], "3702")
    assert ledger.line(MONDAY - timedelta(days=1)) == {}


def test_a_retracted_entry_counts_no_more_but_is_still_known_as_of_before(ledger: Ledger) -> None:
    ledger.tell(event("submitted", actor="civil", **ASKED))
    (mistake,) = ledger.tell(event("refused", 1, level="law"), recorded_at=MONDAY + timedelta(days=1))
    ledger.tell(
        event("retracted", 2, number=mistake.number, reason="wrong line"), recorded_at=MONDAY + timedelta(days=2)
    )

    later = MONDAY + timedelta(days=9)
    assert ledger.line(later)["answer"] is None
    assert ledger.line(later, known_at=MONDAY + timedelta(days=1))["answer"] == "refused"
    assert len(list(entries(ledger.connection))) == 3


def test_a_renewal_changes_the_end_of_the_grant_and_nothing_else(ledger: Ledger) -> None:
    ledger.tell(
        event("submitted", actor="civil", **ASKED),
        event("granted", 1, **CONSENT),
        event("renewed", 2, valid_to="2022-05-04"),
    )
    line = ledger.line(MONDAY + timedelta(days=3))
    assert (str(line["granted_to"]), line["granted_fields"]) == ("2022-05-04", ["name"])


def test_corrections_of_a_line_are_told_apart(ledger: Ledger) -> None:
    ledger.tell(
        event("submitted", actor="civil", **ASKED),
        event("correction_asked", 1, "civil", correction_id="C1", keys=["7"]),
        event("correction_asked", 2, "civil", correction_id="C2"),
        event("correction_decided", 3, correction_id="C1", upheld=True),
        event("correction_fixed", 4, correction_id="C1", snapshot=12),
    )
    rows = ledger.connection.execute(corrections_sql((MONDAY + timedelta(days=5)).isoformat())).to_arrow_table()
    found = {r["correction_id"]: (r["upheld"], r["fixed_snapshot"], r["keys"]) for r in rows.to_pylist()}
    assert found == {"C1": (True, 12, ["7"]), "C2": (None, None, [])}


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (event("granted", fields=["name"]), "row_scope is missing"),
        (event("submited"), "unknown kind of event"),
        (event("received", colour="red"), "unknown 'colour'"),
        (event("refused", level="habit"), "no ground for a refusal"),
        (replace(event("received"), occurred_at=datetime(2020, 5, 4, 9)), "needs a zone"),
    ],
)
def test_an_event_that_does_not_say_what_it_must_is_refused_and_nothing_is_recorded(
    ledger: Ledger, told: Event, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ledger.tell(event("submitted", actor="civil", **ASKED), told)
    assert head_of(ledger.connection) == EMPTY


def test_the_canonical_text_of_a_value_does_not_depend_on_the_order_of_its_names() -> None:
    assert canonical({"b": 1, "a": "数据"}) == '{"a":"数据","b":1}' == canonical({"a": "数据", "b": 1})
