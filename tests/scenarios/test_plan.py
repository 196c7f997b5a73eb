"""`landbridge plan`: what a backfill would do, told before anything is done."""

from __future__ import annotations

from datetime import timedelta

from pipeline.plan import Step, plan
from tests.small_city import SmallCity, local


def steps(city: SmallCity, resource: str, *nights: int, observed: int, origin: str = "auto") -> list[Step]:
    clock = city.interval(observed).end + timedelta(minutes=10)
    spans = [city.interval(n) for n in nights]
    return list(plan(city.place, city.place.city.resource(resource), spans, clock, origin))  # type: ignore[arg-type]


def test_a_watermark_asks_each_interval_for_its_own_span_and_the_first_for_all_history(city: SmallCity) -> None:
    first, second = steps(city, "police.resident", 1, 2, observed=2)
    assert (first.what, first.landed, first.run) == ("extract", None, None)
    assert first.how == "residents up to 2020-05-05 02:00 of updated_at: the first load reads all history"
    city.residents([("1", "王伟", 40, "active", local(1))])
    city.run("police.resident", 1)
    first, second = steps(city, "police.resident", 1, 2, observed=2)
    assert (first.landed, first.run and first.run.status) == (1, "loaded")
    assert second.how == ("residents where updated_at is from 2020-05-04 02:00 to before 2020-05-06 02:00, or unknown")


def test_a_source_without_history_replays_what_landed_and_says_what_cannot_be_had(city: SmallCity) -> None:
    city.taxpayers({"1": "10.00", "2": "20.00"})
    city.run("tax.taxpayer", 1)
    before, landed, newest, coming = steps(city, "tax.taxpayer", 0, 1, 2, 3, observed=2)
    assert (before.what, landed.what, newest.what, coming.what) == ("impossible", "replay", "extract", "impossible")
    assert "the source shows only its present state, and landing holds" in before.how
    assert landed.how.startswith("attempt 1, 2 rows, extracted ")
    assert coming.how == "is not over before 2020-05-07 02:00"


def test_the_command_ends_with_1_where_an_interval_cannot_be_had(city: SmallCity) -> None:
    city.taxpayers({"1": "10.00", "2": "20.00"})
    city.run("tax.taxpayer", 2)
    told = city.command("plan", "tax.taxpayer", "--from", "2020-05-04", "--to", "2020-05-05", observed=2)
    output, _ = told.communicate()
    assert told.returncode == 1, output
    assert "impossible" in output
    assert "1 of 2 cannot be had" in output
