"""The golden test: every condition broken once; the rate falls by exactly those lines, says why, and comes back when they are repaired."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sharing.rate import RateResult, compute, explain
from sharing.reasons import EXCLUSIONS, REASONS
from tests.sharing.rate_city import RateCity, reasons, verdict
from warehouse.commit import QualityResult

_GOOD = 6
_ON_PAPER_ONLY = ("never", "stale", "held", "weak", "dirty", "thin", "grown", "elsewhere")

# lines that one condition each breaks by what the register says
_BROKEN_LINES: dict[str, dict[str, Any]] = {
    "grant_not_begun": {"granted_from": "2020-06-01"},
    "grant_expired": {"granted_to": "2020-05-03"},
    "grant_suspended": {"suspended_at": "2020-04-01 09:00:00"},
    "grant_revoked": {"revoked_at": "2020-04-01 09:00:00"},
    "resource_unknown": {"resource": "不动产抵押历史"},
    "contract_broken": {"resource": "police.broken"},
    "no_fields_named": {"fields": "", "granted_fields": "", "delivered_fields": ""},
    "field_unknown": {"fields": "number;blood_type"},
    "field_not_granted": {"fields": "number;name;nickname"},
    "rows_not_granted": {"granted_rows": "370211", "delivered_rows": "370211"},
    "row_scope_undefined": {
        "resource": "tax.taxpayer", "row_scope": "370211", "granted_rows": "370211", "delivered_rows": "370211",
    },
    "no_rows": {"row_scope": "370283", "granted_rows": "370200"},
    "not_delivered": {"delivered_at": None, "last_probe_at": None},
    "delivery_fields_differ": {"delivered_fields": "number"},
    "delivery_rows_differ": {"delivered_rows": "370211"},
    "probe_missing": {"last_probe_at": "2020-01-14 08:00:00"},
    "probe_failed": {"last_probe_ok": False},
    "probe_old": {"last_probe_at": "2020-05-03 08:00:00"},
    "correction_overdue": {"correction_asked_at": "2020-04-07 09:00:00"},
    "correction_unfixed": {
        "correction_asked_at": "2020-04-28 09:00:00", "correction_decided_at": "2020-04-29 09:00:00", "correction_upheld": True,
    },
}  # fmt: skip
_BROKEN_LINES["no_rows"]["delivered_rows"] = "370200"

_OPEN_LINES: dict[str, dict[str, Any]] = {
    "not_answered": {"submitted_at": "2020-04-28 09:00:00", "received_at": "2020-04-28 09:00:00"},
    "papers_incomplete": {"supplement_asked_at": "2020-01-08 09:00:00"},
    "answer_overdue": {},
    "refused_without_ground": {"answered_at": "2020-01-08 09:00:00", "answer": "refused", "refusal_ground_level": "department_rule"},
    "refusal_unconfirmed": {"answered_at": "2020-01-08 09:00:00", "answer": "refused", "refusal_ground_level": "law"},
    "not_digitised": {"answered_at": "2020-01-08 09:00:00", "answer": "not_digitised", "resource": "1987 年前婚姻档案"},
    "withdrawn_too_late": {"withdrawn_at": "2020-01-20 16:55:00", "withdrawn_by": "civil"},
}  # fmt: skip

# lines that one condition each breaks by what the lake holds: reason → resource
_BROKEN_DATA = {
    "never_loaded": "police.never",
    "stale": "police.stale",
    "load_held": "police.held",
    "suite_failed": "police.weak",
    "quarantine_over_limit": "police.dirty",
    "field_empty": "police.thin",
    "field_missing": "police.grown",
}


def _broken_city(root: Path) -> RateCity:
    city = RateCity(root)
    for name in _ON_PAPER_ONLY:
        city.contract(f"police.{name}", division=True)
    for number in range(_GOOD):
        city.line(f"good-{number}", row_scope="370200" if number % 2 else "")
    for code, changes in _BROKEN_LINES.items():
        city.line(code, **changes)
    for code, changes in _OPEN_LINES.items():
        city.undelivered(code, **changes)
    for code, resource in _BROKEN_DATA.items():
        city.line(
            code,
            resource=resource,
            fields="number;nickname",
            granted_fields="number;nickname",
            delivered_fields="number;nickname",
        )
    city.line("field_missing", fields="number;hat", granted_fields="number;hat", delivered_fields="number;hat")
    table_rule = QualityResult("t", "expect_table_row_count_to_be_between", "error", "completeness", 20, 0, False, "20")
    city.load("police.stale", -1)
    city.load("police.held", 0)
    city.load("police.held", 1, held="too many rows fail", failing=3)
    city.load("police.weak", 1, quality=(table_rule,))
    city.load("police.dirty", 1, failing=3)
    city.load("police.thin", 1, city.people(20, nickname=None))
    city.load("police.grown", 1)
    city.contract("police.grown", division=True, more="      - {name: hat, logicalType: string}\n")
    city.load("police.resident", 1)
    city.load("tax.taxpayer", 1)
    city.broken_contract()
    city.load_register(1)
    return city


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[RateCity, RateResult]:
    """The broken city as its first night was judged; the last test of this module repairs it."""
    city = _broken_city(tmp_path_factory.mktemp("broken"))
    return city, city.judge(1)


def test_each_reason_is_found_alone_and_the_rate_falls_by_exactly_those_lines(
    broken: tuple[RateCity, RateResult],
) -> None:
    first = broken[1]
    found = reasons(first)
    lines = {*_BROKEN_LINES, *_OPEN_LINES, *_BROKEN_DATA}
    assert {line: codes for line, codes in found.items() if codes != [line]} == {}
    assert found.keys() == lines == REASONS.keys(), "every reason of the catalogue is broken once"
    whole = first.rate()
    pending = {"not_answered", "papers_incomplete"}
    assert (whole["n"], whole["pending"], whole["paused"]) == (_GOOD + len(lines), len(pending), 1)
    assert (whole["due"], whole["holding_lines"]) == (_GOOD + len(lines) - len(pending), _GOOD)
    assert whole["verified"] == _GOOD / whole["due"]
    assert whole["verified_lower"] == _GOOD / whole["n"]
    assert whole["verified_upper"] == (_GOOD + len(pending)) / whole["n"]
    declared = _GOOD + len(_BROKEN_LINES) + len(_BROKEN_DATA)
    assert (whole["declared_lines"], whole["declared"]) == (declared, declared / whole["n"])


def test_every_finding_names_its_cause_and_who_must_act(broken: tuple[RateCity, RateResult]) -> None:
    city = broken[0]
    [stale] = explain(city.connection, "R-stale", city.as_of(1))
    assert [(reason.code, who) for reason, who in stale.reasons] == [("stale", "police")]
    assert (stale.run_id, stale.basis["freshness"], stale.basis["probe"]) == ("police_stale_-1_1", "lake", "register")
    assert (stale.evidence["interval_end"], stale.evidence["fresh_from"]) == (
        "2020-05-02T18:00:00Z",
        "2020-05-03T06:10:00Z",
    )
    [thin] = explain(city.connection, "field_empty", city.as_of(1))
    assert [(f["name"], f["rows"], f["filled"]) for f in thin.evidence["fields"]] == [
        ("nickname", 20, 0),
        ("number", 20, 20),
    ]
    [expired] = explain(city.connection, "grant_expired", city.as_of(1))
    assert [who for _, who in expired.reasons] == ["civil"]


def test_the_same_instant_gives_the_same_rows_and_writing_twice_keeps_one_of_each(
    broken: tuple[RateCity, RateResult],
) -> None:
    city, first = broken
    second = city.judge(1)
    assert first.verdicts.equals(second.verdicts) and first.rates.equals(second.rates)
    counted = city.connection.execute("SELECT count(*), count(DISTINCT line_id) FROM lake.sharing.verdicts").fetchone()
    assert counted == (len(city.lines), len(city.lines))


def test_what_was_repaired_later_is_unknown_to_whoever_asks_what_was_known_then(tmp_path: Path) -> None:
    city = RateCity(tmp_path)
    city.line("one")
    city.load("police.resident", 0)
    city.load("police.resident", 1, held="too many rows fail", failing=3)
    city.load_register(1)
    assert reasons(city.judge(1)) == {"one": ["load_held"]}
    city.load("police.resident", 1, attempt=2, late=timedelta(hours=30))
    assert reasons(compute(city.connection, city.city, city.as_of(1))) == {}
    known_then = compute(city.connection, city.city, city.as_of(1), known_at=city.as_of(1))
    assert reasons(known_then) == {"one": ["load_held"]}


def test_only_the_granted_rows_asked_for_are_counted(tmp_path: Path) -> None:
    city = RateCity(tmp_path)
    rows = city.people(20)
    for row in rows:
        row["nickname"] = "x" if row["division_code"] == "370211" else None
    fields = dict.fromkeys(("fields", "granted_fields", "delivered_fields"), "nickname;number")
    for line, division in (("here", "370211"), ("there", "370202")):
        city.line(line, **fields, **dict.fromkeys(("row_scope", "granted_rows", "delivered_rows"), division))
    city.load("police.resident", 1, rows)
    city.load_register(1)
    result = city.judge(1)
    assert reasons(result) == {"there": ["field_empty"]}
    assert (verdict(result, "here")["fields_held"], verdict(result, "there")["fields_held"]) == (2, 1)
    assert result.rate()["field_weighted"] == 3 / 4


def test_repair_brings_the_rate_back_and_leaves_yesterday_as_it_was(broken: tuple[RateCity, RateResult]) -> None:
    city, first = broken
    for line in list(city.lines):
        scope = {"row_scope": ""} if line in ("row_scope_undefined", "no_rows") else {}
        del city.lines[line]
        city.line(line, **scope)
    city.probe(2)
    city.load("police.resident", 2)
    city.load_register(2)
    second = city.judge(2)
    assert reasons(second) == {}
    assert second.rate()["verified"] == 1.0
    again = compute(city.connection, city.city, city.as_of(1))
    assert again.verdicts.equals(first.verdicts) and again.rates.equals(first.rates)
    stored = city.connection.execute(
        "SELECT hash FROM lake.sharing.verdicts WHERE as_of = ? ORDER BY line_id", [city.as_of(1)]
    )
    assert [row[0] for row in stored.fetchall()] == first.verdicts["hash"].to_pylist()


def test_reason_codes_are_listed_in_the_documentation() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "rate.md").read_text(encoding="utf-8")
    for code, reason in {**REASONS, **EXCLUSIONS}.items():
        assert f"| `{code}` | {reason.zh} | {reason.en} | {reason.actor} |" in text
