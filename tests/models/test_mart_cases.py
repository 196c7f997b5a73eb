"""Working days, hotline and approvals, services and licences: small tables in and out."""

from __future__ import annotations

from tests.models.readable import WEEK, given, shows, working_days


def test_working_days_leave_out_the_holiday_and_count_the_sunday_worked_for_it() -> None:
    rows = given("mart.working_day", {"reference.calendar": WEEK})
    nth = {str(r["day"]): r["nth"] for r in rows}
    assert nth["2020-05-06"] - nth["2020-04-30"] == 1 and nth["2020-05-05"] == nth["2020-04-30"] == 4
    assert nth["2020-05-09"] - nth["2020-05-08"] == 1, "a Saturday on which the city works"


CALLS = """
    case_no | topic | division_code | department_id | received_at          | answered_at          | satisfied | repeat_of
    C1      | 噪声  | 370202        | water         | 2020-04-28 09:00:00+08 | 2020-05-08 17:00:00+08 | true    | -
    C2      | 噪声  | 370202        | water         | 2020-04-29 09:00:00+08 | -                    | -         | C1
    C3      | 噪声  | 370202        | water         | 2020-04-28 23:50:00+08 | 2020-05-09 00:10:00+08 | false   | -
    C4      | 供水  | 370203        | water         | 2020-05-08 09:00:00+08 | -                    | -         | -
"""


def test_a_repeated_call_counts_with_the_first_and_the_limit_is_five_working_days_after_the_day_of_receipt() -> None:
    rows = given("mart.hotline_case", {"hotline.hotline_case": CALLS, "mart.working_day": working_days()})
    shows(rows, """
        case_no | calls | received_on | due_on     | answered_on | working_days | on_time | satisfied
        C1      | 2     | 2020-04-28  | 2020-05-08 | 2020-05-08  | 5            | true    | true
        C3      | 1     | 2020-04-28  | 2020-05-08 | 2020-05-09  | 6            | false   | false
        C4      | 1     | 2020-05-08  | -          | -           | -            | -       | -
    """)  # fmt: skip
    assert "phone" not in rows[0]


def test_a_share_of_fewer_than_five_requests_is_not_told_and_a_missing_answer_counts_as_late() -> None:
    few = "\n".join(f"F{n} | 供水 | 370203 | 2020-04-01 | 1 | 2020-04-09 | true | true" for n in range(4))
    many = "\n".join(
        f"M{n} | 噪声 | 370202 | 2020-04-01 | 2 | 2020-04-09 | {t} | {t}" for n, t in enumerate(["true"] * 4 + ["-"])
    )
    open_ones = "O1 | 噪声 | 370202 | 2020-04-30 | 1 | 2020-05-11 | - | -"
    cases = f"case_no | topic | division_code | received_on | calls | due_on | on_time | satisfied\n{few}\n{many}\n{open_ones}"
    rows = given(
        "mart.hotline_by_topic", {"mart.hotline_case": cases, "unified.division": "code | name \n 370202 | 市南区"}
    )
    shows(rows, """
        month      | topic | division | requests | calls | due | on_time_share | rated | satisfied_share
        2020-04-01 | 供水  | -        | 4        | 4     | 4   | -             | 4     | -
        2020-04-01 | 噪声  | 市南区   | 6        | 11    | 5   | 80.0          | 4     | -
    """)  # fmt: skip


STEPS = """
    case_no | step_no | step     | item_code | department_id | credit_code | started_at             | ended_at               | parallel | commitment | commitment_broken_on | tolerant | supplemented_on
    P       | 1       | 受理     | I1        | approval      | 91A         | 2020-04-28 09:00:00+08 | 2020-04-28 10:00:00+08 | true     | true       | 2020-05-06           | false    | -
    P       | 2       | 规划审查 | I1        | planning      | 91A         | 2020-04-28 10:00:00+08 | 2020-04-30 10:00:00+08 | true     | true       | -                    | false    | -
    P       | 3       | 环评审查 | I1        | ecology       | 91A         | 2020-04-28 10:00:00+08 | 2020-04-29 10:00:00+08 | true     | true       | -                    | false    | -
    P       | 4       | 审批发证 | I1        | approval      | 91A         | 2020-04-30 10:00:00+08 | 2020-05-06 10:00:00+08 | true     | true       | -                    | false    | -
    S       | 1       | 受理     | I2        | approval      | 91B         | 2020-04-29 09:00:00+08 | 2020-04-29 10:00:00+08 | false    | false      | -                    | true     | 2020-05-06
    S       | 2       | 规划审查 | I2        | planning      | 91B         | 2020-04-29 10:00:00+08 | -                      | false    | false      | -                    | true     | -
    N       | 1       | 受理     | I2        | approval      | 91B         | 2020-04-29 09:00:00+08 | 2020-04-29 10:00:00+08 | false    | false      | -                    | false    | -
"""


