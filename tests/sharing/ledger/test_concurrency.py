"""Writers at once, and writers that die: no event is lost, none is recorded that the state forbids, and the chain is whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from sharing.ledger.store import append
from tests.postgres import Postgres
from tests.sharing.ledger.ledger_lake import MONDAY, Ledger, story
from tests.small_city import ROOT

PROCESSES, LINES, DISPUTED = 8, 2, 2


@pytest.fixture(params=["sqlite", "postgres"])
def environment(request: pytest.FixtureRequest, postgres: Postgres) -> dict[str, str]:
    """The embedded catalogue, and a team's."""
    if request.param == "sqlite":
        return {}
    name = f"ledger_{abs(hash(request.node.name)) % 10**9}"
    return {"LANDBRIDGE_CATALOGUE": f"postgres:{postgres.database(name)}"}


def writers(home: Path, *words: object, environment: dict[str, str] | None = None) -> str:
    settings = {
        "LANDBRIDGE_HOME": str(home),
        "LANDBRIDGE_MEMORY": "256MiB",
        "LANDBRIDGE_THREADS": "1",
        **(environment or {}),
    }
    command = [sys.executable, "-m", "tests.sharing.ledger.writers", *map(str, words)]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip()


def test_eight_processes_at_once_lose_no_event_and_decide_nothing_twice(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    decided = writers(tmp_path, "at-once", PROCESSES, LINES, DISPUTED, environment=environment)
    assert sum(map(int, decided.split())) == DISPUTED

    ledger = Ledger(tmp_path, environment)
    kept = ledger.kept()
    assert [e.number for e in kept] == list(range(1, PROCESSES * LINES * 2 + DISPUTED * 2 + 1))
    assert Counter(e.line_id for e in kept if e.kind in ("granted", "refused")) == {f"D{n}": 1 for n in range(DISPUTED)}
    own = {(e.line_id, e.kind) for e in kept if e.line_id.startswith("L")}
    assert own == {
        (f"L{p}-{n}", kind) for p in range(PROCESSES) for n in range(LINES) for kind in ("submitted", "received")
    }
    assert ledger.verify(0) == []
    ledger.close()


@pytest.mark.parametrize("where", ["an empty lake", "the catalogue", "files"])
def test_two_appends_that_saw_the_same_head_are_never_both_committed(
    tmp_path: Path, environment: dict[str, str], where: str
) -> None:
    one = Ledger(tmp_path, environment)
    if where == "files":
        one.connection.execute("CALL lake.set_option('data_inlining_row_limit', 0)")
    if where != "an empty lake":
        one.tell(*story(100, 2))
    two = Ledger(tmp_path, environment)
    for ledger in (one, two):
        ledger.connection.execute("BEGIN TRANSACTION")
    append(one.connection, story(1, 1), MONDAY)
    append(two.connection, story(2, 1), MONDAY)
    one.connection.execute("COMMIT")
    with pytest.raises(duckdb.Error, match=r"conflict|locked"):
        two.connection.execute("COMMIT")

    two.tell(*story(2, 1))
    assert {"L1", "L2"} <= {e.line_id for e in two.kept()}
    assert two.verify(0) == []
    one.close()
    two.close()


def test_a_writer_killed_again_and_again_and_run_once_more_leaves_the_same_chain(tmp_path: Path) -> None:
    undisturbed, final, killed = writers(tmp_path, "killed", 6).split()
    assert undisturbed.startswith("80:")
    assert final == undisturbed
    assert int(killed) >= 3, "most of the kills must hit a writer at work, or the test shows nothing"
    ledger = Ledger(tmp_path / "killed")
    assert ledger.verify(0) == []
    ledger.close()


def test_compaction_keeps_the_chain_whole_while_the_ledger_grows(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for first in range(1, 13, 2):
        ledger.tell(*story(first, 2))
        ledger.connection.execute("CALL ducklake_flush_inlined_data('lake')")
        ledger.connection.execute("CALL ducklake_merge_adjacent_files('lake')")
        ledger.connection.execute("CALL ducklake_rewrite_data_files('lake')")
    ledger.connection.execute("CALL ducklake_expire_snapshots('lake', older_than => now())")
    ledger.connection.execute("CALL ducklake_cleanup_old_files('lake', cleanup_all => true)")
    ledger.anchor(0)
    ledger.tell(*story(20, 1))
    assert [e.number for e in ledger.kept()] == list(range(1, 27))
    assert ledger.verify(0) == []
    ledger.close()
