"""What is wrong with models as far as their text tells: tables not declared, columns not given, keys and values that are not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from contracts.errors import ConfigurationError
from contracts.mistakes import Mistake, did_you_mean
from transforms.models.model import Model
from transforms.models.order import in_order, missing_inputs
from transforms.models.sql_text import columns_given, parse, tables_named

_FORBIDDEN_CALLS = re.compile(
    r"\b(now|current_date|current_timestamp|today|random|uuid|nextval)\b\s*(\()?", re.IGNORECASE
)
_VARIABLE = re.compile(r"getvariable\s*\(\s*'([^']*)'\s*\)", re.IGNORECASE)
VARIABLES = ("as_of", "as_of_day")

Columns = Mapping[str, str]


def check_models(models: Iterable[Model], known_tables: Mapping[str, Columns]) -> list[Mistake]:
    """Every mistake, by file: inputs missing or not as the SQL reads them, columns not as the SELECT gives them, two models of one name, a cycle.

    `known_tables` are the tables that are no models, with their columns.
    """
    listed = list(models)
    found = sorted({mistake for model in listed for mistake in _of_one(model, listed, known_tables)})
    names = [m.name for m in listed]
    for model in listed:
        if names.count(model.name) > 1:
            found.append(Mistake(place_of(model), "name", f"two models are named {model.name}", "rename one of them"))
    if not found:
        try:
            in_order(listed, known_tables)
        except ConfigurationError as error:
            found.append(Mistake(error.where, "inputs", error.what, error.remedy))
    return found


def place_of(model: Model) -> str:
    """The model's file as a reader of the city knows it, or where it was compiled from."""
    return "/".join(model.path.parts[-3:]) if model.path else f"unified.yaml ({model.name})"


def _of_one(model: Model, models: list[Model], known: Mapping[str, Columns]) -> Iterator[Mistake]:
    file = place_of(model)
    tables = {**known, **{m.name: {c.name: c.type for c in m.columns} for m in models}}
    for name in missing_inputs(model, tables, known):
        yield Mistake(
            file, f"inputs.{name}", "is neither a resource, a code list nor a model", did_you_mean(name, tables)
        )
    yield from _of_increment(model, tables, file)
    try:
        tree = parse(model.sql)
    except ConfigurationError as error:
        yield Mistake(file, f"SELECT{error.where}", error.what, error.remedy)
        return
    declared = {i.name for i in model.inputs}
    read = {t.name for t in tables_named(tree)}
    for name in sorted(read - declared):
        remedy = "add it to inputs" if name in tables else did_you_mean(name, declared)
        yield Mistake(file, f"SELECT reads {name}", "is not declared as an input", remedy)
    for name in sorted(declared - read):
        yield Mistake(file, f"inputs.{name}", "the SELECT does not read it", "take it out of inputs")
    given, wanted = columns_given(tree), [c.name for c in model.columns]
    if "*" in given:
        yield Mistake(file, "SELECT", "gives a star", "name the columns: a new one of the input must not come unseen")
    elif given != wanted:
        yield Mistake(file, "columns", *_order_mistake(given, wanted))
    yield from _of_time(model.sql, file)


def _of_increment(model: Model, tables: Mapping[str, Columns], file: str) -> Iterator[Mistake]:
    types = {c.name: c.type for c in model.columns}
    for i in model.inputs:
        columns = tables.get(i.name)
        if i.by is None or columns is None:
            continue
        if i.by not in columns:
            yield Mistake(file, f"inputs.{i.name}.by", f"{i.name} has no column {i.by!r}", did_you_mean(i.by, columns))
        elif columns[i.by] != types.get(model.increment or ""):
            yield Mistake(
                file,
                f"inputs.{i.name}.by",
                f"is {columns[i.by]}, {model.increment} is {types.get(model.increment or '')}",
                "give both one type",
            )
    if model.increment is not None and all(i.by is None for i in model.inputs):
        yield Mistake(file, "increment", "no input carries its values", "by: <column> on an input, or no increment")


def _of_time(sql: str, file: str) -> Iterator[Mistake]:
    text = re.sub(r"'(?:[^']|'')*'", "''", sql)
    for word, bracket in _FORBIDDEN_CALLS.findall(text):
        if bracket or word.lower() in ("current_date", "current_timestamp"):
            yield Mistake(
                file, f"SELECT {word}", "differs from run to run", "getvariable('as_of') or getvariable('as_of_day')"
            )
    for name in _VARIABLE.findall(sql):
        if name not in VARIABLES:
            yield Mistake(
                file, f"SELECT getvariable('{name}')", "there is no such variable", did_you_mean(name, VARIABLES)
            )


def _order_mistake(given: list[str], wanted: list[str]) -> tuple[str, str]:
    missing, more = (
        [c for c in wanted if c not in given],
        [c or "a column without a name" for c in given if c not in wanted],
    )
    if missing or more:
        parts = [f"declared but not given: {', '.join(missing)}"] * bool(missing) + [
            f"given but not declared: {', '.join(more)}"
        ] * bool(more)
        return "; ".join(parts), "declare what the SELECT gives"
    return f"the SELECT gives them in another order: {', '.join(given)}", "put both in one order"
