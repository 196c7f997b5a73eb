"""The clock in SQL counts as the calendar does."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.catalogue import load_city
from sharing.calendar import read_calendar
from sharing.clock import CLOCK, LINES, load_rules, run_clock
from sharing.policy import read_policy
from tests.sharing.rate_city import QINGDAO

_TIMES = (
    "submitted_at",
    "received_at",
    "supplement_asked_at",
    "supplemented_at",
    "answered_at",
    "extension_consented_at",
    "correction_asked_at",
)
_days = st.dates(date(2019, 3, 1), date(2021, 6, 30))
_gap = st.integers(0, 60)
_calendar, _policy = read_calendar(load_city(QINGDAO)), read_policy(QINGDAO)


def _clock(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'America/New_York'")  # the session's zone must not matter
    columns = ", ".join(f"{name} TIMESTAMPTZ" for name in _TIMES)
    connection.execute(
        f"CREATE TEMP TABLE {LINES} (line_id VARCHAR, resource VARCHAR, share_type VARCHAR, extension_days BIGINT, {columns})"
    )
    connection.execute("CREATE TEMP TABLE rate_assets (resource VARCHAR, share_type VARCHAR)")
    for number, line in enumerate(lines):
        values = [f"{line[name]}+08" if line.get(name) else None for name in _TIMES]
        connection.execute(
            f"INSERT INTO {LINES} VALUES (?, 'x', ?, ?, {', '.join('?' * len(_TIMES))})",
            [f"{number:04d}", line["share_type"], line.get("extension_days"), *values],
        )
    load_rules(connection, _calendar, _policy)
    run_clock(connection, "Asia/Shanghai", True, _calendar)
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
                "answered_at": None if answered is None else _at(day + timedelta(days=answered)),
                "correction_asked_at": correction and _at(correction),
            }
        )  # fmt: skip
    assert [(c["answer_due"], c["provide_due"], c["correction_due"]) for c in _clock(lines)] == expected


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
    assert [c["answer_due"] for c in _clock(lines)] == expected


def test_a_clock_that_stands_has_no_due_day_and_an_instant_belongs_to_its_local_day() -> None:
    submitted = datetime(2020, 3, 2, 0, 30)
    standing, unpaused = _clock(
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
