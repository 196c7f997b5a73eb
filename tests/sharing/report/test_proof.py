"""The page says what it can be held against: the ledger's head and its anchor outside, and on whose word the verdicts rest."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sharing.ledger.anchors import anchor
from sharing.ledger.events import Event
from sharing.ledger.store import append
from sharing.report import marts
from sharing.report.computed import computations
from sharing.report.facts import read_facts
from sharing.report.page import page
from sharing.report.proof import Kept, kept
from tests.sharing.rate_city import RateCity
from tests.sharing.report.told_city import ToldCity
from warehouse.lake import commit

_DAYS = 2


def _head(told: ToldCity, night: int) -> tuple[int, str]:
    ((number, hash),) = told.city.connection.execute(
        "SELECT ledger_number, ledger_hash FROM sharing.rates WHERE scope = 'city' AND as_of = ?",
        [told.city.as_of(night)],
    ).fetchall()
    return number, hash


def _kept(told: ToldCity, folder: Path, night: int, today: date) -> Kept:
    return kept(told.city.connection, folder, _head(told, night)[0], today, _DAYS)


def test_the_head_and_the_first_anchor_that_covers_it_are_printed(told: ToldCity, tmp_path: Path) -> None:
    number, hash = _head(told, 2)
    unkept = told.page(2, _kept(told, tmp_path, 2, date(2020, 5, 7)))
    assert f"#{number}" in unkept and hash in unkept and "尚未 not yet" in unkept
    made = anchor(told.city.connection, tmp_path, told.read, told.city.as_of(3))
    assert made is not None and made.number > number
    printed = told.page(2, _kept(told, tmp_path, 2, date(2020, 5, 7)))
    assert made.hash in printed and "尚未 not yet" not in printed and 'role="alert"' not in printed
    # a page made later of the same night says the same
    assert told.page(2, _kept(told, tmp_path, 2, date(2020, 5, 9))) == printed


def test_a_stale_anchor_is_an_alarm_on_the_page(told: ToldCity, tmp_path: Path) -> None:
    assert "锚点过期" not in told.page(3, _kept(told, tmp_path, 3, date(2020, 5, 6)))
    page = told.page(3, _kept(told, tmp_path, 3, date(2020, 5, 20)))
    assert 'role="alert"' in page and "锚点过期" in page and "landbridge audit verify" in page


def test_an_anchor_that_the_chain_contradicts_is_an_alarm_on_the_page(told: ToldCity, tmp_path: Path) -> None:
    made = anchor(told.city.connection, tmp_path, told.read, told.city.as_of(3))
    assert made is not None
    path = tmp_path / made.file_name
    path.write_text(path.read_text().replace(made.hash, "0" * 64))
    page = told.page(3, _kept(told, tmp_path, 3, date(2020, 5, 6)))
    assert "锚点不符" in page.split('role="alert"')[1].split("</section>")[0]


def test_how_many_holding_lines_rest_on_a_register_s_word_stands_on_the_page(tmp_path: Path) -> None:
    city = RateCity(tmp_path)
    city.line("TOLD")
    city.load("police.resident", 1)
    city.load_register(1)
    commit(city.connection, city.settings, lambda: append(city.connection, _own("OWN", city.as_of(1)), city.as_of(1)))
    city.judge(1)
    commit(city.connection, city.settings, lambda: marts.refresh(city.connection, city.city, city.as_of(1)))
    rows = city.connection.execute(
        "SELECT condition, rests_on, due_lines, holding_lines FROM sharing.mart_basis WHERE scope = 'city'"
    ).fetchall()
    assert {row for row in rows if row[0] in ("all", "probe", "freshness")} == {
        ("all", "ledger", 1, 1), ("all", "register", 1, 1), ("probe", "ledger", 1, 1), ("probe", "register", 1, 1), ("freshness", "lake", 2, 2),
    }  # fmt: skip
    facts = read_facts(city.connection, city.city, computations(city.connection)[-1])
    assert (facts.basis.holding, facts.basis.proved, facts.basis.on_word) == (2, 1, 1)
    assert "1 rest in at least one condition on a register's own word" in page(facts, "lines.csv")


def _own(line: str, at: datetime) -> list[Event]:
    """A line that was asked for, granted, delivered and probed through this platform, and holds."""
    terms: dict[str, Any] = {"fields": ["name", "number"], "row_scope": ""}
    grant = {**terms, "valid_from": "2020-01-09", "valid_to": "2021-01-08"}
    asked = {
        **terms, "requester": "civil", "provider": "police", "resource": "police.resident", "purpose": "own", "share_type": "conditional",
    }  # fmt: skip
    steps = [
        ("submitted", "civil", asked), ("received", "police", {}), ("granted", "police", grant), ("delivered", "police", terms),
        ("marked_satisfied", "police", {}), ("probed", "civil", {"ok": True}),
    ]  # fmt: skip
    begin = at - timedelta(hours=8)
    return [
        Event(kind, line, f"R-{line}", begin + timedelta(minutes=n), actor, "", payload)
        for n, (kind, actor, payload) in enumerate(steps)
    ]
