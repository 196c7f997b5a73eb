"""Folders for what is fetched and unpacked. They are gone when the reading ends; what a killed process left is removed by the next."""

from __future__ import annotations

import fcntl
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from connectors.folders.paths import unreadable

_PREFIX = "files-"
_LOCK = ".lock"
# a folder is locked from its first moments on; one this old without a lock has nobody
_ABANDONED_SECONDS = 3600


class Scratch:
    """Gives folders below `spool`, or the system's own place for such things, until the stack closes. None is made before one is needed."""

    def __init__(self, stack: ExitStack, spool: Path | None) -> None:
        self.stack, self.spool = stack, spool
        self.root: Path | None = None
        self.count = 0

    def folder(self) -> Path:
        """An empty folder; ConfigurationError or SourceUnavailable where none can be made."""
        try:
            if self.root is None:
                self.root = self._opened()
            self.count += 1
            made = self.root / str(self.count)
            made.mkdir()
        except OSError as error:
            raise unreadable(self.spool or "the system's folder for temporary files", error) from error
        return made

    def _opened(self) -> Path:
        if self.spool is not None:
            self.spool.mkdir(parents=True, exist_ok=True)
            remove_abandoned(self.spool)
        root = Path(self.stack.enter_context(TemporaryDirectory(prefix=_PREFIX, dir=self.spool)))
        lock = self.stack.enter_context((root / _LOCK).open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        return root


def remove_abandoned(spool: Path) -> None:
    """Personal data of a process that was killed must not stay. Folders in use, here or in another process, are left alone."""
    for left in spool.glob(f"{_PREFIX}*"):
        try:
            if time.time() - left.stat().st_mtime < _ABANDONED_SECONDS:
                continue
            with (left / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue
