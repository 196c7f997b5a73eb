"""What the page says, read from the marts: each list is cut where a page would become too long to read, and says how much was cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import duckdb

from contracts.catalogue import City
from contracts.model import Label
from contracts.quoting import ident, literal
from sharing.islands import read as islands
from sharing.islands.kinds import KINDS as ISLAND_KINDS
from sharing.reasons import reason
from sharing.report.computed import Computation, rows_sql, said_before
from sharing.report.labels import FRESH, ROLES
from sharing.report.mart_tables import KINDS, STAGES
from sharing.report.proof import NOT_LOOKED, Basis, Kept, basis_of
from warehouse.lake import LAKE

NIGHTS, MARKS, REASONS, CHANGES, LINES, SIDE, DEPARTMENTS, RESOURCES, HEAT_NIGHTS = 400, 8, 20, 20, 9, 12, 30, 20, 14
OTHERS = ""

Row = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """One night's report. Rows are the marts' own, by column; texts of the register are as they came and are escaped where they are shown."""

    city: City
    computation: Computation
    kept: Kept
    basis: Basis
    said_before: list[tuple[datetime, float | None, float | None]]
    counts: Row
    headline: dict[str, Row]
    before: dict[str, float | None]
    trend: list[Row]
    marks: list[Row]
    funnel: list[tuple[str, int]]
    departments: dict[str, list[Row]]
    departments_cut: dict[str, int]
    idle: dict[str, list[str]]
    changes: list[Row]
    changed_count: int
    reasons: list[Row]
    deadlines: dict[str, list[Row]]
    matrix: dict[tuple[str, str], tuple[int, int, int]]
    matrix_sides: tuple[list[str], list[str]]
    heat: list[Row]
    heat_days: list[date]
    resources_cut: int
    islands: list[Row] = field(default_factory=list)
    island_owners: list[Row] = field(default_factory=list)

    @property
    def day(self) -> str:
        return self.computation.day(self.city.timezone)

    @property
    def head(self) -> tuple[int, str] | None:
        """Number and hash of the ledger's newest entry that was known; None where the rate rests on no ledger."""
        number = self.counts["ledger_number"]
        return (number, self.counts["ledger_hash"]) if number else None

    @property
    def gap(self) -> float | None:
        """Declared less verified: how much more a city says than it can show."""
        declared, verified = (self.headline[kind]["rate"] for kind in ("declared", "verified"))
        return None if declared is None or verified is None else declared - verified

    @property
    def goal(self) -> float | None:
        goal: float | None = self.headline["verified"]["goal"]
        return goal

    def name(self, department: str) -> Label:
        """A department's name, or its id where the city does not know it."""
        if department == OTHERS:
            return Label("others", "其他")
        known = self.city.departments.get(department)
        return known.name if known else ROLES.get(department, Label(department, department))

    def resource(self, id: str) -> Label:
        known = self.city.resources.get(id)
        return Label(id, known.label) if known else Label(id, id)


def read_facts(
    connection: duckdb.DuckDBPyConnection, city: City, found: Computation, anchored: Callable[[int], Kept] = lambda head: NOT_LOOKED
) -> Facts:  # fmt: skip
    """The facts of a computation whose marts are filled; `anchored` says how the ledger's entry of a number is kept outside the lake."""
    read = _Reader(connection, found)
    rates = read.rows("mart_rate_by_day", "scope = 'city'")
    trend = read.history(
        f"SELECT as_of, day, {', '.join(f'max(rate) FILTER (kind = {literal(k)}) AS {k}' for k in KINDS)} "
        f"FROM {_mart('mart_rate_by_day')} WHERE scope = 'city' AND $until GROUP BY ALL ORDER BY as_of DESC LIMIT {NIGHTS}"
    )
    counts = read.query(f"SELECT * FROM ({rows_sql('rates', found.as_of)}) WHERE scope = 'city'")[0]
    departments, idle = _departments(read)
    changes, changed_count = _changes(read)
    matrix, sides = _matrix(read)
    heat, days, cut = _heat(read)
    day = found.as_of.astimezone(city.timezone).date()
    return Facts(
        city=city, computation=found, kept=anchored(counts["ledger_number"] or 0), basis=basis_of(read.rows("mart_basis", "scope = 'city'")),
        said_before=said_before(connection, found), counts=counts,
        headline={row["kind"]: row for row in rates}, before=trend[1] if len(trend) > 1 else {}, trend=trend[::-1], marks=_marks(read),
        funnel=[(row["stage"], row["lines"]) for row in read.rows("mart_funnel", "scope = 'city'", "position")] or [(s, 0) for s in STAGES],
        departments={side: rows[:DEPARTMENTS] for side, rows in departments.items()},
        departments_cut={side: max(0, len(rows) - DEPARTMENTS) for side, rows in departments.items()},
        idle=idle, changes=changes, changed_count=changed_count,
        reasons=_reasons(read), deadlines={duty: read.rows("mart_deadlines", f"duty = {literal(duty)}") for duty in ("answer", "provide")},
        matrix=matrix, matrix_sides=sides, heat=heat, heat_days=days, resources_cut=cut,
        islands=[row | {"label": ISLAND_KINDS[row["kind"]].label} for row in islands.counts(connection, day, "kind")],
        island_owners=islands.counts(connection, day, "owner"),
    )  # fmt: skip


