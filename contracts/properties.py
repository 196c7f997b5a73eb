"""The `customProperties` Landbridge gives a meaning to: their names, the shape of their values, and a reader that checks both."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from open_data_contract_standard.model import CustomProperty

from contracts.mistakes import Mistakes, did_you_mean

SHARE_TYPES = ("unconditional", "conditional", "not_shared")
GROUND_LEVELS = ("law", "administrative_regulation", "state_council_decision")
FORMATS = ("电子文件", "电子表格", "数据库", "图形图像", "流媒体", "自描述格式", "服务接口")
SHARE_WAYS = ("database", "file", "interface")

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_TEXTS: Schema = {"type": "array", "items": {"type": ["string", "number"]}}

# JSON schema of each value: what editors complete and what `catalogue check` checks are one thing
CONTRACT_PROPERTIES: dict[str, Schema] = {
    "loadMode": {"enum": ["append", "merge", "snapshot"]},
    "watermark": {
        "type": "object",
        "required": ["column"],
        "additionalProperties": False,
        "properties": {"column": _TEXT, "lookbackHours": {"type": "number", "minimum": 0}},
    },
    "deletions": {
        "type": "object",
        "required": ["mode"],
        "additionalProperties": False,
        "properties": {"mode": {"enum": ["tombstone", "absence"]}, "column": _TEXT, "values": _TEXTS},
    },
    "source": {"type": "object"},
    "ignoredColumns": _TEXTS,
    "quarantineLimit": {"type": "number", "minimum": 0, "maximum": 1},
    "expectedRows": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"min": {"type": "integer", "minimum": 0}, "max": {"type": "integer", "minimum": 0}},
    },
    "schedule": _TEXT,
    "shareType": {"enum": list(SHARE_TYPES)},
    "shareCondition": _TEXT,
    "legalGround": {
        "type": "object",
        "required": ["level", "text"],
        "additionalProperties": False,
        "properties": {"level": {"enum": list(GROUND_LEVELS)}, "text": _TEXT},
    },
    "base": _TEXT,
    "resourceCode": {"type": "string", "pattern": r"^[0-9]{6,}/[0-9]+$"},
    "format": {"enum": list(FORMATS)},
    "shareWay": {"enum": list(SHARE_WAYS)},
    "role": _TEXT,
}
REQUIRED_CONTRACT_PROPERTIES = ("loadMode", "shareType", "resourceCode", "format", "shareWay")

COLUMN_PROPERTIES: dict[str, Schema] = {
    "lookups": {"type": "object", "additionalProperties": {"type": ["string", "number", "null"]}},
    "nullValues": _TEXTS,
}


def read_properties(
    stated: list[CustomProperty] | None, level: str, mistakes: Mistakes, place: str = "customProperties"
) -> dict[str, Any]:
    """Name → value of the properties of a `contract` or a `column`; whatever does not fit its schema is a mistake."""
    known = CONTRACT_PROPERTIES if level == "contract" else COLUMN_PROPERTIES
    values: dict[str, Any] = {}
    for item in stated or []:
        name = item.property or ""
        if name not in known:
            mistakes.add(place, f"unknown property {name!r}", did_you_mean(name, known))
        elif name in values:
            mistakes.add(place, f"{name} stands twice", "remove one of the two")
        elif problem := misfit(item.value, known[name]):
            mistakes.add(f"{place} {name}", problem, "see the table in docs/contracts.md")
        else:
            values[name] = item.value
    if level == "contract":
        for name in REQUIRED_CONTRACT_PROPERTIES:
            if name not in {item.property for item in stated or []}:
                mistakes.add(place, f"{name} is missing", "see the table in docs/contracts.md")
    return values


_IS_TYPE: dict[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "null": lambda v: v is None,
}


def misfit(value: Any, schema: Schema) -> str:
    """Why the value does not fit the schema, or the empty text. Covers the small part of JSON Schema used above.

    The jsonschema package would do, but takes longer to import than all contracts take to read, in every DAG parse.
    """
    if "enum" in schema:
        return "" if value in schema["enum"] else f"{value!r} is none of {', '.join(map(str, schema['enum']))}"
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if kinds and not any(_IS_TYPE[kind](value) for kind in kinds):
        return f"{value!r} is no {' or '.join(kinds)}"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            return "is empty"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            return f"{value!r} does not match {schema['pattern']}"
    if _IS_TYPE["number"](value) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return f"{value} is outside {schema.get('minimum', '…')} to {schema.get('maximum', '…')}"
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            return "is empty"
        return next((p for item in value if (p := misfit(item, schema.get("items", {})))), "")
    if isinstance(value, dict):
        return _object_misfit(value, schema)
    return ""


def _object_misfit(value: dict[str, Any], schema: Schema) -> str:
    for name in schema.get("required", []):
        if name not in value:
            return f"{name} is missing"
    properties: dict[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties", {})
    for name, item in value.items():
        if name not in properties and others is False:
            return f"unknown {name!r}; {did_you_mean(str(name), properties)}"
        if problem := misfit(item, properties.get(name, others if isinstance(others, dict) else {})):
            return f"{name}: {problem}"
    return ""
