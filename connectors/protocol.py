"""What a connector offers: a kind, its settings as data, and `read`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Protocol, Self

import pyarrow as pa

from contracts.interval import Interval
from contracts.model import Resource

Setting = Mapping[str, Any]
"""JSON schema of one setting as `contracts.properties.misfit` reads it, and besides: `default`, `mandatory: True`, `known: (words)`."""


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

        The first batch always comes, perhaps without rows. Local times of the source are in the zone of `interval.start`. Raises
        SourceUnavailable, SourceBroken, SchemaDrift or ConfigurationError, with the first batch or later.
        """
