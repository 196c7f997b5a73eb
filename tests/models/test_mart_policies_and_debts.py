"""Policies, what is promised and paid under them, debts, and firms: small tables in and out."""

from __future__ import annotations

from tests.models.readable import given, shows

POLICIES = {
    "development_reform.policy_document": """
        policy_no | title | document_no    | issuer | issued_on  | valid_from | valid_to   | industries | audience | payout
        F1        | Rent  | 青政〔2019〕1号 | 发改委 | 2019-01-10 | 2019-02-01 | 2021-01-31 | C;F        | 企业     | true
        F2        | Old   | 青政〔2016〕9号 | 发改委 | 2016-01-10 | 2016-02-01 | 2020-05-05 | -          | 企业     | false
        F3        | Last  | 青政〔2016〕8号 | 发改委 | 2016-01-10 | 2016-02-01 | 2020-05-06 | -          | 个人     | false
        F4        | Soon  | 青政〔2020〕7号 | 发改委 | 2020-05-06 | 2020-06-01 | -          | A          | 企业     | false
    """,
    "science_technology.policy_document": """
        policy_no | title       | document_no       | issuer | issued_on  | valid_from | valid_to   | industries | audience | payout
        K1        | Rent (copy) | 青政 （2019） 1号  | 科技局 | 2019-01-08 | 2019-02-01 | 2022-01-31 | M          | 企业     | true
        K2        | Next        | 青政〔2020〕66号   | 科技局 | 2020-05-07 | 2020-05-07 | -          | -          | 企业     | false
    """,
}


def test_the_same_policy_pooled_by_two_departments_is_one_and_tomorrows_is_none() -> None:
    shows(given("mart.policy", POLICIES), """
        policy_id      | title | issuers       | copies | copies_differ | issued_on  | valid_to   | state    | industries
        青政-2016-8号  | Last  | 发改委        | 1      | false         | 2016-01-10 | 2020-05-06 | in force | -
        青政-2016-9号  | Old   | 发改委        | 1      | false         | 2016-01-10 | 2020-05-05 | expired  | -
        青政-2019-1号  | Rent  | 发改委;科技局 | 2      | true          | 2019-01-08 | 2021-01-31 | in force | C;F
        青政-2020-7号  | Soon  | 发改委        | 1      | false         | 2020-05-06 | -          | not yet  | A
    """)  # fmt: skip


def test_a_firm_finds_the_policies_in_force_for_its_industry_and_no_expired_one() -> None:
    industries = "code | name \n C | 制造业 \n C1310 | 谷物磨制 \n F | 批发 \n G | 交通"
    policies = """
        policy_id | title | state    | industries | audience | payout | valid_to
        P1        | Rent  | in force | C;F        | 企业     | true   | 2021-01-31
        P2        | All   | in force | -          | 企业     | false  | -
        P3        | Gone  | expired  | C          | 企业     | false  | 2020-01-01
    """
    rows = given("mart.policy_by_industry", {"mart.policy": policies, "reference.industries": industries})
    shows(rows, """
        section_code | section | policy_id | for_all
        C            | 制造业  | P1        | false
        C            | 制造业  | P2        | true
        F            | 批发    | P1        | false
        F            | 批发    | P2        | true
        G            | 交通    | P2        | true
    """)  # fmt: skip


