"""Conflicts of the unified city, ranked by whom they touch, and sent to the departments as challenges of the correction ledger.

Nothing is sent by itself. That a source department's word counts first says who is believed, not who is wrong, and a challenge starts a legal clock of ten
working days and makes the line fail once it has passed: so the bureau chooses, group by group (`landbridge conflict send`), and every night shows what
there is to choose from. A group is one attribute on which one resource disagrees with another: one challenge, never one for each row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

import duckdb

from contracts.errors import ConfigurationError
from contracts.quoting import ident, literal
from pipeline.workplace import Workplace
from sharing.corrections.challenge import MOST_ROWS, Challenge
from sharing.corrections.desk import ask
from sharing.corrections.disputed_rows import kept
from sharing.corrections.state import ASKED, CLOSED, Correction, corrections
from sharing.requests.desk import Desk, Signed
from sharing.requests.states import DELIVERED, LIVE, Standing, standings
from transforms.unify import Entity, read_mappings
from transforms.unify.records import SCHEMA
from warehouse.fates import key_text
from warehouse.lake import LAKE, commit, table_exists

RANK = ident(LAKE, "sharing", "conflict_rank")
_COMMENT = "数据冲突排序 groups of conflicts by how much they touch: lines that ask for the field, times the people or firms concerned"
_COLUMNS = {
    "place": ("BIGINT", "排序 place in the order"),
    "entity": ("VARCHAR", "实体类型 kind of entity"),
    "attribute": ("VARCHAR", "数据项 attribute"),
    "winner": ("VARCHAR", "采信资源 resource whose word counts"),
    "resource": ("VARCHAR", "未采信资源 resource that says otherwise"),
    "field": ("VARCHAR", "字段 its field; empty where the value comes from no field of its own"),
    "entities": ("BIGINT", "涉及实体数 people, firms or licences concerned"),
    "rows": ("BIGINT", "涉及行数 rows of the resource"),
    "lines": ("BIGINT", "涉及申请数 lines in force that ask for the field"),
    "reach": ("BIGINT", "影响面 lines times entities"),
}


@dataclass(frozen=True)
class ConflictGroup:
    """One row of `sharing.conflict_rank`; `id` is how it is named on the command line."""

    place: int
    entity: str
    attribute: str
    winner: str
    resource: str
    field: str
    entities: int
    rows: int
    lines: int
    reach: int

    @property
    def id(self) -> str:
        return f"{self.entity}.{self.attribute}@{self.resource}"


@dataclass(frozen=True)
class Sent:
    """What became of a group: the correction that was asked, or why none was."""

    group: ConflictGroup
    correction: Correction | None
    why_not: str = ""

    def __str__(self) -> str:
        if self.correction is None:
            return f"{self.group.id}: not sent, {self.why_not}"
        return f"{self.group.id}: {self.correction.correction_id}, {len(self.correction.keys):,} rows, {self.correction.provider} decides"


def conflict_groups(connection: duckdb.DuckDBPyConnection, place: Workplace, at: datetime) -> list[ConflictGroup]:
    """The groups as the lake has them, the farthest-reaching first; none where nothing is unified. Conflicts within one resource are its own affair."""
    if not table_exists(connection, SCHEMA, "conflict"):
        return []
    found = connection.execute(
        f"SELECT entity, attribute, resource_a, resource_b, count(DISTINCT entity_id), sum(rows_b) FROM {ident(LAKE, SCHEMA, 'conflict')} "
        "WHERE reason = 'priority' GROUP BY 1, 2, 3, 4"
    ).fetchall()
    entities = {entity.name: entity for entity in read_mappings(place.city).entities}
    asked = [line for line in standings(connection, place.city, at) if line.state in LIVE]
    groups = []
    for entity, attribute, winner, resource, touched, rows in found:
        field = _field(entities.get(entity), attribute, resource)
        lines = sum(line.resource == resource and field in line.fields for line in asked)
        groups.append(
            ConflictGroup(
                0, entity, attribute, winner, resource, field, int(touched), int(rows), lines, lines * int(touched)
            )
        )
    ordered = sorted(groups, key=lambda g: (-g.reach, -g.entities, -g.rows, g.id, g.winner))
    return [ConflictGroup(place, *(getattr(g, f.name) for f in fields(g)[1:])) for place, g in enumerate(ordered, 1)]


def rank_conflicts(connection: duckdb.DuckDBPyConnection, place: Workplace, at: datetime) -> list[ConflictGroup]:
    """Write the groups to `sharing.conflict_rank` where they differ from what it holds; returns them."""
    groups = conflict_groups(connection, place, at)
    if not groups and not table_exists(connection, "sharing", "conflict_rank"):
        return groups
    rows = [tuple(getattr(g, name) for name in _COLUMNS) for g in groups]

    def work() -> None:
        listed = ", ".join(f"{ident(name)} {type}" for name, (type, _) in _COLUMNS.items())
        if not table_exists(connection, "sharing", "conflict_rank"):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {ident(LAKE, 'sharing')}")
            connection.execute(f"CREATE TABLE {RANK} ({listed})")
            connection.execute(f"COMMENT ON TABLE {RANK} IS {literal(_COMMENT)}")
            for name, (_, text) in _COLUMNS.items():
                connection.execute(f"COMMENT ON COLUMN {RANK}.{ident(name)} IS {literal(text)}")
        if (
            connection.execute(f"SELECT {', '.join(map(ident, _COLUMNS))} FROM {RANK} ORDER BY place").fetchall()
            == rows
        ):
            return
        connection.execute(f"DELETE FROM {RANK}")
        if rows:
            connection.executemany(
                f"INSERT INTO {RANK} VALUES ({', '.join('?' for _ in _COLUMNS)})", [list(row) for row in rows]
            )

    commit(connection, place.settings, work, "conflicts ranked")
    return groups


def conflict_line(groups: Iterable[ConflictGroup]) -> str:
    """A line for the night's log; empty where departments agree."""
    listed = list(groups)
    if not listed:
        return ""
    entities, first = sum(g.entities for g in listed), listed[0]
    return (
        f"conflicts: {entities:,} in {len(listed)} groups, first {first.id} ({first.entities:,}, {first.lines} lines)"
    )


