"""The sample city's marts held against its scorecard: each sum that both give is the same figure."""

from __future__ import annotations

from datetime import datetime

import duckdb

from pipeline.workplace import Workplace
from sharing.figure_file import read_figures
from sharing.scorecard import compute

SUMS = {
    "mobile_items": "SELECT sum(active) FROM mart.service_by_department",
    "guides_missing": "SELECT count(*) FROM mart.guide_missing",
    "licence_kinds": "SELECT count(*) FROM mart.licence_by_kind WHERE shown_valid > 0",
    "licences_valid": "SELECT sum(shown_valid) FROM mart.licence_by_kind",
    "court_appearance": "SELECT 100.0 * sum(appeared) / (sum(instances) - sum(justified)) FROM mart.court_by_department WHERE year = 2020",
    "court_appearance_last_year": "SELECT 100.0 * sum(appeared) / (sum(instances) - sum(justified)) FROM mart.court_by_department WHERE year = 2019",
    "court_justified": "SELECT sum(justified) FROM mart.court_by_department WHERE year = 2020",
    "civil_servants": "SELECT sum(staff) FROM mart.official_credit",
    "official_credit_coverage": "SELECT 100.0 * sum(covered) / sum(staff) FROM mart.official_credit",
    "city_credit_rank": "SELECT city_rank FROM mart.city_credit_month ORDER BY month DESC LIMIT 1",
    "policies_in_force": "SELECT count(*) FROM mart.policy WHERE state = 'in force'",
    "policies_pooled": "SELECT sum(copies) FROM mart.policy",
    "policy_paid_share": "SELECT 100.0 * sum(paid) / sum(promised) FROM mart.policy_fulfilment",
    "policy_unpaid": "SELECT sum(unpaid) / 10000 FROM mart.policy_fulfilment",
    "debts_outstanding": "SELECT sum(owed) / 10000 FROM mart.debt_ageing WHERE origin = 'contract'",
    "debts_overdue": "SELECT sum(owed) / 10000 FROM mart.debt_ageing WHERE origin = 'contract' AND age <> 'not due'",
    "tasks_first": "SELECT count(*) FROM mart.reform_task",
    "tasks_second": "SELECT sum(measures) FROM mart.reform_task",
    "tasks_done": "SELECT 100.0 * sum(measures_done) / sum(measures) FROM mart.reform_task",
    "tasks_overdue": "SELECT sum(measures_overdue) FROM mart.reform_task",
    "hotline_on_time": """SELECT 100.0 * count(*) FILTER (on_time) / count(*) FROM mart.hotline_case
        WHERE due_on <= getvariable('as_of_day') AND due_on > getvariable('as_of_day') - 30""",
    "approval_days": "SELECT median(working_days) FROM mart.approval_case WHERE finished_on > getvariable('as_of_day') - 90",
    "commitments_broken": "SELECT 100.0 * count(commitment_broken_on) / count(*) FROM mart.approval_case WHERE commitment",
    "overseas_windows": "SELECT count(DISTINCT overseas_window) FROM mart.approval_case",
    "paper_digitised": "SELECT 100.0 * sum(digitised) / sum(volumes) FROM mart.paper_holding",
    "systems": "SELECT sum(systems) FROM mart.system_by_department",
    "cloud_share": "SELECT 100.0 * sum(migrated) / sum(in_scope) FROM mart.system_by_department",
    "systems_excluded": "SELECT sum(excluded) FROM mart.system_by_department",
    "networks_merged": "SELECT count(*) FROM mart.network WHERE state = 'merged'",
    "networks_moving": "SELECT count(*) FROM mart.network WHERE state = 'moving'",
    "indicators_first": "SELECT count(*) FROM mart.business_indicator WHERE level = 1",
    "indicators_second": "SELECT sum(leaves) FROM mart.business_indicator WHERE level = 1",
}  # fmt: skip
"""Figure of the scorecard → the same from marts."""


def mart_differences(connection: duckdb.DuckDBPyConnection, place: Workplace, as_of: datetime) -> list[str]:
    """Figures on which marts and scorecard differ as of the instant, and rows of districts that do not add up to the city; empty where all agree."""
    told = {f.id: f.value for f in compute(connection, read_figures(place.city.folder), as_of) if f.part is None}
    wrong = []
    for figure, sql in SUMS.items():
        row = connection.execute(sql).fetchone()
        ours = float(row[0]) if row and row[0] is not None else None
        theirs = told[figure]
        if ours is None or theirs is None or abs(ours - theirs) > 1e-6 * max(1.0, abs(theirs)):
            wrong.append(f"{figure}: the mart says {ours}, the scorecard {theirs}")
    for column, all_of in (("persons", "unified.person"), ("firms", "mart.firm"), ("requests", "mart.hotline_case")):
        row = connection.execute(f"SELECT sum({column}), (SELECT count(*) FROM {all_of}) FROM mart.district").fetchone()
        if row is None or row[0] != row[1]:
            wrong.append(f"districts' {column} do not add up: {row}")
    return wrong
