"""The order in which models are run: each after its inputs, and by name where that leaves a choice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from transforms.models.model import Model


def in_order(models: Iterable[Model], known: Collection[str] | None = None) -> list[Model]:
    """The models, each after those it reads; the same order each time.

    Raises ConfigurationError that names the members of a cycle, or an input that is neither a model nor among the tables `known`; without
    `known` only a mart that no model makes is missed.
    """
    by_name = {model.name: model for model in models}
    for model in by_name.values():
        for name in missing_inputs(model, by_name, known):
            raise ConfigurationError(
                f"the input {name} is neither a resource, a code list nor a model",
                where=str(model.path or model.name),
                remedy=did_you_mean(name, {*by_name, *(known or ())}),
            )
    sorter = TopologicalSorter({name: upstream(by_name[name], by_name) for name in sorted(by_name)})
    try:
        sorter.prepare()
    except CycleError as error:
        members = [str(name) for name in error.args[1]]
        raise ConfigurationError(
            f"models read each other in a circle: {' → '.join(members)}",
            where=", ".join(sorted(set(members))),
            remedy="let one of them read what the other is made from",
        ) from None
    ordered: list[Model] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        ordered += [by_name[name] for name in ready]
        sorter.done(*ready)
    return ordered


def upstream(model: Model, by_name: Mapping[str, Model]) -> list[str]:
    """Names of the models that this one reads, sorted."""
    return sorted(i.name for i in model.inputs if i.name in by_name)


def missing_inputs(model: Model, by_name: Collection[str], known: Collection[str] | None = None) -> list[str]:
    """Inputs that neither a model makes nor the tables known hold."""
    names = [i.name for i in model.inputs if i.name not in by_name]
    if known is None:
        return [name for name in names if name.startswith("mart.")]
    return [name for name in names if name not in known]
