"""`landbridge deliver`: what is handed over to whom, bringing it up to date, reading it as its requester, probing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from cli.lake import opened_lake
from cli.terminal import console, errors, now, table
from contracts.errors import ConfigurationError
from sharing.delivery import read as reading
from sharing.delivery.deliver import deliver
from sharing.delivery.dispose import Outcome
from sharing.delivery.grants import IN_FORCE, STATES, Grant
from sharing.delivery.manifest import read_manifest
from sharing.delivery.masks import WITHHELD, WORDS
from sharing.delivery.night import night
from sharing.delivery.probe import probe as probe_lines
from sharing.delivery.ways import Way, read_ways
from sharing.delivery.work import Work

app = typer.Typer(no_args_is_help=True)

Line = Annotated[str, typer.Argument(help="A line: requester × resource × purpose.")]


@app.command("list")
def list_() -> None:
    """List every grant with its state, and what was delivered on it last."""
    with _work() as work:
        shown = table("line", "requester", "resource", "state", "valid to", "way", "#rows", "#snapshot", "probe")
        for grant in work.grants():
            shown.add_row(*_row(grant))
        console.print(shown)


@app.command()
def run(
    lines: Annotated[list[str] | None, typer.Argument(help="Lines to deliver; without, what a night would do.")] = None,
    way: Annotated[
        str | None, typer.Option(help="parquet, csv, excel, table or view; otherwise as deliveries.yaml says.")
    ] = None,
    bom: Annotated[bool, typer.Option(help="A csv begins with a byte order mark, for spreadsheets.")] = False,
    destination: Annotated[str, typer.Option(help="For a table: a destination of deliveries.yaml.")] = "",
) -> None:
    """Deliver lines now; or dispose of what has ended, bring the rest up to date, and probe. Exit code 1 where a line fails."""
    chosen = Way(way, bom, destination) if way else None
    if chosen is None and (bom or destination):
        raise ConfigurationError("--bom and --destination belong to a way", remedy="give --way too")
    if chosen is not None:
        chosen.check()
        if not lines:
            raise ConfigurationError("--way is for lines that are named", remedy="landbridge deliver run LINE --way …")
    with _work() as work:
        if not lines:
            done = night(work.connection, work.settings, work.city, work.as_of, work.recorded_at)
            for line, what in {**done.disposed, **done.delivered}.items():
                console.print(f"{line}: {what}", markup=False, soft_wrap=True)
            for trouble in done.troubles:
                errors.print(trouble, markup=False, soft_wrap=True)
            console.print(", ".join(done.counts) or "nothing to deliver", markup=False, soft_wrap=True)
            if not done.is_well:
                raise typer.Exit(1)
            return
        for line in lines:
            _print(work, deliver(work, line, chosen))


@app.command()
def read(
    line: Line,
    as_: Annotated[str, typer.Option("--as", help="The department that reads: the line's requester.")],
    person: Annotated[str, typer.Option(help="Who reads.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new file to write to.")],
) -> None:
    """Read a delivery as its requester; who read how many rows of which snapshot stands in the ledger."""
    with _work() as work:
        rows = reading.read(work, line, as_, person, output)
    console.print(f"{rows:,} rows: {output}", markup=False, soft_wrap=True)


@app.command()
def probe(lines: Annotated[list[str] | None, typer.Argument(help="Lines; all without.")] = None) -> None:
    """Open deliveries as their requesters would and record what was found; exit code 1 where one cannot be read."""
    with _work() as work:
        probes = probe_lines(work, lines or None)
    shown = table("line", "requester", "readable", "#rows", "why not")
    for found in probes:
        shown.add_row(
            found.grant.line_id, found.grant.requester, "yes" if found.ok else "no", f"{found.rows:,}", found.reason
        )
    console.print(shown)
    if not all(found.ok for found in probes):
        raise typer.Exit(1)


@app.command()
def show(line: Line) -> None:
    """Show one line: its grant, its state, what was delivered, with which masks, and the manifest; never a value."""
    with _work() as work:
        grant = work.grant(line)
        manifest = read_manifest(work, grant) or {}
        facts: dict[str, str] = {
            "line": grant.line_id, "request": grant.request_id, "requester": grant.requester, "resource": grant.resource,
            "state": STATES[grant.state], "fields": ", ".join(grant.fields), "row scope": grant.row_scope or "all",
            "unmasked": ", ".join(grant.unmasked) or "none", "valid to": str(grant.valid_to or ""),
            "folder": str(work.folder / grant.delivery_id) if grant.is_delivered else "nothing is delivered",
            **{name: str(manifest[name]) for name in ("way", "rows", "snapshot", "interval_end", "sha256") if name in manifest},
        }  # fmt: skip
    for name, value in facts.items():
        console.print(f"{name:14} {value}", markup=False, soft_wrap=True)
    for masked in manifest.get("masks", []):
        field, _, mask = str(masked).partition(": ")
        console.print(f"{'masked':14} {field}: {WORDS.get(mask, mask)}", markup=False, soft_wrap=True)


def _print(work: Work, outcome: Outcome) -> None:
    for line, what in outcome.done.items():
        console.print(f"{line}: {what}", markup=False, soft_wrap=True)
        masks = (read_manifest(work, work.grant(line)) or {}).get("masks", [])
        withheld = [str(m).partition(": ")[0] for m in masks if str(m).endswith(f": {WITHHELD}")]
        if withheld:
            errors.print(
                f"  withheld: {', '.join(withheld)} – no mask fits them, so they are empty; the provider may grant them unmasked",
                markup=False, soft_wrap=True,
            )  # fmt: skip


def _row(grant: Grant) -> tuple[str, ...]:
    delivered = grant.delivered if grant.is_delivered else None
    probed = {True: "ok", False: "failed", None: ""}[delivered.probe_ok if delivered else None]
    state = "in force" if grant.state == IN_FORCE else grant.state.replace("_", " ")
    last = (delivered.way, f"{delivered.rows:,}", str(delivered.snapshot)) if delivered else ("", "", "")
    return (grant.line_id, grant.requester, grant.resource, state, str(grant.valid_to or ""), *last, probed)


@contextmanager
def _work() -> Iterator[Work]:
    with opened_lake(read_only=False) as (place, connection):
        instant = now(place)
        yield Work(connection, place.settings, place.city, read_ways(place.city.folder), instant, instant)