def test_promised_less_paid_by_policy_and_firm_counts_only_what_is_paid_by_the_day() -> None:
    payments = """
        payment_no | document_no     | credit_code | promised_on | promised_amount | paid_on    | paid_amount
        D1         | 青政〔2019〕1号  | 91A         | 2019-03-01  | 100.00          | 2019-04-01 | 60.00
        D2         | 青政(2019)1号    | 91A         | 2019-05-01  | 50.00           | 2020-05-07 | 50.00
        D3         | 青政〔2019〕1号  | 91X         | 2019-05-01  | 7.00            | -          | -
        D4         | 青政〔1999〕5号  | 91A         | 2019-05-01  | 1.00            | -          | -
        D5         | 青政〔2019〕1号  | 91A         | 2020-05-07  | 999.00          | -          | -
    """
    inputs = {
        "finance.policy_payment": payments,
        "mart.policy": "policy_id | title \n 青政-2019-1号 | Rent",
        "mart.firm_code": "credit_code | firm_id \n 91A | a",
    }
    shows(given("mart.policy_fulfilment", inputs), """
        policy_id      | title | credit_code | firm_id | payments | promised | paid  | unpaid | last_paid_on
        青政-1999-5号  | -     | 91A         | a       | 1        | 1.00     | 0.00  | 1.00   | -
        青政-2019-1号  | Rent  | 91A         | a       | 2        | 150.00   | 60.00 | 90.00  | 2019-04-01
        青政-2019-1号  | Rent  | 91X         | -       | 1        | 7.00     | 0.00  | 7.00   | -
    """)  # fmt: skip


DEBTS = {
    "finance.enterprise_debt": """
        debt_no | department_id | credit_code | delivered_on | due_on     | amount | paid_on    | paid_amount
        D1      | water         | 91A         | 2020-01-01   | 2020-01-31 | 1000   | -          | -
        D2      | water         | 91A         | 2020-01-01   | 2020-05-06 | 10     | -          | -
        D3      | tax           | 91B         | 2019-01-01   | 2019-01-31 | 500    | 2019-06-01 | 400
        D4      | tax           | 91B         | 2019-01-01   | 2019-01-31 | 500    | 2019-06-01 | 500
        D5      | tax           | 91B         | 2020-04-01   | 2020-05-05 | 20     | 2020-05-07 | 20
        D6      | tax           | 91B         | 2020-05-07   | 2020-05-20 | 20     | -          | -
    """,
    "finance.policy_payment": """
        payment_no | credit_code | promised_on | promised_amount | paid_on    | paid_amount
        P1         | 91A         | 2020-03-06  | 70              | -          | -
        P2         | 91A         | 2020-03-07  | 80              | -          | -
        P3         | 91A         | 2020-01-01  | 90              | 2020-02-01 | 90
    """,
    "mart.firm_code": "credit_code | firm_id \n 91A | a \n 91B | b",
}


def test_a_debt_is_hidden_where_it_is_marked_paid_but_is_not_or_stands_in_no_ledger_of_debts() -> None:
    shows(given("mart.debt", DEBTS), """
        origin   | debt_no | firm_id | due_on     | owed   | days_overdue | age      | interest | hidden
        contract | D1      | a       | 2020-01-31 | 1000.00 | 96          | 91-180   | 48.00    | false
        contract | D2      | a       | 2020-05-06 | 10.00  | 0            | not due  | 0.00     | false
        contract | D3      | b       | 2019-01-31 | 100.00 | 461          | over 365 | 23.05    | true
        contract | D5      | b       | 2020-05-05 | 20.00  | 1            | 1-30     | 0.01     | false
        policy   | P1      | a       | 2020-05-05 | 70.00  | 1            | 1-30     | 0.00     | true
        policy   | P2      | a       | 2020-05-06 | 80.00  | 0            | not due  | 0.00     | false
    """)  # fmt: skip


def test_debts_age_with_the_day_asked_for() -> None:
    ages = {
        day: {r["debt_no"]: r["age"] for r in given("mart.debt", DEBTS, day)}
        for day in ("2020-01-31", "2020-03-01", "2020-03-02")
    }
    assert [ages[day]["D1"] for day in ages] == ["not due", "1-30", "31-90"]


