"""`landbridge correction …`: challenge data, decide on a challenge, and see what is open and until when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.lake import opened_lake
from cli.terminal import console, now, table
from contracts.errors import ConfigurationError
from sharing.corrections.challenge import Challenge
from sharing.corrections.clock import CorrectionClock
from sharing.corrections.desk import ask as challenge
from sharing.corrections.desk import decide as decide_on
from sharing.corrections.disputed_rows import MISSING
from sharing.corrections.state import STATES, Correction, corrections
from sharing.corrections.state import correction as find
from sharing.ledger.store import entries
from sharing.ledger.words import in_words
from sharing.requests.desk import Desk, Signed

app = typer.Typer(no_args_is_help=True)

As = Annotated[str, typer.Option("--as", help="The department that acts.")]
Person = Annotated[str, typer.Option(help="Who acts there.")]
Id = Annotated[str, typer.Argument(help="A correction's id, such as R-2020-1/1/C1.")]


@app.command()
def ask(
    line: Annotated[str, typer.Argument(help="The delivered line whose data is challenged.")],
    reason: Annotated[str, typer.Option(help="What is wrong; it stays in the ledger, so name nobody.")],
    as_: As,
    person: Person,
    rule: Annotated[str, typer.Option(help="The rule that refused rows break.")] = "",
    field: Annotated[str, typer.Option(help="The field whose value is wrong.")] = "",
    missing: Annotated[bool, typer.Option("--missing", help="The rows ought to be there and are not.")] = False,
    key: Annotated[
        list[str] | None, typer.Option(help="A row by its source key, parts between bars: 'A | B'. May be repeated.")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="A file of keys, one a line: what is typed here stays in the shell's history.")
    ] = None,
    suggested: Annotated[str, typer.Option(help="The right value of the field, where it is known.")] = "",
) -> None:
    """Challenge rows of a delivered line, as its requester; the bureau may challenge rows that were refused, and all of a rule's at once."""
    named = (*(key or ()), *_lines(keys))
    if missing and rule:
        raise ConfigurationError("--rule and --missing exclude each other", remedy="a missing row breaks no rule")
    about = MISSING if missing else rule
    with _desk() as desk:
        made = challenge(desk, Signed(as_, person), Challenge(line, reason, about, field, named, suggested))
        _print(desk, made)
        console.print(
            f"{made.provider} decides: landbridge correction decide {made.correction_id} --as {made.provider} …",
            markup=False,
            soft_wrap=True,
        )


@app.command()
def decide(
    id: Id,
    upheld: Annotated[bool, typer.Option("--upheld/--not-upheld", help="Whether the challenge is right.")],
    reason: Annotated[str, typer.Option(help="What was verified, and how; it stays in the ledger, so name nobody.")],
    as_: As,
    person: Person,
) -> None:
    """Decide on a challenge as the provider; afterwards the bureau may decide otherwise. What is upheld is closed by the load that proves it."""
    with _desk() as desk:
        _print(desk, decide_on(desk, Signed(as_, person), id, upheld=upheld, reason=reason))


@app.command("list")
def list_(
    as_: Annotated[str, typer.Option("--as", help="What one department asked or must answer; all without.")] = "",
    every: Annotated[bool, typer.Option("--all", help="What is closed as well.")] = False,
) -> None:
    """List corrections by working days left, with who must act; never a key or a value."""
    with _desk() as desk:
        if as_:
            desk.city.department(as_)
        clock = _clock(desk)
        shown = table(
            "correction", "resource", "about", "#rows", "asked by", "asked on", "state", "who acts", "due", "#days left"
        )
        found = [
            c
            for c in corrections(desk.connection)
            if (every or c.is_open) and as_ in ("", c.provider, c.asked_by, c.requester)
        ]
        for c, due, left in sorted(
            ((c, *_due(clock, desk, c)) for c in found), key=lambda told: (told[2] is None, told[2] or 0)
        ):
            days = "" if left is None else f"[red]{left}[/]" if left < 0 else str(left)
            shown.add_row(
                c.correction_id,
                c.resource,
                c.subject,
                f"{len(c.keys):,}",
                c.asked_by,
                _day(desk, c),
                STATES[c.state],
                _acts(c),
                due,
                days,
            )
        console.print(
            shown if shown.row_count else "no correction is open" if not every else "no correction was asked for"
        )


@app.command()
def show(id: Id) -> None:
    """Show one correction: what is challenged, until when, what was decided, what proved the fix, and its entries; never a key or a value."""
    with _desk() as desk:
        found = find(desk.connection, id)
        _print(desk, found)
        for entry in entries(desk.connection, "line_id = ? AND kind LIKE 'correction%'", [found.line_id]):
            if json.loads(entry.payload).get("correction_id") == id:
                for line in in_words(entry, desk.city.timezone):
                    console.print(f"  {line}", markup=False, soft_wrap=True, style="dim")


def _print(desk: Desk, c: Correction) -> None:
    due, left = _due(_clock(desk), desk, c)
    proof = ""
    if c.fixed_at is not None:
        proof = f"{_rows(c.corrected_rows or 0)} corrected, {c.gone_rows or 0:,} gone at the source; run {c.fixed_run}, snapshot {c.fixed_snapshot}"
    told = {
        "correction": c.correction_id, "line": c.line_id, "resource": c.resource, "about": f"{c.subject}, {_rows(len(c.keys))}",
        "asked": f"{_day(desk, c)} by {c.asked_by}, snapshot {c.asked_snapshot}", "state": STATES[c.state], "who acts": _acts(c),
        "due": f"{due}, {_left(left)}" if left is not None else "", "proof": proof,
    }  # fmt: skip
    for name, value in told.items():
        if value:
            console.print(f"{name:11} {value}", markup=False, soft_wrap=True)


def _left(days: int) -> str:
    return f"overdue by {-days} working days" if days < 0 else f"{days} working days left"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _acts(c: Correction) -> str:
    return c.provider if c.is_open else ""


def _clock(desk: Desk) -> CorrectionClock:
    return CorrectionClock(desk.city, desk.recorded_at.astimezone(desk.city.timezone).date())


def _due(clock: CorrectionClock, desk: Desk, c: Correction) -> tuple[str, int | None]:
    if not c.is_open:
        return "", None
    last, left = clock.due(c.asked_at.astimezone(desk.city.timezone).date())
    return (last.isoformat() if last else "", left)


def _day(desk: Desk, c: Correction) -> str:
    return c.asked_at.astimezone(desk.city.timezone).date().isoformat()


def _lines(file: Path | None) -> list[str]:
    if file is None:
        return []
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(f"{file} cannot be read", remedy="a text in UTF-8, one key a line") from error
    return [line.strip() for line in text.splitlines() if line.strip()]


@contextmanager
def _desk() -> Iterator[Desk]:
    with opened_lake(read_only=False) as (place, connection):
        yield Desk(connection, place.settings, place.city, now(place))
