"""`landbridge catalogue …`: read a whole city, report every mistake at once, list what it promises."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.terminal import console, table
from connectors.registry import check_settings, kinds
from contracts.check import check_city
from contracts.json_schema import contract_schema
from pipeline.models.check import check_city_models
from pipeline.scratch import write_atomically
from pipeline.workplace import Workplace
from sharing.scorecard import check_figures
from sharing.standards import dcat, national, odcs
from sharing.standards.described import Span, spans
from transforms.link.rules import check_link_rules
from transforms.unify import check_mappings
from warehouse.lake import open_lake_if_any

app = typer.Typer(no_args_is_help=True)


@app.command()
def check() -> None:
    """Report every mistake of the city's files with file, place and remedy; exit code 1 where there is any."""
    place = Workplace.open()
    city = place.city
    mistakes = sorted(
        {
            *check_city(city, kinds(), check_settings),
            *check_figures(city.folder, city),
            *check_mappings(city),
            *check_link_rules(city),
            *check_city_models(city)[1],
        }
    )
    for mistake in mistakes:
        console.print(str(mistake), markup=False, soft_wrap=True)
    systems = len(city.systems)
    console.print(
        f"{city.name}: {len(city.departments)} departments, {systems} systems that carry data, {len(city.resources)} resources, "
        f"{len(mistakes)} mistake{'' if len(mistakes) == 1 else 's'}"
    )
    if mistakes:
        raise typer.Exit(1)


@app.command("list")
def list_resources() -> None:
    """List the resources with connector, load mode, share type and owner."""
    city = Workplace.open().city
    made = table("resource", "label", "connector", "load", "share", "schedule", "owner")
    for r in city.resources.values():
        made.add_row(r.id, r.label, r.system.connector, r.load_mode, r.share_type, r.schedule, r.owner)
    console.print(made)


@app.command()
def schema(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; standard output without.")] = None,
) -> None:
    """Write the JSON schema of a contract, for editors that complete and check YAML."""
    text = json.dumps(contract_schema(), ensure_ascii=False, indent=2) + "\n"
    if file is None:
        console.print(text, markup=False, soft_wrap=True)
    else:
        file.write_text(text, encoding="utf-8")
        console.print(f"written: {file}")


class Standard(StrEnum):
    dcat = "dcat"
    national = "national"
    odcs = "odcs"


@app.command()
def export(
    standard: Annotated[
        Standard, typer.Option("--format", help="dcat (JSON-LD), national (the guide's fields), odcs.")
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="A file; for odcs a folder. A national file is CSV or, by its name, .json."
        ),
    ],
    base: Annotated[
        str, typer.Option(help="What DCAT ids begin with, such as https://data.example.gov.cn/; URNs without.")
    ] = "",
) -> None:
    """Write the catalogue in an open standard; resources whose contract has mistakes are left out and counted."""
    place = Workplace.open()
    city, known = place.city, _spans(place)
    if standard is Standard.dcat:
        write_atomically(output, _json(dcat.dcat(city, base, known)))
    elif standard is Standard.national:
        entries = national.national(city, known)
        write_atomically(output, _json(entries) if output.suffix == ".json" else national.national_csv(entries))
    else:
        for name, text in odcs.contracts(city):
            write_atomically(output / name, text)
    left_out = f"; {len(city.broken)} with mistakes left out" if city.broken else ""
    console.print(f"written: {output}, {len(city.resources)} resources{left_out}", soft_wrap=True)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _spans(place: Workplace) -> dict[str, Span]:
    connection = open_lake_if_any(place.settings, place.city.timezone.key)
    try:
        return spans(connection)
    finally:
        if connection is not None:
            connection.close()
