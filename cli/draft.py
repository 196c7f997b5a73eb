"""`landbridge draft`: a source's tables measured and written down as contracts, ready to be read, corrected and run."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.markup import escape

from cli.terminal import console, errors, now, table
from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from contracts.settings import Settings
from pipeline.draft.city_files import appended, city_skeleton, department_entry, system_entry, write_new
from pipeline.draft.connection import Source, find_source
from pipeline.draft.model import Draft, DraftField, DraftRule
from pipeline.draft.session import Outcome, draft_source
from pipeline.scratch import write_atomically
from pipeline.workplace import Workplace

_ROWS = 1_000_000
_LISTED = 40
_FIGURES = re.compile(r" in [0-9.]+% of [0-9,]+ values")
_WORTH_A_LOOK = ("kept as text", "go to quarantine", "it only warns", "empty in all")


def draft(
    connection: Annotated[str, typer.Argument(help="A system of systems.yaml, a folder or file, or an address.")],
    table: Annotated[str | None, typer.Option(help="The table, file pattern or path to draft.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Draft all tables, and what refers to what.")] = False,
    department: Annotated[str | None, typer.Option(help="Whose source it is.")] = None,
    kind: Annotated[str | None, typer.Option(help="Connector kind, where it cannot be told.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write to; the city's without.")] = None,
    rows: Annotated[int, typer.Option(help="Rows of a table to measure at most; 0 for all.", min=0)] = _ROWS,
    setting: Annotated[
        list[str] | None, typer.Option(help="A setting of the connection, NAME=VALUE; may be repeated.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="A setting of `source`, NAME=VALUE; may be repeated.")
    ] = None,
    new_city: Annotated[
        str | None, typer.Option(help="Name of a city to begin in the empty folder LANDBRIDGE_CITY.")
    ] = None,
    new_department: Annotated[bool, typer.Option(help="Add the department where the city does not know it.")] = False,
) -> None:
    """Measure a source and write contracts for its tables; nothing that exists is overwritten.

    A secret in the address or a setting is written as ${NAME}, never itself. Exit code 1 where nothing was drafted.
    """
    begun = _begin_city(new_city, department) if new_city is not None else []
    outcome = Outcome()
    try:
        place = Workplace.open()
        is_new_department = _is_new(place, department, new_department)
        found = find_source(
            connection, place.city, department=department, kind=kind, settings=_settings(setting), sources=place.settings.sources
        )  # fmt: skip
        folder = (out or place.city.folder).absolute()
        with console.status("reading …") as status:
            outcome = draft_source(
                place, found, table=table, every=every, settings=_settings(source), limit=rows or None, folder=folder, observed_at=now(place),
                progress=lambda name: status.update(f"reading {escape(name)} …"),
            )  # fmt: skip
        written = write_new(folder, outcome.files) if outcome.files else []
    finally:
        if not outcome.drafts:
            _take_back(begun)
    if outcome.drafts and is_new_department:
        written.append(_add(folder / "departments.yaml", department_entry(found.system.department)))
    if outcome.drafts and found.is_new:
        written.append(_add(folder / "systems.yaml", system_entry(found.system)))
    _report(outcome, found, written, folder)
    if not outcome.drafts:
        raise typer.Exit(1)


def _begin_city(name: str, department: str | None) -> list[Path]:
    settings = Settings.from_environment()
    if settings.city.exists() and any(settings.city.iterdir()):
        raise ConfigurationError(
            "the city's folder is not empty, nothing was written", where=str(settings.city), remedy="leave --new-city out, or set LANDBRIDGE_CITY to a new folder"
        )  # fmt: skip
    today = settings.observed_at(datetime.now(UTC)).date()
    return write_new(settings.city, city_skeleton(name, department, today))


def _take_back(begun: list[Path]) -> None:
    """A city whose first source could not be drafted was not begun: the same command can be given again."""
    for path in begun:
        path.unlink()


def _is_new(place: Workplace, department: str | None, may_be: bool) -> bool:
    if department is None or department in place.city.departments:
        return False
    if not may_be:
        raise ConfigurationError(
            f"unknown department {department!r}", remedy=f"{did_you_mean(department, place.city.departments)} – or --new-department"
        )  # fmt: skip
    return True


def _add(path: Path, entry: str) -> Path:
    write_atomically(path, appended(path, entry))
    return path


def _settings(given: list[str] | None) -> dict[str, Any]:
    """NAME=VALUE as YAML reads the value; a dotted NAME goes into a mapping."""
    found: dict[str, Any] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            # a setting may be a secret: only its name is repeated
            raise ConfigurationError(f"the setting {name.split(':')[0][:20]!r} has no value", remedy="write NAME=VALUE")
        inner = found
        *parents, last = name.split(".")
        for parent in parents:
            inner = inner.setdefault(parent, {})
        try:
            inner[last] = yaml.safe_load(value)
        except yaml.YAMLError:
            inner[last] = value
        if inner[last] is None or not isinstance(inner[last], str | int | float | bool | list | dict):
            inner[last] = value
    return found


def _report(outcome: Outcome, source: Source, written: list[Path], folder: Path) -> None:
    for made in outcome.drafts:
        _print_draft(made)
    for name, why in outcome.skipped.items():
        console.print(f"not drafted: {name}: {why}", markup=False, soft_wrap=True)
    if source.is_new and source.secrets and outcome.drafts:
        console.print(f"set in the environment before a run: {', '.join(source.secrets)}", markup=False, soft_wrap=True)
    if written:
        console.print(f"written below {folder}:", markup=False, soft_wrap=True)
        for path in written:
            console.print(f"  {path.relative_to(folder)}", markup=False, soft_wrap=True)
        first = outcome.drafts[0].id
        console.print(
            f"next: landbridge catalogue check, landbridge check {first}, landbridge run {first}",
            markup=False,
            soft_wrap=True,
        )
    else:
        errors.print("nothing was written")


def _print_draft(made: Draft) -> None:
    count = f"{made.rows:,} rows" + ("" if made.is_whole else " read, the source holds more")
    malformed = f", {made.malformed:,} lines that are no records" if made.malformed else ""
    shown = table("field", "at the source", "type", "meaning", "class", "rules", "#rows that break one", title=None)
    for field in made.fields[:_LISTED]:
        marks = "".join(
            (" key" if field.primary_key else "", " required" if field.required and not field.primary_key else "")
        )
        type = field.physical_type or field.logical_type
        shown.add_row(
            f"{field.name}", escape(field.physical_name), f"{type}{marks}", field.semantic_type or "", field.classification,
            ", ".join(_short(rule, made.code_lists) for rule in field.rules), _broken(field),
        )  # fmt: skip
    console.print(
        f"\n[bold]{made.id}[/]  {escape(made.label)} ({escape(made.table.physical_name)}): {count}{malformed}",
        soft_wrap=True,
    )
    console.print(shown)
    if len(made.fields) > _LISTED:
        console.print(f"… and {len(made.fields) - _LISTED} more fields")
    lines = [
        ("load", f"{made.load_mode}: {made.load_reason}"),
        ("key", f"{', '.join(made.key) or 'none'}: {made.key_note}"),
    ]
    lines += [("rule", f"{r.name}: {r.failing:,} of {r.judged:,} rows break it") for r in made.rules]
    lines += [("left out", f"{name}: {why}") for name, why in made.ignored.items()]
    lines += [("look at", note) for note in _worth_a_look(made)]
    for name, text in lines:
        console.print(f"  {name:<9} {text}", markup=False, soft_wrap=True)


def _worth_a_look(made: Draft) -> list[str]:
    """Open points, and the fields' notes of which a person should know, those that say the same told together."""
    told: dict[str, list[tuple[str, str]]] = {}
    for field in made.fields:
        for note in field.notes:
            if any(word in note for word in _WORTH_A_LOOK):
                told.setdefault(re.sub(r"[0-9][0-9.,]*", "#", note), []).append((field.name, note))
    notes = [
        f"{', '.join(name for name, _ in same)}: {same[0][1] if len(same) == 1 else _FIGURES.sub('', same[0][1])}"
        for same in told.values()
    ]
    return [
        *made.open_points,
        *notes,
        "owner, purpose, resource code, share type and cycle stand as placeholders (TODO)",
    ]


def _short(rule: DraftRule, new_lists: Collection[str]) -> str:
    word = rule.type.removeprefix("expect_column_values_to_").removeprefix("be_").removeprefix("match_")
    if "resource" in rule.kwargs:
        return f"in {rule.kwargs['resource']}"
    if "code_list" in rule.kwargs:
        return "code list, new" if rule.kwargs["code_list"] in new_lists else f"code list {rule.kwargs['code_list']}"
    return word


def _broken(field: DraftField) -> str:
    broken = max((rule.failing for rule in field.rules), default=0)
    return f"{broken:,}" if broken else ""
