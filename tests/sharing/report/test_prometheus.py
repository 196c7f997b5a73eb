"""The Prometheus text is read as node_exporter reads it, and says what the rates say."""

from __future__ import annotations

import re

from sharing.ledger.findings import Finding
from sharing.report.proof import Kept
from sharing.standards.prometheus import exposition
from tests.sharing.report.told_city import HOSTILE, ToldCity

_NAME, _LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
_SAMPLE = re.compile(rf"({_NAME})\{{({_LABEL}(?:,{_LABEL})*)\}} (-?[0-9.e+-]+)")

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Samples:
    """Every sample by name and labels; each line of the format 0.0.4 must be one, or a HELP or TYPE that stands before its samples once."""
    samples: Samples = {}
    typed: list[str] = []
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            continue
        if line.startswith("# TYPE "):
            name, kind = line.removeprefix("# TYPE ").split(" ")
            assert kind == "gauge" and name not in typed
            typed.append(name)
            continue
        found = _SAMPLE.fullmatch(line)
        assert found, line
        assert found[1] == typed[-1], "samples of a metric stand together below its type"
        labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', found[2])
        key = (
            found[1],
            tuple(sorted((n, re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), v)) for n, v in labels)),
        )
        assert key not in samples
        samples[key] = float(found[3])
    return samples


def test_each_rate_is_a_sample_and_a_missing_rate_is_none(told: ToldCity) -> None:
    samples = read(exposition(told.city.connection, "testville", told.computation(3)))
    kinds = ("declared", "verified", "on_time", "field_weighted", "used")
    rows = told.rows(
        f"SELECT scope, department, {', '.join(kinds)} FROM sharing.rates WHERE scope IN ('city', 'provider', 'requester') AND as_of = (SELECT max(as_of) FROM sharing.rates)"
    )
    expected = {
        (scope, department, kind): rate
        for scope, department, *rates in rows for kind, rate in zip(kinds, rates, strict=True) if rate is not None
    }  # fmt: skip
    told_rates = {
        (one["scope"], one.get("department", "testville"), one["kind"]): value
        for (name, labels), value in samples.items() if name == "landbridge_share_rate" for one in [dict(labels)]
    }  # fmt: skip
    assert told_rates == expected
    assert any(department == HOSTILE for _, department, _ in told_rates), (
        "words of the register are quoted, not left out"
    )


def test_counts_bounds_goal_reasons_and_the_instant_are_there(told: ToldCity) -> None:
    found = told.computation(3)
    stale = Kept(alarms=(Finding("stale"),))
    samples = read(exposition(told.city.connection, "testville", found, stale))
    city = (("city", "testville"),)
    assert samples["landbridge_share_rate_goal", city] == 0.97
    assert (
        samples["landbridge_share_holding_lines", (*city, ("rests_on", "register"))]
        == told.rows("SELECT holding_lines FROM sharing.rates WHERE scope = 'city' ORDER BY as_of DESC LIMIT 1")[0][0]
    )
    assert samples["landbridge_share_rate_as_of_timestamp_seconds", city] == found.as_of.timestamp()
    ((head,),) = told.rows("SELECT max(number) FROM sharing.events")
    assert samples["landbridge_ledger_entries", city] == head
    assert (samples["landbridge_ledger_anchored_entries", city], samples["landbridge_ledger_alarms", city]) == (0, 1)
    (n, due, lower) = told.rows(
        "SELECT n, due, verified_lower FROM sharing.rates WHERE scope = 'city' ORDER BY as_of DESC LIMIT 1"
    )[0]
    assert samples["landbridge_share_lines", (*city, ("scope", "city"), ("state", "counted"))] == n
    assert samples["landbridge_share_lines", (*city, ("scope", "city"), ("state", "due"))] == due
    assert (
        samples[
            "landbridge_share_rate_bound",
            tuple(sorted((*city, ("bound", "lower"), ("kind", "verified"), ("scope", "city")))),
        ]
        == lower
    )
    assert (
        samples[
            "landbridge_share_failing_lines", tuple(sorted((*city, ("reason", "grant_revoked"), ("acts", "bureau"))))
        ]
        == 1
    )
