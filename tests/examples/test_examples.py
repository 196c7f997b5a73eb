"""Every example of the folder runs against the sample city's tables and answers its question."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contracts.quoting import ident
from pipeline.models.check import empty_tables
from tests.models.readable import qingdao
from tests.small_city import ROOT

EXAMPLES = ROOT / "examples"
_SCORECARD = {
    "id": "VARCHAR",
    "part": "VARCHAR",
    "as_of": "TIMESTAMPTZ",
    "name_en": "VARCHAR",
    "value": "DOUBLE",
    "text": "VARCHAR",
}
_ROWS: dict[str, list[dict[str, Any]]] = {
    "mart.firm_code": [{"credit_code": "91A", "firm_id": "a"}],
    "mart.firm": [{"firm_id": "a", "credit_code": "91A", "name": "Amt"}],
    "mart.licence": [{"licence_id": "L", "firm_id": "a", "kind_name": "营业执照", "state": "valid"}],
    "mart.debt": [{"origin": "contract", "debt_no": "D", "credit_code": "91A", "owed": 10}],
    "unified.legal_entity_history": [
        {"entity_id": "a", "attribute": "name", "value": "Old", "source": "tax", "valid_from": "2020-05-01", "valid_to": "2020-05-05"},
        {"entity_id": "a", "attribute": "name", "value": "Amt", "source": "market", "valid_from": "2020-05-05", "valid_to": None},
        {"entity_id": "a", "attribute": "status", "value": "存续", "source": "market", "valid_from": "2020-05-01", "valid_to": None},
    ],
    "mart.hotline_by_topic": [
        {"month": "2020-03-01", "topic": "噪声", "division_code": "370202", "due": 10, "on_time_share": 80.0},
        {"month": "2020-04-01", "topic": "噪声", "division_code": "370202", "due": 30, "on_time_share": 100.0},
        {"month": "2020-04-01", "topic": "供水", "division_code": "370202", "due": 3, "on_time_share": None},
    ],
    "mart.policy_fulfilment": [
        {"policy_id": "P", "title": "Rent", "credit_code": "91A", "promised": 100, "paid": 100},
        {"policy_id": "Q", "title": None, "credit_code": "91A", "promised": 80, "paid": 20},
        {"policy_id": "Q", "title": None, "credit_code": "91B", "promised": 20, "paid": 5},
    ],
    "mart.debt_ageing": [
        {"department_id": "tax", "origin": "contract", "age": "not due", "debts": 1, "owed": 5, "hidden_owed": 0},
        {"department_id": "tax", "origin": "contract", "age": "over 365", "debts": 2, "owed": 7, "hidden_owed": 3},
    ],
    "mart.business_indicator": [
        {"node_no": "01", "level": 1, "name": "开办企业", "measured": 1, "leaves": 2},
        {"node_no": "01.01", "parent_no": "01", "level": 2, "name": "时间", "figure": "days", "measured": 1, "leaves": 1},
        {"node_no": "01.02", "parent_no": "01", "level": 2, "name": "成本", "measured": 0, "leaves": 1},
    ],
    "mart.policy_by_industry": [
        {"section_code": "C", "policy_id": "P", "payout": True, "for_all": False},
        {"section_code": "C", "policy_id": "Q", "payout": False, "for_all": True},
        {"section_code": "F", "policy_id": "Z", "payout": True, "for_all": False},
    ],
    "sharing.scorecard": [
        {"id": "days", "as_of": "2020-05-05", "name_en": "Days", "value": 9.0, "text": "9"},
        {"id": "days", "as_of": "2020-05-06", "name_en": "Days", "value": 4.0, "text": "4"},
        {"id": "days", "part": "x", "as_of": "2020-05-06", "name_en": "Days", "value": 1.0, "text": "1"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = empty_tables({**qingdao().known, "sharing.scorecard": _SCORECARD})
    for name, rows in _ROWS.items():
        for row in rows:
            marks = ", ".join("?" for _ in row)
            connection.execute(
                f"INSERT INTO {ident(*name.split('.'))} ({', '.join(row)}) VALUES ({marks})", list(row.values())
            )
    yield connection
    connection.close()


def main(name: str) -> Any:
    return importlib.import_module(f"examples.{name}").main


def sql(name: str) -> str:
    return (EXAMPLES / f"{name}.sql").read_text(encoding="utf-8")


def test_a_firm_is_told_with_who_says_so(lake: duckdb.DuckDBPyConnection) -> None:
    told = main("firm_360")(lake, "91A")
    assert told["firm"][0][:3] == ("a", "91A", "Amt") and len(told["licences"]) == len(told["owed"]) == 1
    assert [row[:3] for row in told["said"]] == [("name", "Amt", "market"), ("status", "存续", "market")]
    assert all(rows == [] for rows in main("firm_360")(lake, "91X").values())


def test_what_was_known_on_a_day_differs_from_what_is_known_now(lake: duckdb.DuckDBPyConnection) -> None:
    known = main("known_on_a_day")
    assert known(lake, "91A", date(2020, 5, 4)) == [("name", "Old", "tax", "Amt", "market")]
    assert known(lake, "91A", date(2020, 5, 5)) == []
    assert known(lake, "91A", date(2020, 4, 30)) == [
        ("name", None, None, "Amt", "market"),
        ("status", None, None, "存续", "market"),
    ]


def test_the_worst_topics_stand_first_and_shares_are_weighted_by_requests(lake: duckdb.DuckDBPyConnection) -> None:
    assert main("hotline_on_time")(lake) == [("噪声", "370202", 40, 95.0), ("供水", "370202", 3, None)]


def test_the_policy_that_owes_most_stands_first_also_without_a_title(lake: duckdb.DuckDBPyConnection) -> None:
    frame = main("policy_money")(lake)
    assert frame[["policy_id", "firms", "unpaid", "paid_share"]].to_numpy().tolist() == [
        ["Q", 2, 75.0, 0.25],
        ["P", 1, 0.0, 1.0],
    ]


def test_the_sql_files_answer(lake: duckdb.DuckDBPyConnection) -> None:
    assert [row[:6] for row in lake.execute(sql("debt_ageing")).fetchall()] == [("tax", 3, 12, 7, 7, 3)]
    assert [(r[0], r[5]) for r in lake.execute(sql("indicators")).fetchall()] == [
        ("01", None),
        ("01.01", 4.0),
        ("01.02", None),
    ]
    assert [r[0] for r in lake.execute(sql("policies_for_an_industry")).fetchall()] == ["P", "Q"]


def test_every_example_is_tested_and_listed() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    files = [*EXAMPLES.glob("*.py"), *EXAMPLES.glob("*.sql")]
    assert len(files) == 7
    assert [f.name for f in files if f'"{f.stem}"' not in here or f"]({f.name})" not in readme] == []


def test_an_example_is_a_program(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "examples.hotline_on_time"], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "LANDBRIDGE_HOME": str(tmp_path)},
    )  # fmt: skip
    assert "there is no lake" in done.stderr
