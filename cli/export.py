"""`landbridge export`: a table or a query of the lake as Parquet, CSV or Excel, masked by classification."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.instants import end_of, read_day, read_instant
from cli.terminal import console, now
from contracts.errors import ConfigurationError
from contracts.quoting import ident
from pipeline.export import export_rows
from pipeline.export.record import Taker
from pipeline.workplace import Workplace


def export(
    table: Annotated[str | None, typer.Argument(help="A table, such as mart.firm.")] = None,
    to: Annotated[Path, typer.Option(help="File to write: .parquet, .csv or .xlsx.")] = Path(),
    sql: Annotated[Path | None, typer.Option(help="A file that holds one SELECT.")] = None,
    query: Annotated[str | None, typer.Option(help="One SELECT.")] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="The lake before any load of a later night: a local day, YYYY-MM-DD, or an instant with its zone."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Write over a file that is there.")] = False,
    unmasked: Annotated[
        bool,
        typer.Option(
            "--unmasked",
            help="As it stands in the lake; needs the right to write to the lake, and is recorded in ops.exports.",
        ),
    ] = False,
    person: Annotated[str, typer.Option(help="Who takes unmasked data.")] = "",
    purpose: Annotated[str, typer.Option(help="What unmasked data is taken for.")] = "",
) -> None:
    """Write a table or the rows of one SELECT to a file, masked by the contracts' classification."""
    place = Workplace.open()
    if to == Path():
        raise ConfigurationError("no file is named", remedy="--to FILE.parquet, FILE.csv or FILE.xlsx")
    instant = None
    if as_of is not None:
        instant = end_of(place, read_day(as_of)) if len(as_of) == len("2020-05-05") else read_instant(as_of)
    if not unmasked and (person or purpose):
        raise ConfigurationError("--person and --purpose belong to --unmasked", remedy="leave them out")
    taker = Taker(person, purpose) if unmasked else None
    done = export_rows(
        place, _query(table, sql, query), to, now(place), as_of=instant, overwrite=overwrite, taker=taker
    )
    console.print(
        f"{done.file}: {done.rows:,} rows from {', '.join(done.tables) or 'no table'}", markup=False, soft_wrap=True
    )
    for line in done.masked:
        console.print(f"  masked  {line}", markup=False, soft_wrap=True)
    if done.withheld_for_want_of_a_key:
        console.print(
            "  LANDBRIDGE_SECRET_PSEUDONYM is not set: ids of persons are empty, and nothing can be joined by them",
            style="yellow",
            markup=False,
        )


def _query(table: str | None, file: Path | None, query: str | None) -> str:
    """The SELECT that was asked for in one of three ways."""
    if [table, file, query].count(None) != 2:
        raise ConfigurationError(
            "name one of: a table, --sql FILE, --query SELECT", remedy="landbridge export mart.firm --to firms.csv"
        )
    if table is not None:
        schema, dot, name = table.partition(".")
        if not dot:
            raise ConfigurationError(f"{table!r} is no table", remedy="schema.table, such as mart.firm")
        return f"SELECT * FROM {ident(schema, name)}"
    if file is not None:
        try:
            query = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ConfigurationError("the file is no UTF-8", where=str(file), remedy="save it as UTF-8") from None
    return (query or "").strip().rstrip(";")
