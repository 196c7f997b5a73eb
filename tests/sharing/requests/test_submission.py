"""How a request begins: the five elements, the catalogue, ids, duplicates, demands and backflow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import ConfigurationError, IllegalMove
from sharing.requests import states
from sharing.requests.desk import Signed
from sharing.requests.request_file import read_request
from sharing.requests.submission import submit
from tests.sharing.requests.desk_city import BUREAU, CIVIL, POLICE, TAX, WISH, DeskCity

DISTRICT = Signed("idle", "district clerk", "district head")

REQUEST = """
basis: Civil Code art. 1076
scenario: registration of divorces
way: database
duration_months: 12
lines:
  - {resource: police.resident, fields: [number, name]}
  - {resource: police.resident, fields: [number], rows: 370211, purpose: relief, duration_months: 6}
"""


def said(city: DeskCity, line: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(city.told(line)[0].payload)
    return told


def test_a_request_of_several_lines_is_read_from_a_file(city: DeskCity, tmp_path: Path) -> None:
    file = tmp_path / "request.yaml"
    file.write_text(REQUEST, encoding="utf-8")
    one, other = submit(city.desk(0), read_request(file), CIVIL)
    assert (one.rpartition("/")[0], one[-2:], other[-2:]) == (other.rpartition("/")[0], "/1", "/2")
    assert said(city, one) == {
        "requester": "civil", "provider": "police", "resource": "police.resident", "fields": ["name", "number"], "row_scope": "",
        "purpose": "registration of divorces", "basis": "Civil Code art. 1076", "scenario": "registration of divorces", "way": "database",
        "duration_months": 12, "approved_by": "civil head", "share_type": "conditional",
    }  # fmt: skip
    assert (city.standing(other).row_scope, city.standing(other).duration_months) == ("370211", 6)


def test_every_mistake_of_a_request_file_is_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "request.yaml"
    file.write_text("basis: law\nscenarios: x\nlines:\n  - {resorce: a.b, backflow: 'yes'}\n  - 7\n")
    with pytest.raises(ConfigurationError) as refused:
        read_request(file)
    for told in (
        "'scenarios' → did you mean scenario?",
        "'resorce' → did you mean resource?",
        "line 1 backflow: is 'yes'",
        "line 2: is no mapping",
    ):
        assert told in refused.value.what
    for text in ("lines: []", "- 1", "lines: {a: 1}", "lines: [", "x"):
        file.write_text(text)
        with pytest.raises(ConfigurationError):
            read_request(file)


def test_the_year_numbers_its_requests_one_after_the_other(city: DeskCity) -> None:
    first, second = city.submit(), city.submit()
    assert first.startswith("R-2020-") and first.endswith("/1") and len(first) == len("R-2020-000001/1")
    number = int(first[7:13])
    assert int(second[7:13]) == number + 1
    assert city.submit(24 * 365).startswith("R-2021-000001/")
    assert city.desk(0).lines(second[:13])[0].line_id == second


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"basis": " "}, "basis is missing"),
        ({"scenario": ""}, "scenario is missing"),
        ({"purpose": "a\x1b[2Jb"}, "purpose holds a control character"),
        ({"scenario": "x" * 2001}, "scenario is longer than 2000"),
        ({"way": "carrier pigeon"}, "way is 'carrier pigeon'"),
        ({"duration_months": 0}, "duration_months is missing"),
        ({"fields": ()}, "scope is missing"),
        ({"resource": "police.residents"}, "did you mean police.resident"),
        ({"fields": ("number", "nmae")}, r"no field nmae.*did you mean name"),
        ({"resource": "police.broken"}, "contract has 1 mistakes"),
        ({"rows": "Laoshan"}, "rows are 'Laoshan'"),
        ({"resource": "tax.taxpayer", "rows": "370211"}, "does not tell divisions apart"),
        ({"provider": "tax"}, "police provides police.resident"),
        ({"backflow": True}, "civil governs no division"),
    ],
)
def test_what_the_law_asks_for_and_the_catalogue_has_is_checked(
    city: DeskCity, changes: dict[str, Any], why: str
) -> None:
    if "broken" in str(changes):
        city.broken_contract()
    with pytest.raises(ConfigurationError, match=why):
        city.submit(**changes)


def test_nobody_asks_itself_and_only_departments_of_the_city_ask(city: DeskCity) -> None:
    with pytest.raises(ConfigurationError, match="provides it itself"):
        city.submit(by=POLICE)
    with pytest.raises(ConfigurationError, match="no department 'ministry'"):
        city.submit(by=Signed("ministry", "a", "b"))


def test_a_live_line_is_not_asked_for_twice(city: DeskCity) -> None:
    line = city.received(purpose="once")
    for again in ({}, {"fields": ("name", "number", "name")}, {"purpose": " once "}):
        with pytest.raises(IllegalMove, match=f"line {line} asks for the same and still lives"):
            city.submit(1, **({"purpose": "once"} | again))
    with pytest.raises(ConfigurationError, match="ask for the same"):
        submit(city.desk(1), [WISH, WISH], TAX)
    other = city.submit(1, by=TAX, purpose="once")
    city.submit(1, purpose="once", rows="370211")
    city.act(2, "refuse", line, POLICE)
    assert city.submit(3, purpose="once") > other, "what was refused may be asked for again"


def test_what_nobody_catalogued_is_asked_for_as_a_demand(city: DeskCity) -> None:
    wish = {"resource": "下水道普查 sewer survey", "fields": ("深度 depth",), "demand": True}
    line = city.submit(**wish, provider="tax")
    assert (city.standing(line).provider, said(city, line)["demand"]) == ("tax", True)
    assert city.standing(city.submit(**wish)).provider == "big_data"
    half = city.submit(fields=("name", "height"), demand=True)
    assert city.standing(half).provider == "police"
    with pytest.raises(ConfigurationError, match="ask for it without demand"):
        city.submit(demand=True)
    with pytest.raises(ConfigurationError, match="nobody is named"):
        city.submit(by=BUREAU, **wish)

    city.act(1, "receive", line, TAX)
    with pytest.raises(ConfigurationError, match="no department's catalogue has"):
        city.act(2, "grant", line, TAX)
    city.act(1, "receive", half, POLICE)
    with pytest.raises(ConfigurationError, match="has no field 'height'") as refused:
        city.act(2, "grant", half, POLICE)
    assert refused.value.remedy == "grant what there is: --field name"
    assert city.acted(2, "grant", half, POLICE, fields=["name"]).state == states.GRANTED


def test_a_district_has_its_own_rows_back_whole(city: DeskCity) -> None:
    wish = replace(WISH, backflow=True, purpose="own data")
    for rows in ("370202", "3702", "37"):
        with pytest.raises(ConfigurationError, match=f"rows of {rows} are not idle's own: 370211"):
            submit(city.desk(0), [replace(wish, rows=rows)], DISTRICT)
    with pytest.raises(ConfigurationError, match="does not tell divisions apart"):
        submit(city.desk(0), [replace(wish, resource="tax.taxpayer")], DISTRICT)
    (street,) = submit(city.desk(0), [replace(wish, rows="370211004000")], DISTRICT)
    assert city.standing(street).row_scope == "370211004"
    (line,) = submit(city.desk(0), [wish], DISTRICT)
    assert (city.standing(line).row_scope, city.standing(line).backflow) == ("370211", True)
    city.act(1, "receive", line, POLICE)
    for part in ({"fields": ["name"]}, {"rows": "370211004"}):
        with pytest.raises(ConfigurationError, match=r"flows back whole.*art\. 24"):
            city.act(2, "grant", line, POLICE, **part)
    assert city.acted(2, "grant", line, POLICE).granted_rows == "370211"
