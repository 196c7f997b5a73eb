"""What the analysts' page shows can be typed: every SQL example runs on a lake, read-only."""

from __future__ import annotations

import re

import pytest

import warehouse
from tests.small_city import ROOT, SmallCity


def examples() -> list[str]:
    text = (ROOT / "docs" / "analysts.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    return [statement.strip() for block in blocks for statement in block.split(";") if statement.strip()]


def test_every_example_of_the_page_runs(city: SmallCity, monkeypatch: pytest.MonkeyPatch) -> None:
    city.taxpayers({"1": "10.00", "2": "20.00"})
    city.run("tax.taxpayer", 1)
    for name, value in city.environment.items():
        monkeypatch.setenv(name, value)
    lake = warehouse.connect()
    try:
        for statement in examples():
            lake.execute(statement).fetchall()
        assert len(examples()) >= 6
        assert lake.execute("SELECT current_setting('TimeZone')").fetchone() == ("Asia/Shanghai",)
        with pytest.raises(Exception, match="read-only"):
            lake.execute("DELETE FROM tax.taxpayer")
    finally:
        lake.close()


def test_an_older_state_can_be_read(city: SmallCity) -> None:
    city.taxpayers({"1": "10.00", "2": "20.00"})
    city.run("tax.taxpayer", 1)
    [(first,)] = city.query("SELECT max(snapshot_id) FROM ducklake_snapshots('lake')")
    city.taxpayers({"1": "11.00", "2": "20.00"})
    city.run("tax.taxpayer", 2)
    assert city.query("SELECT sum(amount) FROM tax.taxpayer") == [(31,)]
    assert city.query(f"SELECT sum(amount) FROM tax.taxpayer AT (VERSION => {first})") == [(30,)]
