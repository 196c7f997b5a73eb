"""Limits are data: the strictest in force on the request's own day applies."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from contracts.errors import ConfigurationError
from sharing.policy import DUTIES, read_policy
from tests.sharing.rate_city import QINGDAO

_NATION = (
    "{duty: provide, working_days: 20, level: nation, article: art. 22, valid_from: 2020-01-01, valid_to: 2020-12-31}"
)
_CITY = (
    "{duty: provide, working_days: 15, level: city, article: city art. 3, valid_from: 2020-03-01, valid_to: 2020-06-30}"
)


def _policy(folder: Path, *limits: str, more: str = "") -> Path:
    (folder / "policy.yaml").write_text(
        "limits:\n" + "".join(f"  - {text}\n" for text in limits) + more, encoding="utf-8"
    )
    return folder


@pytest.mark.parametrize(
    ("day", "working_days"),
    [
        (date(2020, 2, 29), 20),
        (date(2020, 3, 1), 15),
        (date(2020, 6, 30), 15),
        (date(2020, 7, 1), 20),
        (date(2020, 12, 31), 20),
    ],
)
def test_the_strictest_limit_in_force_on_the_day_applies(tmp_path: Path, day: date, working_days: int) -> None:
    assert read_policy(_policy(tmp_path, _NATION, _CITY)).limit("provide", day).working_days == working_days


def test_of_equal_limits_the_highest_level_is_cited_and_with_it_what_follows(tmp_path: Path) -> None:
    same = "{duty: provide, working_days: 20, level: city, article: city art. 3, valid_from: 2020-01-01, liability: city art. 9}"
    found = read_policy(_policy(tmp_path, same, _NATION)).limit("provide", date(2020, 3, 1))
    assert (found.article, found.liability) == ("art. 22", "")
    assert read_policy(QINGDAO).limit("provide", date(2025, 8, 1)).liability == "国务院令第809号第39–41条"


def test_a_day_without_a_limit_is_an_error_that_names_the_duty(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no limit for provide is in force on 2021-01-01"):
        read_policy(_policy(tmp_path, _NATION)).limit("provide", date(2021, 1, 1))


def test_the_sample_city_has_every_limit_before_and_after_the_decree() -> None:
    policy = read_policy(QINGDAO)
    for day in (date(2019, 1, 2), date(2020, 5, 5), date(2025, 8, 1)):
        assert {duty: policy.limit(duty, day).working_days for duty in DUTIES} == {
            "answer_unconditional": 1, "answer_conditional": 10, "extend_answer": 10, "provide": 20, "correction": 10,
        }  # fmt: skip
    assert policy.limit("provide", date(2025, 8, 1)).working_days == 20
    assert policy.limit("answer_conditional", date(2025, 8, 1)).article == "国务院令第809号第21条"
    assert policy.limit("answer_conditional", date(2025, 7, 31)).article == "国发〔2016〕51号"


@pytest.mark.parametrize(
    ("limit", "problem"),
    [
        ("{duty: supply, working_days: 1, level: city, article: a, valid_from: 2020-01-01}", "unknown duty 'supply'"),
        ("{duty: provide, working_days: 0, level: city, article: a, valid_from: 2020-01-01}", "working_days is 0"),
        ("{duty: provide, working_days: 1, level: town, article: a, valid_from: 2020-01-01}", "unknown level 'town'"),
        ("{duty: provide, working_days: 1, level: city, valid_from: 2020-01-01}", "no article"),
        ("{duty: provide, working_days: 1, level: city, article: a, valid_from: soon}", "'soon' is no day"),
        ("{duty: provide, working_days: 1, level: city, article: a, from: 2020-01-01}", "unknown 'from'"),
        (
            "{duty: provide, working_days: 1, level: city, article: a, valid_from: 2020-02-01, valid_to: 2020-01-31}",
            "valid_to 2020-01-31 is before valid_from",
        ),
    ],
)
def test_a_mistake_in_a_limit_is_named_with_its_place(tmp_path: Path, limit: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{problem}.*limit 2"):
        read_policy(_policy(tmp_path, _NATION, limit))


def test_unknown_settings_and_shares_beyond_one_are_refused(tmp_path: Path) -> None:
    for more, problem in (
        ("min_fil: 0.1\n", "min_fil"),
        ("min_fill: 3\n", "min_fill is 3"),
        ("incomplete_papers: stop\n", "stop"),
    ):
        with pytest.raises(ConfigurationError, match=problem):
            read_policy(_policy(tmp_path, _NATION, more=more))
