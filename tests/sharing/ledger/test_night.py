"""The night anchors the ledger, and the morning's digest says what is wrong with it before the task turns red."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contracts.errors import LedgerBroken, SourceUnavailable
from dags.building import steps
from pipeline import night
from sharing.ledger.store import EVENTS
from tests.sharing.ledger.ledger_lake import Ledger, story
from tests.small_city import ROOT, SmallCity


def test_the_morning_anchors_the_ledger_and_turns_red_after_its_digest_where_it_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city = SmallCity(tmp_path)
    for name in ("calendar.csv", "policy.yaml"):
        shutil.copy(ROOT / "cities" / "qingdao" / name, tmp_path / "city" / name)
    interval = city.interval(1)
    for name, value in {**city.environment, "LANDBRIDGE_CLOCK": interval.end.isoformat()}.items():
        monkeypatch.setenv(name, value)
    down = SourceUnavailable("no answer", where="registry_files", remedy="wait")
    night.record_failure("civil.marriage", interval, down, observed_at=interval.end)
    ledger = Ledger(tmp_path / "var")
    ledger.tell(*story(1, 2), recorded_at=interval.end)

    def digest() -> str:
        (path,) = (tmp_path / "var" / "reports").glob("digest-*.txt")
        return path.read_text(encoding="utf-8")

    steps.morning_digest(interval.start)
    assert [path.name for path in (tmp_path / "var" / "anchors").iterdir()] == ["2020-05-05-4.json"]
    assert "civil.marriage" in digest()
    assert "LEDGER" not in digest()

    ledger.connection.execute(f"DELETE FROM {EVENTS} WHERE number = 4")
    with pytest.raises(LedgerBroken):
        steps.morning_digest(interval.start)
    assert "LEDGER" in digest()
    assert "锚点不符 the chain is not the one that was anchored: entry 4, 2020-05-05-4.json" in digest()
    ledger.close()
