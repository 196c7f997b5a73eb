"""`landbridge request due | overdue | liability`: what the law asks of whom until when, and what came late."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer
from rich.markup import escape

from cli.instants import end_of, read_day, read_day_if_any
from cli.lake import opened_lake
from cli.terminal import console, errors, now, table
from contracts.errors import ConfigurationError
from pipeline.workplace import Workplace
from sharing.formulas import defused
from sharing.requests.deadlines import ENDS, Duties, due_soon_sql, duties, overdue_sql
from sharing.requests.liability import LATE, kept_sql, late_sql

Department = Annotated[str | None, typer.Option(help="Duties of this department; of all without.")]
AsOf = Annotated[str | None, typer.Option(help="As of the end of a local day, YYYY-MM-DD; now without.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Also write the list, with every column, into a new CSV file.")]

_KINDS = {
    "answer_unconditional": "答复 answer", "answer_conditional": "答复 answer", "answer": "答复 answer", "provide": "提供 provide", "correction": "校核 correct",
}  # fmt: skip
_EXTENSIONS = {
    "": "", "asked": "延期待批 extension waits for the bureau", "declined": "延期未获同意 extension declined",
    "too_late": "延期无效 extension came too late",
}  # fmt: skip


def due(
    department: Department = None, within: Annotated[int, typer.Option(min=0, help="Due within so many working days.")] = 5, as_of: AsOf = None,
    file: Csv = None,
) -> None:  # fmt: skip
    """List the answers, data and corrections that are due soon, the most urgent first, and the answers whose clock stands."""
    with _duties(department, as_of) as (connection, _, found):
        rows = _rows(connection, due_soon_sql(within, department))
        running, standing = [r for r in rows if not r["paused"]], [r for r in rows if r["paused"]]
        console.print(f"[bold]即将到期 due within {within} working days, as of {found.today}[/]")
        _print_open(running)
        if standing:
            console.print("\n[bold]计时暂停 the clock stands while papers are incomplete[/]")
            made = table(
                "stands since",
                "#working days",
                "duty",
                "line",
                "owner",
                "who acts: the requester",
                "resource",
                "#left once it runs",
                "article",
            )
            for row in standing:
                made.add_row(
                    str(row["paused_since"]), str(row["paused_days"]), _KINDS[row["duty"]], row["line_id"], row["owner"], row["requester"],
                    row["resource"], str(row["left_when_resumed"]), row["article"],
                )  # fmt: skip
            console.print(made)
        late = _rows(connection, overdue_sql(department))
        if late:
            console.print(
                f"\n另有 {len(late):,} 项已逾期 and {len(late):,} are overdue: landbridge request overdue", style="red"
            )
        _finish(connection, found, due_soon_sql(within, department), file)


def overdue(department: Department = None, as_of: AsOf = None, file: Csv = None) -> None:
    """List the answers, data and corrections whose limit has passed and that are still owed, the oldest first."""
    with _duties(department, as_of) as (connection, _, found):
        console.print(f"[bold]已逾期 overdue as of {found.today}[/]")
        _print_open(_rows(connection, overdue_sql(department)))
        _finish(connection, found, overdue_sql(department), file)


def liability(
    first: Annotated[str | None, typer.Option("--from", help="Limits that passed from this day on, YYYY-MM-DD.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Limits that passed up to this day, YYYY-MM-DD.")] = None,
    department: Department = None, as_of: AsOf = None, file: Csv = None,
    most: Annotated[int, typer.Option(min=0, help="Lines to print; 0 prints all.")] = 40,
) -> None:  # fmt: skip
    """List who answered, supplied or corrected late – what is closed and what is still open –, by how many days and against which article."""
    with _duties(department, as_of) as (connection, place, found):
        chosen = (read_day_if_any(first), read_day_if_any(last), department)
        within = f", limits from {first or 'the beginning'} to {last or found.today}" if first or last else ""
        console.print(f"[bold]责任清单 who was late, as of {found.today}{within}[/]")
        kept = _rows(connection, kept_sql(*chosen))
        shown = table("department", "duty", "#due", "#late", "#still open", "#longest, working days")
        for row in kept:
            if row["late"]:
                counts = [f"{row[name]:,}" for name in ("duties", "late", "still_open", "longest")]
                shown.add_row(_name(place, row["owner"]), _KINDS[row["kind"]], *counts)
        if shown.row_count:
            console.print(shown)
        in_time = sum(row["duties"] - row["late"] for row in kept)
        console.print(
            f"按期 in time: {in_time:,} of {sum(row['duties'] for row in kept):,} duties that were due or done\n"
        )
        rows = _rows(connection, late_sql(*chosen))
        if rows:
            _print_late(rows[: most or None])
            if most and len(rows) > most:
                console.print(f"另有 and {len(rows) - most:,} more: --most 0", style="dim")
        _finish(connection, found, late_sql(*chosen), file)


def _print_open(rows: list[dict[str, Any]]) -> None:
    if not rows:
        console.print("  无 none")
        return
    made = table("#working days left", "due", "duty", "line", "owner", "for", "resource", "article", "")
    for row in rows:
        left, extended = row["days_left"], row["extended_by"]
        colour = "red" if left < 0 else "yellow" if left <= 1 else "default"
        note = f"已延期 {extended} 日 extended by {extended}" if extended else _EXTENSIONS[row["extension"]]
        made.add_row(
            f"[{colour}]{left}[/]", str(row["due_day"]), _KINDS[row["duty"]], row["correction_id"] or row["line_id"], row["owner"],
            row["requester"], row["resource"], row["article"], note,
        )  # fmt: skip
    console.print(made)


def _print_late(rows: list[dict[str, Any]]) -> None:
    made = table("#days late", "what", "line", "owner", "due", "ended", "limit", "liability")
    for row in rows:
        ended = f"{row['ended_day']} {ENDS[row['ended_by']]}" if row["ended_by"] else "未办结 still open"
        if row["recorded_late"]:
            ended += f"；补录于 recorded only on {row['recorded_late']}"
        made.add_row(
            str(row["days_late"]), LATE[row["duty"]], row["correction_id"] or row["line_id"], row["owner"], str(row["due_day"]), ended,
            f"{row['article']}，{row['limit_days']} 日", row["liability"] or "–",
        )  # fmt: skip
    console.print(made)


def _finish(connection: duckdb.DuckDBPyConnection, found: Duties, sql: str, file: Path | None) -> None:
    """The notes, and the file where one is asked for."""
    for note in found.notes:
        errors.print(f"注意 note: {note}", style="yellow", markup=False, soft_wrap=True)
    if file is None:
        return
    rows = connection.execute(sql).to_arrow_table()
    try:
        with file.open("x", encoding="utf-8-sig", newline="") as opened:
            writer = csv.writer(opened)
            writer.writerow(rows.column_names)
            writer.writerows([defused(value) for value in row.values()] for row in rows.to_pylist())
    except FileExistsError as error:
        raise ConfigurationError("the file exists", where=str(file), remedy="name a new file") from error
    console.print(f"written: {file}", markup=False, soft_wrap=True)


@contextmanager
def _duties(department: str | None, as_of: str | None) -> Iterator[tuple[duckdb.DuckDBPyConnection, Workplace, Duties]]:
    with opened_lake() as (place, connection):
        if department is not None:
            place.city.department(department)
        yield connection, place, duties(connection, place.city, end_of(place, read_day(as_of)) if as_of else now(place))


def _rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows for a table; what people wrote is no markup."""
    rows: list[dict[str, Any]] = connection.execute(sql).to_arrow_table().to_pylist()
    return [{name: escape(value) if isinstance(value, str) else value for name, value in row.items()} for row in rows]


def _name(place: Workplace, id: str) -> str:
    return place.city.departments[id].name.zh + f" {id}" if id in place.city.departments else id
