"""What a connection refers to: `${NAME}` of the environment, and `${airflow:<connection>.<part>}` of a connection that Airflow keeps.

Outside Airflow a connection comes from `AIRFLOW_CONN_<CONNECTION>`, in either of the two forms that Airflow itself reads there: a URI, or JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from contracts.errors import ConfigurationError

PARTS = ("login", "password", "host", "port", "schema")

REFERENCE = re.compile(r"\$\{([^}]*)\}")
_AIRFLOW = re.compile(rf"airflow:([A-Za-z0-9_.-]+)\.({'|'.join(PARTS)})")


def references(connection: Mapping[str, Any]) -> list[str]:
    """The names a system's `connection` refers to, sorted."""
    return sorted(set(REFERENCE.findall(repr(dict(connection)))))


def airflow_connections(connection: Mapping[str, Any]) -> list[str]:
    """Ids of the Airflow connections that a system's `connection` refers to, sorted."""
    return sorted({match[1] for name in references(connection) if (match := _AIRFLOW.fullmatch(name))})


def variable(conn_id: str, part: str) -> str:
    """The name under which a part of an Airflow connection is referred to."""
    return f"airflow:{conn_id}.{part}"


def value_of(name: str, environ: Mapping[str, str]) -> str | None:
    """What a reference stands for, None where it is unset or empty; ConfigurationError for a connection that cannot be read."""
    if environ.get(name):
        return environ[name]
    match = _AIRFLOW.fullmatch(name)
    if match is None:
        if name.startswith("airflow:"):
            raise ConfigurationError(f"${{{name}}} names no part of a connection", remedy=f"parts: {', '.join(PARTS)}")
        return None
    text = environ.get(f"AIRFLOW_CONN_{match[1].upper()}")
    return _parts(match[1], text).get(match[2]) or None if text else None


def remedy_for(name: str) -> str:
    """How to give a reference its value."""
    match = _AIRFLOW.fullmatch(name)
    return f"airflow connections add {match[1]} …, or set AIRFLOW_CONN_{match[1].upper()}" if match else f"set {name}"


def _parts(conn_id: str, text: str) -> dict[str, str]:
    broken = ConfigurationError(
        f"AIRFLOW_CONN_{conn_id.upper()} is neither a URI nor JSON",
        remedy="write it as `airflow connections get` shows it",
    )
    if text.lstrip().startswith("{"):
        try:
            read = json.loads(text)
        except ValueError:
            raise broken from None
        return {part: str(read[part]) for part in PARTS if read.get(part) not in (None, "")}
    try:
        uri = urlsplit(text)
        found = (uri.username, uri.password, uri.hostname, uri.port, uri.path.lstrip("/"))
    except ValueError:
        raise broken from None
    if not uri.scheme:
        raise broken
    return {part: unquote(str(value)) for part, value in zip(PARTS, found, strict=True) if value not in (None, "")}
