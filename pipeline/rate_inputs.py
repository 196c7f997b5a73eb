"""What the rate and the scorecard of each night follow from, as one text a night: where it is the same as last time there is nothing to compute.

One query for all nights, so that a city of many nights asks no more than one of few. The past follows from its loads and from the figures asked
for; a changed contract, policy or calendar and a late entry of the ledger have only the newest night computed again, or each of them would have every night so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import duckdb

from contracts.catalogue import City
from pipeline.city_steps import STEPS, fingerprint
from sharing.ledger.store import EVENTS, ledger_exists
from sharing.scorecard import FigureDefinition
from warehouse.lake import table_exists
from warehouse.runs import RUNS

STEP = "share_rate"


def changed(
    connection: duckdb.DuckDBPyConnection, city: City, nights: list[datetime], definitions: tuple[FigureDefinition, ...], newest: datetime | None
) -> list[datetime]:  # fmt: skip
    """The nights that were never computed, or from other inputs than they have now; oldest first."""
    if not table_exists(connection, "ops", "city_steps"):
        return nights
    done = _done(connection)
    now = inputs(connection, city, nights, definitions, newest)
    return [night for night in nights if done.get(night) != now[night]]


def inputs(
    connection: duckdb.DuckDBPyConnection, city: City, nights: list[datetime], definitions: tuple[FigureDefinition, ...], newest: datetime | None
) -> dict[datetime, str]:  # fmt: skip
    """Night → its inputs: loads and figures, contracts, and the newest entry that bears on it – the last two as they were, but for the newest night."""
    done = _done(connection)
    loads = _loads_by(connection, nights)
    contracts = fingerprint([*sorted(resource.fingerprint for resource in city.resources.values()), *_rules(city)])
    told = {}
    for night in nights:
        rest = "" if night == newest else done.get(night, "").partition(" ")[2]
        told[night] = (
            f"{fingerprint([loads[night], definitions])} {rest or f'{contracts} {_newest_entry(connection, night)}'}"
        )
    return told


def _loads_by(connection: duckdb.DuckDBPyConnection, nights: Iterable[datetime]) -> dict[datetime, str]:
    """Night → a fingerprint of the newest attempt at every resource and interval that had ended by then."""
    rows = connection.execute(
        f"""SELECT interval_end, md5(string_agg(run, '|' ORDER BY run)) FROM (
            SELECT interval_end, concat_ws(' ', department, resource, epoch(interval_start), max_by(run_id, attempt)) AS run
            FROM {RUNS} GROUP BY department, resource, interval_start, interval_end) GROUP BY interval_end ORDER BY interval_end DESC"""
    ).fetchall()
    found, told = {}, ""
    for night in sorted(nights):
        while rows and rows[-1][0] <= night:
            told = fingerprint([told, rows.pop()[1]])
        found[night] = told
    return found


def _rules(city: City) -> list[str]:
    """What the policy and the calendar say: a limit that was corrected has the newest night judged again."""
    paths = [city.folder / name for name in ("policy.yaml", "calendar.csv")]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.is_file()]


def _newest_entry(connection: duckdb.DuckDBPyConnection, night: datetime) -> int:
    if not ledger_exists(connection):
        return 0
    sql = f"SELECT max(number) FROM {EVENTS} WHERE occurred_at <= ? OR kind = 'retracted'"
    row = connection.execute(sql, [night]).fetchone()
    return int(row[0] or 0) if row else 0


def _done(connection: duckdb.DuckDBPyConnection) -> dict[datetime, str]:
    return dict(connection.execute(f"SELECT as_of, inputs FROM {STEPS} WHERE step = ?", [STEP]).fetchall())
