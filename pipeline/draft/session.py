"""One call of `landbridge draft`: which tables, their names, each one's draft, what refers to what – and the files that come of it."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from connectors.protocol import Connector, SourceTable
from connectors.registry import open_connector
from connectors.settings import resolve
from contracts.catalogue import City
from contracts.errors import ConfigurationError, InternalError, LandbridgeError
from contracts.mistakes import Mistakes, did_you_mean
from contracts.reader import read_contract
from pipeline.draft.city_files import free_codes
from pipeline.draft.code_lists import read_code_lists
from pipeline.draft.connection import Source
from pipeline.draft.contract_file import code_list_text, contract_text
from pipeline.draft.model import Draft
from pipeline.draft.names import resource_name, table_stem, told_apart
from pipeline.draft.references import suggest_references
from pipeline.draft.resource import Studio, draft_resource
from pipeline.workplace import Workplace
from warehouse.engine import open_engine

_SHOWN = 12


@dataclass
class Outcome:
    """`files`: name below the city folder → text. `skipped`: table → why there is no draft of it."""

    drafts: list[Draft] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def draft_source(
    place: Workplace, source: Source, *, table: str | None, every: bool, settings: Mapping[str, Any], limit: int | None, folder: Path,
    observed_at: datetime, progress: Callable[[str], None] = lambda name: None,
) -> Outcome:  # fmt: skip
    """Draft what was asked for. A table that cannot be read is skipped with its reason where all were asked for; otherwise its error is raised."""
    environ = {**place.settings.source_environment, **source.secrets}
    outcome = Outcome()
    try:
        connector = open_connector(source.system, environ)
        tables = _chosen(connector, source, table, every, settings)
        with _studio(place, limit, observed_at) as studio:
            for chosen, name, label in _named(place.city, source, tables, outcome):
                if (folder / _contract_file(source, name)).exists():
                    outcome.skipped[chosen.physical_name] = (
                        f"{_contract_file(source, name)} exists and is left as it is"
                    )
                    continue
                progress(chosen.physical_name)
                try:
                    newest = newest_date(source, chosen, environ)
                    outcome.drafts.append(
                        draft_resource(
                            studio, connector, source.system, chosen, source.system.department, name, label, newest
                        )
                    )
                except LandbridgeError as error:
                    if not every:
                        raise
                    outcome.skipped[chosen.physical_name] = source.without_secrets(str(error))
            suggest_references(studio.engine, outcome.drafts, {d.id: studio.standardised(d.id) for d in outcome.drafts})
    except LandbridgeError as error:
        error.what, error.where, error.remedy = map(source.without_secrets, (error.what, error.where, error.remedy))
        raise
    codes = iter(free_codes(place.city))
    for draft in outcome.drafts:
        text = contract_text(draft, next(codes))
        _check_readable(text, draft)
        outcome.files[_contract_file(source, draft.name)] = text
        outcome.files.update({f"code_lists/{n}.csv": code_list_text(values) for n, values in draft.code_lists.items()})
    return outcome


def _contract_file(source: Source, name: str) -> str:
    return f"contracts/{source.system.department}/{name}.yaml"


@contextmanager
def _studio(place: Workplace, limit: int | None, observed_at: datetime) -> Iterator[Studio]:
    place.home.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="draft-", dir=place.home))
    engine = open_engine(place.settings, place.city.timezone.key)
    try:
        yield Studio(engine, place.city, read_code_lists(place.city.code_lists), scratch, limit, observed_at)
    finally:
        engine.close()
        shutil.rmtree(scratch, ignore_errors=True)


def _chosen(
    connector: Connector, source: Source, table: str | None, every: bool, settings: Mapping[str, Any]
) -> list[SourceTable]:
    """The tables asked for, with the settings given on the command line; all that the source lists, or the one that is named."""
    wanted = table or source.only
    try:
        listed = list(connector.resources())
    except ConfigurationError:
        if wanted is None:
            raise
        listed = [SourceTable(wanted)]  # an interface cannot list itself
    if wanted is not None:
        chosen = [t for t in listed if t.physical_name == wanted] or [t for t in listed if _is_meant(t, wanted)]
        if not chosen:
            raise ConfigurationError(
                f"the source has no table {wanted!r}", where=source.system.id, remedy=did_you_mean(wanted, [t.physical_name for t in listed][:_SHOWN])
            )  # fmt: skip
        listed = chosen[:1]
    elif not every and len(listed) != 1:
        names = ", ".join(t.physical_name for t in listed[:_SHOWN]) + (" …" if len(listed) > _SHOWN else "")
        raise ConfigurationError(
            f"the source holds {len(listed)} tables: {names or 'none'}", where=source.system.id, remedy="--table one of them, or --all"
        )  # fmt: skip
    return [replace(t, source={**t.source, **settings}) for t in listed]


def _is_meant(table: SourceTable, wanted: str) -> bool:
    qualified = f"{table.source['schema']}.{table.physical_name}" if "schema" in table.source else table.physical_name
    pattern = table.physical_name.replace("{date}", "[0-9]" * 8)
    return wanted.lower() in (table.physical_name.lower(), qualified.lower()) or fnmatch(wanted, pattern)


def _named(
    city: City, source: Source, tables: list[SourceTable], outcome: Outcome
) -> Iterator[tuple[SourceTable, str, str]]:
    """Each table that no contract loads yet, with a resource's name and a label that nothing else in the department has."""
    department = source.system.department
    loaded = {(r.system.id, r.physical_name): r for r in city.resources.values()}
    new = []
    for table in tables:
        if (held := loaded.get((source.system.id, table.physical_name))) is not None:
            outcome.skipped[table.physical_name] = f"{held.id} loads it already"
        else:
            new.append(table)
    names = told_apart(resource_name(t.physical_name) for t in new)
    others = {_bare(r.label) for r in city.resources_of(department)} | {
        _bare(source.system.name.en),
        _bare(source.system.name.zh),
    }
    for table, name in zip(new, names, strict=True):
        remark = table.comments.get("", "")
        label = remark if 0 < len(remark) <= 30 else table_stem(table.physical_name)
        if not _bare(label) or _bare(label) in others:
            label = f"{label} ({name})" if _bare(f"{label}{name}") not in others else f"{label} ({department} {name})"
        others.add(_bare(label))
        yield table, name, label


