"""The sample city's figures against small sets of records whose right answer is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contracts.catalogue import load_city
from contracts.quoting import ident
from contracts.settings import Settings
from contracts.types import lake_type
from sharing.scorecard import Figure, compute, read_figures
from warehouse.lake import open_lake

CITY = Path("cities/qingdao")
RESOURCES = load_city(CITY).resources
FIGURES = {figure.id: figure for figure in read_figures(CITY)}


def approx(value: float) -> Any:
    """pytest.approx, which mypy does not let stand in a tuple."""
    return pytest.approx(value)


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = open_lake(
        Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path), "LANDBRIDGE_THREADS": "1"}),
        timezone="Asia/Shanghai",
    )
    yield connection
    connection.close()


def fill(lake: duckdb.DuckDBPyConnection, id: str, columns: str, *rows: tuple[object, ...]) -> None:
    """The resource's table as its contract makes it, with these columns filled."""
    resource = RESOURCES[id]
    table = ident("lake", resource.department, resource.name)
    lake.execute(f"CREATE SCHEMA IF NOT EXISTS {ident('lake', resource.department)}")
    lake.execute(f"CREATE TABLE {table} ({', '.join(f'{ident(f.name)} {lake_type(f)}' for f in resource.fields)})")
    marks = ", ".join("?" for _ in columns.split())
    lake.executemany(f"INSERT INTO {table} ({', '.join(columns.split())}) VALUES ({marks})", rows)


def figures(lake: duckdb.DuckDBPyConnection, *ids: str, day: str = "2020-05-06") -> dict[str, Figure]:
    """The figures as of the night that follows the day, parts included."""
    instant = datetime.fromisoformat(f"{day}T23:59:59.999999+08:00")
    at = datetime.fromtimestamp(round(instant.timestamp()), instant.tzinfo)
    return {figure.id: figure for figure in compute(lake, [FIGURES[id] for id in ids], at)}


HEARING = "case_no instance hearing_no heard_on appeared spoke absence_reason absence_document"


def test_the_court_rule_counts_chiefs_and_deputies_once_an_instance(lake: duckdb.DuckDBPyConnection) -> None:
    fill(
        lake, "court.administrative_case", HEARING,
        ("chief", "一审", 1, "2020-02-01", "正职", True, None, None),
        ("deputy", "一审", 1, "2020-02-01", "分管副职", False, None, None),
        ("staff only", "一审", 1, "2020-02-01", "工作人员", None, None, None),
        ("nobody", "一审", 1, "2020-02-01", "无人", None, None, None),
        # one appearance in an instance of several hearings is enough
        ("several", "一审", 1, "2020-02-01", "工作人员", None, None, None),
        ("several", "一审", 2, "2020-03-01", "正职", True, None, None),
        ("several", "一审", 3, "2020-04-01", "工作人员", None, None, None),
        # another instance of the same case asks for another appearance
        ("several", "二审", 1, "2020-04-20", "工作人员", None, None, None),
        # justified with a document: outside the rate; with a mere reason: absent
        ("excused", "一审", 1, "2020-02-01", "工作人员", None, "疫情防控", "说明1号"),
        ("pretext", "一审", 1, "2020-02-01", "工作人员", None, "公务繁忙", None),
        # documented for one hearing only: absent from the other one
        ("half excused", "一审", 1, "2020-02-01", "工作人员", None, "疫情防控", "说明2号"),
        ("half excused", "一审", 2, "2020-03-01", "工作人员", None, None, None),
    )  # fmt: skip
    found = figures(lake, "court_appearance", "court_chief", "court_spoke", "court_justified")
    assert (found["court_appearance"].value, found["court_appearance"].n) == (approx(100 * 3 / 8), 8)
    assert (found["court_appearance/二审"].value, found["court_appearance/二审"].n) == (0.0, 1)
    assert found["court_chief"].value == approx(100 * 2 / 8)
    assert found["court_spoke"].value == approx(100 * 2 / 3)
    assert (found["court_justified"].value, found["court_justified"].n) == (1, 9)


