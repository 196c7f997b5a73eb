"""Officials, courts, indicators, systems, networks, projects, tasks, archives and districts: small tables in and out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.models.readable import given, qingdao, shows
from tests.small_city import ROOT

CREDIT = """
    file_no | staff_no | opened_on  | breaches | last_breach_on
    1       | a1       | 2019-01-01 | 0        | -
    2       | a2       | 2020-05-07 | 0        | -
    3       | b1       | 2019-01-01 | 2        | 2020-05-07
"""


def test_coverage_is_the_files_of_those_on_the_roll_by_the_day() -> None:
    roll = """
        staff_no | department_id | entered_on | left_on
        a1       | tax           | 2010-01-01 | -
        a2       | tax           | 2010-01-01 | 2020-05-07
        a3       | tax           | 2010-01-01 | 2020-05-06
        a4       | tax           | 2020-05-07 | -
        b1       | water         | 2010-01-01 | -
    """
    inputs = {"human_resources.staff_roll": roll, "development_reform.official_credit": CREDIT}
    shows(given("mart.official_credit", inputs), """
        department_id | staff | covered | coverage | breached | suppressed
        tax           | 2     | 1       | 50.0     | 0        | false
        water         | 1     | 1       | 100.0    | 0        | false
    """)  # fmt: skip


@pytest.mark.parametrize(
    ("breaches", "told"),
    [
        ({"a": 4, "b": 7, "c": 9, "d": 0}, {"a": None, "b": None, "c": 9, "d": 0}),
        ({"a": 4, "b": 1, "c": 9, "d": 0}, {"a": None, "b": None, "c": 9, "d": 0}),
        ({"a": 5, "b": 6}, {"a": 5, "b": 6}),
        ({"a": 3, "d": 0}, {"a": None, "d": None}),
    ],
)
def test_few_officials_with_a_breach_are_not_told_nor_can_they_be_reckoned_from_the_citys_total(
    breaches: dict[str, int], told: dict[str, int | None]
) -> None:
    people = [(f"{d}{n}", d, n <= count) for d, count in breaches.items() for n in range(1, 11)]
    roll = "\n".join(["staff_no | department_id | entered_on", *(f"{p} | {d} | 2010-01-01" for p, d, _ in people)])
    files = "\n".join(["staff_no | opened_on | breaches", *(f"{p} | 2019-01-01 | {int(b)}" for p, _, b in people)])
    rows = given(
        "mart.official_credit", {"human_resources.staff_roll": roll, "development_reform.official_credit": files}
    )
    assert {r["department_id"]: r["breached"] for r in rows} == told
    assert all(r["suppressed"] == (r["breached"] is None) for r in rows)


def test_a_rank_is_known_from_its_publication_on() -> None:
    ranks = """
        month      | published_on | city_rank | cities | score
        2020-02-01 | 2020-03-21   | 12        | 36     | 80.5
        2020-03-01 | 2020-04-21   | 3         | 36     | 88.1
        2020-04-01 | 2020-05-21   | 1         | 36     | 90.0
    """
    shows(given("mart.city_credit_month", {"development_reform.city_credit_rank": ranks}), """
        month      | city_rank | risen | top_ten
        2020-02-01 | 12        | -     | false
        2020-03-01 | 3         | 9     | true
    """)  # fmt: skip


def test_a_leaf_without_a_figure_is_measured_by_none_and_stands_in_the_tree() -> None:
    leaves = """
        first_no | first_name | second_no | second_name | department_id | figure
        01       | 开办企业   | 01.01     | 环节        | market        | approval_days
        01       | 开办企业   | 01.02     | 成本        | market        | -
        02       | 纳税       | 02.01     | 时间        | tax           | -
    """
    shows(given("mart.business_indicator", {"development_reform.business_indicator": leaves}), """
        node_no | parent_no | level | name     | department_id | figure        | leaves | measured
        01      | -         | 1     | 开办企业 | market        | -             | 2      | 1
        01.01   | 01        | 2     | 环节     | market        | approval_days | 1      | 1
        01.02   | 01        | 2     | 成本     | market        | -             | 1      | 0
        02      | -         | 1     | 纳税     | tax           | -             | 1      | 0
        02.01   | 02        | 2     | 时间     | tax           | -             | 1      | 0
    """)  # fmt: skip


HEARINGS = """
    case_no | instance | hearing_no | heard_on   | department_id | appeared | spoke | absence_reason | absence_document
    1       | 一审     | 1          | 2019-12-30 | tax           | 工作人员 | -     | -              | -
    1       | 一审     | 2          | 2020-01-10 | tax           | 分管副职 | false | -              | -
    2       | 一审     | 1          | 2020-01-10 | tax           | 工作人员 | -     | 疫情防控       | 说明1
    3       | 一审     | 1          | 2020-01-10 | tax           | 工作人员 | -     | 疫情防控       | -
    3       | 二审     | 1          | 2020-03-10 | tax           | 正职     | true  | -              | -
    4       | 一审     | 1          | 2020-05-07 | tax           | 正职     | true  | -              | -
