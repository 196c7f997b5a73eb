"""A resource of the scripted interface read to its end, at a clock that a test holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from connectors.http.api import HttpApiConnector
from connectors.http.patience import Clock
from connectors.registry import open_connector
from contracts.interval import Interval
from tests.connectors.conftest import NIGHT, Interface, resource

ENVIRON = {"TOKEN": "s3cret", "USER": "landbridge", "PASSWORD": "pass:wörd", "KEY": "the-key-of-ours"}
BEARER = {"style": "bearer", "token": "${TOKEN}"}


@dataclass
class HeldClock:
    """Time that passes only by waiting; `waits` keeps each wait in seconds."""

    instant: datetime = datetime(2020, 5, 5, 2, 10, tzinfo=UTC)
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.instant += timedelta(seconds=seconds)

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.instant, lambda: self.instant.timestamp(), self.sleep)


def read(
    interface: Interface, interval: Interval | None = NIGHT, *, auth: Mapping[str, Any] | None = BEARER, clock: HeldClock | None = None,
    environ: Mapping[str, str] = ENVIRON, connection: Mapping[str, Any] | None = None, **more: Any,
) -> pa.Table:  # fmt: skip
    """The table; what is not named here goes into the contract."""
    stated = {"url": interface.url, "tries": 3, "timeoutSeconds": 5, **(connection or {})}
    if auth is not None:
        stated["auth"] = dict(auth)
    it = resource("http_api", stated, more.pop("path", "/v1/things"), **{"columns": ("id", "changed"), **more})
    opened = open_connector(it.system, environ)
    assert isinstance(opened, HttpApiConnector)
    connector = replace(opened, clock=(clock or HeldClock()).clock)
    return pa.Table.from_batches(list(connector.read(it, interval)))