def test_the_court_rate_belongs_to_the_year_in_which_an_instance_was_first_heard(
    lake: duckdb.DuckDBPyConnection,
) -> None:
    fill(
        lake, "court.administrative_case", HEARING,
        ("a", "一审", 1, "2019-12-20", "工作人员", None, None, None),
        ("a", "一审", 2, "2020-01-10", "正职", True, None, None),
        ("b", "一审", 1, "2019-06-01", "无人", None, None, None),
        ("c", "一审", 1, "2020-05-01", "正职", True, None, None),
    )  # fmt: skip
    both = ("court_appearance", "court_appearance_last_year")
    assert [f.value for id, f in figures(lake, *both).items() if id in both] == [100.0, 50.0]
    early = figures(lake, *both, day="2020-01-05")
    assert (early["court_appearance"].value, early["court_appearance_last_year"].value) == (None, 0.0)


def test_debts_age_with_the_day_they_are_asked_for(lake: duckdb.DuckDBPyConnection) -> None:
    fill(
        lake, "finance.enterprise_debt", "debt_no signed_on delivered_on due_on amount paid_amount paid_on",
        ("1", "2019-01-01", "2020-04-01", "2020-05-06", 100_000, None, None),
        ("2", "2019-01-01", "2020-03-01", "2020-04-06", 200_000, None, None),
        ("3", "2019-01-01", "2019-03-01", "2019-05-01", 400_000, 400_000, "2020-05-05"),
        ("4", "2019-01-01", "2020-01-01", "2020-01-31", 80_000, 30_000, "2020-03-01"),
        ("5", "2019-01-01", "2020-06-01", "2020-07-01", 999_999, None, None),
    )  # fmt: skip
    on_4_may = figures(lake, "debts_outstanding", "debts_overdue", day="2020-05-04")
    assert on_4_may["debts_outstanding"].value == approx(75)
    ages = {f.part: f.value for f in on_4_may.values() if f.part}
    assert ages == {"0": 10, "1–30": 20, "91–180": 5, "365+": 40}
    assert on_4_may["debts_overdue"].value == approx(65)
    on_7_may = figures(lake, "debts_outstanding", "debts_overdue", day="2020-05-07")
    assert {f.part: f.value for f in on_7_may.values() if f.part} == {"1–30": 10, "31–90": 20, "91–180": 5}
    assert on_7_may["debts_overdue"].value == approx(35)


def test_late_interest_runs_at_five_ten_thousandths_a_day(lake: duckdb.DuckDBPyConnection) -> None:
    fill(
        lake, "finance.enterprise_debt", "debt_no signed_on delivered_on due_on amount paid_amount paid_on",
        ("open ten days", "2019-01-01", "2020-03-01", "2020-04-26", 1_000_000, None, None),
        ("paid four days late", "2019-01-01", "2020-03-01", "2020-04-01", 500_000, 500_000, "2020-04-05"),
        ("paid early", "2019-01-01", "2020-03-01", "2020-04-01", 500_000, 500_000, "2020-03-20"),
        ("term of 61 days", "2019-01-01", "2020-05-01", "2020-07-01", 1, None, None),
    )  # fmt: skip
    found = figures(lake, "debts_interest", "debts_long_terms")
    assert found["debts_interest"].value == approx((1_000_000 * 10 + 500_000 * 4) * 0.0005 / 10_000)
    assert found["debts_long_terms"].value == approx(25)


def test_a_system_taken_out_of_the_scope_shows_and_the_cloud_follows_the_dates(lake: duckdb.DuckDBPyConnection) -> None:
    fill(
        lake, "big_data.system_register", "system_no level built_on in_scope scope_changed_on exclusion_reason migrated_on",
        ("1", "市级", "2015-01-01", True, None, None, "2019-01-01"),
        ("2", "市级", "2015-01-01", True, None, None, "2020-05-05"),
        ("3", "区级", "2015-01-01", True, None, None, None),
        ("4", "市级", "2015-01-01", False, "2020-05-05", "涉密系统", None),
    )  # fmt: skip
    before, after = (figures(lake, "cloud_share", "systems_excluded", day=day) for day in ("2020-05-04", "2020-05-05"))
    assert (before["cloud_share"].value, before["cloud_share"].n, before["systems_excluded"].value) == (25.0, 4, 0)
    assert (after["cloud_share"].value, after["cloud_share"].n, after["systems_excluded"].value) == (
        approx(200 / 3),
        3,
        1,
    )
    assert after["systems_excluded/涉密系统"].value == 1


