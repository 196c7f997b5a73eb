"""What a night does with deliveries: dispose of what has ended, bring the rest up to date, probe everything – in this order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from contracts.catalogue import City
from contracts.errors import ConfigurationError, LandbridgeError
from contracts.settings import Settings
from sharing.delivery.deliver import refresh
from sharing.delivery.dispose import Outcome, dispose
from sharing.delivery.probe import Probe, probe
from sharing.delivery.ways import Ways, read_ways
from sharing.delivery.work import Work
from sharing.ledger.store import ledger_exists


@dataclass
class Night:
    """What a night did: lines it delivered, lines it disposed of, lines that failed, and every probe."""

    delivered: dict[str, str] = field(default_factory=dict)
    disposed: dict[str, str] = field(default_factory=dict)
    failed: dict[str, LandbridgeError] = field(default_factory=dict)
    probes: list[Probe] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        return not self.failed and all(probe.ok for probe in self.probes)

    @property
    def troubles(self) -> list[str]:
        """A sentence for each line that failed or cannot be read; no value of the data is in it."""
        unreadable = [f"line {p.grant.line_id} cannot be read: {p.reason}" for p in self.probes if not p.ok]
        return [f"line {line}: {failure}" for line, failure in self.failed.items()] + unreadable

    @property
    def counts(self) -> list[str]:
        """What happened in numbers, nothing for nothing."""
        readable = sum(probe.ok for probe in self.probes)
        told = {
            f"{len(self.disposed):,} disposed of": self.disposed, f"{len(self.delivered):,} delivered or brought up to date": self.delivered,
            f"{readable:,} of {len(self.probes):,} can be read": self.probes, f"{len(self.failed):,} failed": self.failed,
        }  # fmt: skip
        return [text for text, what in told.items() if what]


def night(
    connection: duckdb.DuckDBPyConnection, settings: Settings, city: City, as_of: datetime, recorded_at: datetime,
    *, only_dispose: bool = False,
) -> Night:  # fmt: skip
    """Do a night's deliveries; at most a few commits.

    Run it after the loads and before the rate, any number of times: the same state does nothing but probe. `as_of` is the night's end and dates
    what is done, `recorded_at` the real instant; grants are judged at the later of the two. With `only_dispose`, while loads are still missing,
    only what has ended is taken away. A line that fails stops no other. Raises ConfigurationError for a `deliveries.yaml` that cannot be read –
    after what has ended was disposed of.
    """
    if not ledger_exists(connection):
        return Night()
    broken, ways = None, Ways()
    try:
        ways = read_ways(city.folder)
    except ConfigurationError as error:
        broken = error
    work = Work(connection, settings, city, ways, as_of, recorded_at)
    disposed = dispose(work)
    refreshed, probes = Outcome(), []
    if broken is None and not only_dispose:
        refreshed, probes = refresh(work), probe(work)
    done = Night(refreshed.done, disposed.done, {**refreshed.failed, **disposed.failed}, probes)
    if broken is not None:
        raise broken
    return done
