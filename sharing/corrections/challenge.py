"""What a challenge is about: which rows, for which rule or field, and whether whoever asks may know them at all."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from contracts.errors import ConfigurationError, IllegalMove
from contracts.model import Resource
from sharing.corrections.disputed_rows import MISSING, DisputedRow
from sharing.corrections.proof import in_lake, in_quarantine
from sharing.loads import Load
from sharing.requests.states import Standing
from warehouse.fates import KEY_SEPARATOR

MOST_ROWS = 1_000
"""Rows of one challenge: its digests stand in one entry of the ledger."""


@dataclass(frozen=True)
class Challenge:
    """Rows of a line's resource by their source keys (parts parted by `|`), and the rule they break or the field whose value is wrong.

    The bureau may name a rule alone: all rows refused by it. MISSING stands for a rule where the lake does not hold the rows. `suggested` is the right
    value of the field where one is known.
    """

    line_id: str
    reason: str
    rule: str = ""
    field: str = ""
    keys: tuple[str, ...] = ()
    suggested: str = ""


def disputed(
    connection: duckdb.DuckDBPyConnection, resource: Resource, line: Standing, load: Load, challenge: Challenge, *, as_requester: bool
) -> list[DisputedRow]:  # fmt: skip
    """The rows that the challenge names, as they lay in the lake after the load; ConfigurationError or IllegalMove where it may not name them.

    A requester names rows by keys it was granted, and learns of no row outside its grant.
    """
    if bool(challenge.rule) == bool(challenge.field):
        raise ConfigurationError(
            "a challenge is about a rule or a field", remedy="give --rule, --field or --missing, one of them"
        )
    keys = sorted({_key(resource, text) for text in challenge.keys})
    if challenge.field:
        resource.field(challenge.field)
    if as_requester:
        _check_grant(resource, line, challenge)
    if challenge.suggested and not challenge.field:
        raise ConfigurationError("--suggested belongs to a field", remedy="give --field too")
    if not keys and (as_requester or challenge.field or challenge.rule == MISSING):
        raise ConfigurationError("no row is named", remedy="--key, or --keys with a file of one key a line")
    if challenge.field:
        found = in_lake(connection, resource, load.snapshot, keys, line.granted_rows or "" if as_requester else "")
        rows = [DisputedRow(key, True, challenge.suggested or None) for key in keys if key in found]
    elif challenge.rule == MISSING:
        found = in_lake(connection, resource, load.snapshot, keys, "")
        rows = [DisputedRow(key, True) for key in keys if key not in found]
    else:
        open_rows = in_quarantine(connection, resource, load.snapshot, challenge.rule)
        rows = [row for row in open_rows.values() if not keys or row.identity in keys]
    if not rows or len(rows) < len(keys):
        among = (
            "missing"
            if challenge.rule == MISSING
            else "refused by that rule"
            if challenge.rule
            else "in the line's data"
        )
        raise ConfigurationError(
            f"{len(keys) - len(rows)} of {len(keys)} rows are not {among}" if keys else f"no row is {among}",
            where=resource.id,
            remedy="keys as the lake has them, after its last accepted load",
        )
    if len(rows) > MOST_ROWS:
        raise ConfigurationError(f"{len(rows):,} rows at once", remedy=f"at most {MOST_ROWS:,}: name some by --keys")
    return rows


def _check_grant(resource: Resource, line: Standing, challenge: Challenge) -> None:
    where = f"line {line.line_id}"
    if challenge.field and challenge.field not in line.granted_fields:
        raise IllegalMove(
            f"{challenge.field} is not granted", where=where, remedy=f"granted: {', '.join(line.granted_fields)}"
        )
    if challenge.rule and line.granted_rows:
        raise IllegalMove(
            "rows that were refused, or are missing, lie in no division",
            where=where,
            remedy="the bureau challenges them for you, or name a field",
        )
    if missing := [name for name in resource.key if name not in line.granted_fields]:
        raise IllegalMove(
            f"rows are named by {', '.join(missing)}, which is not granted",
            where=where,
            remedy="the bureau challenges them for you",
        )


def _key(resource: Resource, text: str) -> str:
    """A key as the lake writes it; ConfigurationError, without the key, where it has another number of parts."""
    if not resource.key:
        raise ConfigurationError(
            "the resource has no key", where=resource.id, remedy="the bureau challenges a rule as a whole"
        )
    parts = [part.strip() for part in text.split("|")] if len(resource.key) > 1 else [text.strip()]
    if len(parts) != len(resource.key) or not all(parts):
        raise ConfigurationError(
            f"a key has {len(parts)} parts, or an empty one",
            where=resource.id,
            remedy=f'--key "{" | ".join(resource.key)}"',
        )
    return KEY_SEPARATOR.join(parts)
