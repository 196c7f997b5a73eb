"""Whether a key came on two pages: on disk, since a table may have more keys than fit into memory."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import Any, Self

from connectors.json_text import json_text


class KeysSeen:
    """Digests of the keys of all pages so far, in a file without a name. Without key columns nothing is compared."""

    def __init__(self, columns: Sequence[str], folder: Path | None) -> None:
        self.columns, self.folder, self.came_twice = columns, folder, False

    def __enter__(self) -> Self:
        with NamedTemporaryFile(dir=self.folder, prefix=".keys-", suffix=".sqlite") as file:
            self.database = sqlite3.connect(file.name, isolation_level=None)
            for pragma in (
                "journal_mode = OFF",
                "synchronous = OFF",
                "locking_mode = EXCLUSIVE",
                "cache_size = -16384",
            ):
                self.database.execute(f"PRAGMA {pragma}")
            self.database.execute("CREATE TABLE keys (digest BLOB PRIMARY KEY) WITHOUT ROWID")
            self.database.execute("BEGIN")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.database.close()

    def add_page(self, records: Iterable[dict[str, Any]]) -> None:
        """Note a page's keys. A key that stands twice on one page is the source's own matter."""
        if not self.columns:
            return
        page = {_digest(record, self.columns) for record in records if all(c in record for c in self.columns)}
        with closing(self.database.cursor()) as cursor:
            cursor.executemany("INSERT OR IGNORE INTO keys VALUES (?)", ((digest,) for digest in page))
            self.came_twice = self.came_twice or cursor.rowcount < len(page)


def _digest(record: dict[str, Any], columns: Sequence[str]) -> bytes:
    return hashlib.sha256(json_text([record[column] for column in columns]).encode()).digest()[:16]
