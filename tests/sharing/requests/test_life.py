"""A request's life, a story a part: what may happen, who may do it, and what is said to those who may not."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from contracts.errors import ConfigurationError, IllegalMove
from sharing.requests import states
from sharing.requests.desk import Signed
from sharing.requests.moves import MOVES, by_department, possible
from sharing.requests.submission import submit
from tests.sharing.requests.desk_city import BUREAU, CIVIL, OPENING, POLICE, TAX, WISH, DeskCity
from tests.small_city import ROOT


def payload(city: DeskCity, line: str) -> dict[str, Any]:
    """What the newest entry of the line says."""
    said: dict[str, Any] = json.loads(city.told(line)[-1].payload)
    return said


def test_a_request_is_received_returned_once_supplemented_and_granted(city: DeskCity) -> None:
    line = city.submit()
    assert city.standing(line).state == states.SUBMITTED
    assert city.acted(1, "receive", line, POLICE).state == states.RECEIVED
    assert city.acted(2, "return", line, POLICE).state == states.INCOMPLETE
    assert city.acted(3, "supplement", line, CIVIL).state == states.RECEIVED
    assert city.acted(4, "grant", line, POLICE).state == states.GRANTED
    assert [entry.kind for entry in city.told(line)] == ["submitted", "received", "returned", "supplemented", "granted"]
    assert {entry.actor for entry in city.told(line)} == {"civil", "police"}
    assert payload(city, line) == {
        "fields": ["name", "number"], "row_scope": "", "valid_from": "2020-05-05", "valid_to": "2021-05-04", "approved_by": "police head",
    }  # fmt: skip


def test_papers_are_asked_for_once_only_and_are_no_ground_to_refuse(city: DeskCity) -> None:
    line = city.received()
    with pytest.raises(ConfigurationError, match="named as missing"):
        city.act(1, "return", line, POLICE, missing=[" "])
    city.act(1, "return", line, POLICE)
    for move in ("return", "refuse"):
        with pytest.raises(IllegalMove, match=r"art\. 21"):
            city.act(2, move, line, POLICE)
    city.act(3, "supplement", line, CIVIL)
    with pytest.raises(IllegalMove, match="once") as refused:
        city.act(4, "return", line, POLICE)
    assert refused.value.remedy.startswith(
        "possible now: police: extend ask, grant, refuse, not-digitised; big_data: rule-outside; civil: withdraw"
    )
    assert states.STATES[states.RECEIVED] in refused.value.where


def test_answer_and_request_need_two_persons(city: DeskCity) -> None:
    with pytest.raises(ConfigurationError, match="approved_by holds a control character"):
        city.submit(by=Signed("civil", "civil clerk", "civil\thead"))
    for approver in ("", "civil clerk", " Civil　CLERK "):
        with pytest.raises(ConfigurationError, match="approve"):
            city.submit(by=Signed("civil", "civil clerk", approver))
    with pytest.raises(ConfigurationError, match="nobody is named"):
        city.submit(by=Signed("civil", "", "civil head"))
    line = city.received()
    for move in ("grant", "refuse", "not-digitised"):
        with pytest.raises(ConfigurationError, match="may not approve"):
            city.act(1, move, line, Signed("police", "Zhang", "zhang"))
    city.act(1, "grant", line, POLICE)
    with pytest.raises(ConfigurationError, match="nobody approved"):
        city.act(2, "renew", line, Signed("police", "Zhang"), valid_to=date(2022, 1, 1))
    assert len(city.told(line)) == 3


def test_an_extension_is_asked_for_once_and_given_by_the_bureau_alone(city: DeskCity) -> None:
    line = city.received()
    with pytest.raises(IllegalMove, match="no extension is waiting"):
        city.act(1, "extend consent", line, BUREAU)
    with pytest.raises(ConfigurationError, match="11 working days are not allowed"):
        city.act(1, "extend ask", line, POLICE, days=11)
    assert city.acted(1, "extend ask", line, POLICE, days=6).extension == "asked"
    with pytest.raises(IllegalMove, match="has not decided yet"):
        city.act(2, "extend ask", line, POLICE)
    for other in (POLICE, CIVIL):
        with pytest.raises(IllegalMove, match="is for the bureau"):
            city.act(2, "extend consent", line, other)
    with pytest.raises(ConfigurationError, match="7 working days were not asked for"):
        city.act(2, "extend consent", line, BUREAU, days=7)
    assert city.acted(2, "extend decline", line, BUREAU).extension == "declined"
    with pytest.raises(IllegalMove, match="must happen later than"):
        city.act(2, "extend ask", line, POLICE)
    city.act(3, "extend ask", line, POLICE, days=5)
    assert city.acted(4, "extend consent", line, BUREAU).extension == "consented"
    assert payload(city, line) == {"days": 5}
    with pytest.raises(IllegalMove, match="extended once already"):
        city.act(5, "extend ask", line, POLICE)


def test_some_of_what_is_asked_for_may_be_granted_and_later_more_but_never_less(city: DeskCity) -> None:
    line = city.received(rows="370211", fields=("number", "name", "nickname"))
    for said, why in (
        ({"fields": ["division_code"]}, "was not asked for"),
        ({"rows": "370202"}, "rows of 370202 were not asked for"),
        ({"rows": ""}, "rows of everywhere were not asked for"),
        ({"valid_to": date(2021, 5, 5)}, "12 months were asked for"),
        ({"valid_to": date(2020, 5, 4)}, "before it begins"),
        ({"valid_from": date(2020, 5, 4)}, "before it is given"),
        ({"unmasked": ["phone"]}, "unmasked field 'phone' is not granted"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            city.act(1, "grant", line, POLICE, **said)
    granted = city.acted(
        2, "grant", line, POLICE, fields=["name"], rows="370211004", valid_to=date(2020, 12, 31), unmasked=["name"], purpose="checking only"
    )  # fmt: skip
    assert (granted.granted_fields, granted.granted_rows, granted.granted_to) == (
        ("name",),
        "370211004",
        date(2020, 12, 31),
    )
    assert (granted.unmasked_fields, payload(city, line)["purpose"]) == (("name",), "checking only")
    for less in (
        {"fields": ["number"]},
        {"fields": ["name", "number"]},
        {"valid_to": date(2020, 12, 1), "unmasked": ["name"]},
    ):
        with pytest.raises(ConfigurationError, match=r"art\. 27"):
            city.act(3, "grant", line, POLICE, **less)
    more = city.acted(3, "grant", line, POLICE, unmasked=["name"], valid_to=date(2021, 1, 31))
    assert (more.granted_fields, more.granted_rows) == (("name", "nickname", "number"), "370211")
    assert (more.granted_from, more.granted_to) == (date(2020, 5, 5), date(2021, 1, 31))
    with pytest.raises(ConfigurationError, match="granted already"):
        city.act(4, "grant", line, POLICE, unmasked=["name"])


def test_sensitive_fields_are_granted_only_with_an_impact_assessment(city: DeskCity) -> None:
    line = city.received(resource="police.person", fields=("name", "phone"))
    with pytest.raises(ConfigurationError, match=r"PIPL art\. 55–56\): phone"):
        city.act(1, "grant", line, POLICE)
    assert city.acted(1, "grant", line, POLICE, fields=["name"]).state == states.GRANTED
    city.act(2, "grant", line, POLICE, impact_assessment="PIA 2020-17")
    assert payload(city, line)["impact_assessment"] == "PIA 2020-17"


def test_only_a_law_a_regulation_or_a_decision_refuses_and_the_bureau_has_the_last_word(city: DeskCity) -> None:
    line = city.received()
    for level in ("department_rule", "local_regulation", ""):
        with pytest.raises(
            ConfigurationError, match="only a law, an administrative regulation or a State Council decision"
        ):
            city.act(1, "refuse", line, POLICE, level=level)
    with pytest.raises(ConfigurationError, match="ground is missing"):
        city.act(1, "refuse", line, POLICE, ground="")
    assert city.acted(1, "refuse", line, POLICE).state == states.REFUSED
    with pytest.raises(IllegalMove, match="is for the bureau"):
        city.act(2, "confirm", line, POLICE)
    assert city.acted(2, "overrule", line, BUREAU).state == states.RECEIVED
    with pytest.raises(IllegalMove, match="must happen later"):
        city.act(2, "refuse", line, POLICE)
    city.act(3, "refuse", line, POLICE, level="administrative_regulation")
    assert city.acted(4, "confirm", line, BUREAU).state == states.REFUSAL_CONFIRMED
    with pytest.raises(IllegalMove) as refused:
        city.act(5, "grant", line, POLICE)
    assert refused.value.remedy == "nothing is possible any more: submit a new request"


def test_a_refusal_may_still_become_a_grant(city: DeskCity) -> None:
    line = city.received()
    city.act(1, "refuse", line, POLICE)
    assert city.acted(2, "grant", line, POLICE).state == states.GRANTED


def test_the_bureau_decides_nothing_about_its_own_data(city: DeskCity) -> None:
    line = city.submit(resource="big_data.share_request_register", fields=("line_id",))
    with pytest.raises(IllegalMove, match=r"its own data.*art\. 28"):
        city.act(1, "rule-outside", line, BUREAU)
    city.act(1, "receive", line, BUREAU)
    city.act(2, "extend ask", line, BUREAU)
    with pytest.raises(IllegalMove, match="its own data"):
        city.act(3, "extend consent", line, BUREAU)
    city.act(3, "refuse", line, BUREAU)
    for move in ("confirm", "overrule"):
        with pytest.raises(IllegalMove, match="its own data"):
            city.act(4, move, line, BUREAU)
    city.act(4, "grant", line, BUREAU)
    with pytest.raises(ConfigurationError, match="agreement and filing"):
        city.act(5, "revoke", line, BUREAU, filing="")


def test_what_is_held_on_paper_is_granted_once_it_is_digitised(city: DeskCity) -> None:
    line = city.received()
    with pytest.raises(ConfigurationError, match="holding is missing"):
        city.act(1, "not-digitised", line, POLICE, holding="")
    assert city.acted(1, "not-digitised", line, POLICE).state == states.NOT_DIGITISED
    assert city.acted(2, "grant", line, POLICE).state == states.GRANTED


def test_the_bureau_rules_out_what_is_nobodys_duty_but_nothing_that_is_granted(city: DeskCity) -> None:
    line = city.received()
    assert city.acted(1, "rule-outside", line, BUREAU).state == states.OUTSIDE_DUTY
    with pytest.raises(IllegalMove, match="revoke it"):
        city.act(2, "rule-outside", city.granted(), BUREAU)


def test_only_its_requester_withdraws_a_request(city: DeskCity) -> None:
    line = city.received()
    for other in (POLICE, BUREAU, TAX):
        with pytest.raises(IllegalMove, match=f"is for the requester, which {other.department} is not"):
            city.act(1, "withdraw", line, other)
    assert city.acted(1, "withdraw", line, CIVIL).state == states.WITHDRAWN
    assert city.acted(2, "withdraw", city.granted(), CIVIL).state == states.WITHDRAWN


def test_the_bureau_suspends_and_a_provider_only_with_agreement_and_filing(city: DeskCity) -> None:
    line = city.granted()
    with pytest.raises(ConfigurationError, match=r"a provider may not stop a service by itself.*art\. 27"):
        city.act(2, "suspend", line, POLICE, filing="")
    assert city.acted(2, "suspend", line, BUREAU, filing="").state == states.SUSPENDED
    with pytest.raises(IllegalMove, match="resume is for the bureau, which police is not"):
        city.act(3, "resume", line, POLICE)
    assert city.acted(3, "resume", line, BUREAU).state == states.GRANTED
    with pytest.raises(IllegalMove, match="must happen later"):
        city.act(3, "suspend", line, BUREAU)
    city.act(4, "suspend", line, POLICE)
    assert payload(city, line)["filing"] == "agreement 7, filed as 2020-3"
    assert city.acted(5, "resume", line, POLICE).state == states.GRANTED
    assert city.acted(6, "revoke", line, BUREAU, filing="").state == states.REVOKED
    assert by_department(city.standing(line), "big_data") == {}


def test_a_grant_ends_by_date_and_is_renewed_by_its_provider(city: DeskCity) -> None:
    line = city.granted()
    year = 365 * 24
    assert city.standing(line, year - 25).state == states.GRANTED
    assert city.standing(line, year).state == states.EXPIRED
    with pytest.raises(ConfigurationError, match="no renewal"):
        city.act(year, "renew", line, POLICE, valid_to=date(2021, 5, 4))
    with pytest.raises(IllegalMove, match="is for the provider"):
        city.act(year, "renew", line, CIVIL, valid_to=date(2022, 5, 4))
    renewed = city.acted(year, "renew", line, POLICE, valid_to=date(2022, 5, 4))
    assert (renewed.granted_to, city.standing(line, year).state) == (date(2022, 5, 4), states.GRANTED)


def test_an_act_is_dated_neither_in_the_future_nor_before_the_last_one(city: DeskCity) -> None:
    line, late = city.received(), 9000
    with pytest.raises(ConfigurationError, match="is in the future"):
        city.act(late, "grant", line, POLICE, at=OPENING + timedelta(hours=late, seconds=1))
    with pytest.raises(IllegalMove, match="before what happened last, at 2020-05-05T09:00:00"):
        city.act(late, "grant", line, POLICE, at=OPENING - timedelta(seconds=1))
    happened = OPENING + timedelta(hours=2)
    city.act(late, "grant", line, POLICE, at=happened, valid_to=date(2021, 5, 4))
    told = city.told(line)[-1]
    assert (told.occurred_at, told.recorded_at) == (happened, OPENING + timedelta(hours=late))


def test_a_request_moves_as_a_whole_or_not_at_all(city: DeskCity) -> None:
    one, other = submit(city.desk(0), [replace(WISH, purpose="whole 1"), replace(WISH, purpose="whole 2")], CIVIL)
    request = one.rpartition("/")[0]
    assert len(city.desk(1).act("receive", request, POLICE)) == 2
    city.act(2, "return", other, POLICE)
    with pytest.raises(IllegalMove, match="once only"):
        city.desk(3).act("return", request, POLICE, {"missing": ["a letter"]})
    assert [entry.kind for entry in city.told(one)] == ["submitted", "received"]


def test_every_state_but_the_ends_has_a_way_on(city: DeskCity) -> None:
    assert {state for move in MOVES.values() for state in move.when} >= set(states.STATES) - set(states.ENDED)
    for line in map(city.standing, (city.submit(), city.received(), city.granted())):
        assert {who for _, parts in possible(line, "big_data") for who in parts} == {"civil", "police", "big_data"}


def test_the_page_tells_the_same_table() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \| ([^|]+) \|[^|]+\| ([^|]+) \| ([^|]+) \|(.*)\|$",
        (ROOT / "docs" / "requests.md").read_text(),
        re.MULTILINE,
    )
    told = {
        name: (zh, tuple(who.split(", ")), set(re.findall("`([^`]+)`", when)), "two persons" in needs)
        for name, zh, who, when, needs in rows
    }
    assert told == {move.name: (move.zh, move.by, set(move.when), move.approved) for move in MOVES.values()}
