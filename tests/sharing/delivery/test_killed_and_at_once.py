"""A delivery may be killed at any step and run again, or run twice at once: nothing is readable that the ledger does not tell of, and the end is the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sharing.delivery.doors import door
from sharing.delivery.pseudonym import SECRET as VARIABLE
from sharing.ledger.store import entries
from tests.postgres import Postgres
from tests.sharing.delivery.delivery_city import RESOURCE, SECRET, WAYS, DeliveryCity
from tests.small_city import ROOT

# of five doors: csv, excel, parquet and the view are told of in one commit, then the table
MOMENTS = ("after:stage:4", "after:tell:1", "after:publish:2", "after:manifest:1", "after:stage:1", "after:publish:1")
REFRESHING = ("after:tell:1", "after:publish:4")


class Town(DeliveryCity):
    """A city whose nights other processes do."""

    workers: subprocess.Popen[str]

    def begin(self) -> None:
        self.workers = subprocess.Popen(
            [sys.executable, "-m", "tests.sharing.delivery.worker", str(self.root)], cwd=ROOT, text=True,
            env={**os.environ, VARIABLE: SECRET}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def work_at(self, night: int, moment: str = "never", processes: int = 1) -> list[dict[str, Any]]:
        """What came of so many processes at once, each with its lines delivered, disposed and failed, or killed."""
        assert self.workers.stdin is not None
        assert self.workers.stdout is not None
        self.workers.stdin.write(f"{night} {moment} {processes}\n")
        self.workers.stdin.flush()
        return list(json.loads(self.workers.stdout.readline()))

    def readable(self) -> dict[str, str]:
        """Way → digest of what can be read behind its door now."""
        found, work = {}, self.work()
        for grant in work.grants():
            rule = work.ways.rule(grant)
            assert rule is not None
            line_door = door(work, grant, rule.way)
            if line_door.is_there():
                found[grant.line_id] = line_door.find().sha256
        return found

    def told_of(self) -> set[tuple[str, str]]:
        """Line and digest of everything the ledger ever told to be delivered."""
        kinds = "kind IN ('delivered', 'refreshed')"
        return {(e.line_id, str(json.loads(e.payload)["sha256"])) for e in entries(self.connection, kinds)}

    def left_over(self) -> list[str]:
        """What no requester reads: tables half made in the database, files between."""
        with self.session(who="owner") as session:
            tables = session.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE 'table%'"
            ).fetchall()
        names = [name for (name,) in tables if name != "table"]
        return names + [
            p.name
            for p in (self.settings.home / "deliveries").rglob("*")
            if p.is_file() and p.name not in ("manifest.json", ".lock") and not p.name.startswith("data.")
        ]


@pytest.fixture
def killed(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setenv(VARIABLE, SECRET)
    town = Town(tmp_path)
    town.every_way(postgres, ("number", "note"))
    town.begin()
    yield town
    town.workers.communicate("")


def test_a_delivery_killed_at_each_step_and_run_again_ends_like_an_undisturbed_one(killed: Town) -> None:
    """Each kill falls on what the one before left: first on a first delivery, then on its refresh."""
    town = killed
    for number, moments in ((2, MOMENTS), (3, REFRESHING)):
        note = f"night {number}"
        town.load(RESOURCE, number, town.persons(note=note))
        town.night_number = number
        for moment in moments:
            (outcome,) = town.work_at(number, moment)
            assert outcome["killed"], moment
            assert set(town.readable().items()) <= town.told_of(), moment
            assert [name for name in town.left_over() if "new" in name] == [], moment
        (outcome,) = town.work_at(number)
        assert (outcome["killed"], outcome["failed"]) == (False, {})
        readable = town.readable()
        assert set(readable) == set(WAYS)
        for way in WAYS:
            assert {row["note"] for row in town.found(way) or []} == {note}, way
            assert town.told("probed", way)[-1]["ok"] is True
            assert [*town.told("delivered", way), *town.told("refreshed", way)][-1]["sha256"] == readable[way]
        assert town.left_over() == []


def test_a_disposal_killed_at_each_step_and_run_again_is_proven_once(killed: Town) -> None:
    town = killed
    assert town.run().is_well
    town.say("revoked", *WAYS)
    for moment in ("before:remove:1", "after:remove:3", "after:remove:5", "after:tell:1"):
        assert town.work_at(1, moment)[0]["killed"], moment
    assert town.work_at(1)[0]["disposed"] == [], "it was told of before the last kill"
    assert town.readable() == {}
    assert [len(town.told("disposed", way)) for way in WAYS] == [1] * 5


def test_two_runs_at_once_end_like_one(killed: Town) -> None:
    town = killed
    told = town.work_at(1, processes=2)
    assert sorted(line for one in told for line in one["delivered"]) == sorted(WAYS)
    assert [one["failed"] for one in told] == [{}, {}]
    for way in WAYS:
        assert [len(town.told(kind, way)) for kind in ("delivered", "refreshed", "probed")] == [1, 0, 1], way
        assert town.found(way) is not None
