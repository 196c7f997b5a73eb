"""`landbridge summary`: what the nights so far brought, on one page a person enjoys reading."""

from __future__ import annotations

import duckdb

from cli.lake import opened_lake
from cli.rate import rate_instants
from cli.rate_pages import print_reasons
from cli.scorecard import SAID, print_scorecard
from cli.terminal import coloured, console, percent, sparkline, table
from contracts.catalogue import City
from pipeline.digest import Outcome, city_nights, outcomes
from pipeline.workplace import Workplace
from warehouse.lake import table_exists


def summary() -> None:
    """Show rows and their fate by night, quarantine by rule, what was held or failed and why, the rates, the scorecard, and where things lie."""
    with opened_lake() as (place, connection):
        print_summary(connection, place)


def print_summary(connection: duckdb.DuckDBPyConnection, place: Workplace) -> None:
    """Print the whole page from what the lake holds."""
    city = place.city
    nights = city_nights(connection, city)
    if not nights:
        console.print("no run is recorded yet; start one: landbridge run")
        return
    found = [
        (night.start.astimezone(city.timezone).date().isoformat(), outcomes(connection, city, night))
        for night in nights
    ]
    console.print(f"\n[bold]{city.name}[/]: {len({r.department for r in city.resources.values()})} departments with data, "
                  f"{len(city.resources)} resources, {len(nights)} nights\n")  # fmt: skip
    _print_nights(found)
    _print_quarantine(connection)
    _print_troubles(city, found)
    _print_rates(connection, city)
    _print_places(place)


def _print_nights(found: list[tuple[str, list[Outcome]]]) -> None:
    made = table(
        "夜 night",
        "#loaded",
        "#held",
        "#failed",
        "#extracted",
        "#accepted",
        "#quarantined",
        "#replaced",
        "#held rows",
        "#deleted",
    )
    for day, listed in found:
        runs = [o.run for o in listed if o.run]
        counts = [sum(o.status == s for o in listed) for s in ("loaded", "held", "failed")]
        sums = [
            sum(getattr(r, name) for r in runs)
            for name in ("extracted", "accepted", "quarantined", "replaced", "held", "deleted")
        ]
        made.add_row(day, *map(str, counts), *(f"{n:,}" for n in sums))
    console.print(made)
    console.print("extracted = accepted + quarantined + replaced + held, checked at every commit\n", style="dim")


def _print_quarantine(connection: duckdb.DuckDBPyConnection) -> None:
    rows = connection.execute(
        """SELECT department || '.' || resource, rule, any_value(dimension), sum(failing) FROM ops.quality_results
        WHERE severity = 'error' AND failing > 0 GROUP BY ALL ORDER BY 4 DESC, 1, 2"""
    ).fetchall()
    made = table("resource", "rule", "dimension", "#rows", title="问题数据 Rows refused, by rule")
    for resource, rule, dimension, failing in rows[:15]:
        made.add_row(resource, rule, dimension, f"{failing:,}")
    console.print(made)
    if len(rows) > 15:
        console.print(f"and {len(rows) - 15} more: landbridge explain <resource>", style="dim")
    console.print()


def _print_troubles(city: City, found: list[tuple[str, list[Outcome]]]) -> None:
    made = table("夜 night", "resource", "", "why", title="拦截与失败 Held back and failed; all others loaded")
    for day, listed in found:
        for o in listed:
            if o.run and o.status != "loaded":
                made.add_row(day, o.resource.id, coloured(o.status), o.run.message)
    if made.row_count:
        console.print(made)
        console.print()


def _print_rates(connection: duckdb.DuckDBPyConnection, city: City) -> None:
    instants = rate_instants(connection)
    if not instants:
        return
    rows = connection.execute(
        "SELECT as_of, n, due, pending, declared, verified, on_time FROM sharing.rates WHERE scope = 'city' ORDER BY as_of"
    ).fetchall()
    made = table(
        "截至 as of",
        "#n",
        "#due",
        "#pending",
        "#申报 declared",
        "#核验 verified",
        "#按期 on-time",
        title="共享需求满足率 Satisfaction rate",
    )
    for as_of, n, due, pending, *rates in rows:
        made.add_row(
            f"{as_of.astimezone(city.timezone):%Y-%m-%d %H:%M}",
            f"{n:,}",
            f"{due:,}",
            f"{pending:,}",
            *map(percent, rates),
        )
    console.print(made)
    for name, column in (("declared", 4), ("verified", 5), ("on-time", 6)):
        values = [row[column] for row in rows]
        console.print(f"  {name:<9} {sparkline(values, low=0.5)}  {percent(values[0])} → {percent(values[-1])}")
    console.print()
    print_reasons(connection, instants[-1])
    if table_exists(connection, "sharing", "scorecard"):
        console.print("\n[bold]记分卡 Scorecard[/]: computed from records, beside what was said")
        print_scorecard(connection, instants[-1], SAID)
        console.print("all figures, with their parts: landbridge scorecard --parts", style="dim")
    console.print()


def _print_places(place: Workplace) -> None:
    made = table("where", "")
    made.add_row("lake", f"{place.settings.lake_files} (catalogue: {place.settings.catalogue})")
    made.add_row("landing", str(place.home / "landing"))
    made.add_row("reports", str(place.home / "reports"))
    console.print(made)
