"""`landbridge explain <run>`: what one run took, judged and did, and which rows it refused."""

from __future__ import annotations

import json
from typing import Annotated

import duckdb
import typer

from cli.lake import opened_lake
from cli.terminal import coloured, console, table
from contracts.errors import ConfigurationError
from contracts.model import Resource
from warehouse.runs import RunRecord, runs_of

_SHOWN_ROWS = 20


def explain(run: Annotated[str, typer.Argument(help="Run id, or a resource for its newest run.")]) -> None:
    """Explain a run: accounts, every rule's outcome, and the rows in quarantine with their values masked."""
    with opened_lake() as (place, connection):
        record = _find(connection, run)
        _print_accounts(record)
        _print_rules(connection, record)
        _print_rows(connection, record, place.city.resources.get(f"{record.department}.{record.resource}"))


def _find(connection: duckdb.DuckDBPyConnection, run: str) -> RunRecord:
    found = runs_of(connection, "run_id = ? OR department || '.' || resource = ?", [run, run])
    if not found:
        raise ConfigurationError(f"no run or resource {run!r} is recorded", remedy="landbridge status lists them")
    return found[-1]


def _print_accounts(r: RunRecord) -> None:
    console.print(f"[bold]{r.department}.{r.resource}[/] run {r.run_id}, attempt {r.attempt}: {coloured(r.status)}")
    console.print(f"interval  {r.interval_start} – {r.interval_end}")
    parts = f"{r.accepted:,} accepted + {r.quarantined:,} quarantined + {r.replaced:,} replaced + {r.held:,} held"
    console.print(f"rows      {r.extracted:,} extracted = {parts}")
    console.print(
        f"          {r.deleted:,} deleted from the lake, {r.warnings:,} with warnings, {r.outside:,} outside the interval"
    )
    console.print(f"contract  {r.contract_version} ({r.contract_fingerprint[:12]})")
    if r.landing:
        console.print(f"landing   {r.landing} (sha256 {r.landing_sha256[:12]})")
    for name, text in (("error", r.error), ("message", r.message), ("remedy", r.remedy)):
        if text:
            console.print(f"{name:<9} {text}", markup=False, soft_wrap=True)


def _print_rules(connection: duckdb.DuckDBPyConnection, record: RunRecord) -> None:
    rows = connection.execute(
        "SELECT rule, severity, dimension, rows, failing, success, observed FROM ops.quality_results WHERE run_id = ? "
        "ORDER BY failing DESC, rule",
        [record.run_id],
    ).fetchall()
    if not rows:
        return
    made = table("rule", "severity", "dimension", "#rows", "#failing", "", title=f"{len(rows)} rules")
    for rule, severity, dimension, judged, failing, success, observed in rows:
        mark = "[green]ok[/]" if success else "[red]fails[/]" if severity == "error" else "[yellow]warns[/]"
        figure = f"{failing:,}" if observed is None else str(observed)
        made.add_row(rule, severity, dimension, f"{judged:,}", figure, mark)
    console.print(made)


def _print_rows(connection: duckdb.DuckDBPyConnection, record: RunRecord, resource: Resource | None) -> None:
    rows = connection.execute(
        "SELECT row_number, rules, original FROM quarantine.rows WHERE run_id = ? ORDER BY row_number", [record.run_id]
    ).fetchall()
    if not rows:
        return
    made = table("#row", "rules broken", "values, masked", title=f"{len(rows):,} rows of this run are in quarantine")
    for number, rules, original in rows[:_SHOWN_ROWS]:
        made.add_row(str(number), ", ".join(rules), _values(rules, json.loads(original), resource))
    console.print(made)
    console.print(
        f"whole rows: landbridge sql \"SELECT * FROM quarantine.rows WHERE run_id = '{record.run_id}'\"",
        markup=False,
        soft_wrap=True,
    )


def _values(rules: list[str], original: dict[str, object], resource: Resource | None) -> str:
    """The source's values of the columns that the rules are about."""
    if resource is None:
        return ""
    columns = {rule.column for rule in resource.rules if rule.id in rules and rule.column}
    fields = [f for f in resource.fields if f.name in columns]
    return ", ".join(f"{f.physical_name} = {_masked(original.get(f.physical_name))}" for f in fields)


def _masked(value: object) -> str:
    """Head and tail of a longer text: enough to find the row at its source, too little to know the person."""
    if value is None:
        return "(empty)"
    text = str(value)
    return text if len(text) <= 3 else f"{text[:3]}…{text[-1]}" if len(text) <= 8 else f"{text[:4]}…{text[-2:]}"
