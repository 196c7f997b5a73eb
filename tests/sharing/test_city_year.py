"""A year of 2,000 requests: the product's rate equals a naive one, line by line and scope by scope."""

from __future__ import annotations

from pathlib import Path

from tests.sharing.city_year import FIRST, LAST, CityYear


def test_a_city_year_of_two_thousand_requests_equals_the_naive_rate(tmp_path: Path) -> None:
    year = CityYear(tmp_path)
    # some of every season; `python -m tests.sharing.city_year` compares each of the 365 days, in some minutes
    for night in range(FIRST, LAST + 1, 37):
        year.compare(night)
