"""`landbridge link …`: which records are one person or firm, why, and what people have judged about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.lake import opened_lake
from cli.terminal import console, now, percent, table
from contracts.errors import ConfigurationError
from pipeline.link.explain import explain_pair
from pipeline.link.judgements import Verdict, record_judgements, undo_judgement
from pipeline.link.measure import measure_links
from pipeline.link.review import export_review, read_decisions
from pipeline.link.step import link_entities, link_entity
from pipeline.link.tables import JUDGEMENT, SCHEMA
from pipeline.workplace import Workplace
from transforms.link.rules import LinkRules, read_link_rules
from warehouse.lake import table_exists

app = typer.Typer(no_args_is_help=True)

Entity = Annotated[str, typer.Option(help="Kind of entity, as unified.yaml names it.")]
Author = Annotated[str, typer.Option(help="Who decides; it stays with the judgement.")]


@app.command()
def run() -> None:
    """Bring the links up to date with the records, the judgements and unified.yaml; nothing is done where nothing changed."""
    changed = link_entities(Workplace.open(), settled=True)
    for name, rows in changed.items():
        console.print(f"{name}: {rows:,} aliases changed", markup=False)
    if not changed:
        console.print("nothing to do", markup=False)


@app.command()
def train(entity: Entity = "person") -> None:
    """Train a new model on the records of today, store it, and link with it."""
    with opened_lake(read_only=False) as (place, connection):
        changed = link_entity(connection, place, _rules(place, entity), retrain=True)
    told = "there is no record to train on" if changed is None else f"trained; {changed:,} aliases changed"
    console.print(f"{entity}: {told}", markup=False)


@app.command()
def review(
    export: Annotated[
        Path | None, typer.Option(help="Write the pairs to review: a .csv or .xlsx, readable by you alone.")
    ] = None,
    import_: Annotated[Path | None, typer.Option("--import", help="Read the decisions of a filled-in file.")] = None,
    limit: Annotated[int, typer.Option(help="Most pairs of one kind of entity, the heaviest first.")] = 1000,
) -> None:
    """Export the pairs that a person should look at, or read the decisions back; linking acts on them at once."""
    if (export is None) == (import_ is None):
        raise ConfigurationError("one of --export and --import", remedy="landbridge link review --export pairs.xlsx")
    with opened_lake(read_only=export is not None) as (place, connection):
        if export is not None:
            count = export_review(connection, read_link_rules(place.city), export, limit)
            console.print(
                f"{count:,} pairs to review in {export}; it holds personal data", markup=False, soft_wrap=True
            )
            return
        assert import_ is not None
        made = record_judgements(connection, place.settings, read_decisions(import_), now(place))
    _settle(place, f"{made:,} judgements made")


@app.command()
def judge(
    left: Annotated[str, typer.Argument(help="Own id of one side.")],
    right: Annotated[str, typer.Argument(help="Own id of the other side.")],
    decision: Annotated[str, typer.Argument(help="same or different")],
    author: Author,
    note: Annotated[str, typer.Option(help="Why; it stays with the judgement, so name nobody.")] = "",
    entity: Entity = "person",
) -> None:
    """Judge that two ids are the same entity, or are not; linking acts on it at once."""
    with opened_lake(read_only=False) as (place, connection):
        _rules(place, entity)
        verdict = Verdict(entity, left, right, decision, author, note)
        made = record_judgements(connection, place.settings, [verdict], now(place))
    _settle(place, "judged" if made else "that judgement stands already")


@app.command()
def undo(judgement: Annotated[str, typer.Argument(help="A judgement's id.")], author: Author) -> None:
    """Undo a judgement: everything is as if it had never been, but the record that it was made and undone."""
    with opened_lake(read_only=False) as (place, connection):
        undo_judgement(connection, place.settings, judgement, author, now(place))
    _settle(place, f"{judgement} is undone")


@app.command("list")
def list_(undone: Annotated[bool, typer.Option("--all", help="Also those that were undone.")] = False) -> None:
    """List the judgements in force, the newest first."""
    with opened_lake() as (place, connection):
        if not table_exists(connection, SCHEMA, "judgement"):
            console.print("nobody has judged anything yet", markup=False)
            return
        rows = connection.execute(
            f"SELECT judgement_id, entity, left_id, right_id, decision, author, decided_at, note, revoked_at, revoked_by FROM {JUDGEMENT} "
            f"WHERE {undone} OR revoked_at IS NULL ORDER BY decided_at DESC, judgement_id"
        ).fetchall()
        shown = table("judgement", "entity", "left", "right", "decision", "author", "decided", "note", "undone")
        for id, entity, left, right, decision, author, decided, note, revoked, by in rows:
            undone_text = f"{revoked.astimezone(place.city.timezone):%Y-%m-%d} by {by}" if revoked else ""
            shown.add_row(
                id,
                entity,
                left,
                right,
                decision,
                author,
                f"{decided.astimezone(place.city.timezone):%Y-%m-%d %H:%M}",
                note or "",
                undone_text,
            )
        console.print(shown)


@app.command()
def explain(
    left: Annotated[str, typer.Argument(help="Own id of one side.")],
    right: Annotated[str, typer.Argument(help="Own id of the other side.")],
    entity: Entity = "person",
) -> None:
    """Show what each comparison of two ids says and weighs, in bits; the weights add up to the probability. No value is shown."""
    with opened_lake() as (place, connection):
        rules = _rules(place, entity)
        told = explain_pair(connection, rules, left, right)
    shown = table("attribute", "agreement", "#weight", "#true pairs", "#by chance")
    for step in told.steps:
        shares = ("" if share is None else f"{share:.3g}" for share in (step.expected, step.by_chance))
        shown.add_row(step.attribute, step.level, f"{step.weight:+.2f}", *shares)
    shown.add_row("sum", f"probability {told.probability:.6f}", f"{told.weight:+.2f}", "", "")
    console.print(shown)
    one = told.entities[0] == told.entities[1]
    console.print(
        f"threshold {rules.threshold}, review from {rules.review}, margin {rules.margin:g} bits; "
        f"they are {'one entity' if one else 'two entities'} now: {', '.join(dict.fromkeys(told.entities))}",
        markup=False, soft_wrap=True,
    )  # fmt: skip


@app.command()
def measure(
    truth: Annotated[
        Path,
        typer.Argument(
            help="CSV with the columns record_key and owner: an identifier, or any name for somebody without one."
        ),
    ],
    resource: Annotated[
        str, typer.Option(help="The resource whose records have no identifier, <department>.<resource>.")
    ],
    entity: Entity = "person",
) -> None:
    """Measure precision and recall of the links against a file of known truth."""
    with opened_lake() as (place, connection):
        found = measure_links(connection, _rules(place, entity), truth, resource)
    shown = table("#records", "#of somebody known", "#joined", "#rightly", "#precision", "#recall")
    shown.add_row(
        *(f"{n:,}" for n in (found.records, found.owned, found.joined, found.right)),
        percent(found.precision),
        percent(found.recall),
    )
    console.print(shown)


def _rules(place: Workplace, entity: str) -> LinkRules:
    known = {rules.entity: rules for rules in read_link_rules(place.city)}
    if entity not in known:
        raise ConfigurationError(
            f"{entity!r} has no link: section in unified.yaml", remedy=f"with one: {', '.join(known) or 'none'}"
        )
    return known[entity]


def _settle(place: Workplace, told: str) -> None:
    changed = sum(link_entities(place, settled=True).values())
    console.print(f"{told}; {changed:,} aliases changed", markup=False)