class _Reader:
    """Rows of the marts as of one instant, or up to it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, found: Computation) -> None:
        self.connection = connection
        self.at = f"TIMESTAMPTZ {literal(found.as_of.isoformat())}"

    def query(self, sql: str) -> list[Row]:
        cursor = self.connection.execute(sql)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def rows(self, mart: str, where: str = "true", order: str = "ALL") -> list[Row]:
        return self.query(f"SELECT * FROM {_mart(mart)} WHERE as_of = {self.at} AND ({where}) ORDER BY {order}")

    def history(self, sql: str) -> list[Row]:
        return self.query(sql.replace("$until", f"as_of <= {self.at}"))


def _mart(name: str) -> str:
    return ident(LAKE, "sharing", name)


def _departments(read: _Reader) -> tuple[dict[str, list[Row]], dict[str, list[str]]]:
    shown, idle = {}, {}
    for side in ("provider", "requester"):
        rows = read.query(f"""
            SELECT v.department, v.out_of AS due, d.out_of AS n, v.counted, v.rate, v.lower, v.upper, d.rate AS declared, v.pending
            FROM {_mart("mart_rate_by_day")} AS v JOIN {_mart("mart_rate_by_day")} AS d USING (as_of, scope, department)
            WHERE as_of = {read.at} AND scope = {literal(side)} AND v.kind = 'verified' AND d.kind = 'declared'
            ORDER BY n DESC, v.department""")
        shown[side] = [row for row in rows if row["n"]]
        idle[side] = [row["department"] for row in rows if not row["n"]]
    return shown, idle


def _changes(read: _Reader) -> tuple[list[Row], int]:
    """Lines that changed since the night before, by cause; losses first. And how many there are in all."""
    grouped = read.query(f"""
        SELECT * FROM (
            SELECT change, causes[1] AS cause, owner, min(resource) AS resource, count(DISTINCT resource) AS resources, count(*) AS lines,
                   CAST(sum(holding_change) AS BIGINT) AS holding_change, CAST(sum(due_change) AS BIGINT) AS due_change,
                   list({{line_id: line_id, requester: requester}} ORDER BY line_id)[:{LINES}] AS listed
            FROM {_mart("mart_changes")} WHERE as_of = {read.at} GROUP BY ALL)
        ORDER BY list_position(['lost', 'due_failing', 'gained', 'due_holding', 'left'], change), lines DESC, cause, owner LIMIT {CHANGES}""")
    for row in grouped:
        row["cause"] = reason(row["cause"]) if row["cause"] else None
    total = read.query(f"SELECT count(*) AS n FROM {_mart('mart_changes')} WHERE as_of = {read.at}")[0]["n"]
    return grouped, total


def _marks(read: _Reader) -> list[Row]:
    """The nights that moved most lines, oldest first, each with its greatest cause."""
    rows = read.history(f"""
        WITH causes AS (
            SELECT as_of, change, causes[1] AS cause, min(resource) AS resource, count(DISTINCT resource) AS resources, min(owner) AS owner,
                   count(DISTINCT owner) AS owners, CAST(sum(holding_change) AS BIGINT) AS holding_change, count(*) AS lines
            FROM {_mart("mart_changes")} WHERE $until AND change IN ('lost', 'gained', 'due_failing') GROUP BY ALL
        )
        SELECT * FROM (SELECT * FROM causes QUALIFY row_number() OVER (PARTITION BY as_of ORDER BY lines DESC, cause) = 1)
        ORDER BY lines DESC, as_of DESC LIMIT {MARKS}""")
    for row in rows:
        row["cause"] = reason(row["cause"]) if row["cause"] else None
    return sorted(rows, key=lambda row: row["as_of"])


def _reasons(read: _Reader) -> list[Row]:
    rows = read.query(f"""
        WITH owners AS (
            SELECT reason, zh, en, role, owner, sum(due_lines) AS lines, sum(first_lines) AS first
            FROM {_mart("mart_reasons")} WHERE as_of = {read.at} GROUP BY ALL
        ),
        whole AS (SELECT sum(first) AS failing FROM owners)
        SELECT reason, zh, en, role, CAST(sum(lines) AS BIGINT) AS lines, CAST(sum(first) AS BIGINT) AS first,
               list({{owner: owner, lines: CAST(lines AS BIGINT)}} ORDER BY lines DESC, owner) FILTER (lines > 0)[:3] AS owners,
               count(*) FILTER (lines > 0) AS owner_count,
               CAST((SELECT failing FROM whole) AS BIGINT) AS failing
        FROM owners GROUP BY ALL HAVING sum(lines) > 0 ORDER BY first DESC, lines DESC, reason LIMIT {REASONS}""")
    running = 0
    for row in rows:
        running += row["first"]
        row["cumulated"] = running / row["failing"] if row["failing"] else None
    return rows


def _matrix(read: _Reader) -> tuple[dict[tuple[str, str], tuple[int, int, int]], tuple[list[str], list[str]]]:
    """(requester, provider) → (n, due, holding); beyond the busiest of each side, `OTHERS`."""
    rows = read.rows("mart_matrix")
    sides = tuple(_busiest(rows, side) for side in ("requester", "provider"))
    cells: dict[tuple[str, str], tuple[int, int, int]] = {}
    for row in rows:
        keys = [row[s] if row[s] in sides[n] else OTHERS for n, s in enumerate(("requester", "provider"))]
        old = cells.get((keys[0], keys[1]), (0, 0, 0))
        cells[keys[0], keys[1]] = (old[0] + row["n"], old[1] + row["due"], old[2] + row["holding"])
    for n in (0, 1):
        if any(key[n] == OTHERS for key in cells):
            sides[n].append(OTHERS)
    return cells, (sides[0], sides[1])


def _busiest(rows: Iterable[Row], side: str) -> list[str]:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row[side]] = totals.get(row[side], 0) + row["n"]
    return sorted(totals, key=lambda id: (-totals[id], id))[:SIDE]


def _heat(read: _Reader) -> tuple[list[Row], list[date], int]:
    """The resources that were least fresh in the last nights, with their state each night."""
    nights = (
        f"SELECT DISTINCT as_of FROM {_mart('mart_freshness')} WHERE $until ORDER BY as_of DESC LIMIT {HEAT_NIGHTS}"
    )
    rows = read.history(f"""
        WITH nights AS ({nights})
        SELECT resource, min(provider) AS provider, arg_max(lines, as_of) AS lines, arg_max(days_late, as_of) AS days_late,
               count(*) FILTER (state <> 'fresh') AS bad, map(list(as_of ORDER BY as_of), list(state ORDER BY as_of)) AS states
        FROM {_mart("mart_freshness")} SEMI JOIN nights USING (as_of)
        GROUP BY resource ORDER BY bad DESC, lines DESC, resource""")
    days = [row["as_of"] for row in read.history(nights)][::-1]
    for row in rows:
        row["cells"] = [FRESH.get(row["states"].get(at, ""), ("", Label("", ""))) for at in days]
        row["classes"] = [row["states"].get(at, "none") for at in days]
    return rows[:RESOURCES], days, max(0, len(rows) - RESOURCES)
