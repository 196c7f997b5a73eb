"""Nights told end to end: what a department's system held, what the lake holds afterwards, and where every row went."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.errors import HistoryUnavailable, LoadHeld, SourceUnavailable
from pipeline import city_wide, sharing_night
from pipeline.night import run_resource
from tests.small_city import SmallCity, local


def accounts(record: object) -> tuple[int, int, int, int]:
    return record.extracted, record.accepted, record.quarantined, record.replaced  # type: ignore[attr-defined]


def test_the_first_load_reads_the_whole_history_and_the_next_only_what_changed(city: SmallCity) -> None:
    old, new = ("1", "王伟", 60, "active", "1999-01-01 08:00:00"), ("2", "李娜", 30, "active", local(1))
    city.residents([old, new])
    assert accounts(city.run("police.resident", 1)) == (2, 2, 0, 0)
    moved = ("1", "王伟", 61, "active", local(2))
    city.residents([moved, new])
    # the look-back of a day reads the second row again: it is in the lake unchanged, hence accepted
    assert accounts(city.run("police.resident", 2)) == (2, 2, 0, 0)
    assert city.query("SELECT person_no, age FROM police.resident ORDER BY 1") == [("1", 61), ("2", 30)]


def test_every_row_is_in_the_lake_in_quarantine_or_replaced(city: SmallCity) -> None:
    city.residents(
        [
            ("1", "王伟", "４０", "active", local(1)),
            ("2", None, 30, "active", local(1)),
            ("3", "张敏", "forty", "active", local(1)),
            ("4", "刘洋", 20, "active", local(1, "08:00:00")),
            ("4", "刘洋", 21, "active", local(1, "09:00:00")),
            (None, "陈静", 22, "active", local(1)),
        ]
    )
    assert accounts(city.run("police.resident", 1)) == (6, 2, 3, 1)
    assert city.query("SELECT person_no, age FROM police.resident ORDER BY 1") == [("1", 40), ("4", 21)]
    refused = city.query("SELECT row_number, key, rules, original->>'年龄' FROM quarantine.rows ORDER BY row_number")
    assert refused == [
        (2, "2", ["name.not_null"], "30"),
        (3, "3", ["age.castable"], "forty"),
        (6, None, ["person_no.not_null"], "22"),
    ]
    # the values as the source gave them, and nothing else
    assert city.query("SELECT original->>'$' FROM quarantine.rows WHERE row_number = 2") == [
        (f'{{"编号":"2","姓名":null,"年龄":"30","status":"active","updated_at":"{local(1)}"}}',)
    ]


def test_a_corrected_row_leaves_the_quarantine_and_an_older_night_does_not_bring_it_back(city: SmallCity) -> None:
    city.residents([("1", None, 40, "active", local(1)), ("2", "李娜", 30, "active", local(1))])
    city.run("police.resident", 1)
    city.residents([("1", "王伟", 40, "active", local(2)), ("2", "李娜", 30, "active", local(1))])
    city.run("police.resident", 2)
    assert city.query("SELECT count(*) FROM quarantine.rows") == [(0,)]
    before = city.hashes()
    # a new contract makes the replay a new run; the problem row of then has been settled since
    city.edit("contracts/police/resident.yaml", "version: 1.0.0", "version: 1.0.1")
    assert accounts(city.run("police.resident", 1, "landing")) == (2, 1, 0, 1)
    assert city.hashes() == before
    # the source itself no longer has it in that interval
    assert accounts(city.run("police.resident", 1, "source")) == (1, 1, 0, 0)
    assert city.hashes() == before


def test_a_deleted_row_stays_deleted_when_older_nights_are_repeated(city: SmallCity) -> None:
    city.residents([("1", "王伟", 40, "active", local(1)), ("2", "李娜", 30, "active", local(1))])
    city.run("police.resident", 1)
    city.residents([("1", "王伟", 40, "cancelled", local(2)), ("2", "李娜", 30, "active", local(1))])
    record = city.run("police.resident", 2)
    assert (record.deleted, record.replaced) == (1, 1)
    before = city.hashes()
    for version in ("1.0.1", "1.0.2"):
        city.edit("contracts/police/resident.yaml", "version: 1.0.", f"version: {version} # was 1.0.")
        for number in (1, 2, 1):
            city.run("police.resident", number, "landing")
            assert city.hashes() == before
    for number in (2, 1):
        city.run("police.resident", number, "source")
        assert city.hashes() == before
    assert city.query("SELECT person_no FROM police.resident") == [("2",)]


def test_a_late_row_is_found_by_the_look_back(city: SmallCity) -> None:
    city.residents([("1", "王伟", 40, "active", local(1))])
    city.run("police.resident", 1)
    late = ("2", "李娜", 30, "active", local(1, "23:00:00"))
    city.residents([("1", "王伟", 40, "active", local(1)), late])
    city.run("police.resident", 2)
    assert city.query("SELECT person_no FROM police.resident ORDER BY 1") == [("1",), ("2",)]


def test_append_replaces_exactly_its_own_interval(city: SmallCity) -> None:
    city.marriages(1, [("A1", "2020-05-04"), ("A2", "2020年5月4日")])
    city.marriages(2, [("B1", "2020/5/5")])
    city.run("civil.marriage", 1)
    city.run("civil.marriage", 2)
    before = city.hashes()
    city.run("civil.marriage", 1)
    assert city.hashes() == before
    city.marriages(1, [("A1", "2020-05-04")])
    city.run("civil.marriage", 1)
    assert city.query("SELECT certificate_no FROM civil.marriage ORDER BY 1") == [("A1",), ("B1",)]


def test_too_many_failing_rows_hold_the_load_back_and_yesterday_stays(city: SmallCity) -> None:
    city.taxpayers({"1": "10.00", "2": "20.00", "3": "30.00"})
    city.run("tax.taxpayer", 1)
    city.taxpayers({"1": "-1", "2": "-2", "3": "30.00"})
    with pytest.raises(LoadHeld, match=r"66\.7% of rows fail \(2 of 3\), limit 25\.0%; most: amount\.minimum"):
        city.run("tax.taxpayer", 2)
    assert city.query("SELECT sum(amount) FROM tax.taxpayer") == [(60,)]
    [record] = city.query(
        "SELECT status, extracted, accepted, quarantined, replaced, held FROM ops.runs WHERE attempt = 1 AND status = 'held'"
    )
    assert record == ("held", 3, 0, 2, 0, 1)


def test_too_few_rows_hold_the_load_back(city: SmallCity) -> None:
    city.taxpayers({"1": "10.00"})
    with pytest.raises(LoadHeld, match=r"table\.expected_rows_min fails: 1 observed, min 2"):
        city.run("tax.taxpayer", 1)


def test_a_department_that_is_down_is_recorded_and_named(city: SmallCity) -> None:
    with pytest.raises(SourceUnavailable):
        city.run("civil.marriage", 1)
    assert city.query("SELECT status, error FROM ops.runs") == [("failed", "SourceUnavailable")]


def test_a_source_without_history_is_replayed_from_landing_and_never_invented(city: SmallCity) -> None:
    city.taxpayers({"1": "10.00", "2": "20.00"})
    city.run("tax.taxpayer", 1)
    city.taxpayers({"1": "11.00", "2": "21.00"})
    city.run("tax.taxpayer", 2)
    before = city.hashes()
    # the file shows only today's state: the first night comes from what landed then – the same run, nothing to do
    assert city.run("tax.taxpayer", 1).attempt == 1
    # under a new contract it is a new run, and loses against the newer night
    city.edit("contracts/tax/taxpayer.yaml", "version: 1.0.0", "version: 1.0.1")
    assert accounts(city.run("tax.taxpayer", 1)) == (2, 0, 0, 2)
    assert city.hashes() == before
    with pytest.raises(HistoryUnavailable, match="landing holds 20200504T0200 to 20200505T0200"):
        city.run("tax.taxpayer", 0)


def test_repeating_a_night_changes_nothing(city: SmallCity) -> None:
    for number in (1, 2):
        good = [(str(n), "李娜", 30, "active", local(1)) for n in range(3, 6)]
        city.residents([("1", "王伟", 40 + number, "active", local(number)), ("2", None, 3, "active", local(1)), *good])
        city.marriages(number, [(f"A{number}", f"2020-05-0{number}"), (f"B{number}", "2020-13-01")])
        city.taxpayers({"1": f"1{number}.00", "2": "20.00"})
        for resource in ("police.resident", "civil.marriage", "tax.taxpayer"):
            city.run(resource, number)
    before = city.hashes()
    for number in (1, 2, 1, 2):
        for resource in ("police.resident", "civil.marriage", "tax.taxpayer"):
            city.run(resource, number)
            assert city.hashes() == before


def test_an_interval_told_in_another_zone_is_the_same_interval(city: SmallCity) -> None:
    city.marriages(1, [("A1", "2020-05-04")])
    city.residents(
        [("1", "王伟", 40, "active", local(1, "02:30:00")), ("2", "李娜", 30, "active", local(2, "03:00:00"))]
    )
    place = city.place
    for resource, accepted in (("civil.marriage", 1), ("police.resident", 1)):
        # as Airflow hands it over
        span = city.interval(1).utc
        record = run_resource(place, place.city.resource(resource), span, span.end)
        assert record.accepted == accepted


MORNING = datetime(2020, 5, 5, 8, tzinfo=UTC)


def test_the_city_wide_steps_of_a_city_without_register_or_entities_have_nothing_to_do(city: SmallCity) -> None:
    city.taxpayers({"1": "10.00", "2": "20.00"})
    city.run("tax.taxpayer", 1)
    assert city_wide.unify(city.place) == {}
    # a load that triggers them before the others have run: they wait for the last load, or for the morning
    assert "not yet as of 2020-05-05: 2 resources have not run yet" in sharing_night.share_rate(city.place, MORNING)
    assert city_wide.settle(city.place, MORNING) == ["rate and scorecard as of 2020-05-05"]
    assert city_wide.settle(city.place, MORNING) == ["nothing changed since the last computation"]
    assert "1 green, 2 not run; 2 rows extracted, 0 quarantined" in city_wide.digest(city.place)
