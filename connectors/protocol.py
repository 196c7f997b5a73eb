"""What a connector offers: a kind, its settings as data, `read`, and `resources` for those who draft contracts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, runtime_checkable

import pyarrow as pa

from contracts.interval import Interval
from contracts.model import Resource
from contracts.rules import MALFORMED as MALFORMED

if TYPE_CHECKING:
    from connectors.folders.delivery import DeliveredFile

Setting = Mapping[str, Any]
"""JSON schema of one setting as `contracts.properties.misfit` reads it, and besides: `default`, `mandatory: True`, `known: (words)`,
and `styles: {word: {name: Setting}}` of an object whose `style` says which other settings it takes."""


@dataclass(frozen=True)
class SourceTable:
    """One table, view or set of files that a source holds, as a contract would name it.

    `physical_name` and `source` are what the contract would state; `key` and `comments` (of columns, and of the whole under "") are what the source
    itself declares; `rows` its own estimate, None where it has none.
    """

    physical_name: str
    source: Mapping[str, Any] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    comments: Mapping[str, str] = field(default_factory=dict)
    rows: int | None = None


class Connector(Protocol):
    """One source system, opened. Nothing is read, and no connection made, before `read`."""

    kind: ClassVar[str]
    CONNECTION_SETTINGS: ClassVar[Mapping[str, Setting]]
    SOURCE_SETTINGS: ClassVar[Mapping[str, Setting]]

    @classmethod
    def open(cls, connection: Mapping[str, Any], environ: Mapping[str, str]) -> Self:
        """Take up a system's `connection`, already checked against CONNECTION_SETTINGS; `${NAME}` references are still in it."""

    @property
    def bounds_rows(self) -> bool:
        """Whether `read` itself keeps only rows inside `resource.watermark_bounds(interval)`. Rows without a watermark are never left out."""

    def read(self, resource: Resource, interval: Interval | None) -> Iterator[pa.RecordBatch]:
        """The rows of the interval, or of the whole source for None, as batches of one schema.

        The first batch always comes, perhaps without rows. Kinds that meet lines which are no records have MALFORMED as their last column; where
        it is filled, the row's other columns are NULL. Local times of the source are in the zone of `interval.start`. Raises
        SourceUnavailable, SourceBroken, SchemaDrift or ConfigurationError, with the first batch or later.
        """

    def resources(self) -> Iterable[SourceTable]:
        """What the source holds, by name. Raises ConfigurationError where it cannot list itself."""


@runtime_checkable
class DeliversFiles(Protocol):
    """A connector that knows which files it read, and whether they are still the same."""

    @property
    def read_files(self) -> tuple[DeliveredFile, ...]:
        """The files of the last `read` that came to its end."""

    def changed_files(
        self, resource: Resource, interval: Interval | None, read: Sequence[DeliveredFile]
    ) -> tuple[str, ...]:
        """Names of the files that were changed or added since these were read; no file is opened for it."""


@runtime_checkable
class KnowsNewestMark(Protocol):
    """A connector that can tell the newest watermark without reading rows."""

    def newest_mark(self, resource: Resource) -> str | None:
        """ISO 8601 text of the newest watermark anywhere in the source, in the source's own zone; None where it holds none."""
