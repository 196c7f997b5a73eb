"""Working days of the sample city, checked by hand against the State Council's notices."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cities.qingdao.make_calendar import rows
from contracts.catalogue import load_city
from contracts.errors import ConfigurationError
from sharing.calendar import Calendar, read_calendar
from tests.sharing.rate_city import QINGDAO, RateCity


@cache
def qingdao() -> Calendar:
    return read_calendar(load_city(QINGDAO))


# start day, working days, last day of the limit – counted on a paper calendar; the day itself never counts
_CASES = [
    # an ordinary week: Monday + 1 = Tuesday; Friday + 1 = Monday
    ("2020-03-02", 1, "2020-03-03"),
    ("2020-03-06", 1, "2020-03-09"),
    # ten days from a Monday are two weeks
    ("2020-03-02", 10, "2020-03-16"),
    # received on a Saturday: counting starts on the Monday, which is the first day
    ("2020-03-07", 1, "2020-03-09"),
    # Spring Festival 2020: Friday 17 January; Sunday the 19th is worked in lieu
    ("2020-01-17", 1, "2020-01-19"),
    # 20, 21, 22, 23 January are worked, then rest from the 24th to Sunday 2 February: the epidemic notice took 31 January and 1 February
    ("2020-01-17", 5, "2020-01-23"),
    ("2020-01-17", 6, "2020-02-03"),
    # the first plan had Saturday 1 February as a working day in lieu; by the second notice it rests
    ("2020-01-23", 1, "2020-02-03"),
    ("2020-01-23", 5, "2020-02-07"),
    # received in the middle of the holiday
    ("2020-01-27", 1, "2020-02-03"),
    # ten days over the festival: 20–23 January are four after the 19th's one, 3–7 February are five more: ten
    ("2020-01-17", 10, "2020-02-07"),
    # Tomb-sweeping 4–6 April 2020: Friday 3 April + 1 = Tuesday 7 April
    ("2020-04-03", 1, "2020-04-07"),
    # Labour Day 1–5 May 2020, Sunday 26 April and Saturday 9 May worked
    ("2020-04-24", 1, "2020-04-26"),
    ("2020-04-30", 1, "2020-05-06"),
    ("2020-04-30", 4, "2020-05-09"),
    # 28 April: 29, 30, 6, 7, 8, 9, 11, 12, 13, 14 May
    ("2020-04-28", 10, "2020-05-14"),
    # National Day 1–8 October 2020, Sunday 27 September and Saturday 10 October worked
    ("2020-09-25", 1, "2020-09-27"),
    ("2020-09-30", 1, "2020-10-09"),
    ("2020-09-30", 2, "2020-10-10"),
    # 30 September + 10: 9, 10, 12–16, 19, 20, 21 October
    ("2020-09-30", 10, "2020-10-21"),
    # year end: 31 December 2020 is a Thursday, 1–3 January 2021 rest
    ("2020-12-31", 1, "2021-01-04"),
    # 30 December 2019 + 3: the 31st, then 2 and 3 January (1 January rests)
    ("2019-12-30", 3, "2020-01-03"),
    # 31 December 2022 was a day off of New Year 2023: 30 December + 1 = 3 January
    ("2022-12-30", 1, "2023-01-03"),
]  # fmt: skip


@pytest.mark.parametrize(("start", "working_days", "last"), _CASES)
def test_deadlines_around_the_holidays(start: str, working_days: int, last: str) -> None:
    assert qingdao().add_working_days(date.fromisoformat(start), working_days) == date.fromisoformat(last)


def test_a_deadline_is_the_end_of_its_last_local_day() -> None:
    over = qingdao().deadline(date(2020, 4, 30), 1, ZoneInfo("Asia/Shanghai"))
    assert over == datetime(2020, 5, 7, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_a_calendar_that_ends_before_a_deadline_says_so() -> None:
    short = Calendar(date(2020, 1, 1), date(2020, 12, 31), qingdao().listed)
    assert short.add_working_days(date(2020, 12, 29), 2) == date(2020, 12, 31)
    with pytest.raises(
        ConfigurationError, match=r"20 working days from 2020-12-15 .*2020-12-31.*notice for the next year"
    ):
        short.add_working_days(date(2020, 12, 15), 20)
    with pytest.raises(ConfigurationError, match="outside the calendar"):
        short.is_working(date(2021, 1, 1))


def test_the_city_s_file_is_what_the_package_and_the_notices_say() -> None:
    text = (QINGDAO / "calendar.csv").read_text(encoding="utf-8").splitlines()
    assert [tuple(line.split(",")) for line in text[1:]] == rows(2019, 2026)
    assert qingdao().listed[date(2020, 1, 31)].notice == "国办发明电〔2020〕1号"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("2020-13-01,rest,x,n", "no day"),
        ("2020-05-01,holiday,x,n", "kind is 'holiday'"),
        ("2020-05-01,rest,x,", "no notice"),
        ("2020-05-01,rest,x,n\n2020-05-01,rest,x,n", "stands twice"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "city.yaml").write_text("name: x\ntimezone: Asia/Shanghai\nschedule: '0 2 * * *'\nstart: 2020-05-04\n")
    (tmp_path / "calendar.csv").write_text(f"day,kind,reason,notice\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=f"{problem}.*line [23]"):
        read_calendar(load_city(tmp_path))


_days = st.dates(date(2019, 1, 1), date(2025, 12, 31))


@given(_days, st.integers(1, 60))
def test_a_limit_ends_on_a_working_day_after_exactly_its_number_of_working_days(day: date, working_days: int) -> None:
    last = qingdao().add_working_days(day, working_days)
    after = (day + timedelta(days=n) for n in range(1, (last - day).days + 1))
    assert qingdao().is_working(last)
    assert sum(qingdao().is_working(each) for each in after) == working_days
    assert qingdao().working_days_between(day, last) == working_days


@given(_days, st.integers(0, 30), st.integers(0, 30))
def test_limits_add_up_and_never_run_backwards(day: date, first: int, second: int) -> None:
    calendar = qingdao()
    step = calendar.add_working_days(calendar.add_working_days(day, first), second)
    assert calendar.add_working_days(day, first + second) == step
    assert calendar.add_working_days(day, first) <= step


def test_a_warning_comes_weeks_before_the_calendar_ends() -> None:
    # Saturday 9 May is worked; 11–29 May are 15, June has 21 (25–27 off, Sunday 28 worked), July 23: 59 after the 9th, 60 after the 8th
    short = Calendar(
        date(2020, 1, 1),
        date(2020, 7, 31),
        {d: v for d, v in qingdao().listed.items() if d.year == 2020 and d.month < 8},
    )
    assert (short.working_days_left(date(2020, 5, 8)), short.ends_soon(date(2020, 5, 8))) == (60, "")
    assert (
        "59 more working days only: deadlines beyond 2020-07-31 cannot be set; add the State Council's"
        in short.ends_soon(date(2020, 5, 9))
    )


def test_the_rate_warns_of_a_calendar_that_ends_soon_and_names_the_line_that_it_does_not_reach(tmp_path: Path) -> None:
    city = RateCity(tmp_path / "x", in_memory=True)
    city.line("done")
    city.load_register(1)
    assert city.judge(1).notes == ()
    _cut(city, "2020-07-24")
    (note,) = city.judge(1).notes
    assert note.startswith("calendar.csv knows 58 more working days only: deadlines beyond 2020-07-24 cannot be set")
    city.undelivered("open", submitted_at="2020-05-04 09:00:00", received_at="2020-05-04 10:00:00")
    city.load_register(2)
    assert len(city.judge(2).notes) == 1, "the data is due on 15 June at the latest"
    _cut(city, "2020-05-29")
    with pytest.raises(
        ConfigurationError,
        match=r"does not reach the deadline of line open, submitted on 2020-05-04.*2020-05-29.*notice",
    ):
        city.judge(2)


def _cut(city: RateCity, last: str) -> None:
    """Let the city's calendar end on a day."""
    lines = (QINGDAO / "calendar.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.startswith("day") or line[:10] <= last]
    (city.folder / "calendar.csv").write_text("\n".join(kept), encoding="utf-8")
    config = city.folder / "city.yaml"
    told = [line for line in config.read_text(encoding="utf-8").splitlines() if not line.startswith("calendar")]
    config.write_text("\n".join([*told, f"calendar: {{from: 2019-01-01, to: {last}}}", ""]), encoding="utf-8")
