"""How the driver's progress is shown: a bar in a terminal, one line a finished run everywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from dags.local.nights import DagOutcome, NightProgress, OnProgress


@contextmanager
def shown_progress(console: Console | None = None) -> Iterator[OnProgress]:
    """A callback for `run_nights`; in a terminal a bar a night stands below the lines."""
    console = console or Console(file=sys.stdout, highlight=False, soft_wrap=True)
    printed: dict[date, int] = {}
    bars: dict[date, TaskID] = {}
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("tasks"), TimeElapsedColumn(),
        TextColumn("{task.fields[step]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def show(state: NightProgress) -> None:
            if state.night not in bars:
                bars[state.night] = progress.add_task(f"夜 Night {state.night}", total=state.tasks, step=state.step)
                console.print(f"夜 Night {state.night}: {state.dags} departments, {state.tasks} tasks")
            for outcome in state.finished[printed.get(state.night, 0) :]:
                console.print(line(outcome), markup=False)
            printed[state.night] = len(state.finished)
            progress.update(bars[state.night], completed=state.tasks_over, step=state.step)
            if state.step == "over":
                progress.stop_task(bars[state.night])
                console.print(f"  over after {state.seconds:.0f} s, {len(state.failures)} runs with failures")

        yield show


def line(outcome: DagOutcome) -> str:
    """One finished run as a line of text."""
    mark = "ok    " if outcome.state == "success" else "FAILED"
    failed = f"  {', '.join(outcome.failed)}" if outcome.failed else ""
    return f"  {mark} {outcome.dag_id:<24} {outcome.seconds:5.1f} s{failed}"
