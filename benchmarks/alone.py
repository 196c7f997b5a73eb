"""Whether a measurement had the machine to itself: what other processes used meanwhile, from the kernel's own accounts."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_CALM_CPUS = 0.4


def busy_seconds() -> float:
    """Processor seconds of all CPUs since the machine started."""
    user, nice, system, _, _, irq, soft, steal = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + irq + soft + steal) / _TICKS


def processor_seconds(root: int) -> float:
    """Of a server: its own, those of its children, and those of children that ended."""
    try:
        children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
    except FileNotFoundError:
        return 0.0
    return _own(root) + sum(_own(int(child)) for child in children)


def wait_until_calm(most_seconds: float) -> None:
    """Return when the machine is idle for two seconds, or after so many seconds; how busy it was is in the figures all the same."""
    until = time.monotonic() + most_seconds
    while time.monotonic() < until:
        before = busy_seconds()
        time.sleep(2)
        if busy_seconds() - before < 2 * _CALM_CPUS:
            return


def _own(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS
