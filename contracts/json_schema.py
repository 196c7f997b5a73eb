"""The JSON schema of a contract, for editors: ODCS's own with what Landbridge adds – properties, rules, semantic types and their values.

Written to docs/contract.schema.json by `python -m contracts.json_schema`. In an editor, the first line of a contract may be
`# yaml-language-server: $schema=<path>/docs/contract.schema.json`. What only shows in the whole city is the business of `catalogue check`.
"""

from __future__ import annotations

import json
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

from contracts.properties import COLUMN_PROPERTIES, CONTRACT_PROPERTIES, REQUIRED_CONTRACT_PROPERTIES, Schema
from contracts.reader import CLASSIFICATIONS, LOGICAL_TYPES
from contracts.rule_reader import SEVERITIES
from contracts.rules import ARGUMENTS, COLUMNLESS, DIMENSIONS, OPTION_NAMES, RULE_TYPES, SEMANTIC_TYPES

FILE = Path("docs/contract.schema.json")


def contract_schema() -> Schema:
    """The schema as plain data, the same for the same versions of ODCS and Landbridge."""
    schema: Schema = json.loads(
        files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8")
    )
    schema["title"] = "Landbridge data contract (Open Data Contract Standard)"
    definitions = schema["$defs"]
    definitions["LandbridgeContractProperty"] = _one_of_these(CONTRACT_PROPERTIES)
    definitions["LandbridgeColumnProperty"] = _one_of_these(COLUMN_PROPERTIES)
    schema["required"] = [
        *schema["required"],
        "domain",
        "servers",
        "slaProperties",
        "team",
        "schema",
        "customProperties",
    ]
    schema["properties"]["customProperties"] = {
        "type": "array",
        "items": {"$ref": "#/$defs/LandbridgeContractProperty"},
        "allOf": [{"contains": _names(name)} for name in REQUIRED_CONTRACT_PROPERTIES],
    }
    schema["properties"]["schema"] |= {"minItems": 1, "maxItems": 1}
    base = definitions["SchemaBaseProperty"]
    base["properties"] |= {
        "logicalType": {"type": "string", "enum": list(LOGICAL_TYPES)},
        "semanticType": {"type": "string", "enum": list(SEMANTIC_TYPES)},
        "classification": {"type": "string", "enum": list(CLASSIFICATIONS)},
        "logicalTypeOptions": {"type": "object", "propertyNames": {"enum": list(OPTION_NAMES)}},
    }
    definitions["SchemaProperty"]["properties"] = {
        "name": {"pattern": "^[a-z][a-z0-9_]{0,62}$"},
        "customProperties": {"type": "array", "items": {"$ref": "#/$defs/LandbridgeColumnProperty"}},
    }
    definitions["SchemaProperty"]["required"] = ["name", "logicalType"]
    rule = definitions["DataQuality"]
    rule["properties"]["dimension"] = {"type": "string", "enum": list(DIMENSIONS)}
    rule["properties"]["severity"] = {"type": "string", "enum": list(SEVERITIES)}
    rule["properties"]["type"] = {"const": "custom"}
    definitions["DataQualityCustom"]["properties"] = {
        "engine": {"const": "greatExpectations"},
        "implementation": _rules(),
    }
    return schema


def schema_text() -> str:
    """The file's text."""
    return json.dumps(contract_schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _names(name: str) -> Schema:
    return {"type": "object", "properties": {"property": {"const": name}}, "required": ["property"]}


def _one_of_these(known: dict[str, Schema]) -> Schema:
    """A custom property with one of these names, whose value has that name's schema."""
    return {
        "type": "object",
        "required": ["property", "value"],
        "properties": {"property": {"enum": list(known)}},
        "allOf": [
            {"if": _names(name), "then": {"properties": {"value": deepcopy(value)}}} for name, value in known.items()
        ],
    }


def _rules() -> Schema:
    """An implementation: one of the rule types, with its own arguments."""

    def arguments(kind: str) -> dict[str, Any]:
        about = RULE_TYPES[kind]
        names = (*about.required, *about.optional, *(() if kind in COLUMNLESS else ("column",)))
        schema: Schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {name: deepcopy(ARGUMENTS.get(name, {"type": "string"})) for name in names},
            "required": list(about.required),
        }
        if about.one_of:
            schema["anyOf"] = [{"required": [name]} for name in about.one_of]
        return schema

    def needs(kind: str) -> list[str]:
        return ["kwargs"] if RULE_TYPES[kind].required or RULE_TYPES[kind].one_of else []

    return {
        "type": "object",
        "required": ["type"],
        "additionalProperties": False,
        "properties": {"type": {"enum": list(RULE_TYPES)}, "kwargs": {"type": "object"}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
                "then": {"properties": {"kwargs": arguments(kind)}, "required": needs(kind)},
            }
            for kind in RULE_TYPES
        ],
    }


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
