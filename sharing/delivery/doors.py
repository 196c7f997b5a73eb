"""The doors data is handed over through: files, a table in the requester's own PostgreSQL, a view in the lake – one shape for all.

Data is staged where nobody can read it, the ledger is told, and only then is it published.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from contracts.errors import InternalError
from sharing.delivery.grants import Grant
from sharing.delivery.projection import Projection
from sharing.delivery.ways import Way
from sharing.delivery.work import Work


@dataclass(frozen=True)
class Staged:
    """What waits to be published: how many rows, and the digest by which a probe knows them again."""

    rows: int
    sha256: str


@dataclass(frozen=True)
class Found:
    """What a reader found: the columns in their order, how many rows, and the digest of what was read."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True)
class Removed:
    """Proof of disposal: what was removed, its digest before (empty where it could not be read), and that nothing is left."""

    what: tuple[str, ...]
    sha256: str
    is_gone: bool


class Door(Protocol):
    """One line's door. `may_key` says whether pseudonyms can be made on the way."""

    may_key: bool

    def stage(self, projection: Projection) -> Staged:
        """Bring the data to where nobody reads it yet; run again, it begins anew."""

    def publish(self) -> None:
        """Put what was staged in the place of what the requester reads, at once."""

    def discard(self) -> None:
        """Forget what was staged."""

    def is_there(self) -> bool:
        """Whether something is published; says nothing of what it holds."""

    def find(self) -> Found:
        """Read what is published as the requester does."""

    def copy_to(self, target: Path) -> None:
        """Write what is published to a new file of the reader's."""

    def remove(self) -> Removed:
        """Take away what was published and staged; nothing to take away is well too."""


def door(work: Work, grant: Grant, way: Way) -> Door:
    """The door of a line; ConfigurationError where the way leads nowhere, or to another department."""
    way.check()
    if way.name == "table":
        from sharing.delivery.table import TableDoor

        return TableDoor(work, grant, work.ways.destination(way, grant.requester))
    if way.name == "view":
        from sharing.delivery.view import ViewDoor

        return ViewDoor(work, grant)
    from sharing.delivery.files import FileDoor

    return FileDoor(work, grant, way)


@contextmanager
def telling_no_values(where: str) -> Iterator[None]:
    """DuckDB's errors, which may quote a value, become ours without it."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise InternalError(
            f"the lake could not be read or the delivery not written: {type(error).__name__}",
            where=where,
            remedy="look at disk space, memory (LANDBRIDGE_MEMORY) and the lake's files",
        ) from None
    except duckdb.Error as error:
        raise InternalError(f"the extract failed: {type(error).__name__}", where=where, remedy="report this") from None
