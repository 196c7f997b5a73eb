"""Which computations of the rate there are: for each instant judged the newest, and what was said of it before. The report reads the rate's tables here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import literal
from sharing.published import PUBLISHED_RATES, RATES, VERDICTS
from warehouse.lake import table_exists


@dataclass(frozen=True, order=True)
class Computation:
    """A rate as of an aware instant, as known at another; `known_at` is None where the rate does not say what was known."""

    as_of: datetime
    known_at: datetime | None

    def day(self, zone: ZoneInfo) -> str:
        """The local day on which the night that was judged ended."""
        return self.as_of.astimezone(zone).date().isoformat()


def computations(connection: duckdb.DuckDBPyConnection) -> list[Computation]:
    """The newest computation of each instant judged, oldest first; empty where no rate was ever written."""
    if not table_exists(connection, "sharing", "rates"):
        return []
    sql = f"SELECT as_of, known_at FROM {RATES} WHERE scope = 'city' ORDER BY as_of"
    return [Computation(*row) for row in connection.execute(sql).fetchall()]


def chosen(known: list[Computation], zone: ZoneInfo, day: str | None = None) -> Computation:
    """The computation of a local day, the newest without one; ConfigurationError, naming the days there are, where there is none."""
    if not known:
        raise ConfigurationError("no rate was computed yet", remedy="landbridge run, which ends with the rate")
    if day is None:
        return known[-1]
    for found in reversed(known):
        if found.day(zone) == day:
            return found
    days = ", ".join(found.day(zone) for found in known[-31:])
    raise ConfigurationError(f"no rate as of {day!r}", remedy=f"computed as of: {days}")


def stamp(known: list[Computation], found: Computation) -> str:
    """What a report was made of: its own computation and the one it tells the change from, as one word."""
    place = known.index(found)
    return "/".join(
        f"{one.as_of.astimezone(UTC).isoformat()}@{one.known_at.astimezone(UTC).isoformat() if one.known_at else ''}"
        for one in known[max(place - 1, 0) : place + 1]
    )


def told(connection: duckdb.DuckDBPyConnection, known: list[Computation], zone: ZoneInfo) -> list[dict[str, object]]:
    """The city's rates of these computations, newest first, each with the local day it is told as of."""
    names = ("as_of", "verified", "declared", "on_time", "due", "pending")
    rows = connection.execute(f"SELECT {', '.join(names)} FROM {RATES} WHERE scope = 'city'").fetchall()
    rates = {row[0]: dict(zip(names, row, strict=True)) for row in rows}
    return [{**rates[found.as_of], "day": found.day(zone)} for found in reversed(known)]


def rows_sql(table: str, as_of: datetime | None) -> str:
    """SELECT of the rows of `sharing.verdicts` or `sharing.rates` as of an instant, of which they hold one computation; of none without one."""
    name = {"verdicts": VERDICTS, "rates": RATES}[table]
    return f"SELECT * FROM {name} WHERE {f'as_of = TIMESTAMPTZ {literal(as_of.isoformat())}' if as_of else 'false'}"


def said_before(
    connection: duckdb.DuckDBPyConnection, found: Computation
) -> list[tuple[datetime, float | None, float | None]]:
    """(known at, declared, verified) of what was published of the same instant before and said another verified or declared rate, first to last."""
    if found.known_at is None or not table_exists(connection, "sharing", "published_rates"):
        return []
    at, known = (f"TIMESTAMPTZ {literal(instant.isoformat())}" for instant in (found.as_of, found.known_at))
    rows = connection.execute(f"""
        WITH said AS (
            SELECT known_at, declared, verified, n, due, holding_lines, declared_lines,
                   lead((n, due, holding_lines, declared_lines)) OVER (ORDER BY known_at) AS next
            FROM {PUBLISHED_RATES} WHERE scope = 'city' AND as_of = {at} AND known_at <= {known}
        )
        SELECT known_at, declared, verified FROM said WHERE next IS DISTINCT FROM (n, due, holding_lines, declared_lines) AND known_at < {known} ORDER BY 1""").fetchall()
    return [tuple(row) for row in rows]
