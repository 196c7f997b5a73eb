"""When things happened, and when that was told: what is dated back, or bought by waiting, must not pay."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from contracts.errors import ConfigurationError, HistoryUnavailable
from sharing.ledger.events import Event
from sharing.ledger.store import record
from sharing.rate import compute
from tests.sharing.rate_city import RateCity, reasons, verdict


@pytest.fixture
def city(rate_stage: RateCity) -> RateCity:
    """The city on its first night, with nothing asked yet; the files of its folder stay as they are."""
    rate_stage.forget()
    return rate_stage


@pytest.fixture
def own_city(tmp_path: Path) -> RateCity:
    """A city whose files the story changes."""
    city = RateCity(tmp_path, in_memory=True)
    city.load("police.resident", 1)
    return city


def test_a_city_may_let_the_clock_run_while_papers_are_missing(own_city: RateCity) -> None:
    policy = own_city.folder / "policy.yaml"
    policy.write_text(policy.read_text().replace("incomplete_papers: pause", "incomplete_papers: run"))
    own_city.undelivered("one", supplement_asked_at="2020-01-08 09:00:00")
    own_city.load_register(1)
    assert reasons(own_city.judge(1)) == {"one": ["answer_overdue"]}


def test_a_delivery_dated_back_is_late_because_the_night_before_did_not_see_it(city: RateCity) -> None:
    # consented on 3 April 2020, due on 7 May: 7–10, 13–17, 20–24, 26–30 April are nineteen working days, 6 May is the twentieth
    promise = {
        "submitted_at": "2020-04-01 09:00:00",
        "received_at": "2020-04-01 09:00:00",
        "answered_at": "2020-04-03 10:00:00",
    }
    good = {"delivered_at": "2020-04-20 09:00:00", "marked_satisfied_at": "2020-04-20 09:00:00"}
    nothing = {"delivered_at": None, "delivered_fields": None, "marked_satisfied_at": None, "last_probe_at": None}
    city.line("honest", **promise, **good)
    city.line("dated back", **promise, **nothing)
    city.load_register(1)
    assert reasons(city.judge(1)) == {"dated back": ["not_delivered"]}
    assert city.judge(1).rate()["pending"] == 1
    for night in (2, 3, 4):
        city.load("police.resident", night)
        if night == 4:
            city.line("dated back", **good, delivered_fields="name;number", last_probe_at="2020-05-07 08:00:00")
        city.probe(night)
        city.load_register(night)
        result = city.judge(night)
    assert str(verdict(result, "dated back")["provide_due"]) == "2020-05-06"
    assert [verdict(result, line)["on_time"] for line in ("honest", "dated back")] == [True, False]
    assert verdict(result, "dated back")["first_held_at"] == city.as_of(4)
    assert (result.rate()["verified"], result.rate()["on_time"]) == (1.0, 0.5)


def test_a_withdrawal_dated_back_to_before_the_deadline_counts_from_the_night_that_sees_it(city: RateCity) -> None:
    city.undelivered("one")
    city.load_register(1)
    assert reasons(city.judge(1)) == {"one": ["answer_overdue"]}
    city.undelivered("one", withdrawn_at="2020-01-10 09:00:00", withdrawn_by="civil")
    city.load_register(2)
    assert reasons(city.judge(2)) == {"one": ["withdrawn_too_late"]}
    assert "withdrawn_too_late" in reasons(city.judge(3))["one"]


def test_a_notice_or_an_extension_dated_back_does_not_undo_a_limit_that_had_passed(city: RateCity) -> None:
    city.undelivered("notice")
    city.undelivered("extension", received_at="2020-03-16 10:00:00")
    city.load_register(1)
    assert [str(verdict(city.judge(1), line)["provide_due"]) for line in ("extension", "notice")] == [
        "2020-04-27",
        "2020-02-24",
    ]
    city.undelivered("notice", supplement_asked_at="2020-01-08 09:00:00")
    city.undelivered("extension", extension_consented_at="2020-03-20 09:00:00", extension_days=10)
    city.load_register(2)
    whole = city.judge(2).rate()
    assert (whole["n"], whole["due"], whole["pending"], whole["paused"]) == (2, 2, 0, 0)


def test_a_delivery_of_our_own_counts_from_when_it_was_recorded(city: RateCity) -> None:
    city.load_register(1)
    asked = {
        "requester": "civil", "provider": "police", "resource": "police.resident", "fields": ["name"], "row_scope": "",
    }  # fmt: skip
    terms = {"fields": ["name"], "row_scope": "", "valid_from": "2020-04-01", "valid_to": "2021-01-08"}
    # consented to on 1 April 2020, due on the 29th: what is recorded on 7 May as of 20 April is late
    for line, recorded in (("in time", "2020-04-20"), ("dated back", "2020-05-07")):
        events = [
            Event("submitted", line, line, _noon("2020-03-30"), "civil", "", asked | {"purpose": line}),
            Event("granted", line, line, _noon("2020-04-01"), "police", "", terms),
            Event("delivered", line, line, _noon("2020-04-20"), "police", "", {"fields": ["name"], "row_scope": ""}),
        ]
        record(city.connection, city.settings, partial(list, events), _noon(recorded))
    probes = [
        Event("probed", line, line, _noon("2020-05-07"), "civil", "", {"ok": True})
        for line in ("in time", "dated back")
    ]
    record(city.connection, city.settings, partial(list, probes), _noon("2020-05-07"))
    city.load("police.resident", 4)
    city.load_register(4)
    result = city.judge(4)
    assert reasons(result) == {}
    assert {row["line_id"]: row["on_time"] for row in result.verdicts.to_pylist()} == {
        "in time": True,
        "dated back": False,
    }


def _noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00+08:00")


def test_a_line_that_held_in_time_stays_on_time_when_it_breaks_later(city: RateCity) -> None:
    city.line("one")
    city.load_register(1)
    assert city.judge(1).rate()["on_time"] == 1.0
    city.line("one", last_probe_ok=False)
    city.load("police.resident", 2)
    city.probe(2)
    city.load_register(2)
    whole = city.judge(2).rate()
    assert (whole["verified"], whole["on_time"]) == (0.0, 1.0)


def test_events_of_tomorrow_do_not_count_today(city: RateCity) -> None:
    city.undelivered("today")
    city.line("tomorrow", delivered_at="2020-05-06 09:00:00", marked_satisfied_at="2020-05-06 09:00:00")
    city.line("not yet asked", submitted_at="2020-05-06 09:00:00")
    city.load_register(1)
    result = city.judge(1)
    assert reasons(result) == {"today": ["answer_overdue"], "tomorrow": ["not_delivered"]}
    assert result.rate()["declared_lines"] == 0


def test_an_extension_counts_only_with_consent_in_time_and_up_to_its_limit(city: RateCity) -> None:
    # ten working days end on 19 January; five more over the festival end on 3 February; at most ten more on 10 February
    for line, consented, days in (
        ("five", "2020-01-16", 5),
        ("forty", "2020-01-16", 40),
        ("too late", "2020-01-20", 5),
    ):
        city.undelivered(line, extension_consented_at=f"{consented} 09:00:00", extension_days=days)
    city.load_register(1)
    result = city.judge(1)
    assert {row["line_id"]: str(row["answer_due"]) for row in result.verdicts.to_pylist()} == {
        "five": "2020-02-03", "forty": "2020-02-10", "too late": "2020-01-19",
    }  # fmt: skip


def test_a_late_answer_buys_no_time_for_the_data(city: RateCity) -> None:
    city.undelivered("silent")
    city.undelivered(
        "late",
        answered_at="2020-04-30 09:00:00",
        answer="consented",
        granted_fields="number;name",
        granted_from="2020-04-30",
    )
    city.load_register(1)
    result = city.judge(1)
    assert verdict(result, "silent")["provide_due"] == verdict(result, "late")["provide_due"]
    assert result.rate()["due"] == 2


def test_the_kind_of_sharing_is_the_catalogue_s_and_not_what_the_line_says(city: RateCity) -> None:
    city.undelivered("one", provider="tax", resource="tax.taxpayer", share_type="conditional")
    city.load_register(1)
    assert str(verdict(city.judge(1), "one")["answer_due"]) == "2020-01-07"


def test_a_register_that_was_not_loaded_by_then_is_an_error_and_not_a_rate(city: RateCity) -> None:
    with pytest.raises(HistoryUnavailable, match="register was not loaded"):
        compute(city.connection, city.city, city.as_of(1))
    city.line("one")
    city.load_register(2)
    with pytest.raises(HistoryUnavailable, match="register was not loaded"):
        compute(city.connection, city.city, city.as_of(1))


def test_a_city_without_a_register_is_judged_by_its_ledger_alone(own_city: RateCity) -> None:
    own_city.line("one")
    own_city.line("two", granted_to="2020-05-01")
    own_city.load_register(1)
    (own_city.folder / "contracts" / "big_data" / "share_request_register.yaml").unlink()
    assert reasons(own_city.judge(1)) == {"two": ["grant_expired"]}


def test_a_calendar_that_ends_before_a_deadline_stops_the_rate_with_the_remedy(own_city: RateCity) -> None:
    calendar = own_city.folder / "calendar.csv"
    calendar.write_text(
        "".join(line + "\n" for line in calendar.read_text().splitlines() if line[:4] in ("day,", "2019", "2020"))
    )
    own_city.line("one")
    own_city.load_register(1)
    assert own_city.judge(1).notes == ()
    own_city.undelivered("two", submitted_at="2020-12-15 09:00:00", received_at="2020-12-15 09:00:00")
    own_city.load_register(2)
    with pytest.raises(ConfigurationError, match=r"deadline of line two.*calendar\.csv"):
        compute(own_city.connection, own_city.city, own_city.as_of(2) + timedelta(days=230))
