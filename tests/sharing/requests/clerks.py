"""Clerks in processes of their own, released together on a lake that does not exist yet.

    python -m tests.sharing.requests.clerks PROCESSES DISPUTED

Each submits a request of its own and receives it; then each tries to submit the same request as all others, to receive it, and to grant it, which only one
of all may. Prints what each succeeded in: submitted, received, granted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace

from contracts.catalogue import load_city
from contracts.errors import ConfigurationError, IllegalMove
from contracts.settings import Settings
from sharing.requests.desk import Desk
from sharing.requests.states import standings
from sharing.requests.submission import submit
from tests.sharing.ledger.writers import forked, waited
from tests.sharing.requests.desk_city import CIVIL, OPENING, POLICE, WISH
from warehouse.lake import open_lake


def work(process: int, disputed: int) -> str:
    settings = Settings.from_environment()
    city = load_city(settings.city)
    connection = open_lake(settings, timezone=city.timezone.key)
    desk = Desk(connection, settings, city, OPENING)
    (own,) = submit(desk, [replace(WISH, purpose=f"own {process}")], CIVIL)
    desk.act("receive", own, POLICE)
    done = [0, 0, 0]
    for n in range(disputed):
        purpose = f"disputed {n}"
        done[0] += succeeds(lambda purpose=purpose: submit(desk, [replace(WISH, purpose=purpose)], CIVIL))
        [line] = [found.line_id for found in standings(connection, city, OPENING) if found.purpose == purpose]
        done[1] += succeeds(lambda line=line: desk.act("receive", line, POLICE))
        done[2] += succeeds(lambda line=line: desk.act("grant", line, POLICE))
    connection.close()
    return ",".join(map(str, done))


def succeeds(act: Callable[[], object]) -> bool:
    try:
        act()
    except (IllegalMove, ConfigurationError):
        return False
    return True


def main(processes: int, disputed: int) -> int:
    start, release = os.pipe()

    def wait_for_all() -> None:
        os.close(release)
        os.read(start, 1)

    children = [forked(lambda n=n: work(n, disputed), wait_for_all) for n in range(processes)]
    os.close(release)
    codes = [waited(child) for child, _ in children]
    print(*(os.read(result, 20).decode() for _, result in children))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
