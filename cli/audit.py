"""`landbridge audit`: whether the ledger is the one that was recorded, its head outside the lake, and what happened to a line."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from cli.lake import opened_lake
from cli.terminal import console, errors, now
from contracts.errors import ConfigurationError
from contracts.settings import Settings
from sharing.ledger import anchors as anchoring
from sharing.ledger import export as exporting
from sharing.ledger.findings import Finding
from sharing.ledger.store import entries, head_of
from sharing.ledger.verify import verify_export, verify_lake
from sharing.ledger.words import in_words

app = typer.Typer(no_args_is_help=True)


@app.command("verify")
def verify(
    anchors: Annotated[
        Path | None,
        typer.Option(help="Folder of anchors; LANDBRIDGE_ANCHORS, or the copies beside the export, without."),
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Verify this export, off-line, in place of the lake.")] = None,
    printed: Annotated[
        list[str] | None, typer.Option(help="NUMBER:HASH of an anchor on paper; its first 12 digits will do.")
    ] = None,
    most: Annotated[int, typer.Option(help="Faults to print.")] = 1000,
) -> None:
    """Find every entry that was edited, dropped, re-ordered, cut off or rewritten, and a stale anchor; exit code 1 where there is any."""
    claims = [_claim(text) for text in printed or []]
    if export is not None:
        settings = Settings.from_environment()
        folder = anchors or exporting.anchors_beside(export)
        _print(verify_export(export, folder, settings, claims), most)
        console.print(f"完整 whole: {export}, as anchored in {folder}", markup=False, soft_wrap=True)
        return
    with opened_lake() as (place, connection):
        folder = anchors or place.settings.anchors
        today = now(place).astimezone(place.city.timezone).date()
        _print(verify_lake(connection, folder, today, place.settings.anchor_days, claims), most)
        head = head_of(connection)
    console.print(
        f"完整 whole: {head.number:,} entries, head {head.hash}, as anchored in {folder}", markup=False, soft_wrap=True
    )


@app.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="The file to write; the anchors are copied into FILE.anchors.")],
) -> None:
    """Write the whole ledger, one canonical entry a line, for others to verify off-line."""
    with opened_lake() as (place, connection):
        head = exporting.export(connection, place.settings.anchors, file)
    console.print(f"{head.number:,} entries, head {head.hash}: {file}", markup=False, soft_wrap=True)


@app.command("anchor")
def anchor() -> None:
    """Anchor the ledger's head as of today in LANDBRIDGE_ANCHORS, and print the line to hand over."""
    with opened_lake() as (place, connection):
        made = anchoring.anchor(connection, place.settings.anchors, place.city, now(place))
    console.print(anchoring.anchor_line(made) if made else "nothing was recorded yet", markup=False, soft_wrap=True)


@app.command("log")
def log(of: Annotated[str, typer.Argument(metavar="LINE|REQUEST", help="A line or a request.")]) -> None:
    """Tell everything that happened to a line or a request, in the order in which it was recorded."""
    with opened_lake() as (place, connection):
        departments = place.city.departments
        found = 0
        for entry in entries(connection, "line_id = ? OR request_id = ?", [of, of]):
            found += 1
            actor = str(departments[entry.actor].name) if entry.actor in departments else entry.actor
            first, *more = in_words(entry, place.city.timezone, actor)
            console.print(first, markup=False, soft_wrap=True)
            for line in more:
                console.print(f"   {line}", markup=False, soft_wrap=True, style="dim")
    if not found:
        raise ConfigurationError(
            f"nothing was recorded of {of!r}",
            remedy="a line's or a request's id: landbridge sql 'SELECT line_id FROM sharing.events'",
        )


def _claim(text: str) -> anchoring.Claim:
    number, _, hash = text.partition(":")
    hash = hash.strip().lower()
    if not number.isdecimal() or len(hash) < 12 or set(hash) - set("0123456789abcdef"):
        raise ConfigurationError(
            f"{text!r} is no anchor", remedy="its number, a colon and at least 12 digits of its hash: 1234:3f2a90c1d4e5"
        )
    return anchoring.Claim(int(number), hash, "on paper")


def _print(found: Iterable[Finding], most: int) -> None:
    """Print the faults; exit with 1 where there is any."""
    total, changed = 0, False
    for fault in found:
        total, changed = total + 1, changed or fault.is_change
        if total <= most:
            errors.print(str(fault), markup=False, soft_wrap=True)
    if total > most:
        errors.print(f"and {total - most:,} more: --most {total}")
    if changed:
        errors.print(f"被改动 {total:,} faults: keep everything as it is and call the auditor", markup=False)
    if total:
        raise typer.Exit(1)
