"""A process of its own that waits for the word, works and says what came of it: to be killed, or to run beside others.

Each is forked from one that has everything imported and nothing open: a new interpreter would import for seconds before it could be killed.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

_FORKED = multiprocessing.get_context("forkserver")
_FORKED.set_forkserver_preload(["tests.scenarios.worker", "tests.pipeline.model_worker"])


class WaitingProcess:
    """`work(*words)` with these variables of the environment, once the word is given."""

    def __init__(self, environment: Mapping[str, str], work: Callable[..., str], *words: str) -> None:
        self._here, there = _FORKED.Pipe()
        self._process = _FORKED.Process(target=_wait_and_work, args=(there, dict(environment), work, words))
        self._process.start()
        there.close()

    def wait_until_ready(self) -> WaitingProcess:
        assert self._here.recv() == "ready"
        return self

    def go(self) -> None:
        self._here.send("go")

    def finish(self) -> str:
        """What the work returned."""
        assert self._here.poll(120), "it works on and on"
        result: str = self._here.recv()
        self._process.join()
        return result

    def kill_after(self, seconds: float) -> bool:
        """Kill it then, unless it has ended by itself; returns whether it was killed."""
        self._process.join(seconds)
        self._process.kill()
        self._process.join()
        assert self._process.exitcode in (0, -signal.SIGKILL), "it failed by itself"
        return self._process.exitcode != 0


def _wait_and_work(
    there: Connection, environment: Mapping[str, str], work: Callable[..., str], words: tuple[str, ...]
) -> None:
    os.environ.update(environment)
    there.send("ready")
    there.recv()
    there.send(work(*words))
