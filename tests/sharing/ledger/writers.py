"""Writers of one ledger in processes of their own, imported once and forked before any engine is opened.

    python -m tests.sharing.ledger.writers at-once PROCESSES LINES DISPUTED
    python -m tests.sharing.ledger.writers killed KILLS

`at-once`: released together on a lake that does not exist yet, each process submits and receives lines of its own, a commit each, and tries to decide every
disputed line, which only one may; prints how many decisions each recorded. `killed`: a story is recorded below HOME/undisturbed, then below HOME/killed by
writers that are killed in the midst and one that is not; prints the heads of both, and how many were killed.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb

from contracts.settings import Settings
from sharing.ledger.events import Event
from sharing.ledger.store import head_of, ledger_exists, record
from sharing.lines import lines_sql
from tests.sharing.ledger.ledger_lake import ASKED, CONSENT, MONDAY, ZONE, event, story
from warehouse.lake import open_lake

LATER = "2020-06-01T00:00:00+08:00"


def forked(work: Callable[[], object], before: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Start `work` in a child; returns its process id and a descriptor that reads what it returns."""
    result, answer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            before()
            os.write(answer, str(work()).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(answer)
    return child, result


def waited(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def write(process: int, lines: int, disputed: int) -> int:
    settings = Settings.from_environment()
    connection = open_lake(settings, timezone=ZONE.key)
    decided = 0
    for n in range(max(lines, disputed)):
        if n < lines:
            for told in (
                event("submitted", 0, "civil", f"L{process}-{n}", **ASKED),
                event("received", 0, line=f"L{process}-{n}"),
            ):
                record(connection, settings, lambda told=told: [told], MONDAY)
        if n < disputed:
            made = record(connection, settings, lambda line=f"D{n}": decision(connection, line, process), MONDAY)
            decided += any(entry.kind in ("granted", "refused") for entry in made)
    connection.close()
    return decided


def decision(connection: duckdb.DuckDBPyConnection, line: str, process: int) -> Iterable[Event]:
    """Half of the processes grant, the others refuse; nobody decides what is decided."""
    if ledger_exists(connection):
        row = connection.execute(f"SELECT answer FROM ({lines_sql(LATER)}) WHERE line_id = ?", [line]).fetchone()
        if row and row[0]:
            return []
    answer = event("granted", 1, line=line, **CONSENT) if process % 2 else event("refused", 1, line=line, level="law")
    return [event("submitted", 0, "civil", line, **ASKED), answer]


def at_once(processes: int, lines: int, disputed: int) -> int:
    start, release = os.pipe()

    def wait_for_all() -> None:
        os.close(release)
        os.read(start, 1)

    children = [forked(lambda n=n: write(n, lines, disputed), wait_for_all) for n in range(processes)]
    os.close(release)
    codes = [waited(child) for child, _ in children]
    print(*(os.read(result, 10).decode() for _, result in children))
    return max(codes)


def tell(home: Path) -> str:
    """Record the story in commits of four; what is recorded already is passed over."""
    settings = Settings.from_environment({**os.environ, "LANDBRIDGE_HOME": str(home)})
    connection = open_lake(settings, timezone=ZONE.key)
    told = story(1, 40)
    for first in range(0, len(told), 4):
        record(connection, settings, lambda first=first: told[first : first + 4], MONDAY)
    head = head_of(connection)
    connection.close()
    return f"{head.number}:{head.hash}"


def killed(kills: int) -> int:
    home = Settings.from_environment().home
    started = time.monotonic()
    child, undisturbed = forked(lambda: tell(home / "undisturbed"))
    waited(child)
    whole, hit = time.monotonic() - started, 0
    for moment in range(1, kills + 1):
        child, _ = forked(lambda: tell(home / "killed"))
        # what is recorded already takes less than half as long
        time.sleep(whole * moment / (kills + 2))
        os.kill(child, signal.SIGKILL)
        hit += waited(child) == -signal.SIGKILL
    child, final = forked(lambda: tell(home / "killed"))
    code = waited(child)
    print(os.read(undisturbed, 100).decode(), os.read(final, 100).decode(), hit)
    return code


if __name__ == "__main__":
    doing = {"at-once": at_once, "killed": killed}[sys.argv[1]]
    sys.exit(doing(*map(int, sys.argv[2:])))
