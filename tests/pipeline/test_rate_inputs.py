"""Which nights the rate is computed for again: those whose loads changed, and of what bears on all of them only the newest."""

from __future__ import annotations

from pathlib import Path

from pipeline.rate_inputs import STEP, changed, inputs
from sharing.ledger.events import Event
from sharing.ledger.store import record
from tests.sharing.rate_city import RateCity

NIGHTS = (1, 2, 3)


def test_only_what_a_night_follows_from_has_it_computed_again(tmp_path: Path) -> None:
    city = RateCity(tmp_path, in_memory=True)
    city.line("one")
    for night in NIGHTS:
        city.load("police.resident", night)
        city.load_register(night)
    nights = [city.as_of(night) for night in NIGHTS]

    def computed_again() -> list[int]:
        """The nights that are to be computed; they count as computed afterwards."""
        due = changed(city.connection, city.city, nights, (), nights[-1])
        for night, told in inputs(city.connection, city.city, due, (), nights[-1]).items():
            city.connection.execute("DELETE FROM lake.ops.city_steps WHERE as_of = ?", [night])
            city.connection.execute("INSERT INTO lake.ops.city_steps VALUES (?, ?, ?)", [STEP, night, told])
        return [nights.index(night) + 1 for night in due]

    assert computed_again() == [1, 2, 3]
    assert computed_again() == []

    city.load("police.resident", 2, attempt=2)
    assert computed_again() == [2, 3]

    city.contract("police.resident", division=True, more="      - {name: hat, logicalType: string}\n")
    assert computed_again() == [3]

    late = Event("read", "one", "R-one", city.as_of(1), "civil")
    record(city.connection, city.settings, lambda: [late], city.as_of(3))
    assert computed_again() == [3]
    assert computed_again() == []
