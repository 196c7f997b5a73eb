"""Judgements: a person says that two own ids are the same entity, or are not. Stored facts with an author, undone but never deleted."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import duckdb

from contracts.errors import ConfigurationError
from contracts.settings import Settings
from pipeline.link.tables import JUDGEMENT, SCHEMA, ensure_common
from warehouse.lake import commit, table_exists

SAME, DIFFERENT = "same", "different"


@dataclass(frozen=True, order=True)
class Judgement:
    """A judgement in force; `left_id` is the smaller own id."""

    left_id: str
    right_id: str
    decision: str
    judgement_id: str = ""


@dataclass(frozen=True)
class Verdict:
    """A judgement to be made. `where` names the row it was read from, for messages."""

    entity: str
    left_id: str
    right_id: str
    decision: str
    author: str
    note: str = ""
    where: str = ""


def load_judgements(
    connection: duckdb.DuckDBPyConnection, entity: str, snapshot: int | None = None
) -> tuple[Judgement, ...]:
    """The entity's judgements in force, now or as of a snapshot that has the table, in a fixed order."""
    if not table_exists(connection, SCHEMA, "judgement"):
        return ()
    as_of = "" if snapshot is None else f"AT (VERSION => {snapshot})"
    rows = connection.execute(
        f"SELECT left_id, right_id, decision, judgement_id FROM {JUDGEMENT} {as_of} WHERE entity = ? AND revoked_at IS NULL ORDER BY ALL",
        [entity],
    ).fetchall()
    return tuple(Judgement(*row) for row in rows)


def record_judgements(
    connection: duckdb.DuckDBPyConnection, settings: Settings, verdicts: Iterable[Verdict], decided_at: datetime
) -> int:
    """Store the judgements in one commit, all or none; how many were new. One that stands already is not stored again.

    Raises ConfigurationError where an id is unknown or a judgement contradicts those in force; the message names the chain.
    """
    listed = list(verdicts)
    if not listed:
        return 0

    def work() -> int:
        ensure_common(connection)
        made = 0
        in_force = {v.entity: list(load_judgements(connection, v.entity)) for v in listed}
        for verdict in listed:
            made += _store(connection, verdict, in_force[verdict.entity], decided_at)
        return made

    return commit(connection, settings, work, "judgements")


def undo_judgement(
    connection: duckdb.DuckDBPyConnection, settings: Settings, judgement_id: str, author: str, revoked_at: datetime
) -> None:
    """Revoke a judgement; ConfigurationError where there is none of that id in force. The next run of linking acts on it."""

    def work() -> None:
        found = (
            table_exists(connection, SCHEMA, "judgement")
            and connection.execute(
                f"SELECT 1 FROM {JUDGEMENT} WHERE judgement_id = ? AND revoked_at IS NULL", [judgement_id]
            ).fetchone()
        )
        if not found:
            raise ConfigurationError(f"no judgement {judgement_id!r} in force", remedy="landbridge link list")
        connection.execute(
            f"UPDATE {JUDGEMENT} SET revoked_at = ?, revoked_by = ? WHERE judgement_id = ?",
            [revoked_at, author, judgement_id],
        )

    _signed(author, "")
    commit(connection, settings, work, "undo a judgement")


def components(judgements: Iterable[Judgement]) -> dict[str, str]:
    """Own id → the smallest own id of its set, for all that are judged the same as another."""
    near = _neighbours(judgements)
    found: dict[str, str] = {}
    for start in sorted(near):
        if start in found:
            continue
        found[start] = start
        waiting = deque([start])
        while waiting:
            for other in near[waiting.popleft()]:
                if other not in found:
                    found[other] = start
                    waiting.append(other)
    return found


def contradiction(judgements: Iterable[Judgement], new: Judgement) -> list[str] | None:
    """The chain of own ids, each judged the same as the next, between two that the new judgement or an old one calls different; None without one."""
    every = [*judgements, new]
    near = _neighbours(every)
    for apart in every:
        if apart.decision == DIFFERENT and (chain := _path(near, apart.left_id, apart.right_id)) is not None:
            return chain
    return None


def _store(
    connection: duckdb.DuckDBPyConnection, verdict: Verdict, in_force: list[Judgement], decided_at: datetime
) -> int:
    _signed(verdict.author, verdict.where)
    if verdict.decision not in (SAME, DIFFERENT):
        raise ConfigurationError(
            f"decision {verdict.decision!r}", where=verdict.where, remedy="same, different or nothing"
        )
    left, right = sorted((verdict.left_id, verdict.right_id))
    if left == right:
        raise ConfigurationError("both sides are one id", where=verdict.where, remedy="name two different ids")
    for id in (left, right):
        _known(connection, verdict, id)
    if any((j.left_id, j.right_id, j.decision) == (left, right, verdict.decision) for j in in_force):
        return 0
    text = "|".join((verdict.entity, left, right, verdict.decision, verdict.author, decided_at.isoformat()))
    new = Judgement(left, right, verdict.decision, "J" + hashlib.md5(text.encode()).hexdigest()[:11])
    if (chain := contradiction(in_force, new)) is not None:
        told = " = ".join(id[:12] for id in chain)
        raise ConfigurationError(
            f"it contradicts judgements in force: {told}, yet {chain[0][:12]} ≠ {chain[-1][:12]}",
            where=verdict.where, remedy="undo one of them first: landbridge link list, landbridge link undo",
        )  # fmt: skip
    in_force.append(new)
    connection.execute(
        f"INSERT INTO {JUDGEMENT} VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        [
            new.judgement_id,
            verdict.entity,
            left,
            right,
            verdict.decision,
            verdict.author,
            decided_at,
            verdict.note or None,
        ],
    )
    return 1


def _known(connection: duckdb.DuckDBPyConnection, verdict: Verdict, id: str) -> None:
    table = f'lake.unified."{verdict.entity}_record"'
    exists = table_exists(connection, SCHEMA, f"{verdict.entity}_record")
    if not exists or connection.execute(f"SELECT 1 FROM {table} WHERE own_id = ? LIMIT 1", [id]).fetchone() is None:
        raise ConfigurationError(
            f"no record of {verdict.entity} has the own id {id!r}",
            where=verdict.where,
            remedy="ids stand in unified.<entity>_record, column own_id",
        )


def _signed(author: str, where: str) -> None:
    if not author.strip():
        raise ConfigurationError("a judgement needs an author", where=where, remedy="say who decided")


def _neighbours(judgements: Iterable[Judgement]) -> dict[str, list[str]]:
    near: dict[str, list[str]] = {}
    for j in judgements:
        if j.decision == SAME:
            near.setdefault(j.left_id, []).append(j.right_id)
            near.setdefault(j.right_id, []).append(j.left_id)
    return {id: sorted(others) for id, others in near.items()}


def _path(near: dict[str, list[str]], start: str, end: str) -> list[str] | None:
    before: dict[str, str | None] = {start: None}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        if at == end:
            chain: list[str] = []
            step: str | None = at
            while step is not None:
                chain.append(step)
                step = before[step]
            return chain[::-1]
        for other in near.get(at, ()):
            if other not in before:
                before[other] = at
                waiting.append(other)
    return None
