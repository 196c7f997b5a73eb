"""The city's calendar in the lake: every day of it, written again only when the file changes."""

from __future__ import annotations

import shutil
from pathlib import Path

from contracts.catalogue import load_city
from contracts.settings import Settings
from pipeline.calendar_table import load_calendar
from sharing.calendar import read_calendar
from tests.small_city import ROOT
from warehouse.lake import current_snapshot, open_lake


def test_the_lake_knows_every_day_of_the_calendar_and_follows_the_file(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "cities" / "qingdao",
        tmp_path / "city",
        ignore=shutil.ignore_patterns("generator", "contracts", "models"),
    )
    city = load_city(tmp_path / "city")
    settings = Settings.from_environment({"LANDBRIDGE_HOME": str(tmp_path / "var")})
    lake = open_lake(settings)
    days = list(read_calendar(city).days())
    assert load_calendar(lake, settings, city) == {"reference.calendar": len(days)}
    assert lake.execute("SELECT day, working FROM reference.calendar ORDER BY day").fetchall() == days
    before = current_snapshot(lake)
    assert load_calendar(lake, settings, city) == {} and current_snapshot(lake) == before
    # a notice moves a day of rest
    file = tmp_path / "city" / "calendar.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("2020-05-05,rest", "2020-05-05,working"), encoding="utf-8")
    assert load_calendar(lake, settings, city) == {"reference.calendar": len(days)}
    assert lake.execute("SELECT working FROM reference.calendar WHERE day = DATE '2020-05-05'").fetchall() == [(True,)]
    file.unlink()
    assert load_calendar(lake, settings, load_city(tmp_path / "city")) == {}
    lake.close()
