"""Eight processes submit and decide at once: no event is lost, no id given twice, nothing granted twice, and the chain is whole."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.postgres import Postgres
from tests.sharing.ledger.ledger_lake import Ledger
from tests.sharing.requests.desk_city import DeskCity
from tests.small_city import ROOT

PROCESSES, DISPUTED = 8, 1


@pytest.mark.parametrize("catalogue", ["sqlite", "postgres"])
def test_eight_clerks_at_once(tmp_path: Path, postgres: Postgres, catalogue: str) -> None:
    city = DeskCity(tmp_path, in_memory=True)
    city.connection.close()
    environment = {"LANDBRIDGE_CITY": str(city.folder), "LANDBRIDGE_THREADS": "1", "LANDBRIDGE_MEMORY": "256MiB"}
    if catalogue == "postgres":
        environment["LANDBRIDGE_CATALOGUE"] = f"postgres:{postgres.database('clerks')}"
    home = tmp_path / "at_once"
    done = subprocess.run(
        [sys.executable, "-m", "tests.sharing.requests.clerks", str(PROCESSES), str(DISPUTED)],
        cwd=ROOT, env={**os.environ, "LANDBRIDGE_HOME": str(home), **environment}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    succeeded = [[int(count) for count in told.split(",")] for told in done.stdout.split()]
    assert [sum(counts) for counts in zip(*succeeded, strict=True)] == [DISPUTED] * 3, (
        "submitted, received, granted once each"
    )

    ledger = Ledger(home, environment)
    kept = ledger.kept()
    requests = PROCESSES + DISPUTED
    assert [e.number for e in kept] == list(range(1, 2 * requests + DISPUTED + 1))
    submitted = [e for e in kept if e.kind == "submitted"]
    assert sorted(e.line_id for e in submitted) == [f"R-2020-{n:06d}/1" for n in range(1, requests + 1)]
    assert len({e.payload for e in submitted}) == requests
    assert Counter(e.line_id for e in kept if e.kind == "received") == {e.line_id: 1 for e in submitted}
    granted = [e.line_id for e in kept if e.kind == "granted"]
    assert len(set(granted)) == len(granted) == DISPUTED
    assert ledger.verify(0) == []
    ledger.close()
