"""The golden test: two hundred lines whose truth is known, every condition broken once on lines of its own, repaired, and the past left alone.

Night 1: all hold. Night 3: each reason of the catalogue stands against lines that nothing else stands against – by what the register says of them or,
without a word about them, by what the lake got. Night 5: repaired. How many lines a reason breaks differs, so that one cannot be taken for another.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sharing.explained import explain
from sharing.published import write
from sharing.rate import RateResult, compute
from sharing.rate_change import Change, change
from sharing.reasons import EXCLUSIONS, REASONS
from tests.sharing.rate_city import RateCity
from tests.small_city import ROOT
from warehouse.commit import QualityResult
from warehouse.lake import commit

LINES = 200
REFUSED = {"answered_at": "2020-01-08 09:00:00", "answer": "refused", "refusal_ground_level": "law"}
HERE = dict.fromkeys(("row_scope", "granted_rows", "delivered_rows"), "370211")
HAT = dict.fromkeys(("fields", "granted_fields", "delivered_fields"), "number;hat")
CORRECTION = {
    "correction_asked_at": "2020-04-28 09:00:00",
    "correction_decided_at": "2020-04-29 09:00:00",
    "correction_upheld": True,
}

# reason → what the register says of its lines from night 3 on, and the department or office that must act
TOLD: dict[str, tuple[dict[str, Any], str]] = {
    "grant_not_begun": ({"granted_from": "2020-06-01"}, "police"),
    "grant_expired": ({"granted_to": "2020-05-03"}, "civil"),
    "grant_suspended": ({"suspended_at": "2020-04-01 09:00:00"}, "bureau"),
    "grant_revoked": ({"revoked_at": "2020-04-01 09:00:00"}, "bureau"),
    "resource_unknown": ({"resource": "不动产抵押历史"}, "bureau"),
    "no_fields_named": ({"fields": "", "granted_fields": "", "delivered_fields": ""}, "civil"),
    "field_unknown": ({"fields": "number;blood_type"}, "police"),
    "field_not_granted": ({"fields": "number;name;nickname"}, "police"),
    "rows_not_granted": ({"granted_rows": "370211", "delivered_rows": "370211"}, "police"),
    "field_missing": ({"resource": "police.grown", **HAT}, "police"),
    "row_scope_undefined": ({"resource": "tax.taxpayer", **HERE}, "police"),
    "no_rows": ({"row_scope": "370283", "granted_rows": "370200", "delivered_rows": "370200"}, "police"),
    "never_loaded": ({"resource": "police.never"}, "police"),
    "not_delivered": ({"delivered_at": None, "last_probe_at": None}, "police"),
    "delivery_fields_differ": ({"delivered_fields": "number"}, "police"),
    "delivery_rows_differ": ({"delivered_rows": "370211"}, "police"),
    "probe_missing": ({"delivered_at": "2020-05-06 09:30:00"}, "bureau"),
    "probe_failed": ({"last_probe_ok": False}, "police"),
    "probe_old": ({"last_probe_at": "2020-05-04 08:00:00"}, "bureau"),
    "correction_overdue": ({"correction_asked_at": "2020-04-07 09:00:00"}, "police"),
    "correction_unfixed": (CORRECTION, "police"),
}  # fmt: skip
# lines of the newest requests, whose limits run until the middle of May: answered at once, until the register takes that back
NEW = {"submitted_at": "2020-04-28 09:00:00", "received_at": "2020-04-28 09:00:00"}
AT_ONCE = {
    **NEW, "answered_at": "2020-04-29 09:00:00", "granted_from": "2020-04-29",
    **dict.fromkeys(("delivered_at", "marked_satisfied_at"), "2020-04-30 09:00:00"),
}  # fmt: skip
# the same for lines that were never answered as they should be
UNDELIVERED: dict[str, tuple[dict[str, Any], str]] = {
    "not_answered": (NEW, "police"),
    "papers_incomplete": ({**NEW, "supplement_asked_at": "2020-04-29 09:00:00"}, "civil"),
    "answer_overdue": ({}, "police"),
    "refused_without_ground": ({**REFUSED, "refusal_ground_level": "department_rule"}, "police"),
    "refusal_unconfirmed": (REFUSED, "bureau"),
    "not_digitised": ({"answered_at": "2020-01-08 09:00:00", "answer": "not_digitised", "resource": "1987 年前婚姻档案"}, "archives"),
    "withdrawn_too_late": ({"withdrawn_at": "2020-01-20 16:55:00", "withdrawn_by": "civil"}, "civil"),
    "withdrawn": ({**NEW, "withdrawn_at": "2020-05-06 09:00:00", "withdrawn_by": "civil"}, "civil"),
    "outside_duty": ({"ruled_outside_at": "2020-01-10 09:00:00", "ruled_outside_by": "big_data"}, "bureau"),
    "lawful_refusal": ({**REFUSED, "refusal_confirmed_at": "2020-01-10 09:00:00", "refusal_confirmed_by": "big_data"}, "bureau"),
}  # fmt: skip
# reason → the resource its lines ask for, which goes bad; the register says nothing new
SPOILT = {
    "stale": "police.stale", "load_held": "police.held", "suite_failed": "police.weak", "quarantine_over_limit": "police.dirty",
    "field_empty": "police.thin", "contract_broken": "police.broken",
}  # fmt: skip
OWNERS = (
    {code: owner for code, (_, owner) in {**TOLD, **UNDELIVERED}.items()}
    | dict.fromkeys(SPOILT, "police")
    | {"contract_broken": "bureau", "duplicate": "civil"}
)
PENDING = ("not_answered", "papers_incomplete")
RUNNING = (*PENDING, "withdrawn")
# line → the reason that will stand against it; the lines that are left hold throughout
TRUTH = {
    f"{code} {n}": code for place, code in enumerate({**REASONS, **EXCLUSIONS}) for n in range(1 + place % 8)
}  # fmt: skip
COUNTS = Counter(TRUTH.values())


class Golden:
    """The city, the three nights as they were judged, and what had been published after each."""

    def __init__(self, root: Path) -> None:
        self.city = RateCity(root, in_memory=True)
        for id in (*SPOILT.values(), "police.grown", "police.never"):
            self.city.contract(id, division=True)
        for line in (*TRUTH, *(f"good {n}" for n in range(LINES - len(TRUTH)))):
            spoilt = SPOILT.get(TRUTH.get(line, ""))
            names = dict.fromkeys(("fields", "granted_fields", "delivered_fields"), "number;nickname")
            self.city.line(
                line, **({"resource": spoilt, **names} if spoilt else AT_ONCE if TRUTH.get(line) in RUNNING else {})
            )
        self.said: dict[int, str] = {}
        self.good = self._night(1, lambda: self._load(1, *SPOILT.values()))
        self.bad = self._night(3, self._break)
        self.repaired = self._night(5, self._repair)

    def _night(self, night: int, happens: Callable[[], None]) -> RateResult:
        self.city.probe(night)
        happens()
        self._load(night, "police.resident", "tax.taxpayer")
        self.city.load_register(night)
        judged = self.city.judge(night)
        self.said[night] = self.published(night)
        return judged

    def change(self, first: int, second: int) -> Change:
        return change(self.city.connection, self.city.as_of(first), self.city.as_of(second))

    def _break(self) -> None:
        city = self.city
        for line, code in TRUTH.items():
            if code in TOLD:
                city.line(line, **TOLD[code][0])
            elif code in UNDELIVERED:
                city.undelivered(line, **UNDELIVERED[code][0])
            elif code == "duplicate":
                # younger than the first good line, and the same in all that makes a line
                city.line(line, purpose="matter good 0", submitted_at="2020-01-07 09:00:00")
        city.load("police.grown", 3)
        city.contract("police.grown", division=True, more="      - {name: hat, logicalType: string}\n")
        rule = QualityResult("t", "expect_table_row_count_to_be_between", "error", "completeness", 20, 0, False, "20")
        city.load("police.held", 2)
        city.load("police.held", 3, held="too many rows fail", failing=3)
        city.load("police.weak", 3, quality=(rule,))
        city.load("police.dirty", 3, failing=3)
        city.load("police.thin", 3, city.people(20, nickname=None))
        city.broken_contract()

    def _repair(self) -> None:
        city = self.city
        city.contract("police.broken", division=True)
        for line, code in TRUTH.items():
            if code not in SPOILT:
                del city.lines[line]
                city.line(line, **(AT_ONCE if code in RUNNING else {}))
        city.probe(5)
        self._load(5, *SPOILT.values())

    def _load(self, night: int, *ids: str) -> None:
        for id in ids:
            self.city.load(id, night)

    def published(self, night: int) -> str:
        """SHA-256 of every row that stands published as of the night."""
        told: list[str] = []
        for table in ("published_verdicts", "published_rates"):
            sql = f"""SELECT string_agg(CAST(t AS VARCHAR), chr(10) ORDER BY CAST(t AS VARCHAR)) FROM lake.sharing.{table} AS t WHERE as_of = ?"""
            told += self.city.connection.execute(sql, [self.city.as_of(night)]).fetchone() or ()
        return hashlib.sha256("\n\n".join(told).encode()).hexdigest()


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Golden:
    return Golden(tmp_path_factory.mktemp("golden"))


def test_two_hundred_lines_hold_and_the_rate_is_whole(golden: Golden) -> None:
    assert COUNTS.keys() == REASONS.keys() | EXCLUSIONS.keys() == OWNERS.keys(), "every code of the catalogue is broken"
    whole = golden.good.rate()
    assert (whole["n"], whole["due"], whole["holding_lines"], whole["excluded"]) == (LINES, LINES, LINES, 0)
    assert {
        whole[name] for name in ("declared", "verified", "on_time", "field_weighted", "used", "verified_lower")
    } == {1.0}


def test_each_condition_fails_alone_on_its_own_lines(golden: Golden) -> None:
    found = {
        row["line_id"]: [row["exclusion"]] if row["exclusion"] else row["reasons"]
        for row in golden.bad.verdicts.to_pylist()
        if not row["holds"]
    }
    assert found == {line: [code] for line, code in TRUTH.items()}


def test_the_rate_falls_by_exactly_those_lines(golden: Golden) -> None:
    excluded, pending = (sum(COUNTS[code] for code in codes) for codes in (EXCLUSIONS, PENDING))
    good, whole = LINES - len(TRUTH), golden.bad.rate()
    assert (whole["n"], whole["excluded"], whole["pending"]) == (LINES - excluded, excluded, pending)
    assert (whole["due"], whole["holding_lines"]) == (LINES - excluded - pending, good)
    assert (whole["verified"], whole["verified_lower"]) == (good / whole["due"], good / whole["n"])
    assert whole["verified_upper"] == (good + pending) / whole["n"]


@pytest.mark.parametrize("code", COUNTS)
def test_the_fall_names_its_cause_and_who_must_act(golden: Golden, code: str) -> None:
    moves = [move for move in golden.change(1, 3).moves if TRUTH[move.line_id] == code]
    assert [move.line_id for move in moves] == sorted(line for line, broken in TRUTH.items() if broken == code)
    causes = {tuple((cause.code, who) for cause, who in move.causes) for move in moves}
    assert causes == {((code, OWNERS[code]),)}
    assert {move.move for move in moves} == {
        "left_holding" if code in EXCLUSIONS or code in PENDING else "newly_failing"
    }
    [told] = explain(golden.city.connection, f"{code} 0", golden.city.as_of(3))
    assert [(reason.code, who) for reason, who in told.reasons] == [(code, OWNERS[code])]
    assert [c.number for c in told.conditions if c.reasons] == ([REASONS[code].condition] if code in REASONS else [])


def test_a_finding_cites_what_it_rests_on(golden: Golden) -> None:
    [stale] = explain(golden.city.connection, "stale 0", golden.city.as_of(3))
    assert (stale.run_id, stale.basis["freshness"], stale.basis["probe"]) == ("police_stale_1_1", "lake", "register")
    # the interval ended at two on 5 May, Qingdao's time; a cycle of a day and twelve hours of grace had passed by then
    evidence = [stale.evidence[name] for name in ("interval_end", "fresh_from")]
    assert evidence == ["2020-05-04T18:00:00Z", "2020-05-05T06:10:00Z"]
    [thin] = explain(golden.city.connection, "field_empty 0", golden.city.as_of(3))
    fields = [(field["name"], field["rows"], field["filled"]) for field in thin.evidence["fields"]]
    assert fields == [("nickname", 20, 0), ("number", 20, 20)]


def test_the_shares_of_the_lines_add_up_to_the_fall_exactly(golden: Golden) -> None:
    fall, whole = golden.change(1, 3), golden.bad.rate()
    assert fall.change == Fraction(whole["holding_lines"], whole["due"]) - 1 == sum(move.share for move in fall.moves)


def test_repair_brings_the_rate_back(golden: Golden) -> None:
    whole = golden.repaired.rate()
    assert (whole["n"], whole["due"], whole["holding_lines"], whole["verified"]) == (LINES, LINES, LINES, 1.0)
    assert {move.line_id for move in golden.change(3, 5).moves} == TRUTH.keys()


def test_what_was_said_stands_to_the_byte_and_is_computed_again_the_same(golden: Golden) -> None:
    city = golden.city
    commit(city.connection, city.settings, lambda: write(city.connection, golden.good))  # once more, as a retry would
    assert {night: golden.published(night) for night in golden.said} == golden.said
    assert len(set(golden.said.values())) == 3
    again = compute(golden.city.connection, golden.city.city, golden.good.as_of, golden.good.known_at)
    assert again.rates.equals(golden.good.rates)
    assert again.verdicts["hash"].equals(golden.good.verdicts["hash"])


def test_reason_codes_are_listed_in_the_documentation() -> None:
    text = (ROOT / "docs" / "rate.md").read_text(encoding="utf-8")
    for code, reason in {**REASONS, **EXCLUSIONS}.items():
        assert f"| `{code}` | {reason.zh} | {reason.en} | {reason.actor} |" in text
