"""What is due, overdue and late, told in dates; who is liable, and what neither a provider nor a requester can do about it.

January 2020: a line of Monday the 13th is to be answered by Monday 3 February (the day after the festival), one consented to on that day to be
supplied by Tuesday 3 March (4–7, 10–14, 17–21, 24–28 February, 2 and 3 March are 21: the 20th is 2 March). See test_sixty_cases.py.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contracts.errors import ConfigurationError
from sharing.requests.deadlines import due_soon_sql, overdue_sql
from sharing.requests.liability import kept_sql, late_sql
from tests.sharing.requests.told_lines import BUREAU, UNCONDITIONAL, ToldLines


@pytest.fixture
def alone(tmp_path: Path) -> ToldLines:
    """A city of the test's own: the ledger's time never goes back, so what was recorded when is not shared."""
    return ToldLines(tmp_path / "city")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> ToldLines:
    return ToldLines(tmp_path_factory.mktemp("shared") / "city")


@pytest.fixture
def told(shared: ToldLines) -> ToldLines:
    """A city shared by the module's tests; each sees its own lines."""
    shared.turn()
    return shared


def _late(told: ToldLines, day: str) -> dict[tuple[str, str], int]:
    """(line, duty) → working days late, of the liability list as of a day."""
    told.duties(day)
    return {(row["line_id"], row["duty"]): row["days_late"] for row in told.rows(late_sql())}


def test_the_liability_list_names_what_came_late_and_nothing_else(alone: ToldLines) -> None:
    told = alone
    for line in (
        "in time",
        "answered late",
        "supplied late",
        "paused",
        "extended",
        "not consented",
        "correction late",
        "never answered",
    ):
        told.submitted(line, "2020-01-13")
    told.granted("in time", "2020-02-03")
    told.delivered("in time", "2020-03-02")
    told.granted("answered late", "2020-02-05")
    told.delivered("answered late", "2020-03-02")
    told.granted("supplied late", "2020-01-14")
    told.delivered("supplied late", "2020-03-02")
    told.happened("paused", "returned", "2020-01-17", "police")
    told.happened("paused", "supplemented", "2020-02-03", "civil")
    told.granted("paused", "2020-02-12")
    told.happened("extended", "extension_asked", "2020-01-20", "police", days=5)
    told.happened("extended", "extension_consented", "2020-02-03", BUREAU, days=5)
    told.granted("extended", "2020-02-10")
    told.happened("not consented", "extension_asked", "2020-01-20", "police", days=5)
    told.granted("not consented", "2020-02-10")
    told.granted("correction late", "2020-01-14")
    told.delivered("correction late", "2020-01-15")
    # 20–23 January, 3–7 and 10 February are ten; the 12th is two days late
    told.correction("correction late", "asked", "2020-01-19", "civil")
    told.correction("correction late", "closed", "2020-02-12", "police")

    assert _late(told, "2020-03-02") == {
        ("answered late", "answer_conditional"): 2,
        # 15–17, 19–23 January are 8, 3–7 and 10–14 February 18, 17 and 18 February 20: 2 March is nine days late
        ("supplied late", "provide"): 9,
        ("not consented", "answer_conditional"): 5,
        ("correction late", "correction"): 2,
        ("never answered", "answer_conditional"): 20,
    }
    kept = {
        (row["owner"], row["kind"]): (row["duties"], row["late"], row["still_open"], row["longest"])
        for row in told.rows(kept_sql())
    }
    # of the supplies, those of `paused`, `extended` and `not consented` are not due yet
    assert kept == {
        ("police", "answer"): (8, 3, 1, 20),
        ("police", "provide"): (4, 1, 0, 9),
        ("police", "correction"): (1, 1, 0, 2),
    }
    only = [row["line_id"] for row in told.rows(late_sql(date(2020, 2, 4), date(2020, 2, 18)))]
    assert only == ["supplied late", "correction late"], "a duty counts where its limit passed"
    # the answers were due on 3 February
    assert [len(told.rows(late_sql(day, day))) for day in (date(2020, 2, 2), date(2020, 2, 3), date(2020, 2, 4))] == [
        0,
        3,
        0,
    ]
    assert told.rows(late_sql(department="tax")) == []


