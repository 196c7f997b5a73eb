"""Makes the sample city's sources: three nights, each the state of every source system, and the truth about them."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pandas as pd

from cities.qingdao.generator import departments, faults
from cities.qingdao.generator.departments._changes import CLOCK
from cities.qingdao.generator.disagreements import Planter
from cities.qingdao.generator.injection import Injected, Injector, row_keys
from cities.qingdao.generator.islands import write_planted
from cities.qingdao.generator.truth import Truth
from cities.qingdao.generator.world import CITY_FOLDER, NIGHTS, World, build_world
from cities.qingdao.generator.writers import Night, open_night, source_path, write
from contracts.catalogue import City, load_city
from contracts.errors import ConfigurationError
from contracts.model import Resource

_MARKER = ".landbridge-sample.json"
Report = Callable[[str], None]


@dataclass(frozen=True)
class Made:
    """What was generated: rows of each night, and resources that no module provides or no contract describes."""

    rows: dict[int, int]
    without_table: tuple[str, ...]
    without_contract: tuple[str, ...]


@dataclass(frozen=True)
class Account:
    """What goes through the nights with the tables: planted disagreements, faults, and the truth of both."""

    planter: Planter
    injector: Injector
    truth: Truth


def make_sources(out: Path, scale: float, seed: int, night: int, report: Report) -> Made:
    """Generate all nights below `out` and point `current` at one; an earlier sample there is replaced.

    Raises ConfigurationError where `out` holds something that is no sample of ours.
    """
    _check_own(out)
    fresh = out / ".making"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    (out / _MARKER).write_text(json.dumps({"seed": seed, "scale": scale}) + "\n", encoding="utf-8")
    city = load_city(CITY_FOLDER)
    world = build_world(seed, scale)
    report(f"world: {len(world.people):,} people, {len(world.firms):,} firms")
    account = Account(Planter(world), Injector(world), Truth(world))
    rows, provided = dict.fromkeys(NIGHTS, 0), set[str]()
    with ExitStack() as nights:
        places = {
            n: nights.enter_context(open_night(fresh / f"night-{n}", world.night_start(n).date())) for n in NIGHTS
        }
        for module in _modules():
            # one subject after the other through all nights, so that only its tables lie in memory
            mine = set[str]()
            for number, place in places.items():
                tables: dict[str, pd.DataFrame] = module.tables(world, number)
                mine |= tables.keys()
                links = module.links(world, number) if hasattr(module, "links") else {}
                for id in sorted(tables.keys() & city.resources.keys()):
                    rows[number] += _make_table(place, city.resources[id], number, tables[id], links.get(id), account)
            if twice := provided & mine:
                raise ConfigurationError(f"{min(twice)} comes from two modules, the second is {module.__name__}")
            provided |= mine
            _forget(module)
            report(f"{module.__name__.rpartition('.')[2]}: {', '.join(sorted(mine))}")
    for number in NIGHTS:
        _keep_earlier_files(city, world, number, fresh)
        clock = (world.night_end(number) + CLOCK).isoformat()
        (fresh / f"night-{number}" / "clock").write_text(clock + "\n", encoding="utf-8")
        report(f"night {number}: {rows[number]:,} rows")
    account.truth.write(fresh / "truth")
    write_planted(world, fresh / "truth")
    _publish(fresh, out)
    switch(out, night)
    return Made(rows, tuple(sorted(city.resources.keys() - provided)), tuple(sorted(provided - city.resources.keys())))


def tables_of(world: World, night: int) -> dict[str, pd.DataFrame]:
    """The clean tables of all departments at that night."""
    found: dict[str, pd.DataFrame] = {}
    for module in _modules():
        found.update(module.tables(world, night))
    return dict(sorted(found.items()))


def _modules() -> list[ModuleType]:
    """The modules of the departments, by name."""
    names = [module.name for module in pkgutil.iter_modules(departments.__path__) if not module.name.startswith("_")]
    return [importlib.import_module(f"{departments.__name__}.{name}") for name in sorted(names)]


def _forget(module: ModuleType) -> None:
    """Free the tables a module keeps from night to night."""
    for value in vars(module).values():
        if hasattr(value, "cache_clear") and value.__module__ == module.__name__:
            value.cache_clear()


def switch(out: Path, night: int) -> None:
    """Point `current` at the night's sources, in one step; ConfigurationError where there is no such night."""
    if not (out / f"night-{night}").is_dir():
        raise ConfigurationError(
            f"no night {night} below {out}", remedy=f"generate first: python -m cities.qingdao.generator --out {out}"
        )
    link = out / f".current-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(f"night-{night}")
    link.replace(out / "current")


def _make_table(
    place: Night, resource: Resource, night: int, table: pd.DataFrame, links: pd.DataFrame | None, account: Account
) -> int:
    """Put disagreements and faults in, write the table and note the truth about it; returns its rows."""
    if missing := [f.physical_name for f in resource.fields if f.physical_name not in table.columns]:
        raise ConfigurationError(f"the generated table of {resource.id} lacks {', '.join(missing)}")
    if links is not None:
        links = links.set_axis(row_keys(resource, table), axis=0)
    injected = account.injector.inject(resource, night, account.planter.plant(resource, night, table))
    account.truth.observe(resource, night, injected, links)
    path = write(place, resource, _as_delivered(resource, injected))
    if injected.source_fault and injected.source_fault.kind == "truncated_file":
        faults.cut(path)
    if injected.source_fault and injected.source_fault.kind == "department_down":
        (place.folder / resource.department / "DOWN").touch()
    return len(injected.rows)


def _as_delivered(resource: Resource, injected: Injected) -> pd.DataFrame:
    fault = injected.source_fault
    if fault is None or not fault.column:
        return injected.rows
    if fault.kind == "removed_column":
        return injected.rows.drop(columns=fault.column)
    return injected.rows.assign(**{fault.column: "0"})


def _keep_earlier_files(city: City, world: World, night: int, fresh: Path) -> None:
    """A folder with a file a day still holds those of the days before."""
    for resource in city.resources.values():
        for past in range(1, night):
            if not resource.files_by_date:
                continue
            day = world.night_start(past).date()
            earlier = source_path(fresh / f"night-{past}", resource, day)
            if earlier.exists():
                os.link(earlier, source_path(fresh / f"night-{night}", resource, day))


def _check_own(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise ConfigurationError(f"{out} is no folder", remedy="give --out a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / _MARKER).is_file():
        raise ConfigurationError(f"{out} holds files that are no sample of ours", remedy="give --out an empty folder")


def _publish(fresh: Path, out: Path) -> None:
    for made in sorted(fresh.iterdir()):
        shutil.rmtree(out / made.name, ignore_errors=True)
        made.rename(out / made.name)
    fresh.rmdir()
