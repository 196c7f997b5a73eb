"""Which tasks the DAG `unify` has: records, link where the city links, due, one a model in the order of their inputs, and unified.

Told from the city's files alone: no SQL is parsed, no engine imported. Imports no Airflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contracts.catalogue import City, load_city
from contracts.errors import ConfigurationError
from dags.building.plan import UNIFIED, resource_ids
from transforms.models import Model, in_order, read_folder, read_models
from transforms.unify import Mappings, entity_models, read_mappings

FOLDER, MAPPINGS = "models", "unified.yaml"
RECORDS, LINK, DUE, MODELS = "records", "link", "due", "models"


@dataclass(frozen=True)
class ModelTask:
    """A model, and the models it reads."""

    model: Model
    after: tuple[str, ...]


@dataclass(frozen=True)
class UnifyPlan:
    """`feeding` are the resources any of it reads, `recorded` those whose records are kept. Without `models` their files hold a mistake, which one task
    `models` has to tell.
    """

    feeding: tuple[str, ...]
    recorded: tuple[str, ...]
    links: bool
    models: tuple[ModelTask, ...] | None

    @property
    def last(self) -> tuple[str, ...]:
        """The tasks of which `unified` is the outcome: models that no other reads; without models what comes before them."""
        if self.models is None:
            return (MODELS,)
        waited_for = {name for task in self.models for name in task.after}
        return tuple(t.model.name for t in self.models if t.model.name not in waited_for) or (DUE,)

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """Each task with one that comes right before it; `due` comes before every model and before `unified`, which therefore run where it ran."""
        chain = [RECORDS, *([LINK] if self.links else []), MODELS if self.models is None else DUE]
        found = list(zip(chain[1:], chain, strict=False))
        found += [(task.model.name, before) for task in self.models or () for before in (DUE, *task.after)]
        return tuple(found + [(UNIFIED, before) for before in dict.fromkeys((chain[-1], *self.last))])

    @property
    def after_records(self) -> tuple[str, ...]:
        """Every task but the first, in order."""
        return tuple(dict.fromkeys(task for task, _ in self.edges))


def unify_plan(folder: Path) -> UnifyPlan | None:
    """What the city's folder says; None where it unifies nothing and has no model."""
    if not unifies(folder):
        return None
    city = load_city(folder)
    try:
        mappings = read_mappings(city)
        models = in_order([*entity_models(mappings), *read_models(folder / FOLDER)])
    except ConfigurationError:
        named = _named(folder, read_folder(folder / FOLDER)[0])
        return UnifyPlan(named, named, False, None)
    links = any(entity.link for entity in mappings.entities)
    names = {m.name for m in models}
    tasks = tuple(ModelTask(m, tuple(sorted(i.name for i in m.inputs if i.name in names))) for m in models)
    return UnifyPlan(_feeding(city, mappings, models), tuple(sorted(mappings.resources)), links, tasks)


def unifies(folder: Path) -> bool:
    """Whether the city has mappings or models at all, from the folder's listing."""
    return (folder / MAPPINGS).is_file() or any((folder / FOLDER).glob("*/*.sql"))


def _feeding(city: City, mappings: Mappings, models: list[Model]) -> tuple[str, ...]:
    read = {*mappings.resources, *(i.name for m in models for i in m.inputs)}
    return tuple(id for id in resource_ids(city.folder) if id in read)


def _named(folder: Path, models: list[Model]) -> tuple[str, ...]:
    """Resources whose names stand in the mappings or in a model that can be read: what a mistake leaves to tell."""
    path = folder / MAPPINGS
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    read = {i.name for m in models for i in m.inputs}
    return tuple(id for id in resource_ids(folder) if id in read or id in text)