def test_a_department_sees_its_days_left_down_to_the_last_and_then_below_zero(told: ToldLines) -> None:
    told.submitted("one", "2020-04-20")  # 21–24 (4), Sunday 26 (5), 27–30 April (9), Wednesday 6 May (10)
    expected = {
        "2020-04-29": 2,
        "2020-04-30": 1,
        "2020-05-05": 1,
        "2020-05-06": 0,
        "2020-05-07": -1,
        "2020-05-09": -3,
        "2020-05-10": -3,
    }
    for day, left in expected.items():
        told.duties(day)
        soon, late = told.rows(due_soon_sql(5, "police")), told.rows(overdue_sql("police"))
        assert [row["days_left"] for row in soon + late] == [left], day
        assert (len(soon), len(late)) == ((1, 0) if left >= 0 else (0, 1)), day
        assert told.rows(due_soon_sql(5, "civil")) + told.rows(overdue_sql("civil")) == []
    assert told.rows(due_soon_sql(1, "police")) == []


def test_the_first_day_late_counts_although_it_is_a_day_off(told: ToldLines) -> None:
    told.submitted("one", "2020-05-07", UNCONDITIONAL)  # due Friday 8 May
    told.submitted("two", "2020-05-08", UNCONDITIONAL)  # due Saturday 9 May, worked; Sunday the 10th rests
    told.duties("2020-05-10")
    assert {row["line_id"]: row["days_left"] for row in told.rows(overdue_sql("tax"))} == {"one": -1, "two": -1}


def test_a_paused_clock_is_shown_to_the_provider_and_to_the_requester_who_must_act(told: ToldLines) -> None:
    told.submitted("one", "2020-01-13")
    told.happened("one", "returned", "2020-01-17", "police")
    told.duties("2020-02-12")
    for department in ("police", "civil", None):
        (row,) = told.rows(due_soon_sql(5, department))
        assert (row["paused"], row["due_day"], row["days_left"], row["requester"]) == (True, None, None, "civil")
        # 19–23 January are five, 3–7 and 10–12 February eight
        assert (str(row["paused_since"]), row["paused_days"], row["left_when_resumed"]) == ("2020-01-17", 13, 7)
    assert told.rows(due_soon_sql(5, "tax")) == []
    assert told.rows(overdue_sql()) == []
    assert _late(told, "2020-12-01") == {}


def test_who_never_registers_the_receipt_or_registers_it_late_gains_no_day(told: ToldLines) -> None:
    for line in ("at once", "late", "never"):
        told.submitted(line, "2020-03-02", UNCONDITIONAL)
    told.happened("at once", "received", "2020-03-02", "tax")
    told.happened("late", "received", "2020-03-30", "tax")
    assert {row["due_day"] for row in told.told_of("2020-04-01")} == {date(2020, 3, 3)}
    assert set(_late(told, "2020-04-01")) == {(line, "answer_unconditional") for line in ("at once", "late", "never")}


def test_a_register_s_word_on_the_receipt_counts_and_without_it_the_submission(told: ToldLines) -> None:
    for line in ("told", "untold"):
        wish = {
            "requester": "civil",
            "provider": "police",
            "resource": "police.resident",
            "purpose": line,
            "fields": ["name"],
            "row_scope": "",
        }
        told.happened(line, "submitted", "2020-03-02", "civil", source="register", **wish)
    told.happened("told", "received", "2020-03-04", "police", source="register")
    due = {row["line_id"]: row["due_day"] for row in told.told_of("2020-03-05")}
    assert due == {"told": date(2020, 3, 18), "untold": date(2020, 3, 16)}


def test_a_share_type_that_changes_later_gives_no_more_time_to_lines_submitted_before(alone: ToldLines) -> None:
    told = alone
    told.submitted("before", "2020-03-02", UNCONDITIONAL)
    told.city.contract(UNCONDITIONAL, share_type="conditional")
    told.submitted("after", "2020-03-02", UNCONDITIONAL, share_type="conditional")
    assert {row["line_id"]: str(row["due_day"]) for row in told.told_of("2020-03-02")} == {
        "before": "2020-03-03",
        "after": "2020-03-16",
    }


