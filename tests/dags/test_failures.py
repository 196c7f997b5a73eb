"""Retries by kind of error, and the message an operator acts on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import RetryAction
from airflow.sdk.exceptions import AirflowTaskTimeout
from small_city import NIGHT

from contracts import errors
from contracts.catalogue import load_city
from contracts.interval import interval_starting_on
from contracts.settings import Settings
from dags.building.failure import failure_of, message, on_failure, rerun_command
from dags.building.retries import retry_arguments, retry_policy


def action(error: BaseException) -> RetryAction:
    return retry_policy().evaluate(error, try_number=1, max_tries=3).action


@pytest.mark.parametrize(
    "error", [errors.SourceUnavailable("down"), errors.LakeBusy("locked"), AirflowTaskTimeout("too long")]
)
def test_what_may_come_back_is_tried_again(error: BaseException) -> None:
    assert action(error) is RetryAction.RETRY


@pytest.mark.parametrize(
    "kind",
    [
        errors.ConfigurationError, errors.SourceBroken, errors.SchemaDrift, errors.LoadHeld, errors.HistoryUnavailable,
        errors.InternalError,
    ],
)  # fmt: skip
def test_what_only_a_person_can_help_fails_now_with_the_reason(kind: type[errors.LandbridgeError]) -> None:
    decision = retry_policy().evaluate(kind("broken"), try_number=1, max_tries=3)
    assert decision.action is RetryAction.FAIL
    assert decision.reason == (kind.__doc__ or "").strip()


def test_an_error_nobody_foresaw_fails_now() -> None:
    assert action(ValueError("bug")) is RetryAction.FAIL


def test_every_kind_of_error_has_a_rule() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.LandbridgeError)]
    named = {kind for rule in retry_policy().rules for kind in rule._specs}
    assert set(kinds) - {errors.LandbridgeError} <= named


def test_the_wait_comes_from_the_settings_and_doubles() -> None:
    settings = Settings.from_environment({"LANDBRIDGE_RETRY_SECONDS": "7", "LANDBRIDGE_SOURCE_RETRIES": "5"})
    arguments = retry_arguments(settings)
    assert arguments["retries"] == 5
    assert arguments["retry_delay"] == timedelta(seconds=7)
    assert arguments["retry_exponential_backoff"] == 2.0


def test_the_message_says_what_where_and_what_to_do() -> None:
    error = errors.SourceUnavailable("no file today", where="water/meter.csv", remedy="ask water to deliver")
    text = message("water", "meter.extract", "water.meter", error, None)
    for part in (
        "water.meter, task meter.extract: SourceUnavailable",
        "no file today",
        "water/meter.csv",
        "ask water to deliver",
    ):
        assert part in text


def test_the_message_names_the_command_that_runs_the_resource_again(city_folder: Path) -> None:
    start = interval_starting_on(NIGHT, "0 2 * * *", load_city(city_folder).timezone).start
    assert rerun_command("water", "meter.load", start) == (
        "airflow tasks clear water --task-regex meter. "
        "--start-date 2020-05-04T02:00:00+08:00 --end-date 2020-05-04T02:00:00+08:00 --yes"
    )


def test_a_killed_process_is_an_internal_error() -> None:
    assert isinstance(failure_of(None), errors.InternalError)
    assert "SIGKILL" in str(failure_of("SIGKILL"))


def test_a_failure_for_good_is_recorded_in_the_lake(city_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    from warehouse.lake import open_lake
    from warehouse.runs import runs_of

    interval = interval_starting_on(NIGHT, "0 2 * * *", load_city(city_folder).timezone)
    context: dict[str, Any] = {
        "task": SimpleNamespace(
            task_id="meter.extract", op_kwargs={"resource_id": "water.meter", "zone": "Asia/Shanghai"}
        ),
        "dag": SimpleNamespace(dag_id="water"),
        "exception": errors.SourceUnavailable("no file today", remedy="ask water"),
        "data_interval_start": interval.start,
        "data_interval_end": interval.end,
    }
    on_failure(context)
    connection = open_lake(Settings.from_environment(), read_only=True)
    try:
        runs = runs_of(connection)
    finally:
        connection.close()
    assert [(r.resource, r.status, r.error, r.message) for r in runs] == [
        ("meter", "failed", "SourceUnavailable", "no file today")
    ]
    assert "no file today" in caplog.text