def test_a_case_is_finished_with_its_licence_and_steps_side_by_side_save_time() -> None:
    inputs = {"approval.approval_case": STEPS, "mart.working_day": working_days()}
    shows(given("mart.approval_case", inputs), """
        case_no | steps | finished | finished_on | working_days | parallel | hours | hours_in_series | saved_share | commitment_broken_on | supplemented_on
        N       | 1     | false    | -           | -            | false    | -     | -               | -           | -                    | -
        P       | 4     | true     | 2020-05-06  | 3            | true     | 193.0 | 217.0           | 11.1        | 2020-05-06           | -
        S       | 2     | false    | -           | -            | false    | -     | -               | -           | -                    | 2020-05-06
    """)  # fmt: skip


def test_a_step_over_the_holiday_took_one_working_day() -> None:
    inputs = {"approval.approval_case": STEPS, "mart.working_day": working_days()}
    steps = given("mart.approval_step", inputs)
    assert [(r["step"], r["working_days"], r["hours"]) for r in steps if r["case_no"] == "P"] == [
        ("受理", 0, 1.0), ("规划审查", 2, 48.0), ("环评审查", 1, 24.0), ("审批发证", 1, 144.0),
    ]  # fmt: skip
    text = "\n".join(
        f"{r['case_no']} | {r['step_no']} | {r['department_id']} | {r['step']} | {r['ended_on'] or '-'} | {'-' if r['working_days'] is None else r['working_days']}"
        for r in steps
    )
    rows = given(
        "mart.approval_by_department",
        {"mart.approval_step": f"case_no | step_no | department_id | step | ended_on | working_days\n{text}"},
    )
    shows(rows, """
        department_id | step     | ended_steps | open_steps | mean_working_days | most_working_days
        approval      | 受理     | 3           | 0          | 0.0               | 0
        approval      | 审批发证 | 1           | 0          | 1.0               | 1
        ecology       | 环评审查 | 1           | 0          | 1.0               | 1
        planning      | 规划审查 | 1           | 1          | 2.0               | 2
    """)  # fmt: skip


def test_an_item_merged_into_another_counts_there_only() -> None:
    items = """
        item_code | department_id | category | published_on | withdrawn_on | merged_into
        A         | water         | 公共     | 2019-01-01   | -            | -
        B         | water         | 公共     | 2019-01-01   | -            | A
        C         | water         | 公共     | 2019-01-01   | 2020-05-06   | -
        D         | water         | 公共     | 2020-04-01   | 2020-05-07   | -
        E         | water         | 公共     | 2020-05-07   | -            | -
    """
    shows(given("mart.service_by_department", {"big_data.service_item": items}), """
        department_id | category | active | merged | withdrawn | published_90_days
        water         | 公共     | 2      | 1      | 1         | 1
    """)  # fmt: skip


def test_an_item_has_no_guide_until_the_guide_is_published() -> None:
    guides = """
        item_code | department_id | any_window | windows | guide_published_on
        A         | tax           | true       | 3       | 2020-05-06
        B         | tax           | true       | 3       | 2020-05-07
        C         | tax           | false      | 1       | -
    """
    rows = given("mart.guide_missing", {"approval.service_guide": guides})
    shows(rows, "item_code | any_window | planned_on \n B | true | 2020-05-07 \n C | false | -")