def test_the_ageing_of_a_body_says_how_much_of_it_is_hidden() -> None:
    debts = """
        origin   | debt_no | department_id | credit_code | owed | age  | hidden | interest | due_on
        contract | D1      | water         | 91A         | 10   | 1-30 | false  | 1        | 2020-04-20
        contract | D2      | water         | 91A         | 5    | 1-30 | true   | 2        | 2020-04-10
        policy   | P1      | finance       | 91B         | 7    | 1-30 | true   | 0        | 2020-05-01
    """
    shows(given("mart.debt_ageing", {"mart.debt": debts}), """
        department_id | origin   | age  | debts | firms | owed  | hidden_owed | interest | oldest_due_on
        finance       | policy   | 1-30 | 1     | 1     | 7.00  | 7.00        | 0.00     | 2020-05-01
        water         | contract | 1-30 | 2     | 1     | 15.00 | 5.00        | 3.00     | 2020-04-10
    """)  # fmt: skip


def test_a_firm_has_all_that_is_told_of_it_under_any_of_its_codes() -> None:
    inputs = {
        "unified.legal_entity": """
            legal_entity_id | credit_code | name | industry_code | division_code | status | capital
            a               | 91A         | Amt  | C1310         | 370202        | 存续   | 12.5
            b               | 91B         | Bau  | -             | -             | 吊销   | -
            s               | 51S         | Soz  | -             | 370202        | 正常   | -
        """,
        "reference.industries": "code | name \n C | 制造业 \n C1310 | 谷物磨制",
        "unified.division": "code | name \n 370202 | 市南区",
        "mart.firm_code": "credit_code | firm_id \n 91A | a \n 91OLD | a \n 91B | b",
        "mart.licence": """
            licence_id | firm_id | kind | state
            L1         | a       | 07   | valid
            L2         | a       | 07   | valid
            L3         | a       | 08   | expired
            L4         | a       | 07   | revoked
            L5         | -       | 07   | valid
        """,
        "mart.policy_fulfilment": "policy_id | credit_code | firm_id | promised | paid | unpaid \n P | 91A | a | 10 | 4 | 6 \n Q | 91A | a | 1 | 1 | 0",
        "mart.debt": """
            origin   | debt_no | firm_id | owed | days_overdue
            contract | D1      | a       | 100  | 3
            contract | D2      | a       | 20   | 0
            policy   | P1      | a       | 6    | 0
        """,
        "mart.approval_case": """
            case_no | credit_code | commitment | commitment_broken_on
            1       | 91OLD       | true       | 2020-05-06
            2       | 91A         | true       | 2020-05-07
            3       | 91A         | false      | -
        """,
    }
    shows(given("mart.firm", inputs), """
        firm_id | section | division | capital | licences_valid | licences_lapsed | policies | promised | paid | unpaid | debts | owed   | overdue | commitments | commitments_broken
        a       | 制造业  | 市南区   | 12.5000 | 1              | 1               | 2        | 11.00    | 5.00 | 6.00   | 2     | 120.00 | 100.00  | 2           | 1
        b       | -       | -        | -       | 0              | 0               | 0        | 0.00     | 0.00 | 0.00   | 0     | 0.00   | 0.00    | 0           | 0
    """)  # fmt: skip


def test_a_code_merged_away_leads_to_its_entity_and_firms_without_industry_are_counted_apart() -> None:
    records = "record_id | credit_code | entity_id \n 1 | 91A | a \n 2 | 91A | a \n 3 | 91OLD | a \n 4 | - | z"
    shows(
        given("mart.firm_code", {"unified.legal_entity_record": records}),
        "credit_code | firm_id \n 91A | a \n 91OLD | a",
    )
    firms = """
        firm_id | section_code | section | division_code | division | status | licences_valid | promised | paid | owed | overdue
        a       | C            | 制造业  | 370202        | 市南区   | 存续   | 2              | 10       | 4    | 7    | 1
        b       | C            | 制造业  | 370202        | 市南区   | 吊销   | 1              | 0        | 0    | 0    | 0
        c       | -            | -       | -             | -        | 存续   | 0              | 0        | 0    | 0    | 0
    """
    shows(given("mart.firm_by_industry", {"mart.firm": firms}), """
        section_code | division_code | firms | active | licences_valid | promised | owed
        -            | -             | 1     | 1      | 0              | 0.00     | 0.00
        C            | 370202        | 2     | 1      | 3              | 10.00    | 7.00
    """)  # fmt: skip
