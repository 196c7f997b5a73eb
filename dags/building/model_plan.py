"""Which tasks the DAG `unify` has: records, link where the city links, and one a model in the order of their inputs.

Told from the city's files alone: no SQL is parsed, no engine imported. Imports no Airflow.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contracts.catalogue import City, load_city
from contracts.errors import ConfigurationError
from dags.building.plan import resource_ids
from transforms.models import Model, in_order, read_folder, read_models
from transforms.unify import Mappings, entity_models, read_mappings

FOLDER, MAPPINGS = "models", "unified.yaml"
RECORDS, LINK, MODELS = "records", "link", "models"


@dataclass(frozen=True)
class ModelTask:
    """A model, and the tasks that come right before it."""

    model: Model
    after: tuple[str, ...]


@dataclass(frozen=True)
class UnifyPlan:
    """`feeding` are the resources any of it reads. Without `models` their files hold a mistake, which one task `models` has to tell."""

    feeding: tuple[str, ...]
    links: bool
    models: tuple[ModelTask, ...] | None

    @property
    def last(self) -> tuple[str, ...]:
        """The tasks nothing else of the plan waits for."""
        if self.models is None:
            return (MODELS,)
        waited_for = {name for task in self.models for name in task.after}
        ends = tuple(task.model.name for task in self.models if task.model.name not in waited_for)
        return ends or ((LINK,) if self.links else (RECORDS,))


def unify_plan(folder: Path) -> UnifyPlan | None:
    """What the city's folder says; None where it unifies nothing and has no model."""
    if not unifies(folder):
        return None
    city = load_city(folder)
    try:
        mappings = read_mappings(city)
        models = in_order([*entity_models(mappings), *read_models(folder / FOLDER)])
    except ConfigurationError:
        return UnifyPlan(_named(folder, read_folder(folder / FOLDER)[0]), False, None)
    links = any(entity.link for entity in mappings.entities)
    names = {m.name for m in models}
    tasks = tuple(ModelTask(m, _after(m, names, links)) for m in models)
    return UnifyPlan(_feeding(city, mappings, models), links, tasks)


def unifies(folder: Path) -> bool:
    """Whether the city has mappings or models at all, from the folder's listing."""
    return (folder / MAPPINGS).is_file() or any((folder / FOLDER).glob("*/*.sql"))


def _after(model: Model, models: set[str], links: bool) -> tuple[str, ...]:
    """The models it reads; for one that reads none, link where it reads what link writes, otherwise records."""
    read = tuple(sorted(i.name for i in model.inputs if i.name in models))
    reads_records = any(i.name.startswith("unified.") and i.name not in models for i in model.inputs)
    if reads_records and links:
        return (*read, LINK)
    return read or (RECORDS,)


def _feeding(city: City, mappings: Mappings, models: list[Model]) -> tuple[str, ...]:
    read = {*mappings.resources, *(i.name for m in models for i in m.inputs)}
    return tuple(id for id in resource_ids(city.folder) if id in read)


def _named(folder: Path, models: list[Model]) -> tuple[str, ...]:
    """Resources whose names stand in the mappings or in a model that can be read: what a mistake leaves to tell."""
    path = folder / MAPPINGS
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    read = {i.name for m in models for i in m.inputs}
    return tuple(id for id in resource_ids(folder) if id in read or id in text)
