"""How a satisfaction rate is made to look good: each trick is played here, and must not pay.

| trick | test |
|---|---|
| an answer counted as a delivery | an_answer_is_no_delivery |
| a refusal counted as an answer | a_refusal_leaves_the_count_only_on_a_lawful_ground… |
| returned as incomplete, for ever | papers_returned_for_ever_stay_in_the_count… |
| withdrawn under pressure at the deadline | a_line_withdrawn_under_pressure_at_the_deadline_stays |
| easy requests repeated, or split | easy_requests_repeated_count_once…, an_easy_request_split_into_many_moves_no_field_weighted_rate |
| a catalogue entry without data | a_catalogue_entry_without_data_holds_nothing |
| columns that are all empty | a_column_that_is_all_empty_is_no_data |
| one load, never refreshed | one_load_that_is_never_refreshed_holds_until_its_cycle_is_over |
| satisfied once, satisfied for ever | what_was_satisfied_once_is_judged_again_every_night |
| other fields given than were asked for | fields_that_were_asked_for_and_not_given_stand_against_the_line |
| requests never registered, or struck off | a_line_struck_off_the_register_stays_in_the_count, what_was_never_asked_for_is_no_success |
| delivered, but unreadable or unused | what_is_delivered_and_cannot_be_read_does_not_hold, what_nobody_reads_is_verified_but_not_used |
| events dated back | in test_rate_dates.py: a_delivery_dated_back…, a_withdrawal_dated_back…, a_notice_or_an_extension_dated_back…, a_delivery_of_our_own… |
| the mean of departments' rates in place of the pooled | rates_are_pooled_and_never_the_mean_of_departments |
| no requests shown as 100 % | no_requests_is_no_rate |

There too: time bought by extensions, by late answers, by what a line calls itself, and by a register or a calendar that is not there.
"""

from __future__ import annotations

import pytest

from sharing.explained import explain
from sharing.ledger.events import Event
from sharing.ledger.store import record
from sharing.rate import compute
from tests.sharing.rate_city import RateCity, reasons, verdict

_LAW = {"answer": "refused", "answered_at": "2020-01-08 09:00:00", "refusal_ground_level": "law"}
_CONFIRMED = {"refusal_confirmed_at": "2020-01-10 09:00:00", "refusal_confirmed_by": "big_data"}


@pytest.fixture
def city(rate_stage: RateCity) -> RateCity:
    """The city on its first night, with nothing asked yet; the files of its folder stay as they are."""
    rate_stage.forget()
    return rate_stage


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


def test_an_easy_request_split_into_many_moves_no_field_weighted_rate(city: RateCity) -> None:
    names = ("division_code", "name", "nickname", "number")
    for number, name in enumerate(names):
        city.line(
            f"easy {number}", purpose="easy", **dict.fromkeys(("fields", "granted_fields", "delivered_fields"), name)
        )
    city.line("hard", purpose="hard", fields=";".join(names), last_probe_ok=False)
    city.load_register(1)
    split = city.judge(1).rate()
    # as one request it would be 1 of 2 lines, and 4 of 8 fields
    assert (split["verified"], split["field_weighted"]) == (4 / 5, 1 / 2)


def test_a_purpose_written_with_other_blanks_or_points_is_no_other_purpose(city: RateCity) -> None:
    for line, purpose in (("1", "婚姻登记（补领）"), ("2", " 婚姻登记 补领"), ("3", "婚姻登记·补领。")):
        city.line(line, purpose=purpose)
    city.load_register(1)
    result = city.judge(1)
    assert [verdict(result, line)["exclusion"] for line in "123"] == [None, "duplicate", "duplicate"]


