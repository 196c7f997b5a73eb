"""`landbridge sql` and `landbridge shell`: the analyst's door, read-only, usable while loads run."""

from __future__ import annotations

import sys
from typing import Annotated

import duckdb
import typer

from cli.terminal import console, errors
from contracts.errors import ConfigurationError
from warehouse import connect


def sql(
    query: Annotated[str, typer.Argument(help="One or more SQL statements; the last one's rows are shown.")],
    form: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "table",
) -> None:
    """Query the lake. `lake` is the catalogue in use: write `department.resource`; older states: `… AT (TIMESTAMP => …)`."""
    if form not in ("table", "csv", "json"):
        raise ConfigurationError(f"unknown format {form!r}", remedy="table, csv or json")
    connection = connect()
    try:
        result = _query(connection, query)
        if result is None:
            return
        if form == "table":
            console.print(result, markup=False, soft_wrap=True)
        elif form == "csv":
            result.df().to_csv(sys.stdout, index=False)
        else:
            result.df().to_json(sys.stdout, orient="records", lines=True, force_ascii=False, date_format="iso")
    except duckdb.Error as error:
        raise ConfigurationError(_first_lines(error), remedy="tables: landbridge sql 'SHOW ALL TABLES'") from error
    finally:
        connection.close()


def shell() -> None:
    """Query the lake interactively: end a statement with a semicolon, leave with .quit or end-of-file."""
    try:
        import readline  # noqa: F401  (gives input() history and editing where the platform has it)
    except ImportError:
        errors.print("no line editing on this platform")
    connection = connect()
    console.print("The lake, read-only. End a statement with ; – SHOW ALL TABLES; lists them, .quit leaves.")
    try:
        while (statement := _statement()) is not None:
            try:
                result = _query(connection, statement)
                if result is not None:
                    console.print(result, markup=False, soft_wrap=True)
            except duckdb.Error as error:
                errors.print(_first_lines(error), style="red", markup=False)
    finally:
        connection.close()


def _query(connection: duckdb.DuckDBPyConnection, text: str) -> duckdb.DuckDBPyRelation | None:
    """The last statement's rows; None where it gives none, which the package's own types do not say."""
    return connection.sql(text)


def _statement() -> str | None:
    """One statement from the terminal, over as many lines as it takes; None at the end."""
    lines: list[str] = []
    while not "\n".join(lines).rstrip().endswith(";"):
        try:
            line = input("lake> " if not lines else "  ... ")
        except (EOFError, KeyboardInterrupt):
            console.print()
            return None
        if not lines and line.strip() in (".quit", ".exit"):
            return None
        if line.strip() or lines:
            lines.append(line)
    return "\n".join(lines)


def _first_lines(error: duckdb.Error) -> str:
    return "\n".join(str(error).splitlines()[:6])