def test_papers_are_told_missing_once_and_a_second_notice_does_not_stop_the_clock(told: ToldLines) -> None:
    told.submitted("one", "2020-01-13")
    for kind, day, by in (
        ("returned", "2020-01-17", "police"),
        ("supplemented", "2020-02-03", "civil"),
        ("returned", "2020-02-11", "police"),
    ):
        told.happened("one", kind, day, by)
    (row,) = told.told_of("2020-02-13")
    assert (row["paused"], row["due_day"], row["days_left"]) == (False, date(2020, 2, 12), -1)


def test_a_grant_that_is_widened_later_is_neither_a_late_answer_nor_more_time(alone: ToldLines) -> None:
    told = alone
    told.submitted("one", "2020-01-13")
    told.granted("one", "2020-01-14")
    told.granted("one", "2020-04-14")
    due = {row["duty"]: (row["due_day"], row["days_late"]) for row in told.told_of("2020-02-18")}
    assert due == {"answer_conditional": (date(2020, 2, 3), 0), "provide": (date(2020, 2, 18), 0)}
    assert {str(row["due_day"]) for row in told.told_of("2020-04-14") if row["duty"] == "provide"} == {"2020-02-18"}
    assert ("one", "answer_conditional") not in _late(told, "2020-04-14")


def test_a_late_answer_buys_no_time_for_the_data(alone: ToldLines) -> None:
    alone.submitted("one", "2020-01-13")
    alone.granted("one", "2020-02-20")
    # counted from 3 February, when the answer was due: 4–7 (4), 10–14 (9), 17–21 (14), 24–28 (19), 2 March (20)
    (row,) = (row for row in alone.told_of("2020-02-21") if row["duty"] == "provide")
    assert (str(row["started"]), str(row["due_day"])) == ("2020-02-03", "2020-03-02")


def test_the_bureau_cannot_rule_its_own_data_outside_its_duty(told: ToldLines) -> None:
    told.submitted("one", "2020-01-13", "big_data.share_request_register")
    told.happened("one", "ruled_outside", "2020-01-20", BUREAU)
    assert _late(told, "2020-02-04") == {("one", "answer_conditional"): 1}


def test_a_refusal_that_was_overruled_is_no_answer(alone: ToldLines) -> None:
    told = alone
    told.submitted("one", "2020-01-13")
    told.happened("one", "refused", "2020-01-15", "police", level="law")
    assert _late(told, "2020-02-05") == {}
    told.happened("one", "refusal_overruled", "2020-02-06", BUREAU)
    assert _late(told, "2020-02-06") == {("one", "answer_conditional"): 3}
    told.granted("one", "2020-02-07")
    assert _late(told, "2020-02-10") == {("one", "answer_conditional"): 4}


def test_an_answer_dated_back_is_listed_although_its_date_is_in_time(alone: ToldLines) -> None:
    told = alone
    told.submitted("one", "2020-01-13")
    told.granted("one", "2020-02-03", recorded="2020-02-20")
    told.duties("2020-02-21")
    (row,) = told.rows(late_sql())
    assert (row["days_late"], str(row["recorded_late"])) == (0, "2020-02-20")


def test_a_correction_closed_without_putting_the_data_right_is_still_owed(alone: ToldLines) -> None:
    told = alone
    told.submitted("one", "2020-01-13")
    told.granted("one", "2020-01-14")
    told.delivered("one", "2020-01-15")
    told.correction("one", "asked", "2020-01-19", "civil")
    told.correction("one", "decided", "2020-02-03", "police", upheld=True)
    told.correction("one", "closed", "2020-02-03", "police")
    assert _late(told, "2020-02-12") == {("one", "correction"): 2}
    told.correction("one", "fixed", "2020-02-13", "police")
    assert _late(told, "2020-03-20") == {("one", "correction"): 3}


@pytest.mark.parametrize(
    ("kind", "by", "withdrawn_on", "late"),
    [
        ("withdrawn", "civil", "2020-02-03", {}),
        # withdrawn under pressure two days after the limit: the answer was late all the same, and no later
        ("withdrawn", "civil", "2020-02-05", {("one", "answer_conditional"): 2}),
        ("ruled_outside", BUREAU, "2020-01-20", {}),
        # only the bureau may rule so
        ("ruled_outside", "police", "2020-01-20", {("one", "answer_conditional"): 20}),
    ],
)
def test_a_line_that_ended_is_owed_no_longer(
    told: ToldLines, kind: str, by: str, withdrawn_on: str, late: dict[tuple[str, str], int]
) -> None:
    told.submitted("one", "2020-01-13")
    told.happened("one", kind, withdrawn_on, by)
    assert _late(told, "2020-03-02") == late


