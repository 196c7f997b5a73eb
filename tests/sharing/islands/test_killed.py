"""A night killed while it writes its islands and run again ends like an undisturbed one; a second run writes nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from sharing.islands.store import ISLANDS
from tests.sharing.islands.island_city import IslandCity, people
from tests.small_city import ROOT
from warehouse.lake import current_snapshot, open_lake


def rows(city: IslandCity) -> list[tuple[object, ...]]:
    return city.inner.connection.execute(f"SELECT * FROM {ISLANDS} ORDER BY ALL").fetchall()


def test_all_of_a_night_is_written_or_nothing_and_nothing_twice(tmp_path: Path) -> None:
    city = IslandCity(tmp_path, in_memory=False, registers=False)
    city.rows["tax.taxpayer"] = []
    city.night(1)
    before = rows(city)
    # on the second night one island is repaired and another one made
    city.rows |= {"tax.taxpayer": city.inner.people(3), "civil.aid": people(50)}
    city.load(2)
    city.inner.connection.close()
    words = [sys.executable, "-m", "tests.sharing.islands.dying", str(tmp_path), city.inner.as_of(2).isoformat()]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    city.inner.connection = open_lake(city.inner.settings, timezone="Asia/Shanghai")
    assert rows(city) == before
    city.look(2)
    assert city.open(1) == {("entry_no_data", "tax.taxpayer", "tax")}
    assert city.open(2) == {("same_item", "civil.aid.phone", "civil")}
    done, snapshot = rows(city), current_snapshot(city.inner.connection)
    city.look(2)
    assert (rows(city), current_snapshot(city.inner.connection)) == (done, snapshot)


def test_the_newest_night_looked_at_again_from_other_inputs_ends_as_if_it_had_been_looked_at_once(
    tmp_path: Path,
) -> None:
    city = IslandCity(tmp_path, registers=False)
    city.night(1)
    city.rows |= {"tax.taxpayer": [], "civil.aid": people(50)}
    assert len(city.night(2)) == 2
    # tax delivers after all in the same night, and the island of the morning was none
    city.inner.load("tax.taxpayer", 2, city.inner.people(3), attempt=2)
    city.look(2)
    assert city.open(2) == {("same_item", "civil.aid.phone", "civil")}
    assert [(row[0], str(row[11]), row[15]) for row in rows(city)] == [
        ("same_item:civil.aid.phone", "2020-05-06", None)
    ]
