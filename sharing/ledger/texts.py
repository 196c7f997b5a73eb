"""How an entry is written, in SQL: the texts that are hashed and the lines of an export, the same to the byte as `chain` and `events` make them.

A column holds no control character, so its JSON text is itself with backslashes and quotes escaped; whatever was put there by hand differs
from what was hashed, and is found.
"""

from __future__ import annotations

from contracts.quoting import literal
from sharing.ledger.store import COLUMNS

# columns of free text; the others hold neither quote nor backslash, and one put there by hand makes a text that no entry has
_FREE = ("line_id", "request_id", "actor", "person", "payload")
_HASHED = COLUMNS[:-1]
_ACT = ("line_id", "request_id", "kind", "occurred_at", "actor", "person", "source")
# an export's entries are objects with sorted names
_EXPORTED = tuple(sorted(COLUMNS))


def utc_text_sql(column: str) -> str:
    """SQL of an instant's one text, `2020-05-05T01:00:00.000000Z`."""
    return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%dT%H:%M:%S.%fZ')"


def told_sql(relation: str) -> str:
    """SELECT of the ledger's columns with its times as texts: what the functions below work on."""
    told = [f"{utc_text_sql(name)} AS {name}" if name.endswith("_at") else name for name in COLUMNS]
    return f"SELECT {', '.join(told)} FROM {relation}"


def right_hash_sql() -> str:
    """SQL of the hash an entry should have."""
    return f"sha256('[' || {_joined(_HASHED)} || ']')"


def right_id_sql() -> str:
    """SQL of the id an entry's content gives."""
    return f"left(sha256('[' || {_joined(_ACT)} || ',' || payload || ']'), 32)"


def line_sql() -> str:
    """SQL of an entry's line in an export, without its end."""
    pairs = [f"{literal(_quote(name) + ':')} || {_value(name)}" for name in _EXPORTED]
    return "'{' || " + " || ',' || ".join(pairs) + " || '}'"


def _joined(names: tuple[str, ...]) -> str:
    return " || ',' || ".join(map(_value, names))


def _value(name: str) -> str:
    if name == "number":
        return "number"
    if name not in _FREE:
        return f"""'"' || {name} || '"'"""
    return f"""'"' || replace(replace({name}, '\\', '\\\\'), '"', '\\"') || '"'"""


def _quote(name: str) -> str:
    return f'"{name}"'