def test_coverage_is_files_of_those_on_the_roll_and_not_a_constant(lake: duckdb.DuckDBPyConnection) -> None:
    fill(
        lake, "human_resources.staff_roll", "staff_no entered_on left_on",
        ("1", "2010-01-01", None), ("2", "2010-01-01", None), ("left", "2010-01-01", "2020-01-01"), ("new", "2020-05-06", None),
    )  # fmt: skip
    fill(
        lake, "development_reform.official_credit", "file_no staff_no opened_on",
        ("a", "1", "2019-01-01"), ("b", "2", "2019-01-01"), ("c", "left", "2019-01-01"), ("d", "gone", "2019-01-01"),
    )  # fmt: skip
    assert figures(lake, "official_credit_coverage", day="2020-05-05")["official_credit_coverage"].text == "100.00 %"
    after = figures(lake, "official_credit_coverage", day="2020-05-06")["official_credit_coverage"]
    assert (after.value, after.n) == (approx(200 / 3), 3)


def test_the_same_policy_pooled_twice_counts_once_and_an_expired_one_not_at_all(
    lake: duckdb.DuckDBPyConnection,
) -> None:
    columns = "policy_no document_no issued_on valid_from valid_to industries"
    fill(
        lake, "development_reform.policy_document", columns,
        ("1", "青政办发〔2019〕5号", "2019-01-01", "2019-02-01", None, "C;F"),
        ("2", "青政发〔2017〕1号", "2017-01-01", "2017-02-01", "2020-05-05", None),
    )  # fmt: skip
    fill(
        lake, "science_technology.policy_document", columns,
        ("3", "青政办发[2019] 5号", "2019-01-01", "2019-02-01", None, "C"),
        ("4", "青政办发〔2019〕15号", "2019-01-01", "2019-02-01", None, None),
    )  # fmt: skip
    found = figures(lake, "policies_in_force", "policies_pooled")
    assert (found["policies_in_force"].value, found["policies_pooled"].value) == (2, 4)
    parts = {f.part: f.value for f in found.values() if f.part}
    assert parts == {"C": 1, "F": 1, "全部 all": 1}


def test_the_hotlines_limit_is_five_working_days_of_the_citys_calendar(lake: duckdb.DuckDBPyConnection) -> None:
    """1 to 5 May 2020 were holidays, Sunday 26 April was worked: from 27 April the fifth working day is 7 May."""
    columns = "case_no repeat_of division_code topic received_at answered_at"
    fill(
        lake, "hotline.hotline_case", columns,
        ("in time", None, "370202", "其他", "2020-04-27 09:00:00+08", "2020-05-07 23:59:00+08"),
        ("a day late", None, "370202", "其他", "2020-04-27 09:00:00+08", "2020-05-08 00:01:00+08"),
        ("on the Saturday after", None, "370203", "其他", "2020-04-10 09:00:00+08", "2020-04-18 10:00:00+08"),
        ("never", None, "370203", "其他", "2020-04-10 09:00:00+08", None),
        ("repeated", "never", "370203", "其他", "2020-04-11 09:00:00+08", None),
        ("not due yet", None, "370203", "其他", "2020-05-08 09:00:00+08", None),
    )  # fmt: skip
    found = figures(lake, "hotline_on_time", "hotline_cases", day="2020-05-08")
    assert (found["hotline_on_time"].value, found["hotline_on_time"].n) == (25.0, 4)
    assert (found["hotline_on_time/370202"].value, found["hotline_on_time/370203"].value) == (50.0, 0.0)
    assert (found["hotline_cases"].value, found["hotline_cases"].n) == (5, 6)
    assert figures(lake, "hotline_on_time", day="2020-05-06")["hotline_on_time"].n == 2


