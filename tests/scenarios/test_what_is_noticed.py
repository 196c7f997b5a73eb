"""What a night notices of a source besides its rows, and how the operator brings the lake back to what the source holds."""

from __future__ import annotations

import pytest

from tests.small_city import SmallCity, local


def messages(city: SmallCity, resource: str) -> list[str]:
    found = city.query(f"SELECT message FROM ops.runs WHERE resource = '{resource}' ORDER BY interval_start, attempt")
    return [str(row[0]) for row in found]


def test_a_source_that_was_set_back_is_noticed_and_read_whole_again(city: SmallCity) -> None:
    city.residents([("1", "王伟", 40, "active", local(0)), ("2", "李娜", 30, "active", local(2))])
    city.run("police.resident", 2)
    # restored from a backup: the newest row is gone, and a row of long ago has come
    city.residents([("1", "王伟", 40, "active", local(0)), ("3", "张敏", 20, "active", local(-30))])
    city.run("police.resident", 3)
    assert city.query("SELECT person_no FROM police.resident ORDER BY 1") == [("1",), ("2",)]
    before, now = messages(city, "resident")
    assert before == ""
    assert "the source was set back" in now
    assert "landbridge run police.resident --origin whole" in now
    city.run("police.resident", 3, "whole")
    assert city.query("SELECT person_no FROM police.resident ORDER BY 1") == [("1",), ("2",), ("3",)]


def test_a_clock_that_is_ahead_is_noticed(city: SmallCity) -> None:
    city.residents([("1", "王伟", 40, "active", local(1)), ("2", "李娜", 30, "active", "2031-01-01 00:00:00")])
    city.run("police.resident", 1)
    assert "its clock is ahead" in messages(city, "resident")[0]


@pytest.mark.parametrize("touched", [True, False])
def test_a_file_that_changes_after_it_was_read_is_noticed_and_loads_when_asked_for(
    city: SmallCity, touched: bool
) -> None:
    city.marriages(1, [("A1", "2020-05-04")])
    city.run("civil.marriage", 1)
    if touched:
        city.marriages(1, [("A1", "2020-05-04"), ("A2", "2020-05-04")])
    city.marriages(2, [("B1", "2020-05-05")])
    city.run("civil.marriage", 2)
    note = messages(city, "marriage")[1]
    if not touched:
        assert note == ""
        return
    assert "changed after it was read: marriage_20200504.csv" in note
    assert "landbridge run civil.marriage --interval 2020-05-04 --origin source" in note
    city.run("civil.marriage", 1, "source")
    assert city.query("SELECT certificate_no FROM civil.marriage ORDER BY 1") == [("A1",), ("A2",), ("B1",)]