def test_a_revoked_or_suspended_grant_is_not_to_be_supplied(alone: ToldLines) -> None:
    told = alone
    for line, kind in (("one", "revoked"), ("two", "suspended")):
        told.submitted(line, "2020-01-13")
        told.granted(line, "2020-01-14")
        told.happened(line, kind, "2020-01-20", BUREAU)
    assert _late(told, "2020-03-02") == {}
    told.happened("two", "resumed", "2020-03-03", BUREAU)
    assert set(_late(told, "2020-03-03")) == {("two", "provide")}


def test_every_duty_is_judged_by_the_strictest_limit_of_its_own_day_and_cites_it(alone: ToldLines) -> None:
    told = alone
    rules = """limits:
  - {duty: answer_conditional, working_days: 10, level: nation, article: old rule, valid_from: 2016-01-01, valid_to: 2020-02-29}
  - {duty: answer_conditional, working_days: 8, level: nation, article: new rule art. 2, valid_from: 2020-03-01, liability: new rule art. 9}
  - {duty: answer_conditional, working_days: 5, level: province, article: province, valid_from: 2020-03-02, valid_to: 2020-03-03}
  - {duty: answer_conditional, working_days: 8, level: city, article: city, valid_from: 2020-01-01}
  - {duty: answer_unconditional, working_days: 1, level: nation, article: x, valid_from: 2016-01-01}
  - {duty: provide, working_days: 20, level: nation, article: x, valid_from: 2016-01-01}
  - {duty: correction, working_days: 10, level: nation, article: x, valid_from: 2016-01-01}
"""
    (told.city.folder / "policy.yaml").write_text(rules, encoding="utf-8")
    for day in ("2019-12-02", "2020-02-28", "2020-03-02", "2020-03-03", "2020-03-04"):
        told.submitted(day, day)
    found = {
        row["line_id"]: (str(row["due_day"]), row["article"], row["liability"]) for row in told.told_of("2020-06-01")
    }
    assert found == {
        "2019-12-02": ("2019-12-16", "old rule", ""), "2020-02-28": ("2020-03-11", "city", ""), "2020-03-02": ("2020-03-09", "province", ""),
        "2020-03-03": ("2020-03-10", "province", ""), "2020-03-04": ("2020-03-16", "new rule art. 2", "new rule art. 9"),
    }  # fmt: skip


def test_the_end_of_the_calendar_is_announced_months_ahead_and_then_named_with_the_line(alone: ToldLines) -> None:
    told = alone
    (told.city.folder / "calendar.csv").write_text(
        "day,kind,reason,notice\n2020-01-01,rest,New Year,notice\n2020-10-01,rest,National Day,notice\n",
        encoding="utf-8",
    )
    told.submitted("in time", "2020-03-02")
    # by this calendar every weekday from 12 October to 31 December is worked: 59 after Friday the 9th, 60 after Thursday the 8th
    assert told.duties("2020-10-08").notes == ()
    assert (
        "59 more working days only: deadlines beyond 2020-12-31 cannot be set; add the State Council's notice"
        in told.duties("2020-10-09").notes[0]
    )
    told.granted("in time", "2020-03-03")
    told.delivered("in time", "2020-03-04")
    told.correction("in time", "asked", "2020-12-28", "civil")
    told.correction("in time", "closed", "2020-12-29", "police")
    with pytest.raises(ConfigurationError, match="deadline of line 0/in time, correction of 2020-12-28"):
        told.duties("2020-12-31")
    told.submitted("short", "2020-11-30")
    with pytest.raises(
        ConfigurationError,
        match=r"does not reach the deadline of line 0/short, submitted on 2020-11-30.*2020-12-31.*notice for the next year",
    ):
        told.duties("2020-12-01")
    with pytest.raises(ConfigurationError, match="2021-01-04 is outside the calendar"):
        told.duties("2021-01-04")
