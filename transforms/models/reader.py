"""A model's file: a leading block comment with YAML, then one SELECT.

/*---
name: mart.firm                       # the schema is `unified` or `mart`, as the folder; the table is named as the file
label: {en: Firms, zh: 企业}
description: {en: One row a firm., zh: 每户企业一行。}
key: [firm_id]                        # unique and never null
increment: firm_id                    # optional: a column of the model by which its rows are rebuilt
inputs:
  unified.legal_entity: {by: entity_id}   # the input's column that carries the increment's value
  reference.industries: {}                # any change of it is a full rebuild
columns:
  firm_id: {type: VARCHAR, en: Id of the firm, zh: 企业标识}
---*/
SELECT …
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from contracts.errors import ConfigurationError
from contracts.mistakes import Mistake, Mistakes, did_you_mean, relative
from contracts.model import Label
from transforms.models.model import SCHEMAS, Column, Input, Model

_BEGIN, _END = "/*---", "---*/"
_LARGEST = 256 * 1024
_WORDS = ("name", "label", "description", "key", "increment", "inputs", "columns")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TYPE = re.compile(r"[A-Z]+(?: [A-Z]+)*(?:\(\d+(?:, ?\d+)?\))?")
_REMEDY = "see docs/models.md"


def read_models(folder: Path) -> list[Model]:
    """The models of a city's `models` folder, by name; none where there is no such folder.

    Raises ConfigurationError, which names the first mistake of any file and counts the rest.
    """
    models, mistakes = read_folder(folder)
    if mistakes:
        first, others = mistakes[0], len(mistakes) - 1
        raise ConfigurationError(
            f"{first.what}{f' (and {others} more mistakes in models)' if others else ''}",
            where=f"{first.file}: {first.place}",
            remedy=f"{first.remedy or _REMEDY}; all of them: landbridge model check",
        )
    return models


def read_folder(folder: Path) -> tuple[list[Model], list[Mistake]]:
    """The models that can be read, by name, and every mistake of those that cannot. Parses no SQL."""
    models: dict[str, Model] = {}
    found: list[Mistake] = []
    for path in model_files(folder):
        mistakes = Mistakes(relative(path, folder.parent))
        model = read_model(path, mistakes)
        if model is not None:
            models[model.name] = model
        found += mistakes.found
    return [models[name] for name in sorted(models)], found


def model_files(folder: Path) -> list[Path]:
    """The files of a folder of models, in a fixed order."""
    return sorted(folder.glob("*/*.sql"))


def name_of(path: Path) -> str:
    """The name a model's file must declare: its folder and its own name."""
    return f"{path.parent.name}.{path.stem}"


def read_model(path: Path, mistakes: Mistakes) -> Model | None:
    """Read one file; what is wrong goes to `mistakes`, and then nothing is returned."""
    before = len(mistakes.found)
    parts = _parts(path, mistakes)
    if parts is None:
        return None
    head, sql = parts
    for word in sorted(set(map(str, head)) - set(_WORDS)):
        mistakes.add(word, "unknown word", did_you_mean(word, _WORDS))
    name = str(head.get("name", ""))
    if name != name_of(path):
        mistakes.add("name", f"is {name!r}", f"write {name_of(path)}, after folder and file")
    schema, _, table = name.partition(".")
    if schema not in SCHEMAS or not _NAME.fullmatch(table):
        mistakes.add(
            "name", f"{name!r} is no name for a model", f"<schema>.<table>, schema one of {', '.join(SCHEMAS)}"
        )
    columns = tuple(_columns(head.get("columns"), mistakes))
    key = _key(head.get("key"), columns, mistakes)
    increment = _increment(head.get("increment"), columns, mistakes)
    inputs = tuple(_inputs(head.get("inputs"), increment, mistakes))
    label = _label(head.get("label"), "label", mistakes)
    description = _label(head.get("description"), "description", mistakes)
    if len(mistakes.found) > before:
        return None
    return Model(name, label, description, key, increment, inputs, columns, sql, path)


