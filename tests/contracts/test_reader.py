"""A contract read into a Resource: what it says, what follows from it by itself, and what stands where nothing is said."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from contracts.errors import ConfigurationError, LoadHeld
from contracts.interval import Interval, interval_starting_on, intervals_between, parse_cron
from contracts.model import Resource
from contracts.row_condition import condition_problems
from contracts.types import lake_type
from tests.contracts.a_resource import field
from tests.contracts.written_city import CONTRACT, WrittenCity

ZONE = ZoneInfo("Asia/Shanghai")


def _read(city: WrittenCity) -> Resource:
    return city.read().resource("civil.marriage")


def test_a_contract_becomes_a_resource(tmp_path: Path) -> None:
    about = _read(WrittenCity(tmp_path))
    assert (about.id, about.owner, about.system.id, about.schedule) == (
        "civil.marriage",
        "zhao.data",
        "registry_files",
        "30 1 * * *",
    )
    assert (about.key, about.cycle, about.latency) == (("certificate_no",), timedelta(days=1), timedelta(hours=12))
    assert (about.expected_rows.min, about.expected_rows.max, about.quarantine_limit) == (1, 1000, 0.05)
    assert about.field("spouse_a_id").physical_name == "男方身份证号"
    assert about.has_history and about.files_by_date
    interval = interval_starting_on(date(2020, 5, 4), "0 2 * * *", ZONE)
    assert about.watermark_bounds(interval) == ("updated_at", interval.start - timedelta(hours=24), interval.end)


def test_rules_follow_from_types_keys_options_and_meanings(tmp_path: Path) -> None:
    rules = {r.id: (r.severity, r.dimension) for r in _read(WrittenCity(tmp_path)).rules}
    assert rules == {
        "certificate_no.not_null": ("error", "completeness"),
        "spouse_a_id.check_digit": ("error", "accuracy"), "spouse_a_id.plausible": ("warning", "accuracy"),
        "registered_on.castable": ("error", "conformity"), "registered_on.minimum": ("error", "accuracy"),
        "witnesses.castable": ("error", "conformity"), "witnesses.maximum": ("error", "accuracy"),
        "updated_at.castable": ("error", "conformity"), "updated_at.not_null": ("error", "completeness"),
        "division_code.in_code_list": ("error", "conformity"),
    }  # fmt: skip


def test_a_rule_that_may_only_warn_warns_where_nothing_is_said(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path)
    city.rule(
        "expect_column_values_to_exist_in_resource",
        "{column: division_code, resource: civil.marriage, field: division_code}",
        "name: known",
    )
    assert next(r for r in _read(city).rules if r.id == "known").severity == "warning"


def test_a_day_without_quotes_is_the_same_day(tmp_path: Path) -> None:
    quoted = _read(WrittenCity(tmp_path)).field("registered_on").options
    assert _read(WrittenCity(tmp_path).change('"1950-01-01"', "1950-01-01")).field("registered_on").options == quoted


def test_the_fingerprint_follows_the_meaning_and_not_the_writing(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path)
    first = _read(city).fingerprint
    assert _read(city.change("status: active", "# a remark\nstatus:   active")).fingerprint == first
    assert _read(city.change("lookbackHours: 24", "lookbackHours: 25")).fingerprint != first


def test_a_contract_in_another_order_of_words_reads_the_same(tmp_path: Path) -> None:
    city = WrittenCity(tmp_path)
    text = (city.folder / CONTRACT).read_text(encoding="utf-8")
    head, schema = text.split("schema:\n")
    first = _read(city)
    city.write(CONTRACT, f"schema:\n{schema}{head}")
    assert _read(city) == first


@pytest.mark.parametrize(
    ("logical_type", "physical_type", "type"),
    [
        ("string", None, "VARCHAR"), ("integer", None, "BIGINT"), ("number", None, "DOUBLE"), ("number", "decimal(18,2)", "DECIMAL(18,2)"),
        ("number", "NUMERIC ( 10 )", "DECIMAL(10,0)"), ("integer", "number(20)", "DECIMAL(20,0)"), ("number", "decimal(50,2)", "DECIMAL(38,2)"),
        ("string", "decimal(18,2)", "VARCHAR"), ("timestamp", "datetime", "TIMESTAMP WITH TIME ZONE"),
    ],
)  # fmt: skip
def test_the_type_in_the_lake_follows_from_the_contract(
    logical_type: str, physical_type: str | None, type: str
) -> None:
    assert lake_type(field("f", logical_type, physical_type=physical_type)) == type


def test_a_schedule_cuts_time_into_spans_without_gap_or_overlap() -> None:
    nights = intervals_between(date(2020, 5, 4), date(2020, 5, 10), "0 2 * * *", ZONE)
    assert [night.id(ZONE) for night in nights] == [f"202005{day:02d}T0200" for day in range(4, 11)]
    assert all(a.end == b.start for a, b in pairwise(nights))
    month = interval_starting_on(date(2020, 5, 20), "0 2 1 * *", ZONE)
    assert (month.id(ZONE), month.end.day, month.end.month) == ("20200501T0200", 1, 6)


def test_a_span_without_width_or_zone_is_refused_with_the_remedy() -> None:
    night = interval_starting_on(date(2020, 5, 4), "0 2 * * *", ZONE)
    with pytest.raises(ConfigurationError, match="CronDataIntervalTimetable"):
        Interval(night.start, night.start)
    with pytest.raises(ConfigurationError, match="zone"):
        Interval(night.start.replace(tzinfo=None), night.end)


@pytest.mark.parametrize("cron", ["", "0 2 * *", "0 2 * * * *", "60 2 * * *", "0 2 30 2 *", "@daily"])
def test_a_schedule_no_clock_can_follow_is_refused(cron: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_cron(cron)


@pytest.mark.parametrize(
    "condition",
    [
        "age > 18 AND name IS NOT NULL", "born <= DATE '2020-05-04'", "year(born) > 1900", "extract(year from born) > 1900", 'length("name") < 9',
        "name LIKE '%select ; -- %'", "name IN ('a', 'it''s')", "CAST(age AS DECIMAL(10,2)) / 2 < 50", "born + INTERVAL 18 YEAR > born",
        "CASE WHEN age > 1 THEN true ELSE false END", "name = '('",
    ],
)  # fmt: skip
def test_a_condition_may_say_what_sql_says_of_one_row(condition: str) -> None:
    assert list(condition_problems(condition, ["age", "name", "born"])) == []


@pytest.mark.parametrize(
    "condition",
    [
        "agee > 1", '"Age" > 1', "age IN (SELECT 1)", "age > 1; DROP TABLE x", "age > 1 -- not", "age /* */ > 1", "(FROM 'x.csv') = age",
        "read_csv('x') IS NULL", "getenv('HOME') = name", "age > (1", "name = 'a",
    ],
)  # fmt: skip
def test_a_condition_may_say_nothing_else(condition: str) -> None:
    assert list(condition_problems(condition, ["age", "name", "born"]))


def test_an_error_says_what_where_and_what_to_do_and_survives_another_process() -> None:
    import pickle

    error = LoadHeld("held back", where="civil.marriage 20200504T0200", remedy="landbridge explain 1")
    assert str(error) == "held back [civil.marriage 20200504T0200] → landbridge explain 1"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), again.what, again.where, again.remedy) == (LoadHeld, error.what, error.where, error.remedy)
