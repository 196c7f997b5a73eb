"""What a resource's `source` may state about the batches of an exchange zone: one form for folders, one for databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.protocol import Setting

BATCH = "batch"

_TEXT: Setting = {"type": "string", "minLength": 1}
_WORDS: Setting = {"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}}
_SUMS: Setting = {"type": "object", "additionalProperties": _TEXT}
_DIFFERENCE: Setting = {"enum": ["refuse", "hold", "warn"]}
# our word → what it is called in a department's manifest
MANIFEST_WORDS = ("batch", "rows", "files", "name", "checksum", "algorithm")

FOLDER: Setting = {
    "type": "object", "required": ["manifest"], "additionalProperties": False,
    "properties": {
        "manifest": _TEXT, "complete": _TEXT, "form": {"enum": ["json", "csv", "properties"]}, "shared": {"type": "boolean"},
        "names": {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(MANIFEST_WORDS, _TEXT)},
        "algorithm": {"enum": ["sha256", "md5", "sm3"]}, "controlSums": _SUMS, "difference": _DIFFERENCE, "receipt": {"type": "boolean"},
    },
}  # fmt: skip
DATABASE: Setting = {
    "type": "object", "required": ["table", "number", "status", "complete"], "additionalProperties": False,
    "properties": {
        "table": _TEXT, "number": _TEXT, "status": _TEXT, "complete": _WORDS, "date": _TEXT, "resource": _TEXT, "resourceValue": _TEXT,
        "rows": _TEXT, "rowsColumn": _TEXT, "controlSums": _SUMS, "difference": _DIFFERENCE, "receipt": _TEXT,
    },
}  # fmt: skip


def keeps_batches(source: Mapping[str, Any]) -> bool:
    """Whether a `source` states a database in which the batches of past intervals can still be told apart."""
    stated = source.get(BATCH, {})
    return "date" in stated and "rowsColumn" in stated


def batch_settings(connection_settings: Mapping[str, Setting], kind: str) -> dict[str, Setting]:
    """The setting `batch` in the form that a kind takes: every kind that reads files, and databases; other kinds take none."""
    if "root" in connection_settings:
        return {BATCH: FOLDER}
    return {BATCH: DATABASE} if kind == "database" else {}
