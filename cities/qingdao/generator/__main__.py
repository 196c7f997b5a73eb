"""`python -m cities.qingdao.generator`: make the sample city's sources, or switch to another night."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from cities.qingdao.generator.sources import make_sources, switch
from cities.qingdao.generator.world import NIGHTS
from contracts.errors import ConfigurationError


def main(arguments: list[str] | None = None) -> int:
    """Run with the arguments; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m cities.qingdao.generator", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the sources, such as var/sources")
    parser.add_argument("--scale", type=float, default=1.0, help="1 is about 4,000 people and 1,200 firms (default)")
    parser.add_argument("--seed", type=int, default=20200507, help="the same seed gives the same city")
    parser.add_argument("--night", type=int, choices=NIGHTS, default=1, help="the night to begin with (default 1)")
    parser.add_argument("--switch", type=int, choices=NIGHTS, help="only point `current` at this night")
    given = parser.parse_args(arguments)
    if given.scale <= 0:
        parser.error("--scale must be above 0")
    try:
        if given.switch is not None:
            switch(given.out, given.switch)
            print(f"{given.out}/current is night {given.switch}")
            return 0
        started = time.monotonic()
        made = make_sources(given.out, given.scale, given.seed, given.night, lambda line: print(line, flush=True))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    for id in made.without_table:
        print(f"no table for {id}: its contract has no source", file=sys.stderr)
    for id in made.without_contract:
        print(f"no contract for {id}: its table was not written", file=sys.stderr)
    print(f"done in {time.monotonic() - started:.1f} s: {given.out}, current is night {given.night}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
