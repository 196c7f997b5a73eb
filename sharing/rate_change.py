"""What changed between two rates, line by line, with shares of the change that add up to it exactly.

With H lines holding of D due before, and r = H ÷ D: the change H' ÷ D' − r is the sum of these shares of single lines, each ÷ D': +1 for one that
newly holds, −1 for one that newly fails, 1 − r and −r for one newly due that holds or fails, −(1 − r) and +r for one no longer due that held or failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import duckdb

from sharing.explained import who_acts
from sharing.published import PUBLISHED_VERDICTS, VERDICTS
from sharing.reasons import Reason, reason
from warehouse.lake import table_exists

MOVES = {
    "newly_holding": ("新满足", "newly holding"), "newly_failing": ("新不满足", "newly failing"),
    "newly_due_holding": ("新到期且满足", "newly due and holding"), "newly_due_failing": ("新到期且不满足", "newly due and failing"),
    "left_holding": ("不再计入（原满足）", "no longer due, had held"), "left_failing": ("不再计入（原不满足）", "no longer due, had failed"),
    "other_reasons": ("仍不满足，原因有变", "still failing, for other reasons"),
}  # fmt: skip


@dataclass(frozen=True)
class Move:
    """One line that moved; `share` is its part of the change of the verified rate, `causes` name what newly stands against it and who must act,
    `settled` what no longer does."""

    line_id: str
    requester: str
    provider: str
    resource: str
    move: str
    share: Fraction
    causes: tuple[tuple[Reason, str], ...]
    settled: tuple[tuple[Reason, str], ...]


@dataclass(frozen=True)
class Change:
    """Two verified rates – None where nothing was due – and the moves between them."""

    holding: tuple[int, int]
    due: tuple[int, int]
    moves: tuple[Move, ...]

    @property
    def before(self) -> Fraction | None:
        return Fraction(self.holding[0], self.due[0]) if self.due[0] else None

    @property
    def after(self) -> Fraction | None:
        return Fraction(self.holding[1], self.due[1]) if self.due[1] else None

    @property
    def change(self) -> Fraction | None:
        """The verified rate's change, exactly the sum of the moves' shares; None where either rate is none."""
        return None if self.before is None or self.after is None else self.after - self.before


def change(
    connection: duckdb.DuckDBPyConnection, first: datetime, second: datetime, known_at: tuple[datetime | None, datetime | None] = (None, None),
) -> Change:  # fmt: skip
    """The change from one published rate to another, by line; a `known_at` chooses what was published at that very instant, not the newest."""
    if not table_exists(connection, "sharing", "verdicts"):
        return Change((0, 0), (0, 0), ())
    sides = []
    parameters: list[object] = []
    for instant, known in zip((first, second), known_at, strict=True):
        table = VERDICTS if known is None else PUBLISHED_VERDICTS
        sides.append(
            "SELECT line_id, requester, provider, resource, coalesce(due, false) AS due, due AND holds AS holds, "
            f"list_concat(CASE WHEN exclusion IS NULL THEN [] ELSE [exclusion] END, reasons) AS why FROM {table} "
            "WHERE as_of = ? AND (? OR known_at = ?)"
        )
        parameters += [instant, known is None, known]
    rows = connection.execute(
        f"""SELECT coalesce(b.line_id, a.line_id), coalesce(b.requester, a.requester), coalesce(b.provider, a.provider),
               coalesce(b.resource, a.resource), coalesce(a.due, false), coalesce(a.holds, false), coalesce(b.due, false), coalesce(b.holds, false),
               coalesce(a.why, []), coalesce(b.why, [])
        FROM ({sides[0]}) AS a FULL JOIN ({sides[1]}) AS b ON a.line_id = b.line_id ORDER BY 1""",
        parameters,
    ).fetchall()
    due = (sum(row[4] for row in rows), sum(row[6] for row in rows))
    holding = (sum(row[5] for row in rows), sum(row[7] for row in rows))
    rate = Fraction(holding[0], due[0]) if due[0] else Fraction(0)
    moves = []
    for line, requester, provider, resource, due_before, held, due_now, holds, why_before, why in rows:
        move = _move(due_before, held, due_now, holds, set(why_before), set(why))
        if move is not None:
            share = _weight(move, rate) / due[1] if due[1] else Fraction(0)
            causes, settled = (_only_in(a, b, requester, provider) for a, b in ((why, why_before), (why_before, why)))
            moves.append(Move(line, requester, provider, resource, move, share, causes, settled))
    return Change(holding, due, tuple(moves))


def _move(due_before: bool, held: bool, due_now: bool, holds: bool, why_before: set[str], why: set[str]) -> str | None:
    if due_before and due_now:
        if held == holds:
            return "other_reasons" if why != why_before else None
        return "newly_holding" if holds else "newly_failing"
    if due_now:
        return "newly_due_holding" if holds else "newly_due_failing"
    if due_before:
        return "left_holding" if held else "left_failing"
    return None


def _weight(move: str, rate: Fraction) -> Fraction:
    one = Fraction(1)
    return {
        "newly_holding": one, "newly_failing": -one, "newly_due_holding": one - rate, "newly_due_failing": -rate,
        "left_holding": rate - one, "left_failing": rate, "other_reasons": Fraction(0),
    }[move]  # fmt: skip


def _only_in(
    these: Sequence[str], others: Sequence[str], requester: str, provider: str
) -> tuple[tuple[Reason, str], ...]:
    """The reasons that stand in the one and not in the other, and who must act."""
    found = [reason(code) for code in these if code not in others]
    return tuple((one, who_acts(one, requester, provider)) for one in found)
