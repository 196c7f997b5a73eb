"""`landbridge status`: how each resource stands after its newest run."""

from __future__ import annotations

from cli.lake import opened_lake
from cli.terminal import coloured, console, table
from pipeline.digest import city_nights, outcomes


def status() -> None:
    """Show the newest night: one line a resource, and one figure a night for the nights before."""
    with opened_lake() as (place, connection):
        nights = city_nights(connection, place.city)
        found = [(night, outcomes(connection, place.city, night)) for night in nights]
    if not found:
        console.print("no run is recorded yet; start one: landbridge run")
        return
    night, newest = found[-1]
    made = table(
        "resource", "status", "#extracted", "#accepted", "#quarantined", "#replaced", "#deleted", "run", "message"
    )
    for o in newest:
        r = o.run
        figures = [f"{n:,}" for n in (r.extracted, r.accepted, r.quarantined, r.replaced, r.deleted)] if r else [""] * 5
        made.add_row(o.resource.id, coloured(o.status), *figures, r.run_id if r else "", (r.message if r else "")[:90])
    console.print(f"[bold]{place.city.name}, night of {night.start.astimezone(place.city.timezone).date()}[/]")
    console.print(made)
    history = table("night", "#loaded", "#held", "#failed", "#not run", "#rows")
    for night, listed in found:
        counts = [sum(o.status == s for o in listed) for s in ("loaded", "held", "failed", "not run")]
        rows = sum(o.run.extracted for o in listed if o.run)
        day = night.start.astimezone(place.city.timezone).date()
        history.add_row(str(day), *map(str, counts), f"{rows:,}")
    console.print(history)
