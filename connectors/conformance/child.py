"""What the conformance suite hands to a process of its own: a source as it is stated, and how much memory reading it takes."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from subprocess import PIPE, Popen

from connectors.conformance.source import NIGHT, Stated, resource_of
from connectors.protocol import Connector
from contracts.errors import InternalError

_BATCH_ROWS = "20000"


Ask = Callable[[Stated, Sequence[str]], tuple[int, int]]


@contextmanager
def child(cls: type[Connector], environ: Mapping[str, str]) -> Iterator[Ask]:
    """A process that reads what it is asked to; it answers with the rows, and the most memory it ever had, in kilobytes."""
    words = [sys.executable, "-c", "from connectors.conformance.child import serve; serve()"]
    paths = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    with Popen(words, stdin=PIPE, stdout=PIPE, text=True, env={**os.environ, "PYTHONPATH": paths}) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(stated: Stated, columns: Sequence[str]) -> tuple[int, int]:
            assert process.stdin is not None
            assert process.stdout is not None
            environment = {**environ, "LANDBRIDGE_BATCH_ROWS": _BATCH_ROWS, **stated.environ}
            question = {
                "class": [cls.__module__, cls.__qualname__], "columns": list(columns), "stated": {**asdict(stated), "environ": environment}
            }  # fmt: skip
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer:
                raise InternalError("the process that reads the source died", remedy="its own message is above")
            rows, peak = map(int, answer.split())
            return rows, peak

        try:
            yield ask
        finally:
            process.stdin.close()


def serve() -> None:
    """Answer the questions on standard input, until it ends."""
    for line in sys.stdin:
        question = json.loads(line)
        stated = Stated(**question["stated"])
        cls = getattr(importlib.import_module(question["class"][0]), question["class"][1])
        it = resource_of(cls.kind, stated, question["columns"])
        rows = sum(batch.num_rows for batch in cls.open(stated.connection, stated.environ).read(it, NIGHT))
        sys.stdout.write(f"{rows} {_peak()}\n")
        sys.stdout.flush()


def _peak() -> int:
    """The most this process ever held. Not getrusage's figure, which a child inherits from the process that started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise InternalError("/proc/self/status has no VmHWM", remedy="run the suite on Linux")
