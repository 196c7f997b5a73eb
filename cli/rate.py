"""`landbridge rate`: how much of what departments ask of each other is really shared, as of a night, with the reasons."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import duckdb
import typer

from cli.terminal import console, percent, table
from contracts.errors import ConfigurationError
from pipeline.workplace import Workplace
from sharing.rate import explain
from sharing.reasons import reason
from warehouse.lake import open_lake, table_exists


def rate(
    as_of: Annotated[
        str | None, typer.Option(help="Local day on which the night ends, YYYY-MM-DD; the newest without.")
    ] = None,
    line: Annotated[
        str | None, typer.Option("--explain", help="A line or a request: print its verdict and evidence.")
    ] = None,
) -> None:
    """Show declared, verified and on-time rate with n and pending, for the city and each department, and why lines do not hold."""
    place = Workplace.open()
    connection = open_lake(place.settings, read_only=True, timezone=place.city.timezone.key)
    try:
        instant = _instant(connection, place, as_of)
        if line is not None:
            _explain(connection, line, instant)
        else:
            _print_rates(connection, place, instant)
            print_reasons(connection, instant)
    finally:
        connection.close()


def rate_instants(connection: duckdb.DuckDBPyConnection) -> list[datetime]:
    """The instants for which a rate was computed, oldest first."""
    if not table_exists(connection, "sharing", "rates"):
        return []
    return [row[0] for row in connection.execute("SELECT DISTINCT as_of FROM sharing.rates ORDER BY 1").fetchall()]


def print_reasons(connection: duckdb.DuckDBPyConnection, instant: datetime, most: int = 12) -> None:
    """Print why lines that are due do not hold, most frequent first, and who must act."""
    rows = connection.execute(
        """SELECT r, count(*), count(DISTINCT provider) FROM (SELECT unnest(reasons) AS r, provider FROM sharing.verdicts
        WHERE as_of = ? AND valid AND due AND NOT holds) GROUP BY r ORDER BY 2 DESC, 1 LIMIT ?""",
        [instant, most],
    ).fetchall()
    made = table("why lines do not hold", "#lines", "#providers", "who acts")
    for code, lines, providers in rows:
        known = reason(code)
        made.add_row(f"{known.zh} {known.en}", f"{lines:,}", str(providers), known.actor)
    console.print(made)


def _instant(connection: duckdb.DuckDBPyConnection, place: Workplace, as_of: str | None) -> datetime:
    known = rate_instants(connection)
    if not known:
        raise ConfigurationError("no rate was computed yet", remedy="landbridge run, which ends with the rate")
    if as_of is None:
        return known[-1]
    for instant in known:
        if instant.astimezone(place.city.timezone).date().isoformat() == as_of:
            return instant
    days = ", ".join(k.astimezone(place.city.timezone).date().isoformat() for k in known)
    raise ConfigurationError(f"no rate as of {as_of!r}", remedy=f"computed as of: {days}")


def _print_rates(connection: duckdb.DuckDBPyConnection, place: Workplace, instant: datetime) -> None:
    rows = connection.execute(
        """SELECT scope, department, n, due, pending, declared, verified, on_time, verified_lower, verified_upper FROM sharing.rates
        WHERE as_of = ? AND scope IN ('city', 'provider', 'requester') AND (n > 0 OR scope = 'city') ORDER BY scope, n DESC, department""",
        [instant],
    ).fetchall()
    console.print(
        f"[bold]共享需求满足率 satisfaction rate as of {instant.astimezone(place.city.timezone):%Y-%m-%d %H:%M}[/]"
    )
    made = table(
        "scope",
        "department",
        "#n",
        "#due",
        "#pending",
        "#declared",
        "#verified",
        "#on-time",
        "#verified if pending fail–hold",
    )
    for scope, department, n, due, pending, declared, verified, on_time, low, high in rows:
        name = str(place.city.departments[department].name) if department in place.city.departments else department
        figures = [percent(v) for v in (declared, verified, on_time)]
        made.add_row(scope, name, f"{n:,}", f"{due:,}", f"{pending:,}", *figures, f"{percent(low)} – {percent(high)}")
    console.print(made)
    console.print(
        "grants, deliveries and read probes rest on the register's own fields for now: docs/rate.md", style="dim"
    )


def _explain(connection: duckdb.DuckDBPyConnection, line: str, instant: datetime) -> None:
    found = explain(connection, line, instant)
    if not found:
        raise ConfigurationError(
            f"no line or request {line!r} as of {instant}",
            remedy="lines: landbridge sql 'SELECT line_id FROM sharing.verdicts'",
        )
    for e in found:
        states = {"valid": e.valid, "due": e.due, "declared": e.declared, "holds": e.holds, "on time": e.on_time}
        console.print(f"[bold]{e.line_id}[/] {e.requester} asks {e.provider} for {e.resource} (request {e.request_id})")
        console.print("  " + ", ".join(f"{name}: {'yes' if value else 'no'}" for name, value in states.items()))
        for known, actor in e.reasons:
            console.print(f"  ✗ {known.zh} {known.en} → {actor}", markup=False)
        console.print(f"  snapshot {e.snapshot_id}, run {e.run_id}, verdict {e.hash[:16]}")
        made = table("evidence", "value", "rests on")
        for name, value in sorted(e.evidence.items()):
            made.add_row(name, _short(value), e.basis.get(name, ""))
        console.print(made)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 160 else f"{text[:157]}…"
