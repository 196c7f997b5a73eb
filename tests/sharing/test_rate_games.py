"""How a satisfaction rate is made to look good: each trick is played here, and must not pay."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from contracts.errors import ConfigurationError, HistoryUnavailable
from sharing.rate import compute, explain
from tests.sharing.rate_city import RateCity, reasons, verdict

_LAW = {"answer": "refused", "answered_at": "2020-01-08 09:00:00", "refusal_ground_level": "law"}
_CONFIRMED = {"refusal_confirmed_at": "2020-01-10 09:00:00", "refusal_confirmed_by": "big_data"}


@pytest.fixture
def city(tmp_path: Path) -> RateCity:
    city = RateCity(tmp_path)
    city.load("police.resident", 1)
    return city


def test_an_answer_is_no_delivery(city: RateCity) -> None:
    city.line("one", delivered_at=None, delivered_fields=None, last_probe_at=None)
    city.load_register(1)
    result = city.judge(1)
    assert reasons(result) == {"one": ["not_delivered"]}
    assert (result.rate()["declared"], result.rate()["verified"]) == (1.0, 0.0)


def test_a_refusal_leaves_the_count_only_on_a_lawful_ground_that_the_bureau_confirmed(city: RateCity) -> None:
    city.undelivered("lawful", **_LAW, **_CONFIRMED)
    city.undelivered(
        "habit",
        **(_LAW | {"refusal_ground_level": "department_rule"}),
        **_CONFIRMED,
        marked_satisfied_at="2020-01-08 09:00:00",
    )
    city.undelivered("unconfirmed", **_LAW)
    city.undelivered("self-confirmed", **_LAW, **(_CONFIRMED | {"refusal_confirmed_by": "police"}))
    # the bureau's own data: it cannot confirm its own refusal
    city.undelivered(
        "own", **_LAW, **_CONFIRMED, provider="big_data", resource="big_data.share_request_register", fields="line_id"
    )
    city.load_register(1)
    result = city.judge(1)
    assert verdict(result, "lawful")["exclusion"] == "lawful_refusal"
    assert reasons(result) == {
        "habit": ["refused_without_ground"], "unconfirmed": ["refusal_unconfirmed"], "self-confirmed": ["refusal_unconfirmed"],
        "own": ["refusal_unconfirmed"],
    }  # fmt: skip
    assert (result.rate()["n"], result.rate()["due"], result.rate()["excluded"]) == (4, 4, 1)


def test_papers_returned_for_ever_stay_in_the_count_and_are_shown_as_paused(city: RateCity) -> None:
    city.undelivered("one", supplement_asked_at="2020-01-08 09:00:00")
    # a notice after the answer was due stops no clock
    city.undelivered("late notice", supplement_asked_at="2020-02-20 09:00:00")
    city.load_register(1)
    result = city.judge(1)
    assert reasons(result) == {"one": ["papers_incomplete"], "late notice": ["answer_overdue"]}
    whole = result.rate()
    assert (whole["n"], whole["pending"], whole["paused"], whole["due"]) == (2, 1, 1, 1)
    assert (whole["verified"], whole["verified_lower"], whole["verified_upper"]) == (0.0, 0.0, 0.5)


def test_a_city_may_let_the_clock_run_while_papers_are_missing(city: RateCity) -> None:
    policy = city.folder / "policy.yaml"
    policy.write_text(policy.read_text().replace("incomplete_papers: pause", "incomplete_papers: run"))
    city.undelivered("one", supplement_asked_at="2020-01-08 09:00:00")
    city.load_register(1)
    assert reasons(city.judge(1)) == {"one": ["answer_overdue"]}


def test_a_line_withdrawn_under_pressure_at_the_deadline_stays(city: RateCity) -> None:
    # received on Monday 6 January 2020: ten working days end on Sunday 19 January, worked in lieu
    city.undelivered("before", withdrawn_at="2020-01-17 16:00:00", withdrawn_by="civil")
    city.undelivered("on the day", withdrawn_at="2020-01-19 16:55:00", withdrawn_by="civil")
    city.undelivered("by the provider", withdrawn_at="2020-01-08 09:00:00", withdrawn_by="police")
    city.load_register(1)
    result = city.judge(1)
    assert verdict(result, "before")["exclusion"] == "withdrawn"
    assert reasons(result) == {"on the day": ["withdrawn_too_late"], "by the provider": ["withdrawn_too_late"]}


def test_only_the_bureau_may_rule_a_line_out_and_never_of_its_own_data(city: RateCity) -> None:
    ruled = {"ruled_outside_at": "2020-01-10 09:00:00"}
    city.undelivered("by the bureau", **ruled, ruled_outside_by="big_data")
    city.undelivered("by the provider", **ruled, ruled_outside_by="police")
    city.undelivered("by both", **ruled, ruled_outside_by="big_data", provider="big_data")
    city.load_register(1)
    result = city.judge(1)
    assert verdict(result, "by the bureau")["exclusion"] == "outside_duty"
    assert reasons(result).keys() == {"by the provider", "by both"}


def test_easy_requests_repeated_count_once_and_a_false_duplicate_counts_as_its_own(city: RateCity) -> None:
    city.line("1 easy", purpose="easy")
    for number in (2, 3):
        city.line(f"{number} easy", purpose="easy", fields="name, number")
    city.line(
        "4 other",
        purpose="easy",
        fields="number",
        granted_fields="number",
        delivered_fields="number",
        duplicate_of="1 easy",
    )
    # an earlier line whose grant has expired is no longer live: asking again is no repetition
    city.line("5 old", purpose="again", granted_to="2020-05-01")
    city.line("6 new", purpose="again")
    city.load_register(1)
    result = city.judge(1)
    assert [row["line_id"] for row in result.verdicts.to_pylist() if row["exclusion"] == "duplicate"] == [
        "2 easy",
        "3 easy",
    ]
    assert reasons(result) == {"5 old": ["grant_expired"]}
    assert result.rate()["n"] == 4


def test_what_was_satisfied_once_is_judged_again_every_night(city: RateCity) -> None:
    city.line("expires", granted_to="2020-05-05")
    city.line("goes on")
    city.load_register(1)
    assert city.judge(1).rate()["verified"] == 1.0
    city.load("police.resident", 2)
    city.probe(2)
    city.load_register(2)
    assert reasons(city.judge(2)) == {"expires": ["grant_expired"]}
    last = compute(city.connection, city.city, city.as_of(4))
    assert "stale" in reasons(last)["goes on"]
    assert last.notes and "register itself is stale" in last.notes[0]


def test_what_nobody_reads_is_verified_but_not_used(city: RateCity) -> None:
    city.line("read")
    city.line("read long ago", last_read_at="2020-02-01 09:00:00")
    city.line("never read", last_read_at=None)
    city.load_register(1)
    whole = city.judge(1).rate()
    assert (whole["verified"], whole["used"]) == (1.0, 1 / 3)


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


def test_rates_are_pooled_and_never_the_mean_of_departments(city: RateCity) -> None:
    city.load("tax.taxpayer", 1)
    city.line("small", provider="tax", resource="tax.taxpayer")
    for number in range(3):
        city.line(f"big {number}", last_probe_ok=False, requester="tax" if number else "civil")
    city.load_register(1)
    result = city.judge(1)
    assert (result.rate("provider", "tax")["verified"], result.rate("provider", "police")["verified"]) == (1.0, 0.0)
    assert result.rate()["verified"] == 1 / 4
    assert (result.rate("requester", "civil")["verified"], result.rate("requester", "tax")["verified"]) == (1 / 2, 0.0)
    assert result.rate("resource", "police.resident")["n"] == 3


def test_no_requests_is_no_rate(city: RateCity) -> None:
    city.line("one")
    city.load_register(1)
    idle = city.judge(1).rate("provider", "idle")
    assert idle["n"] == 0
    assert {idle[name] for name in ("declared", "verified", "on_time", "field_weighted", "used", "verified_upper")} == {
        None
    }


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
    (city.folder / "contracts" / "big_data" / "share_request_register.yaml").unlink()
    with pytest.raises(ConfigurationError, match="share_request_register"):
        compute(city.connection, city.city, city.as_of(2))


def test_a_calendar_that_ends_before_a_deadline_stops_the_rate_with_the_remedy(city: RateCity) -> None:
    calendar = city.folder / "calendar.csv"
    calendar.write_text(
        "".join(line + "\n" for line in calendar.read_text().splitlines() if line[:4] in ("day,", "2019", "2020"))
    )
    city.line("one")
    city.load_register(1)
    assert city.judge(1).notes == ()
    city.undelivered("two", submitted_at="2020-12-15 09:00:00", received_at="2020-12-15 09:00:00")
    city.load_register(2)
    with pytest.raises(ConfigurationError, match=r"deadline of line two.*calendar\.csv"):
        compute(city.connection, city.city, city.as_of(2) + timedelta(days=230))


def test_a_request_of_several_lines_is_explained_line_by_line(city: RateCity) -> None:
    city.line("a", request_id="R1")
    city.line("b", request_id="R1", last_probe_ok=False)
    city.load_register(1)
    city.judge(1)
    found = explain(city.connection, "R1", city.as_of(1))
    assert [(e.line_id, e.holds, [(r.code, who) for r, who in e.reasons]) for e in found] == [
        ("a", True, []), ("b", False, [("probe_failed", "police")]),
    ]  # fmt: skip
    assert explain(city.connection, "R1", city.as_of(2)) == []
