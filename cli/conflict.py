"""`landbridge conflict …`: where departments contradict each other, ranked by whom it touches, and sent to them as corrections."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.lake import opened_lake
from cli.terminal import console, now, table
from contracts.errors import ConfigurationError
from pipeline.conflicts import chosen_groups, conflict_groups, send
from sharing.requests.desk import Desk, Signed

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_(
    resource: Annotated[str, typer.Option(help="One resource's only.")] = "",
    department: Annotated[str, typer.Option(help="What one department says otherwise.")] = "",
) -> None:
    """List groups of conflicts – one attribute on which one resource disagrees with another – by lines and people they touch; never a value."""
    with opened_lake() as (place, connection):
        if department:
            place.city.department(department)
        if resource:
            place.city.resource(resource)
        shown = table("#place", "group", "whose word counts", "field", "#people or firms", "#rows", "#lines asking")
        for g in conflict_groups(connection, place, now(place)):
            if resource in ("", g.resource) and department in ("", g.resource.partition(".")[0]):
                shown.add_row(
                    str(g.place), g.id, g.winner, g.field or "–", f"{g.entities:,}", f"{g.rows:,}", f"{g.lines:,}"
                )
        console.print(shown if shown.row_count else "departments agree, or nothing is unified yet")


@app.command()
def show(
    group: Annotated[str, typer.Argument(help="A group, such as legal_entity.name@tax.taxpayer.")],
    limit: Annotated[int, typer.Option(help="At most so many rows.")] = 20,
) -> None:
    """Show who says what since when in one group. It prints values: for the bureau's own screen."""
    with opened_lake() as (place, connection):
        [chosen, *_] = chosen_groups(conflict_groups(connection, place, now(place)), [group])
        shown = table("entity", chosen.winner, "since", chosen.resource, "since", "#rows")
        rows = connection.execute(
            "SELECT coalesce(key, entity_id), value_a, CAST(since_a AS DATE), value_b, CAST(since_b AS DATE), rows_b FROM unified.conflict "
            "WHERE entity = ? AND attribute = ? AND resource_b = ? AND reason = 'priority' ORDER BY since_b DESC, 1, value_b LIMIT ?",
            [chosen.entity, chosen.attribute, chosen.resource, limit],
        ).fetchall()
        for row in rows:
            shown.add_row(*(str(value) for value in row))
        console.print(shown)


@app.command("send")
def send_(
    as_: Annotated[str, typer.Option("--as", help="The bureau that runs sharing.")],
    person: Annotated[str, typer.Option(help="Who acts there.")],
    group: Annotated[list[str] | None, typer.Argument(help="Groups, such as legal_entity.name@tax.taxpayer.")] = None,
    at_least: Annotated[int, typer.Option(help="All groups that touch at least so many people or firms.")] = 0,
) -> None:
    """Ask one correction for each group of the department whose value lost. Rows that were sent before are not sent again."""
    if bool(group) == bool(at_least):
        raise ConfigurationError("say which groups", remedy="their names, or --at-least N; not both")
    with opened_lake(read_only=False) as (place, connection):
        at = now(place)
        groups = conflict_groups(connection, place, at)
        chosen = chosen_groups(groups, group) if group else [g for g in groups if g.entities >= at_least]
        for told in send(Desk(connection, place.settings, place.city, at), place, Signed(as_, person), chosen):
            console.print(str(told), markup=False, soft_wrap=True)
        if not chosen:
            console.print("no group touches so many")
