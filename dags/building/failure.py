"""What happens when a task has failed for good: the failure is recorded in the lake, and the log ends with what to do.

Airflow calls this in the task's own process after the last try; for a process that was killed the DAG processor calls it instead.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.errors import InternalError, LandbridgeError
from dags.building import steps
from dags.building.retries import next_step

log = logging.getLogger("landbridge.airflow")


def on_failure(context: Mapping[str, Any]) -> None:
    """Record the failure of a resource's task and end its log with the message."""
    task, dag_id = context["task"], context["dag"].dag_id
    resource_id, zone = task.op_kwargs.get("resource_id"), task.op_kwargs.get("zone")
    error = failure_of(context.get("exception"))
    start, end = context.get("data_interval_start"), context.get("data_interval_end")
    interval = steps.interval(start, end, zone) if start and end and zone else None
    log.error("%s", message(dag_id, task.task_id, resource_id, error, interval.start if interval else None))
    if resource_id and interval:
        from pipeline import night

        night.record_failure(resource_id, interval, error, observed_at=steps.now())


def failure_of(raised: Any) -> BaseException:
    """The error itself, or one that says the process ended without any."""
    if isinstance(raised, BaseException):
        return raised
    return InternalError(
        f"the task's process ended without an error of its own{f': {raised}' if raised else ''}",
        remedy="killed from outside or out of memory: see the scheduler's log and LANDBRIDGE_MEMORY",
    )


def message(dag_id: str, task_id: str, resource_id: str | None, error: BaseException, start: datetime | None) -> str:
    """What an operator acts on: what failed, why, what to do, and the command that runs it again."""
    what, where, remedy = str(error), "", ""
    if isinstance(error, LandbridgeError):
        what, where, remedy = error.what, error.where, error.remedy
    lines = {
        "失败 Failed": f"{resource_id or dag_id}, task {task_id}: {type(error).__name__}",
        "原因 What": what or "no message",
        "位置 Where": where,
        "下一步 Next": next_step(type(error)) if isinstance(error, LandbridgeError) else "Report it with this log.",
        "办法 Remedy": remedy,
        "重跑 Rerun": rerun_command(dag_id, task_id, start),
    }
    return "\n".join(["", *(f"  {name}: {text}" for name, text in lines.items() if text)])


def rerun_command(dag_id: str, task_id: str, start: datetime | None) -> str:
    """The airflow command that clears this resource's tasks of this run, so that they run again; empty for a run without an interval."""
    if start is None:
        return ""
    group, _, _ = task_id.rpartition(".")
    # Airflow 3.3 takes --task-regex as a part of the task's id, not as a regular expression; this fits either way
    part = f"{group}." if group else task_id
    at = start.isoformat()
    return f"airflow tasks clear {dag_id} --task-regex {part} --start-date {at} --end-date {at} --yes"
