"""`landbridge rate …`: how much of what departments ask of each other is really shared, with the reasons, the evidence and what changed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import duckdb
import typer

from cli.instants import end_of, read_day, read_instant
from cli.lake import opened_lake
from cli.rate_pages import SCOPES, print_change, print_explanation, print_rates, print_reasons
from cli.terminal import console
from contracts.errors import ConfigurationError
from pipeline.workplace import Workplace
from sharing.explained import explain as explained
from sharing.published import known_ats
from sharing.rate import compute
from sharing.rate_change import change
from warehouse.lake import table_exists

app = typer.Typer(invoke_without_command=True)

AsOf = Annotated[str | None, typer.Option(help="Local day on which the night ends, YYYY-MM-DD; the newest without.")]
KnownAt = Annotated[
    str | None, typer.Option(help="As known at the end of a local day, YYYY-MM-DD, or at an instant with its zone.")
]


By = Annotated[str, typer.Option(help=f"Beside the city: {', '.join(SCOPES)}.")]


@app.callback()
def rate(context: typer.Context, as_of: AsOf = None, known_at: KnownAt = None, by: By = "department") -> None:
    """Show all five rates with n and pending, for the city and each department, resource or period, and why lines do not hold.

    Where a night was computed again and came out differently, both are shown: as said then, and as known now. With --known-at the rate is
    computed anew from what was known at that instant; nothing is written.
    """
    if context.invoked_subcommand is not None:
        return
    if by not in SCOPES:
        raise ConfigurationError(f"--by {by!r}", remedy=f"one of {', '.join(SCOPES)}")
    with opened_lake() as (place, connection):
        instant = _instant(connection, place, as_of)
        if known_at is not None:
            result = compute(connection, place.city, instant, _known(place, known_at))
            connection.register("rates_shown", result.rates)
            connection.register("verdicts_shown", result.verdicts)
            note = "as known at the instant asked for, computed now"
            print_rates(connection, place, instant, "rates_shown", "true", note, by)
            print_reasons(connection, instant, verdicts="verdicts_shown")
            for told in result.notes:
                console.print(told, style="yellow", markup=False)
            return
        said = known_ats(connection, instant)
        if len(said) > 1 and _differ(connection, instant, said[0], said[-1]):
            condition = f"known_at = TIMESTAMPTZ '{said[0].isoformat()}'"
            print_rates(connection, place, instant, "sharing.published_rates", condition, "as said first", by)
            print_rates(connection, place, instant, "sharing.rates", "true", "as known now", by)
        else:
            print_rates(connection, place, instant, "sharing.rates", "true", "", by)
        print_reasons(connection, instant)


@app.command()
def explain(
    line: Annotated[str, typer.Argument(help="A line or a request.")], as_of: AsOf = None, known_at: KnownAt = None
) -> None:
    """Print a line's chain: request, events with both times, grant, snapshot, run, suite, delivery, probe, and each condition with its evidence."""
    with opened_lake() as (place, connection):
        instant = _instant(connection, place, as_of)
        published = None
        if known_at is not None:
            asked = _known(place, known_at)
            published = next((k for k in reversed(known_ats(connection, instant)) if k <= asked), None)
            if published is None:
                raise ConfigurationError(
                    f"nothing was published as of {instant} by {known_at}", remedy="a later --known-at, or none"
                )
        found = explained(connection, line, instant, published)
        if not found:
            raise ConfigurationError(
                f"no line or request {line!r} as of {instant}",
                remedy="lines: landbridge sql 'SELECT line_id FROM sharing.verdicts'",
            )
        for verdict in found:
            print_explanation(place, verdict)


@app.command()
def diff(
    first: Annotated[str, typer.Argument(help="Local day on which the earlier night ends, YYYY-MM-DD.")],
    second: Annotated[str, typer.Argument(help="Local day on which the later night ends, YYYY-MM-DD.")],
    lines: Annotated[int, typer.Option(help="How many lines to list; 0 lists all.")] = 40,
) -> None:
    """Explain the change of the verified rate between two nights, line by line, with cause and owner; the shares add up to it exactly."""
    with opened_lake() as (place, connection):
        instants = _instant(connection, place, first), _instant(connection, place, second)
        print_change(place, instants, change(connection, *instants), lines)


def rate_instants(connection: duckdb.DuckDBPyConnection) -> list[datetime]:
    """The instants for which a rate was computed, oldest first."""
    if not table_exists(connection, "sharing", "rates"):
        return []
    return [row[0] for row in connection.execute("SELECT DISTINCT as_of FROM sharing.rates ORDER BY 1").fetchall()]


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


def _known(place: Workplace, text: str) -> datetime:
    return end_of(place, read_day(text)) if len(text) == len("2020-05-05") else read_instant(text)


def _differ(connection: duckdb.DuckDBPyConnection, instant: datetime, first: datetime, last: datetime) -> bool:
    """Whether two published computations of one instant give different figures for anybody."""
    leave = "EXCLUDE (known_at, ledger_number, ledger_hash)"
    sql = f"SELECT * {leave} FROM sharing.published_rates WHERE as_of = ? AND known_at = ?"
    row: Any = connection.execute(
        f"SELECT count(*) FROM (({sql} EXCEPT {sql}) UNION ALL ({sql} EXCEPT {sql}))",
        [instant, first, instant, last, instant, last, instant, first],
    ).fetchone()
    return bool(row[0])