"""


def test_one_appearance_in_an_instance_is_enough_and_a_justified_absence_stands_outside_the_rate() -> None:
    rows = given("mart.court_instance", {"court.administrative_case": HEARINGS})
    shows(rows, """
        case_no | instance | year | hearings | appeared | chief | spoke | counted
        1       | 一审     | 2019 | 2        | true     | false | false | true
        2       | 一审     | 2020 | 1        | false    | false | false | false
        3       | 一审     | 2020 | 1        | false    | false | false | true
        3       | 二审     | 2020 | 1        | true     | true  | true  | true
    """)  # fmt: skip
    names = ("case_no", "instance", "department_id", "year", "appeared", "chief", "spoke", "counted")
    text = "\n".join([" | ".join(names), *(" | ".join(str(r[n]) for n in names) for r in rows)])
    shows(given("mart.court_by_department", {"mart.court_instance": text}), """
        year | department_id | instances | justified | appeared | chief | spoke | appearance
        2019 | tax           | 1         | 0         | 1        | 0     | 0     | 100.0
        2020 | tax           | 3         | 1         | 1        | 1     | 1     | 50.0
    """)  # fmt: skip


def test_a_department_all_of_whose_absences_are_justified_has_no_rate_and_not_0() -> None:
    instances = "case_no | instance | department_id | year | appeared | chief | spoke | counted \n 2 | 一审 | tax | 2020 | false | false | false | false"
    [row] = given("mart.court_by_department", {"mart.court_instance": instances})
    assert row["appearance"] is None and row["justified"] == 1


def test_a_system_taken_out_of_the_scope_shows() -> None:
    systems = """
        system_no | department_id | level | built_on   | retired_on | in_scope | scope_changed_on | migrated_on | catalogue_code
        1         | tax           | 市级  | 2010-01-01 | -          | true     | -                | 2020-01-01  | 1/1
        2         | tax           | 市级  | 2010-01-01 | -          | true     | -                | 2020-05-07  | -
        3         | tax           | 市级  | 2010-01-01 | -          | false    | 2020-05-06       | -           | -
        4         | tax           | 市级  | 2010-01-01 | -          | false    | 2020-05-07       | -           | -
        5         | tax           | 市级  | 2010-01-01 | 2020-05-06 | true     | -                | -           | -
        6         | tax           | 区级  | 2010-01-01 | -          | false    | -                | -           | -
    """
    shows(given("mart.system_by_department", {"big_data.system_register": systems}), """
        department_id | level | systems | in_scope | migrated | cloud_share | excluded | catalogued
        tax           | 区级  | 1       | 0        | 0        | -           | 1        | 0
        tax           | 市级  | 4       | 3        | 1        | 33.3        | 1        | 1
    """)  # fmt: skip


def test_a_network_is_moving_until_the_day_it_is_merged() -> None:
    networks = """
        network_no | planned_on | moving_since | merged_on  | kept_reason
        1          | 2019-01-01 | 2019-02-01   | 2020-05-06 | -
        2          | 2019-01-01 | 2020-05-01   | 2020-05-07 | -
        3          | 2019-01-01 | 2020-06-01   | -          | -
        4          | 2019-01-01 | -            | -          | 垂直管理
    """
    shows(given("mart.network", {"big_data.network_register": networks}), """
        network_no | state   | since      | days
        1          | merged  | 2020-05-06 | 0
        2          | moving  | 2020-05-01 | 5
        3          | planned | 2019-01-01 | 491
        4          | kept    | -          | -
    """)  # fmt: skip


def test_a_project_stands_where_its_last_dated_step_is() -> None:
    projects = """
        project_no | approved_on | catalogued_on | pooled_on  | accepted_on
        1          | 2020-01-01  | 2020-02-01    | 2020-03-01 | 2020-04-01
        2          | 2020-01-01  | 2020-02-01    | 2020-05-07 | -
        3          | 2020-05-06  | -             | -          | -
        4          | 2020-05-07  | -             | -          | -
    """
    shows(given("mart.it_project", {"big_data.project_register": projects}), """
        project_no | stage      | accepted_on | days
        1          | accepted   | 2020-04-01  | 91
        2          | catalogued | -           | 126
        3          | approved   | -           | 0
    """)  # fmt: skip


def test_a_reform_reported_complete_while_a_measure_is_open_is_told_as_a_claim() -> None:
    tasks = """
        task_no | parent_no | task_level | due_on     | completed_on
        R1      | -         | 1          | 2020-12-31 | 2020-05-01
        R1.1    | R1        | 2          | 2020-05-01 | 2020-04-01
        R1.2    | R1        | 2          | 2020-05-06 | 2020-05-07
        R2      | -         | 1          | 2020-12-31 | 2020-05-07
        R2.1    | R2        | 2          | 2020-12-31 | -
        R3      | -         | 1          | 2020-12-31 | -
    """
    shows(given("mart.reform_task", {"reform_office.task_register": tasks}), """
        task_no | completed_on | measures | measures_done | measures_overdue | done_share | claimed
        R1      | 2020-05-01   | 2        | 1             | 1                | 50.0       | true
        R2      | -            | 1        | 0             | 0                | 0.0        | false
        R3      | -            | 0        | 0             | 0                | -          | false
    """)  # fmt: skip


def test_paper_is_summed_by_series_and_decade_as_counted_by_the_day() -> None:
    holdings = """
        holding_no | department_id | series | year_from | year_to | volumes | digitised_volumes | counted_on | resource
        1          | civil         | 婚姻   | 1950      | 1959    | 300     | 30                | 2020-05-06 | civil_affairs.marriage
        2          | civil         | 婚姻   | 1950      | 1959    | 100     | 0                 | 2020-05-06 | -
        3          | civil         | 婚姻   | 1960      | 1969    | 100     | 0                 | 2020-05-07 | -
    """
    shows(given("mart.paper_holding", {"archives.paper_holding": holdings}), """
        department_id | series | year_from | volumes | digitised | digitised_share | resource
        civil         | 婚姻   | 1950      | 400     | 30        | 7.5             | civil_affairs.marriage
    """)  # fmt: skip


def test_districts_add_up_to_the_city_and_a_former_code_counts_with_its_successor() -> None:
    inputs = {
        "unified.person": "person_id | division_code \n 1 | 370282 \n 2 | 370215 \n 3 | - \n 4 | 370214",
        "mart.firm": "firm_id | division_code | owed \n a | 370215 | 10.5 \n b | 370215 | 0",
        "mart.hotline_case": """
            case_no | division_code | due_on     | on_time
            1       | 370215        | 2020-05-06 | -
            2       | 370215        | 2020-05-07 | -
            3       | 370214        | 2020-04-07 | true
            4       | 370214        | 2020-04-07 | false
        """,
        "unified.division": "code | name | current_code \n 370282 | 即墨市 | 370215 \n 370215 | 即墨区 | 370215 \n 370214 | 城阳区 | -",
    }
    rows = given("mart.district", inputs)
    shows(rows, """
        division_code | division | persons | firms | owed  | requests | requests_late
        -             | -        | 1       | 0     | 0.00  | 0        | 0
        370214        | 城阳区   | 1       | 0     | 0.00  | 2        | 1
        370215        | 即墨区   | 2       | 2     | 10.50 | 2        | 1
    """)  # fmt: skip
    assert sum(r["persons"] for r in rows) == 4


def test_every_mart_has_a_test_here_and_a_line_in_the_docs() -> None:
    marts = [name for name in qingdao().models if name.startswith("mart.")]
    tested = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_mart_*.py"))
    assert [name for name in marts if f'"{name}"' not in tested] == []
    listed = re.findall(r"^\| `(mart\.\w+)` \|", (ROOT / "docs" / "marts.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(set(listed)) == sorted(marts)
