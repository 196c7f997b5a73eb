"""The contracts as Open Data Contract Standard files that pass the standard's own JSON schema, for tools that know the standard and not this platform.

A contract here may say more than the standard's words allow: a semantic type such as `resident_id`, and the sixth quality dimension of
GB/T 36344, accessibility. On the way out these become custom properties of the same name; nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from contracts.catalogue import City
from contracts.errors import ConfigurationError
from contracts.mistakes import Mistakes, relative
from contracts.reader import load_yaml

Document = dict[str, Any]


def contracts(city: City) -> Iterator[tuple[str, str]]:
    """(file name, YAML) of each contract that can be read, by resource id; ConfigurationError for one that the standard's schema refuses."""
    for id in city.resources:
        department, _, name = id.partition(".")
        path = city.folder / "contracts" / department / f"{name}.yaml"
        document = exported(load_yaml(path, Mistakes(relative(path, city.folder))))
        if problems := refusals(document):
            raise ConfigurationError(
                f"the standard's schema refuses it: {problems[0]}",
                where=relative(path, city.folder),
                remedy="correct the contract: docs/standards.md says what is exported",
            )
        yield f"{id}.odcs.yaml", yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=120)


def exported(contract: Document) -> Document:
    """The contract in the standard's own words."""
    document: Document = json.loads(json.dumps(contract, default=str))
    for table in document.get("schema") or []:
        columns = table.get("properties") or []
        for column in columns:
            _move(column, "semanticType", "SchemaBaseProperty")
        for rule in [rule for owner in (table, *columns) for rule in owner.get("quality") or []]:
            _move(rule, "dimension", "DataQuality")
    return document


def refusals(document: Document) -> list[str]:
    """What the standard's schema finds wrong, each with its place."""
    return sorted(
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in _validator().iter_errors(document)
    )


def _move(owner: Document, name: str, definition: str) -> None:
    """Make a value that is none of the standard's words a custom property."""
    if name in owner and owner[name] not in _schema()["$defs"][definition]["properties"][name].get(
        "enum", [owner[name]]
    ):
        owner.setdefault("customProperties", []).append({"property": name, "value": owner.pop(name)})


@cache
def _schema() -> Document:
    schema: Document = json.loads((files("open_data_contract_standard") / "schema.json").read_text(encoding="utf-8"))
    return schema


@cache
def _validator() -> Any:
    # an import that costs more than reading all contracts: only who exports pays for it
    import jsonschema

    return jsonschema.validators.validator_for(_schema())(_schema())
