"""A drawing stays readable whatever it has to show, and 400 nights do not make the page large."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sharing.report.facts import NIGHTS, read_facts
from sharing.report.page import NARROW, WIDE, page
from sharing.report.plots import trend
from tests.sharing.report.told_city import ToldCity

_RATE = st.one_of(st.none(), st.floats(0, 1))
_LAST = date(2020, 5, 5)


def _nights(rates: list[tuple[float | None, float | None, float | None]]) -> list[dict[str, Any]]:
    days = [_LAST - timedelta(days=len(rates) - 1 - n) for n in range(len(rates))]
    return [
        {"day": day, "declared": declared, "verified": verified, "on_time": on_time}
        for day, (declared, verified, on_time) in zip(days, rates, strict=True)
    ]


@settings(max_examples=60)
@given(
    st.one_of(st.integers(1, 60), st.just(400)).flatmap(
        lambda nights: st.lists(st.tuples(_RATE, _RATE, _RATE), min_size=1, max_size=8).map(
            lambda told: (told * nights)[:nights]
        )
    ),
    st.one_of(st.none(), st.floats(0, 1)),
    st.sets(st.integers(0, 59), max_size=8),
    st.sampled_from([WIDE, NARROW]),
)
def test_no_number_of_a_mark_and_no_name_of_a_line_covers_another(
    rates: list[tuple[float | None, float | None, float | None]],
    goal: float | None,
    marked: set[int],
    size: tuple[float, float],
) -> None:
    marks = sorted(_LAST - timedelta(days=n) for n in marked)
    drawn = trend(_nights(rates), goal, marks, *size)
    assert [number for _, _, number in drawn.marks] == [
        n for n, day in enumerate(marks, 1) if day > _LAST - timedelta(days=len(rates))
    ]
    for (x, y, _), (u, v, _) in combinations(drawn.marks, 2):
        assert max(abs(x - u), abs(y - v)) >= 18, "circles of radius 9"
    assert all(9 <= y < drawn.top for _, y, _ in drawn.marks)
    names = sorted(line.label_y for line in drawn.lines)
    assert all(lower - upper >= 33 for upper, lower in pairwise(names)), "each is two rows of text"
    assert not names or (names[0] >= 10 and names[-1] + 15 <= size[1])
    assert all(right - left >= 9 * len(text) for (left, _), (right, text) in pairwise(drawn.days))
    assert drawn.days[-1] == (drawn.right, _LAST.isoformat()[-len(drawn.days[-1][1]) :])
    for line in drawn.lines:
        assert drawn.top <= line.end[1] <= drawn.bottom


def test_four_hundred_nights_are_drawn_in_a_page_of_less_than_a_megabyte(told: ToldCity) -> None:
    facts = read_facts(told.city.connection, told.read, told.computation(3))
    nights = [
        {**facts.trend[-1], "day": _LAST - timedelta(days=n), "verified": 0.5 + n % 7 / 20} for n in range(NIGHTS)
    ]
    made = page(replace(facts, trend=nights[::-1]), "lines.csv")
    assert made.count("2020-05-05") and made.count("2019-") > 2
    assert len(made.encode()) < 300_000
