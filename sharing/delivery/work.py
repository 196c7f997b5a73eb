"""What every step of a delivery needs: the lake, the city, how it wants things delivered, and the two times of what is done."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from contracts.catalogue import City
from contracts.errors import ConfigurationError, HistoryUnavailable
from contracts.model import Resource
from contracts.settings import Settings
from sharing.delivery.grants import Grant, grants
from sharing.delivery.ways import Way, Ways
from sharing.ledger.events import Event
from sharing.loads import Load, last_loads
from warehouse.lake import table_exists

_NIGHT = timedelta(days=1)


@dataclass(frozen=True)
class Work:
    """One connection to the lake that may write. `as_of` is the instant a step is done for, `recorded_at` the instant it is done at."""

    connection: duckdb.DuckDBPyConnection
    settings: Settings
    city: City
    ways: Ways
    as_of: datetime
    recorded_at: datetime
    _loads: dict[str, Load | None] = field(default_factory=dict, repr=False)

    @property
    def judged_at(self) -> datetime:
        """The instant grants are judged at: what is handed over is handed over now, whichever night it is done for."""
        return max(self.as_of, self.recorded_at)

    @property
    def folder(self) -> Path:
        return self.settings.home / "deliveries"

    @property
    def staging(self) -> Path:
        """Where files lie before anybody may read them."""
        return self.folder / ".staging"

    def grants(self, lines: Collection[str] | None = None) -> list[Grant]:
        """The grants as they stand, inside a transaction as it sees them."""
        return grants(self.connection, self.judged_at, self.city.timezone, lines)

    def grant(self, line: str) -> Grant:
        """One line's grant; ConfigurationError where the ledger has none."""
        found = self.grants([line])
        if not found:
            raise ConfigurationError(
                "there is no grant", where=f"line {line}", remedy="landbridge request shows the line's state"
            )
        return found[0]

    def load(self, resource: Resource) -> Load:
        """The resource's last accepted load; HistoryUnavailable where there is none. Asked once a step."""
        if resource.id not in self._loads:
            was_loaded = table_exists(self.connection, "ops", "runs")
            at = self.judged_at.isoformat()
            loads = last_loads(self.connection, [resource], at) if was_loaded else {}
            self._loads[resource.id] = loads.get(resource.id)
        if (load := self._loads[resource.id]) is None:
            raise HistoryUnavailable(
                "the resource was never loaded", where=resource.id, remedy=f"landbridge run {resource.id}"
            )
        return load

    def way(self, grant: Grant) -> Way | None:
        """How the line is to be delivered: as the city folder says, otherwise as it was delivered last."""
        if rule := self.ways.rule(grant):
            return rule.way
        return Way.parse(grant.delivered.way) if grant.delivered else None

    def pseudonyms(self, grant: Grant) -> tuple[str, ...]:
        """Fields that the city wants as pseudonyms though their mask would be another."""
        rule = self.ways.rule(grant)
        return rule.pseudonyms if rule else ()

    def event(
        self, kind: str, grant: Grant, actor: str, payload: dict[str, Any], person: str = "", at: datetime | None = None
    ) -> Event:
        """What is done, `at` an instant or now."""
        return Event(kind, grant.line_id, grant.request_id, at or self.recorded_at, actor, person, payload)

    def dated(self, may: bool) -> datetime:
        """When an act of a night's step happened: at the night's end where that `may` be and is not a day ago, otherwise now."""
        return self.as_of if may and self.recorded_at - self.as_of <= _NIGHT else self.recorded_at

    def bureau(self, grant: Grant) -> str:
        """Who acts for the platform; the provider where the city names no bureau."""
        return self.city.bureau or grant.provider

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else delivers or disposes on this installation meanwhile; what a killed process left in staging is gone."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            # the kernel drops the lock with the process, however it dies
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            shutil.rmtree(self.staging, ignore_errors=True)
            self.staging.mkdir(mode=0o700)
            yield
        finally:
            os.close(descriptor)
