"""The exchange zone (前置机): departments push batches into a folder or database of their own zone, and the platform pulls only there.

A zone tells which batch belongs to an interval, what its department says of it, and gives its rows; comparing the two is the pipeline's business.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa

from connectors.exchange.settings import BATCH, batch_settings
from connectors.registry import connector_class
from connectors.settings import problems
from contracts.errors import ConfigurationError
from contracts.interval import Interval
from contracts.model import Resource


@dataclass(frozen=True)
class StatedFile:
    """What a manifest says of one file; None and "" where it says nothing."""

    name: str
    rows: int | None
    checksum: str
    algorithm: str


@dataclass(frozen=True)
class Batch:
    """A batch as its department states it. `source` is the manifest's or the batch table's name, `unlisted` counts files that no manifest names."""

    number: str
    source: str
    rows: int | None
    files: tuple[StatedFile, ...] = ()
    control_sums: Mapping[str, Decimal] = field(default_factory=dict)
    unlisted: int = 0

    @property
    def fingerprint(self) -> str:
        """The same for the same statement."""
        stated = (
            self.number,
            self.rows,
            sorted(map(repr, self.files)),
            sorted((c, str(s)) for c, s in self.control_sums.items()),
        )
        return hashlib.sha256(repr(stated).encode()).hexdigest()


@dataclass(frozen=True)
class Damage:
    """A file that is not there, or not what its checksum says; `received` is the other checksum, or "" for a missing file."""

    file: StatedFile
    received: str


class TakenBatch(Protocol):
    """A batch at hand."""

    @property
    def damaged(self) -> Sequence[Damage]:
        """The files that differ from what is stated of them."""

    def parts(self) -> Iterator[tuple[str | None, pa.RecordBatch]]:
        """The rows as a connector reads them, each with its file's name, None where files cannot be told apart.

        Raises SourceUnavailable where the batch changes meanwhile, and what the connector raises.
        """


class Zone(Protocol):
    """The exchange zone of one resource."""

    @property
    def is_dated(self) -> bool:
        """Whether each interval has a batch of its own, told by its date; otherwise the newest batch is the one."""

    def batch(self, interval: Interval) -> Batch:
        """The interval's batch. Raises SourceUnavailable while it is not complete, SourceBroken for a statement that cannot be read."""

    def taking(self, batch: Batch, interval: Interval) -> AbstractContextManager[TakenBatch]:
        """The batch at hand for as long as it is read."""

    def write_receipt(self, batch: Batch, receipt: Mapping[str, Any]) -> str:
        """Leave the receipt in the department's zone, in place of an older one; returns why that failed, or the empty text."""


def open_zone(resource: Resource, environ: Mapping[str, str]) -> Zone | None:
    """The zone that the resource's `source` states; None where it states none. Raises ConfigurationError for settings that do not fit."""
    if BATCH not in resource.source:
        return None
    cls = connector_class(resource.system.connector)
    known = batch_settings(cls.CONNECTION_SETTINGS, cls.kind)
    if not known:
        raise ConfigurationError(
            f"connector {cls.kind} knows no batches", where=resource.id, remedy="remove `batch` from the contract's source"
        )  # fmt: skip
    if found := problems({BATCH: resource.source[BATCH]}, known, "source"):
        raise ConfigurationError("; ".join(found), where=resource.id, remedy="see docs/connectors.md")
    if "root" in cls.CONNECTION_SETTINGS:
        from connectors.exchange.folder import FolderZone

        return FolderZone.open(resource, environ)
    from connectors.exchange.tables import TableZone

    return TableZone(resource, environ)
