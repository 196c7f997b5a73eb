"""SQL text made safe: every identifier and literal that enters a statement passes through here."""

from __future__ import annotations

from collections.abc import Iterable


def ident(*parts: str) -> str:
    """A quoted, dotted identifier: `ident("lake", "a b")` → `"lake"."a b"`."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(value: object) -> str:
    """A quoted text literal, or NULL for None."""
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"


def literals(values: Iterable[object]) -> str:
    """Text literals separated by commas, for IN lists and file lists."""
    return ", ".join(map(literal, values))
