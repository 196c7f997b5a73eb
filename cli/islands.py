"""`landbridge islands …`: what is still an information island, who has to act, and what to do."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from cli.instants import read_day
from cli.lake import opened_lake
from cli.terminal import console, table
from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from pipeline.scratch import write_atomically
from pipeline.workplace import Workplace
from sharing.formulas import defused
from sharing.islands.kinds import KINDS
from sharing.islands.read import Island, episodes, nights_looked, open_islands
from sharing.islands.registers import not_looked_for
from sharing.islands.rules import read_island_rules

app = typer.Typer(invoke_without_command=True)

AsOf = Annotated[str | None, typer.Option(help="As they stood at the end of a local day, YYYY-MM-DD; the newest without.")]  # fmt: skip


@app.callback()
def islands(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option(help=f"One kind: {', '.join(KINDS)}.")] = None,
    department: Annotated[str | None, typer.Option(help="Those one department has to act on.")] = None,
    as_of: AsOf = None,
    file: Annotated[Path | None, typer.Option("--csv", help="Write them to a CSV file as well.")] = None,
) -> None:
    """List the open islands by the department that has to act, those that touch most requests first; every night looks for them anew."""
    if context.invoked_subcommand is not None:
        return
    if kind is not None and kind not in KINDS:
        raise ConfigurationError(f"no kind {kind!r}", remedy=did_you_mean(kind, KINDS))
    with opened_lake() as (place, connection):
        if department:
            place.city.department(department)
        day = _day(connection, as_of)
        found = open_islands(connection, day, kind, department)
        _print(place.city, found, day)
        _say_what_was_not_looked_for(place, connection, kind)
    if file is not None:
        _write_csv(file, found)


@app.command()
def show(island: Annotated[str, typer.Argument(help="An island's id: kind:subject.")]) -> None:
    """Print an island's evidence, the query that shows the same, its remedy and the law, for each time it was found."""
    with opened_lake() as (place, connection):
        found = episodes(connection, island)
    if not found:
        raise ConfigurationError(f"no island {island!r} was ever found", remedy="landbridge islands lists them")
    for episode in found:
        _print_one(place.city, episode)


def _day(connection: duckdb.DuckDBPyConnection, as_of: str | None) -> date:
    known = nights_looked(connection)
    if not known:
        raise ConfigurationError("islands were not looked for yet", remedy="landbridge run, which ends with them")
    return read_day(as_of) if as_of else known[-1]


def _print(city: City, found: list[Island], day: date) -> None:
    owner = None
    for island in found:
        if island.owner != owner:
            owner = island.owner
            name = city.departments[owner].name if owner in city.departments else owner
            mine = [other for other in found if other.owner == owner]
            shown = table("island", "name", "#requests", "found", title=f"{name} ({len(mine)})")
            for other in mine:
                shown.add_row(other.island_id, other.name, f"{other.requests:,}", f"{other.found_on}")
            console.print(shown)
            for code in dict.fromkeys(other.kind for other in mine):
                kind = KINDS[code]
                law = next((other.law for other in mine if other.kind == code and other.law), "")
                console.print(
                    f"  {kind.label}: {kind.remedy}{f' [{law}]' if law else ''}", markup=False, soft_wrap=True
                )
    console.print(f"{day}: 信息孤岛 {len(found)} open islands", markup=False)
    for code, kind in KINDS.items():
        if count := sum(island.kind == code for island in found):
            console.print(f"  {count:>5}  {code}  {kind.label}", markup=False, soft_wrap=True)


def _say_what_was_not_looked_for(place: Workplace, connection: duckdb.DuckDBPyConnection, kind: str | None) -> None:
    loaded = {f"{d}.{r}" for d, r in connection.execute("SELECT DISTINCT department, resource FROM ops.runs WHERE status = 'loaded'").fetchall()}  # fmt: skip
    for code, (of, why) in not_looked_for(place.city, loaded).items():
        if kind in (None, code):
            console.print(f"  not looked for: {of.label}: {why}", style="yellow", markup=False, soft_wrap=True)
    for paper, id in read_island_rules(place.city).unknown_papers(place.city).items():
        if kind in (None, "papers_again"):
            text = f"  not looked for: {paper}: policy.yaml says it is held in {id}, which is no resource"
            console.print(text, style="yellow", markup=False, soft_wrap=True)


def _print_one(city: City, island: Island) -> None:
    kind = KINDS[island.kind]
    owner = city.departments[island.owner].name if island.owner in city.departments else island.owner
    state = f"closed {island.closed_on}" if island.closed_on else f"open, last seen {island.last_seen_on}"
    told = [
        f"{island.island_id}  {island.name}",
        f"  what      {kind.label}",
        f"  who acts  {owner}",
        f"  found     {island.found_on}; {state}",
        f"  requests  {island.requests:,}",
        *(f"  {name:<24}{value}" for name, value in json.loads(island.evidence).items()),
        f"  check     {island.check_sql}",
        f"  to do     {island.remedy_zh} {island.remedy_en}",
        f"  law       {island.law or '– (none named by the policy for that day)'}",
    ]
    for line in told:
        console.print(line, markup=False, soft_wrap=True)


def _write_csv(file: Path, found: list[Island]) -> None:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = list(Island.__dataclass_fields__)
    writer.writerow(names)
    for island in found:
        writer.writerow([defused(value) for value in asdict(island).values()])
    write_atomically(file, text.getvalue())
    console.print(f"{len(found)} islands: {file}", markup=False, soft_wrap=True)