def _parts(path: Path, mistakes: Mistakes) -> tuple[dict[Any, Any], str] | None:
    """Front matter and SELECT."""
    try:
        if path.stat().st_size > _LARGEST:
            mistakes.add("file", f"is larger than {_LARGEST // 1024} KiB", "split the model into two")
            return None
        text = path.read_text(encoding="utf-8").lstrip("\ufeff")
    except (OSError, UnicodeDecodeError) as error:
        mistakes.add("file", f"cannot be read: {error}", "save it as UTF-8 text")
        return None
    begin, end = text.find(_BEGIN), text.find(_END)
    if begin < 0 or end < begin or text[:begin].strip():
        mistakes.add("file", f"does not begin with a comment {_BEGIN} … {_END}", _REMEDY)
        return None
    front, sql = text[begin + len(_BEGIN) : end], text[end + len(_END) :].strip().removesuffix(";").strip()
    lines_before = text[:begin].count("\n")
    try:
        head = _Loader(front).get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1 + lines_before}" if mark else "front matter"
        mistakes.add(place, f"no YAML: {getattr(error, 'problem', error)}", _REMEDY)
        return None
    if not isinstance(head, dict):
        mistakes.add("front matter", "is no mapping", _REMEDY)
        return None
    if not sql:
        mistakes.add("SELECT", "is missing", f"one SELECT after {_END}")
        return None
    return head, sql


def _columns(stated: Any, mistakes: Mistakes) -> Iterator[Column]:
    for name, about in _mapping(stated, "columns", mistakes).items():
        place = f"columns.{name}"
        if not _NAME.fullmatch(str(name)):
            mistakes.add(place, "is no name for a column", "lower snake case")
            continue
        about = about if isinstance(about, dict) else {}
        for word in sorted(set(map(str, about)) - {"type", "en", "zh"}):
            mistakes.add(f"{place}.{word}", "unknown word", did_you_mean(word, ("type", "en", "zh")))
        type = str(about.get("type", ""))
        if not _TYPE.fullmatch(type):
            mistakes.add(f"{place}.type", f"is {type!r}", "a type as DuckDB names it, such as VARCHAR or DECIMAL(18,2)")
        label = {word: about[word] for word in ("en", "zh") if word in about}
        yield Column(str(name), type.replace(", ", ","), _label(label, place, mistakes))


def _key(stated: Any, columns: tuple[Column, ...], mistakes: Mistakes) -> tuple[str, ...]:
    names = [c.name for c in columns]
    key = tuple(map(str, stated)) if isinstance(stated, list) else ()
    if not key:
        mistakes.add("key", "is missing or no list", "key: [<column>, …], the columns that identify a row")
    for name in key:
        if name not in names:
            mistakes.add("key", f"{name!r} is no column of the model", did_you_mean(name, names))
    return key


def _increment(stated: Any, columns: tuple[Column, ...], mistakes: Mistakes) -> str | None:
    names = [c.name for c in columns]
    if stated is not None and stated not in names:
        mistakes.add("increment", f"{stated!r} is no column of the model", did_you_mean(str(stated), names))
    return None if stated is None else str(stated)


def _inputs(stated: Any, increment: str | None, mistakes: Mistakes) -> Iterator[Input]:
    for name, about in _mapping(stated, "inputs", mistakes).items():
        place = f"inputs.{name}"
        schema, dot, table = str(name).partition(".")
        if not dot or not _NAME.fullmatch(schema) or not _NAME.fullmatch(table):
            mistakes.add(place, "is no name of a table", "<schema>.<table>, such as unified.person")
            continue
        if schema == "sharing":
            mistakes.add(place, "the sharing night runs after the models", "read the resource it comes from")
        if about is not None and not isinstance(about, dict):
            mistakes.add(place, f"is {about!r}", "{by: <column>} or {}")
            continue
        about = about or {}
        for word in sorted(set(map(str, about)) - {"by"}):
            mistakes.add(f"{place}.{word}", "unknown word", did_you_mean(word, ("by",)))
        by = about.get("by")
        if by is not None and increment is None:
            mistakes.add(f"{place}.by", "the model has no increment", "declare one, or leave `by` out")
        yield Input(str(name), None if by is None else str(by))


def _label(value: Any, place: str, mistakes: Mistakes) -> Label:
    if isinstance(value, dict) and set(value) == {"en", "zh"} and all(isinstance(v, str) and v for v in value.values()):
        return Label(value["en"].strip(), value["zh"].strip())
    mistakes.add(place, "is not told in both languages", "{en: …, zh: …}")
    return Label("", "")


def _mapping(value: Any, place: str, mistakes: Mistakes) -> dict[Any, Any]:
    if isinstance(value, dict) and value:
        return value
    mistakes.add(place, "is missing or no mapping", _REMEDY)
    return {}


class _Loader(yaml.CSafeLoader):
    """YAML's safe loader, to which a word that stands twice is a mistake; the one above it would vanish in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)
