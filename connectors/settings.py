"""Settings of a connection and of a resource's `source`: checked against what a kind knows, defaults filled in, references resolved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from connectors.exchange.settings import BATCH
from connectors.protocol import Setting
from connectors.references import REFERENCE, remedy_for, value_of
from contracts.errors import ConfigurationError
from contracts.mistakes import did_you_mean
from contracts.model import Resource
from contracts.properties import misfit
from contracts.settings import VARIABLES

_BATCH_ROWS = "LANDBRIDGE_BATCH_ROWS"

ROOT: Setting = {"type": "string", "minLength": 1, "mandatory": True}


def problems(stated: Mapping[str, Any], known: Mapping[str, Setting], what: str) -> list[str]:
    """All that is wrong with the stated settings, each in one sentence; `what` names them, such as `source`."""
    found = [
        f"{what}: unknown setting {name!r}; {did_you_mean(str(name), known) if known else 'this kind takes none'}"
        for name in stated
        if name not in known
    ]
    for name, schema in known.items():
        if name not in stated:
            if schema.get("mandatory"):
                found.append(f"{what}: {name} is missing")
        elif problem := misfit(stated[name], dict(schema)):
            found.append(
                f"{what}: {name} {problem}" if not problem.startswith("unknown") else f"{what}.{name}: {problem}"
            )
        elif "styles" in schema:
            found += _style_problems(stated[name], schema["styles"], f"{what}.{name}")
        elif "known" in schema and str(stated[name]).lower() not in schema["known"]:
            found.append(
                f"{what}: unknown {name} {stated[name]!r}; {did_you_mean(str(stated[name]).lower(), schema['known'])}"
            )
    return found


def _style_problems(stated: Mapping[str, Any], styles: Mapping[str, Mapping[str, Setting]], what: str) -> list[str]:
    """What is wrong with settings of which one, `style`, says which others there are."""
    if "style" not in stated:
        return [f"{what}: style is missing; it is one of {', '.join(styles)}"]
    if stated["style"] not in styles:
        return [f"{what}: unknown style {stated['style']!r}; {did_you_mean(str(stated['style']), styles)}"]
    return problems({k: v for k, v in stated.items() if k != "style"}, styles[stated["style"]], what)


def source_settings(known: Mapping[str, Setting], resource: Resource) -> dict[str, Any]:
    """The resource's `source` with the defaults filled in; ConfigurationError that lists every problem.

    What it states of an exchange zone's batches is no business of a kind.
    """
    stated = {name: value for name, value in resource.source.items() if name != BATCH}
    if found := problems(stated, known, "source"):
        raise ConfigurationError("; ".join(found), where=resource.id, remedy="see docs/connectors.md")
    return {**{name: schema["default"] for name, schema in known.items() if "default" in schema}, **stated}


def resolve(text: str, environ: Mapping[str, str], encode: Callable[[str], str] = str) -> str:
    """The text with each reference replaced by what it stands for; ConfigurationError names a variable that is unset or empty."""

    def value(reference: re.Match[str]) -> str:
        name = reference[1]
        found = value_of(name, environ)
        if not found:
            what = name if name.startswith("airflow:") else f"the environment variable {name}"
            raise ConfigurationError(f"{what} is not set, and the connection refers to it", remedy=remedy_for(name))
        return encode(found)

    return REFERENCE.sub(value, text)


def batch_rows(environ: Mapping[str, str]) -> int:
    """Rows of one Arrow batch: LANDBRIDGE_BATCH_ROWS or its default."""
    text = environ.get(_BATCH_ROWS) or VARIABLES[_BATCH_ROWS][0]
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ConfigurationError(f"{_BATCH_ROWS} must be a whole number from 1, it is {text!r}")
    return int(text)
