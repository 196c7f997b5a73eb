"""A challenge is decided by the provider, proved by a load, and closed with the snapshot that proves it; meanwhile the line falls and comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import IllegalMove
from sharing.corrections.state import CLOSED, REJECTED, UPHELD, correction, corrections
from sharing.ledger.store import EVENTS
from sharing.published import cited_snapshots
from tests.sharing.corrections.correction_city import BUREAU, CIVIL, POLICE, RULE, CorrectionCity
from warehouse.lake import current_snapshot


def test_an_upheld_challenge_makes_the_line_fail_until_a_load_shows_the_value_changed(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path)
    city.night(1)
    city.ask(5)
    city.night(2)
    assert city.why(2) == [], "the provider still has time to verify"
    city.decide(6)
    assert city.night(3) == ["correction L1/C1: 1 of 1 rows are not put right yet"]
    assert city.why(3) == ["correction_unfixed"]
    city.rows[3]["name"] = "canary of the document"
    before = current_snapshot(city.connection)
    [told] = city.night(4)
    assert city.why(4) == []
    found = correction(city.connection, "L1/C1")
    assert (found.state, found.corrected_rows, found.gone_rows, found.fixed_run) == (
        CLOSED,
        1,
        0,
        "police_resident_4_1",
    )
    assert found.closed_snapshot == found.fixed_snapshot and found.fixed_snapshot is not None
    assert told == f"correction L1/C1 closed, rows corrected: 1, snapshot {found.fixed_snapshot}"
    assert before < found.fixed_snapshot, "it is the corrected load's own"
    names = city.connection.execute(
        f"SELECT name FROM lake.police.resident AT (VERSION => {found.fixed_snapshot}) WHERE number = ?", [city.key(3)]
    ).fetchall()
    assert names == [("canary of the document",)]
    assert {found.asked_snapshot, found.fixed_snapshot} <= cited_snapshots(city.connection), (
        "maintenance keeps the proof"
    )


def test_a_refused_row_that_a_corrected_load_brings_in_closes_its_correction(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path)
    city.night(1, failing=2)
    assert len(city.ask(5, BUREAU, rule=RULE, field="", keys=()).keys) == 2, "all rows the rule refuses"
    city.decide(6)
    assert city.night(3, failing=1) == ["correction L1/C1: 1 of 2 rows are not put right yet"]
    assert city.why(3) == ["correction_unfixed"]
    assert city.night(4)[0].startswith("correction L1/C1 closed, rows corrected: 2, snapshot ")


def test_the_limit_of_ten_working_days_passes_with_its_last_day_whatever_is_asked_later(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path)
    city.night(1)
    city.ask(5)
    with pytest.raises(IllegalMove, match="challenged already"):
        city.ask(8, keys=(city.key(4), city.key(3)))
    assert city.ask(8, keys=(city.key(4),)).correction_id == "L1/C2"
    city.night(14)  # ends on the 18th, a Monday: the tenth working day, the 9th being one
    assert city.why(14) == []
    city.night(15)
    assert city.why(15) == ["correction_overdue"]
    city.decide(19, upheld=False)
    city.decide(19, upheld=False, id="L1/C2")
    city.night(16)
    assert city.why(16) == []


def test_what_is_not_upheld_is_closed_at_once_unless_the_bureau_decides_otherwise_and_then_the_lake_alone_closes_it(
    tmp_path: Path,
) -> None:
    city = CorrectionCity(tmp_path)
    city.night(1)
    city.ask(5)
    with pytest.raises(IllegalMove, match="not decided yet"):
        city.decide(6, BUREAU)
    with pytest.raises(IllegalMove, match="does not provide the data"):
        city.decide(6, CIVIL)
    assert city.decide(6, upheld=False).state == REJECTED
    assert [e["kind"] for e in city.ledger()] == ["correction_asked", "correction_decided", "correction_closed"]
    assert city.decide(7, BUREAU).state == UPHELD
    city.night(4)
    assert city.why(4) == ["correction_unfixed"]
    with pytest.raises(IllegalMove, match="decided already"):
        city.decide(8, upheld=False)
    city.rows[3]["name"] = "canary of the document"
    city.night(5)
    with pytest.raises(IllegalMove, match="put right"):
        city.decide(12, BUREAU, upheld=False)


def test_settling_again_or_after_others_changes_nothing(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path)
    city.night(1)
    city.ask(5)
    city.decide(6)
    city.rows[3]["name"] = "canary of the document"
    city.night(3)
    kinds = [e["kind"] for e in city.ledger()]
    snapshot = current_snapshot(city.connection)
    assert city.settle(3) == [] == city.settle(4)
    assert [e["kind"] for e in city.ledger()] == kinds and current_snapshot(city.connection) == snapshot


def test_no_key_and_no_value_is_in_the_ledger(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path)
    city.night(1, failing=1)
    city.ask(5, suggested="canary of the document")
    city.ask(5, BUREAU, rule=RULE, field="", keys=())
    city.decide(6, POLICE)
    city.rows[3]["name"] = "canary of the document"
    city.night(3)
    assert [c.state for c in corrections(city.connection)] == [CLOSED, "asked"]
    told = str(city.connection.execute(f"SELECT * FROM {EVENTS}").fetchall())
    assert "L1/C1" in told and "canary" not in told and "3702021987" not in told
    # the same row under another correction has another digest: nobody can look rows up by theirs
    assert city.ask(12, keys=(city.key(3),)).keys != correction(city.connection, "L1/C1").keys
