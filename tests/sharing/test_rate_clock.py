"""The clock in SQL counts as the calendar does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalogue import load_city
from contracts.errors import ConfigurationError
from sharing.calendar import Calendar, read_calendar
from sharing.clock import CLOCK, LINES, load_rules, run_clock
from sharing.policy import Policy, read_policy
from tests.sharing.rate_city import QINGDAO

_TIMES = (
    "submitted_at",
    "received_at",
    "supplement_asked_at",
    "supplemented_at",
    "first_answered_at",
    "first_granted_at",
    "extension_consented_at",
    "correction_asked_at",
)
_days = st.dates(date(2019, 3, 1), date(2021, 6, 30))
_gap = st.integers(0, 60)
_calendar, _policy = read_calendar(load_city(QINGDAO)), read_policy(QINGDAO)


def clock(
    lines: list[dict[str, object]], policy: Policy = _policy, calendar: Calendar = _calendar, pause: bool = True
) -> list[dict[str, object]]:
    """What the clock says of lines given by their local times; who consents to an extension is the bureau unless the line says otherwise."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")  # the session's zone must not matter
    columns = ", ".join(f"{name} TIMESTAMPTZ" for name in _TIMES)
    connection.execute(
        f"CREATE TEMP TABLE {LINES} (line_id VARCHAR, resource VARCHAR, share_type VARCHAR, extension_days BIGINT, submission_source VARCHAR, "
        f"extension_consented_by VARCHAR, extension_source VARCHAR, {columns})"
    )
    connection.execute("CREATE TEMP TABLE rate_assets (resource VARCHAR, share_type VARCHAR)")
    for number, line in enumerate(lines):
        values = [f"{line[name]}+08" if line.get(name) else None for name in _TIMES]
        connection.execute(
            f"INSERT INTO {LINES} VALUES (?, 'x', ?, ?, ?, ?, ?, {', '.join('?' * len(_TIMES))})",
            [
                f"{number:04d}",
                line["share_type"],
                line.get("extension_days"),
                line.get("source", "register"),
                line.get("consented_by", "bureau"),
                line.get("extension_source", "landbridge"),
                *values,
            ],
        )
    load_rules(connection, calendar, policy)
    run_clock(connection, "Asia/Shanghai", pause, calendar, "bureau")
    found = connection.execute(f"SELECT * FROM {CLOCK} ORDER BY line_id")
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _at(day: date, clock: str = "23:30:00") -> str:
    return f"{day} {clock}"


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.tuples(_days, st.booleans(), st.one_of(st.none(), _gap), st.one_of(st.none(), _gap)), min_size=1, max_size=30
    )
)
def test_answers_data_and_corrections_are_due_as_the_calendar_counts(
    drawn: list[tuple[date, bool, int | None, int | None]],
) -> None:
    lines: list[dict[str, object]] = []
    expected = []
    for day, conditional, answered, asked in drawn:
        due = _calendar.add_working_days(day, 10 if conditional else 1)
        base = due if answered is None else min(due, day + timedelta(days=answered))
        correction = None if asked is None else day + timedelta(days=asked)
        expected.append(
            (due, _calendar.add_working_days(base, 20), correction and _calendar.add_working_days(correction, 10))
        )
        lines.append(
            {
                "share_type": "conditional" if conditional else "unconditional", "submitted_at": _at(day, "00:10:00"), "received_at": _at(day),
                "first_answered_at": None if answered is None else _at(day + timedelta(days=answered)),
                "correction_asked_at": correction and _at(correction),
            }
        )  # fmt: skip
    assert [(c["answer_due"], c["provide_due"], c["correction_due"]) for c in clock(lines)] == expected


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(_days, st.integers(0, 9), _gap), min_size=1, max_size=30))
def test_a_pause_gives_back_exactly_the_working_days_it_took(drawn: list[tuple[date, int, int]]) -> None:
    lines: list[dict[str, object]] = []
    expected = []
    for day, used, gap in drawn:
        # the notice comes on the working day after `used` whole ones; its own day does not count
        notice = _calendar.add_working_days(day, used + 1)
        supplement = notice + timedelta(days=gap)
        expected.append(_calendar.add_working_days(supplement, 10 - used))
        lines.append(
            {
                "share_type": "conditional", "submitted_at": _at(day), "received_at": _at(day), "supplement_asked_at": _at(notice),
                "supplemented_at": _at(supplement),
            }
        )  # fmt: skip
    assert [c["answer_due"] for c in clock(lines)] == expected


def test_a_clock_that_stands_has_no_due_day_and_an_instant_belongs_to_its_local_day() -> None:
    submitted = datetime(2020, 3, 2, 0, 30)
    standing, unpaused = clock(
        [
            {
                "share_type": "conditional",
                "submitted_at": submitted,
                "received_at": submitted,
                "supplement_asked_at": "2020-03-04 09:00:00",
            },
            {"share_type": "unconditional", "submitted_at": submitted, "received_at": submitted},
        ]
    )
    assert (standing["paused"], standing["answer_due"], standing["provide_due"]) == (True, None, None)
    # half past midnight on Monday in Qingdao is still Sunday in New York: one working day ends on Tuesday
    assert (unpaused["paused"], unpaused["answer_due"]) == (False, date(2020, 3, 3))


def test_what_lies_beyond_the_calendar_is_an_error_and_never_a_clock_that_runs_for_ever() -> None:
    until = date(2020, 6, 30)
    short = Calendar(date(2019, 1, 1), until, {day: told for day, told in _calendar.listed.items() if day <= until})
    asked = {"share_type": "conditional", "submitted_at": _at(date(2020, 3, 2))}
    paused = {**asked, "supplement_asked_at": _at(date(2020, 3, 4))}
    assert clock([paused], calendar=short)[0]["paused"]
    for line in (
        {**asked, "submitted_at": _at(date(2020, 6, 22))},  # the answer
        {**asked, "submitted_at": _at(date(2020, 6, 1))},  # the data
        {**paused, "supplemented_at": _at(date(2020, 7, 6))},
        {**asked, "correction_asked_at": _at(date(2020, 7, 6))},
        {**asked, "submitted_at": _at(date(2018, 12, 31))},
    ):
        with pytest.raises(ConfigurationError, match="the calendar does not reach the deadline of line 0000"):
            clock([line], calendar=short)


def test_a_day_without_a_limit_is_named_with_its_duty() -> None:
    limits = tuple(limit for limit in _policy.limits if limit.duty != "correction")
    line = {"share_type": "conditional", "submitted_at": _at(date(2020, 3, 2))}
    assert clock([line], replace(_policy, limits=limits))[0]["answer_due"] == date(2020, 3, 16)
    with pytest.raises(ConfigurationError, match="no limit for correction is in force on 2020-04-02"):
        clock([{**line, "correction_asked_at": _at(date(2020, 4, 2))}], replace(_policy, limits=limits))


def test_a_city_may_let_the_clock_run_while_papers_are_incomplete() -> None:
    line = {
        "share_type": "conditional",
        "submitted_at": _at(date(2020, 3, 2)),
        "supplement_asked_at": _at(date(2020, 3, 4)),
    }
    (running,) = clock([line], pause=False)
    assert (running["paused"], running["answer_due"], running["left_when_resumed"]) == (False, date(2020, 3, 16), None)