def test_a_catalogue_entry_without_data_holds_nothing(city: RateCity) -> None:
    city.load("tax.taxpayer", 1, [])
    city.line("no row", resource="tax.taxpayer", provider="tax")
    city.line("no table", resource="big_data.share_request_register", provider="big_data", fields="line_id")
    city.line("no entry", resource="police.vehicle")
    city.load_register(1)
    found = reasons(city.judge(1))
    assert found["no row"] == ["no_rows"]
    assert found["no entry"] == ["resource_unknown"]


def test_a_column_that_is_all_empty_is_no_data(city: RateCity) -> None:
    city.load("police.resident", 2, city.people(20, nickname=None))
    names = dict.fromkeys(("fields", "granted_fields", "delivered_fields"), "nickname;number")
    city.line("one", **names)
    city.probe(2)
    city.load_register(2)
    result = city.judge(2)
    assert reasons(result) == {"one": ["field_empty"]}
    assert result.rate()["field_weighted"] == 1 / 2


def test_one_load_that_is_never_refreshed_holds_until_its_cycle_is_over(city: RateCity) -> None:
    city.line("one")
    for night, found in ((1, {}), (2, {}), (3, {"one": ["stale"]})):
        city.probe(night)
        city.load_register(night)
        assert reasons(city.judge(night)) == found


def test_fields_that_were_asked_for_and_not_given_stand_against_the_line(city: RateCity) -> None:
    city.line("not granted", fields="name;nickname;number")
    city.line("not delivered", delivered_fields="number")
    city.line("others", fields="nickname;number")
    city.load_register(1)
    result = city.judge(1)
    assert reasons(result) == {
        "not granted": ["field_not_granted"], "not delivered": ["delivery_fields_differ"], "others": ["field_not_granted"],
    }  # fmt: skip
    # of seven fields asked for, two and one are held; a delivery that is another than the grant holds none
    assert result.rate()["field_weighted"] == 3 / 7


def test_a_line_struck_off_the_register_stays_in_the_count(city: RateCity) -> None:
    city.undelivered("bad")
    city.line("good")
    city.load_register(1)
    assert city.judge(1).rate()["verified"] == 1 / 2
    del city.lines["bad"]
    city.connection.execute("DELETE FROM lake.big_data.share_request_register WHERE line_id = 'bad'")
    city.load("police.resident", 2)
    city.probe(2)
    city.load_register(2)
    result = city.judge(2)
    assert reasons(result) == {"bad": ["answer_overdue"]}
    assert result.rate()["verified"] == 1 / 2


def test_what_was_never_asked_for_is_no_success(city: RateCity) -> None:
    city.line("asked", last_probe_ok=False)
    city.load_register(1)
    at = city.as_of(1)
    given = Event("delivered", "unasked", "R0", at, "police", "", {"fields": ["name"], "row_scope": ""})
    read = Event("read", "unasked", "R0", at, "civil")
    record(city.connection, city.settings, lambda: [given, read], at)
    whole = city.judge(1).rate()
    assert (whole["n"], whole["declared_lines"], whole["holding_lines"], whole["used_lines"]) == (1, 1, 0, 0)


def test_what_is_delivered_and_cannot_be_read_does_not_hold(city: RateCity) -> None:
    city.line("refused", last_probe_ok=False)
    city.line("never tried", last_probe_at=None)
    city.line("tried long ago", last_probe_at="2020-03-01 08:00:00")
    city.load_register(1)
    result = city.judge(1)
    assert reasons(result) == {
        "refused": ["probe_failed"], "never tried": ["probe_missing"], "tried long ago": ["probe_old"],
    }  # fmt: skip
    assert (result.rate()["declared"], result.rate()["verified"]) == (1.0, 0.0)


def test_what_nobody_reads_is_verified_but_not_used(city: RateCity) -> None:
    city.line("read")
    city.line("read long ago", last_read_at="2020-02-01 09:00:00")
    city.line("never read", last_read_at=None)
    city.load_register(1)
    whole = city.judge(1).rate()
    assert (whole["verified"], whole["used"]) == (1.0, 1 / 3)


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