def chosen_groups(groups: Iterable[ConflictGroup], names: Iterable[str]) -> list[ConflictGroup]:
    """The groups of these ids; ConfigurationError for one that is none."""
    listed = list(groups)
    wanted = list(names)
    for name in wanted:
        if not any(g.id == name for g in listed):
            raise ConfigurationError(f"no conflict {name!r}", remedy="landbridge conflict list")
    return [g for g in listed if g.id in wanted]


def send(desk: Desk, place: Workplace, by: Signed, groups: Iterable[ConflictGroup]) -> list[Sent]:
    """Ask one correction for each group, as the bureau, on a delivered line of the resource; at most MOST_ROWS rows at once, the rest the next time.

    Rows that are challenged already for the same field, or of which their department said that they are right, are not sent again: doing it twice does
    nothing. Raises IllegalMove or ConfigurationError as asking a correction does.
    """
    if by.department != place.city.bureau:
        raise ConfigurationError(
            f"{by.department} is not the bureau",
            remedy=f"--as {place.city.bureau}: conflicts are sent by who runs sharing",
        )
    done: list[Sent] = []
    # the same field of the same rows may lose against several: it is challenged once
    for group in groups:
        done.append(_send(desk, place, by, group))
    return done


def _send(desk: Desk, place: Workplace, by: Signed, group: ConflictGroup) -> Sent:
    if not group.field:
        return Sent(group, None, "the value comes from no field of its own")
    line = _line(desk, place, group)
    if line is None:
        return Sent(group, None, "no line of the resource is delivered, on which it could be asked")
    keys = _keys(desk.connection, place, group)
    said = _said_already(desk.connection, group)
    new = [key for key in keys if key not in said]
    if not new:
        return Sent(group, None, "all its rows were sent before" if keys else "no row of it is left")
    reason = f"与数源不一致 differs from {group.winner}, whose word counts for {group.attribute}"
    parted = tuple(key.replace("\x1f", " | ") for key in new[:MOST_ROWS])
    return Sent(group, ask(desk, by, Challenge(line.line_id, reason, field=group.field, keys=parted)))


def _field(entity: Entity | None, attribute: str, resource: str) -> str:
    """The field of the resource that gives the attribute; of several the first."""
    if entity is None:
        return ""
    sources = [s for a in entity.attributes if a.name == attribute for s in a.of(resource) if s.field]
    return (sources[0].field or "") if sources else ""


def _line(desk: Desk, place: Workplace, group: ConflictGroup) -> Standing | None:
    """The delivered line on which it is asked: one that asks for the field, if there is one, the oldest of them."""
    found = [
        line for line in standings(desk.connection, place.city, desk.recorded_at)
        if line.resource == group.resource and line.state == DELIVERED
    ]  # fmt: skip
    return min(found, key=lambda line: (group.field not in line.fields, line.submitted_at, line.line_id), default=None)


def _keys(connection: duckdb.DuckDBPyConnection, place: Workplace, group: ConflictGroup) -> list[str]:
    """Keys of the rows that say what lost, as far as the lake still holds them."""
    resource = place.city.resource(group.resource)
    if not resource.key:
        return []
    record = ident(LAKE, SCHEMA, f"{group.entity}_record")
    attribute = ident(group.attribute)
    found = connection.execute(
        f"SELECT DISTINCT r.record_key FROM {record} AS r JOIN {ident(LAKE, SCHEMA, 'conflict')} AS c ON c.entity_id = r.entity_id "
        f"AND c.entity = ? AND c.attribute = ? AND c.resource_a = ? AND c.resource_b = ? AND c.value_b = {_as_text(group, place, attribute)} "
        f"WHERE r.valid_to IS NULL AND r.resource = ? AND r.record_key IN (SELECT {key_text(resource)} FROM {ident(LAKE, resource.department, resource.name)}) "
        "ORDER BY 1",
        [group.entity, group.attribute, group.winner, group.resource, group.resource],
    ).fetchall()
    return [key for (key,) in found]


def _as_text(group: ConflictGroup, place: Workplace, attribute: str) -> str:
    from transforms.unify.history_model import value_sql

    entity = next(e for e in read_mappings(place.city).entities if e.name == group.entity)
    return value_sql(next(a for a in entity.attributes if a.name == group.attribute), f"r.{attribute}")


def _said_already(connection: duckdb.DuckDBPyConnection, group: ConflictGroup) -> set[str]:
    """Keys of rows whose field is challenged and open, or was found right by its department."""
    said: set[str] = set()
    for c in corrections(connection):
        if c.resource == group.resource and c.field == group.field and (c.is_open or c.state not in (ASKED, CLOSED)):
            said |= {row.identity for row in kept(connection, c.correction_id, c.keys) or []}
    return said
