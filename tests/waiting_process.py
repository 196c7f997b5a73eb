"""A process of its own that gets ready, waits for the word, works and says what came of it: to be killed, or to run beside others."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

from tests.small_city import ROOT


class WaitingProcess:
    """`python -m <words>` with these variables; it writes `ready`, reads a line, and writes its result last."""

    def __init__(self, environment: Mapping[str, str], *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", *words], cwd=ROOT, env={**os.environ, **environment},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def wait_until_ready(self) -> WaitingProcess:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        return self

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def finish(self) -> str:
        output, _ = self.process.communicate(timeout=120)
        return output.strip()
