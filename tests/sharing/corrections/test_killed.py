"""A night killed at its worst moment and run again ends like an undisturbed one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from pipeline.problems.files import write_problem_files
from pipeline.workplace import Workplace
from tests.sharing.corrections.correction_city import BUREAU, RULE, CorrectionCity
from tests.small_city import ROOT
from warehouse.lake import open_lake


def killed(what: str, city: CorrectionCity, night: int) -> None:
    """Do it in a process of its own that dies in the middle."""
    city.connection.close()
    module = "tests.sharing.corrections.dying"
    words = [sys.executable, "-m", module, what, str(city.root), city.as_of(night).isoformat()]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    city.connection = open_lake(city.settings, timezone="Asia/Shanghai")


def test_corrections_are_closed_together_or_not_at_all(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path, in_memory=False)
    city.night(1, failing=1)
    city.ask(5)
    city.ask(5, BUREAU, rule=RULE, field="", keys=())
    city.decide(6)
    city.decide(6, id="L1/C2")
    city.rows[3]["name"] = "canary of the document"
    city.load("police.resident", 3, city.rows, quality=())
    city.load("police.resident", 4, city.rows)
    before = city.ledger()
    killed("settle", city, 3)
    assert city.ledger() == before
    assert len(city.settle(3)) == 2
    done = city.ledger()[len(before) :]
    assert [(e["kind"], e["correction_id"]) for e in done] == [
        ("correction_fixed", "L1/C1"),
        ("correction_closed", "L1/C1"),
    ]
    snapshot = done[0]["snapshot"]
    assert city.settle(3) and city.ledger()[len(before) :] == done, (
        "and what is closed stays closed, by its own snapshot"
    )
    assert {e["snapshot"] for e in done} == {snapshot}


def test_both_files_say_the_same_after_all_and_nothing_is_left_over(tmp_path: Path) -> None:
    city = CorrectionCity(tmp_path, in_memory=False)
    city.night(1, failing=1)
    killed("files", city, 1)
    folder = city.settings.home / "problems" / "police"
    assert len(list(folder.iterdir())) == 2, "one file, and what was to become the other"
    write_problem_files(city.connection, Workplace(city.settings, city.city), city.as_of(1))
    files = {path: path.read_bytes() for path in folder.iterdir()}
    write_problem_files(city.connection, Workplace(city.settings, city.city), city.as_of(1))
    assert {path: path.read_bytes() for path in folder.iterdir()} == files, "written again, they are the same"
    assert sorted(path.name for path in folder.iterdir()) == ["problems-2020-05-05.csv", "problems-2020-05-05.xlsx"]
