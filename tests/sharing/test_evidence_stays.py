"""Maintenance takes nothing away that a published verdict or an entry of the ledger cites: what was said can be opened, and said again, for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.maintenance import maintain
from pipeline.workplace import Workplace
from sharing.ledger.events import Event
from sharing.ledger.store import record
from sharing.published import cited_snapshots
from sharing.rate import compute
from tests.sharing.rate_city import RateCity
from warehouse.lake import current_snapshot

# time is passed in: two years on, every snapshot made now is old
LATER = datetime.now(UTC) + timedelta(days=730)


def test_what_verdicts_deliveries_and_corrections_cite_stays_and_the_rate_is_computed_again_to_the_byte(
    tmp_path: Path,
) -> None:
    city = RateCity(tmp_path)
    city.line("one")
    city.load("police.resident", 1)
    city.load_register(1)
    first = city.judge(1)

    def load(night: int, name: str) -> int:
        city.load("police.resident", night, city.people(20, nickname=name))
        return current_snapshot(city.connection)

    # the snapshots of nights 2 to 5 are judged by nobody; three kinds of entry cite one each
    delivered, challenged, fixed, nobody_s = (load(night, f"night {night}") for night in (2, 3, 4, 5))
    load(6, "night 6")
    at = city.as_of(6)
    correction = {"correction_id": "C1"}
    told = [
        Event(
            "delivered", "one", "R-one", at, "police", "", {"fields": ["name"], "row_scope": "", "snapshot": delivered}
        ),
        Event("correction_asked", "one", "R-one", at, "civil", "", {**correction, "snapshot": challenged}),
        Event("correction_fixed", "one", "R-one", at, "police", "", {**correction, "snapshot": fixed}),
    ]
    record(city.connection, city.settings, lambda: told, at)
    assert {delivered, challenged, fixed} < cited_snapshots(city.connection)
    city.connection.close()

    place = Workplace(city.settings, city.city)
    would = maintain(place, LATER, dry_run=True)
    done = maintain(place, LATER)
    assert nobody_s in done.expired and set(would.expired) <= set(done.expired)

    city.connection = city.open()
    for snapshot, name in ((delivered, "night 2"), (challenged, "night 3"), (fixed, "night 4")):
        sql = f"SELECT DISTINCT nickname FROM lake.police.resident AT (VERSION => {snapshot})"
        assert city.connection.execute(sql).fetchall() == [(name,)]
    with pytest.raises(duckdb.Error):
        city.connection.execute(f"SELECT * FROM lake.police.resident AT (VERSION => {nobody_s})").fetchall()
    again = compute(city.connection, city.city, first.as_of, first.known_at)
    assert again.verdicts.equals(first.verdicts) and again.rates.equals(first.rates)
    city.connection.close()