LICENCES = {
    "unified.licence": """
        licence_id | kind | holder_code | holder_id | issued_on  | expires_on | status
        L1         | 07   | 91A         | -         | 2019-01-01 | -          | 有效
        L2         | 08   | 91A         | -         | 2015-01-01 | 2020-05-05 | 有效
        L3         | 08   | 91X         | -         | 2015-01-01 | 2020-05-06 | 有效
        L4         | 01   | -           | 370211    | 2015-01-01 | -          | 吊销
        L5         | 08   | 91A         | -         | 2020-05-07 | 2024-01-01 | -
        L6         | 11   | -           | -         | 2015-01-01 | -          | 暂停
        L7         | 07   | 91A         | -         | 2019-01-01 | -          | 有效
        L8         | 07   | 91A         | -         | 2019-01-01 | -          | 有效
    """,
    # L7 left the register; of L8 a register spoke that feeds licences no longer
    "unified.licence_record": """
        record_id | entity_id | resource                      | issued_on  | expires_on | status | valid_to
        1         | L1        | approval.e_licence            | 2019-01-01 | -          | 有效   | -
        2         | L1        | market_supervision.enterprise | 2019-01-01 | -          | 有效   | -
        3         | L2        | approval.e_licence            | 2015-01-01 | 2020-05-05 | 有效   | -
        4         | L3        | approval.e_licence            | 2015-01-01 | -          | 有效   | -
        5         | L4        | approval.e_licence            | 2015-01-01 | -          | 吊销   | -
        6         | L5        | market_supervision.enterprise | 2020-05-07 | 2024-01-01 | -      | -
        7         | L6        | market_supervision.enterprise | 2015-01-01 | -          | 暂停   | -
        8         | L7        | market_supervision.enterprise | 2019-01-01 | -          | 有效   | 2020-05-05 00:00:00+08
        9         | L7        | approval.e_licence            | 2019-01-01 | -          | 有效   | -
        10        | L8        | tax.licence                   | 2019-01-01 | -          | 有效   | 2020-05-05 00:00:00+08
        11        | L8        | approval.e_licence            | 2019-01-01 | -          | 有效   | -
    """,
    "mart.firm_code": "credit_code | firm_id \n 91A | a",
    "unified.person_record": "record_id | resident_id | entity_id \n 1 | 370211 | p \n 2 | 370211 | p",
    "reference.licence_kinds": "code | name \n 01 | 身份证 \n 07 | 营业执照 \n 08 | 食品经营许可证 \n 21 | 登记证书",
}


def test_the_issuer_tells_a_licence_s_state_but_for_what_is_past_its_last_day_and_its_holder_is_joined() -> None:
    shows(given("mart.licence", LICENCES), """
        licence_id | kind_name      | holder_kind | firm_id | person_id | holder_known | state     | electronic | electronic_valid
        L1         | 营业执照       | firm        | a       | -         | true         | valid     | true       | true
        L2         | 食品经营许可证 | firm        | a       | -         | true         | expired   | true       | false
        L3         | 食品经营许可证 | firm        | -       | -         | false        | valid     | true       | true
        L4         | 身份证         | person      | -       | p         | true         | revoked   | true       | false
        L5         | 食品经营许可证 | firm        | a       | -         | true         | not yet   | false      | false
        L6         | -              | unknown     | -       | -         | false        | suspended | false      | false
        L7         | 营业执照       | firm        | a       | -         | true         | cancelled | true       | true
        L8         | 营业执照       | firm        | a       | -         | true         | valid     | true       | true
    """)  # fmt: skip


def test_every_kind_stands_in_the_table_also_without_a_licence() -> None:
    licences = given("mart.licence", LICENCES)
    names = ("licence_id", "kind", "state", "electronic", "electronic_valid", "holder_kind", "holder_known")
    text = "\n".join([" | ".join(names), *(" | ".join(str(r[n]) for n in names) for r in licences)])
    rows = given(
        "mart.licence_by_kind", {"mart.licence": text, "reference.licence_kinds": LICENCES["reference.licence_kinds"]}
    )
    shows(rows, """
        kind | licences | valid | expired | revoked | cancelled | firms | persons | holder_unknown | shown_valid | outlived | in_registers
        01   | 1        | 0     | 0       | 1       | 0         | 0     | 1       | 0              | 0           | 0        | 0
        07   | 3        | 2     | 0       | 0       | 1         | 3     | 0       | 0              | 3           | 1        | 0
        08   | 2        | 1     | 1       | 0       | 0         | 2     | 0       | 1              | 1           | 0        | 1
        21   | 0        | 0     | 0       | 0       | 0         | 0     | 0       | 0              | 0           | 0        | 0
    """)  # fmt: skip