def test_steps_side_by_side_save_what_they_would_have_taken_in_series(lake: duckdb.DuckDBPyConnection) -> None:
    columns = "case_no step_no step parallel started_at ended_at"
    rows = [
        (case, number, step, parallel, f"2020-04-{start} 09:00:00+08", end and f"2020-04-{end} 09:00:00+08")
        for case, parallel, last in (("parallel", True, "15"), ("series", False, "15"), ("open", True, None))
        for number, step, start, end in (
            (1, "受理", "13", "14"), (2, "规划审查", "14", "15"), (3, "消防审查", "14", "15"), (4, "审批发证", "15", last and "16"),
        )
    ]  # fmt: skip
    fill(lake, "approval.approval_case", columns, *rows)
    found = figures(lake, "parallel_saving", "approval_days")
    assert (found["parallel_saving"].value, found["parallel_saving"].n) == (approx(25), 1)
    assert (found["approval_days"].value, found["approval_days"].n) == (3, 2)


def test_a_promise_is_kept_by_the_figure_that_measures_it_and_not_by_saying_so(lake: duckdb.DuckDBPyConnection) -> None:
    fill(
        lake, "big_data.network_register", "network_no planned_on moving_since merged_on",
        ("1", "2018-01-01", "2018-06-01", "2019-01-01"), ("2", "2018-01-01", "2019-06-01", None),
    )  # fmt: skip
    fill(
        lake, "reform_office.hearing_promise", "promise_no question_no answered_live due_on figure direction target",
        ("1", 1, True, "2020-05-01", "networks_merged", "不低于", 1),
        ("2", 1, True, "2020-05-01", "networks_moving", "不高于", 0),
        ("3", 2, False, "2020-12-31", "court_appearance", "不低于", 100),
        ("4", 2, False, "2020-05-01", None, None, None),
    )  # fmt: skip
    ids = (
        "networks_merged",
        "networks_moving",
        "court_appearance",
        "questions",
        "questions_answered",
        "promises_measured",
        "promises_kept",
        "promises_overdue",
    )
    found = figures(lake, *ids)
    assert found["court_appearance"].value is None
    assert (found["questions"].value, found["questions_answered"].value) == (2, 1)
    assert (found["promises_measured"].value, found["promises_measured"].n) == (2, 4)
    assert (found["promises_kept"].value, found["promises_kept"].n) == (1, 2)
    assert found["promises_overdue"].value == 2


def test_a_leaf_of_the_indicator_tree_without_a_figure_has_no_data(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, "big_data.network_register", "network_no merged_on", ("1", "2019-01-01"))
    fill(
        lake, "development_reform.business_indicator", "first_no first_name second_no figure",
        ("01", "甲", "01.01", "networks_merged"), ("01", "甲", "01.02", None), ("02", "乙", "02.01", "court_appearance"), ("02", "乙", "02.02", "unknown"),
    )  # fmt: skip
    found = figures(
        lake, "networks_merged", "court_appearance", "indicators_first", "indicators_second", "indicators_with_data"
    )
    assert (found["indicators_first"].value, found["indicators_second"].value) == (2, 4)
    assert (found["indicators_with_data"].value, found["indicators_with_data"].n) == (1, 4)


def test_items_merged_into_another_are_counted_there_only(lake: duckdb.DuckDBPyConnection) -> None:
    fill(
        lake, "big_data.service_item", "item_code department_id published_on withdrawn_on merged_into",
        ("1", "tax", "2019-01-01", None, None), ("2", "water", "2019-01-01", None, "1"), ("3", "tax", "2019-01-01", "2020-05-06", None),
        ("4", "water", "2020-05-06", None, None), ("5", "water", "2020-06-01", None, None),
    )  # fmt: skip
    counts = ("mobile_items", "mobile_departments")
    assert [f.value for f in figures(lake, *counts, day="2020-05-05").values()] == [2, 1]
    assert [f.value for f in figures(lake, *counts, day="2020-05-06").values()] == [2, 2]