def _bare(label: str) -> str:
    return re.sub(r"[\W_]", "", label).lower()


def newest_date(source: Source, table: SourceTable, environ: Mapping[str, str]) -> date | None:
    """Date of the newest local file of a pattern with `{date}`; None where all files are to be read together."""
    root = source.system.connection.get("root")
    if "{date}" not in table.physical_name or not isinstance(root, str) or "://" in root:
        return None
    before, _, after = table.physical_name.partition("{date}")
    dates = []
    for path in Path(resolve(root, environ)).glob(f"{before}{'[0-9]' * 8}{after.replace('{date}', '[0-9]' * 8)}"):
        digits = re.findall(r"[0-9]{8}", str(path.relative_to(resolve(root, environ)))[len(before) :])
        if digits:
            dates.append(digits[0])
    try:
        return datetime.strptime(max(dates), "%Y%m%d").date() if dates else None
    except ValueError:
        return None


def _check_readable(text: str, draft: Draft) -> None:
    """The contract is read back as the platform will read it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / draft.department / f"{draft.name}.yaml"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        mistakes = Mistakes(path.name)
        read_contract(path, {draft.system.id: draft.system}, "0 2 * * *", mistakes)
    if mistakes.found:
        raise InternalError(
            f"the draft is no contract: {mistakes.found[0]}",
            where=draft.id,
            remedy="report this with the table's column names",
        )
