"""What may happen to a line: each move, who may make it, from which states, and what it needs – the table of docs/requests.md.

Articles are those of the Regulation on the sharing of government data (State Council Decree 809) where nothing else is said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contracts.errors import IllegalMove
from contracts.mistakes import did_you_mean
from sharing.requests.states import (
    DELIVERED,
    EXPIRED,
    GRANTED,
    INCOMPLETE,
    LIVE,
    NOT_DIGITISED,
    RECEIVED,
    REFUSED,
    REVOKED,
    STATES,
    SUBMITTED,
    SUSPENDED,
    WITHDRAWN,
    Standing,
)  # fmt: skip

REQUESTER, PROVIDER, BUREAU = "requester", "provider", "bureau"
ROLES = {REQUESTER: "需求部门", PROVIDER: "提供部门", BUREAU: "主管部门"}

UNANSWERED = (SUBMITTED, RECEIVED, INCOMPLETE)
IN_FORCE = (GRANTED, DELIVERED)


@dataclass(frozen=True)
class Move:
    """One move. `kind` is the event it records, `approved` asks for a second person, `neutral` bars a bureau that provides the data itself.

    `bar` gives the reason why a line in one of the states may not make it after all; `after` names the time of an act that it must be later than,
    because at the same instant the two could not be told apart. `elsewhere` is the command of a move that is not made by `landbridge request`.
    """

    name: str
    kind: str
    zh: str
    en: str
    by: tuple[str, ...]
    when: tuple[str, ...]
    needs: str = ""
    approved: bool = False
    neutral: bool = False
    bar: Callable[[Standing], str] = lambda line: ""
    after: str = ""
    elsewhere: str = ""

    @property
    def command(self) -> str:
        """What to type."""
        return self.elsewhere or f"landbridge request {self.name}"


def _returned(line: Standing) -> str:
    return (
        "papers were asked for once already, and art. 21 lets a provider do so once only"
        if line.supplement_asked_at
        else ""
    )


def _extended(line: Standing) -> str:
    return {"asked": "an extension was asked for and the bureau has not decided yet", "consented": "the answer was extended once already"}.get(
        line.extension, ""
    )  # fmt: skip


def _not_asked(line: Standing) -> str:
    return "" if line.extension == "asked" else "no extension is waiting for the bureau"


def _nothing_there(line: Standing) -> str:
    return "" if line.is_with_requester else "nothing of it is with the requester"


def _never_delivered(line: Standing) -> str:
    return "" if line.delivered_at else "nothing was ever delivered"


def _moves(*moves: Move) -> dict[str, Move]:
    return {move.name: move for move in moves}


MOVES = _moves(
    Move("receive", "received", "接收", "say that it was received", (PROVIDER,), (SUBMITTED,)),
    Move("return", "returned", "一次性告知补正", "tell, once, which papers are missing", (PROVIDER,), (RECEIVED,), "missing", bar=_returned),
    Move("supplement", "supplemented", "补正", "supplement the papers", (REQUESTER,), (INCOMPLETE,)),
    Move("extend ask", "extension_asked", "申请延期", "ask for more time", (PROVIDER,), (RECEIVED, INCOMPLETE), "days", bar=_extended,
         after="extension_declined_at"),
    Move("extend consent", "extension_consented", "同意延期", "consent to more time", (BUREAU,), (RECEIVED, INCOMPLETE), "days", neutral=True, bar=_not_asked),
    Move("extend decline", "extension_declined", "不同意延期", "decline more time", (BUREAU,), (RECEIVED, INCOMPLETE), "reason", neutral=True, bar=_not_asked),
    Move("grant", "granted", "同意共享", "grant all or some of it; later, widen the grant", (PROVIDER,),
         (RECEIVED, INCOMPLETE, REFUSED, NOT_DIGITISED, *IN_FORCE), "fields, rows, period, purpose", approved=True, after="refusal_overruled_at"),
    Move("refuse", "refused", "不予共享", "refuse, on the ground of a rule of the right level", (PROVIDER,), (RECEIVED,), "ground, level", approved=True,
         after="refusal_overruled_at"),
    Move("confirm", "refusal_confirmed", "确认拒绝", "confirm the refusal's ground", (BUREAU,), (REFUSED,), neutral=True),
    Move("overrule", "refusal_overruled", "不认可拒绝", "overrule the refusal: the provider answers again", (BUREAU,), (REFUSED,), "reason", neutral=True),
    Move("not-digitised", "not_digitised", "未数字化", "answer that it is held on paper only", (PROVIDER,), (RECEIVED, INCOMPLETE), "holding", approved=True,
         after="refusal_overruled_at"),
    Move("rule-outside", "ruled_outside", "裁定非职责", "rule that it is outside the provider's duty", (BUREAU,), (*UNANSWERED, REFUSED), "reason", neutral=True),
    Move("withdraw", "withdrawn", "撤回", "withdraw", (REQUESTER,), (*LIVE, REFUSED)),
    Move("suspend", "suspended", "中止", "suspend, for misuse", (BUREAU, PROVIDER), IN_FORCE, "reason; of a provider, the filing", after="resumed_at"),
    Move("resume", "resumed", "恢复", "resume", (BUREAU, PROVIDER), (SUSPENDED,)),
    Move("revoke", "revoked", "撤销", "revoke", (BUREAU, PROVIDER), (*IN_FORCE, SUSPENDED), "reason; of a provider, the filing"),
    Move("renew", "renewed", "续期", "renew", (PROVIDER,), (*IN_FORCE, EXPIRED), "valid to", approved=True),
    Move("deliver", "delivered", "交付", "deliver, and bring up to date", (PROVIDER,), IN_FORCE, elsewhere="landbridge deliver run"),
    Move("dispose", "disposed", "销毁", "dispose of what was delivered: every night does", (BUREAU,), (SUSPENDED, EXPIRED, REVOKED, WITHDRAWN), bar=_nothing_there,
         elsewhere="landbridge deliver run"),
    Move("challenge", "correction_asked", "提出校核", "challenge the data", (REQUESTER,), (DELIVERED, SUSPENDED, EXPIRED), "reason", bar=_never_delivered,
         elsewhere="landbridge correction ask"),
)  # fmt: skip
"""Name → move. The last three are made by other commands and stand here so that one table tells the whole life; the decision on a correction, its
fix and its close follow from `challenge`, and expiry comes by date."""


def roles(line: Standing, bureau: str, department: str) -> tuple[str, ...]:
    """The parts a department plays in a line; a bureau that provides the data is its provider and nothing else."""
    return tuple(role for role, id in _parts(line, bureau).items() if id and id == department)


def possible(line: Standing, bureau: str) -> list[tuple[Move, tuple[str, ...]]]:
    """The moves that are possible for the line as it stands, each with the departments that may make it."""
    parts = _parts(line, bureau)
    found = []
    for move in MOVES.values():
        who = tuple(dict.fromkeys(parts[role] for role in _by(move, line) if parts[role]))
        if line.state in move.when and who and not move.bar(line):
            found.append((move, who))
    return found


def _parts(line: Standing, bureau: str) -> dict[str, str]:
    return {REQUESTER: line.requester, PROVIDER: line.provider, BUREAU: bureau if bureau != line.provider else ""}


def _by(move: Move, line: Standing) -> tuple[str, ...]:
    """Who may make the move: what the bureau suspended, a provider does not resume."""
    if move.kind == "resumed" and line.suspended_by != line.provider:
        return (BUREAU,)
    return move.by


def by_department(line: Standing, bureau: str) -> dict[str, list[str]]:
    """Department → the names of the moves it may make now."""
    by: dict[str, list[str]] = {}
    for move, who in possible(line, bureau):
        for department in who:
            by.setdefault(department, []).append(move.name)
    return by


def check_move(name: str, line: Standing, department: str, bureau: str) -> Move:
    """The move of that name; IllegalMove, with the moves that are possible, unless the department may make it now."""
    if name not in MOVES:
        raise IllegalMove(f"no move {name!r}", where=f"line {line.line_id}", remedy=did_you_mean(name, MOVES))
    move = MOVES[name]
    if problem := _problem(move, line, department, bureau):
        raise illegal(problem, line, bureau)
    return move


def illegal(problem: str, line: Standing, bureau: str) -> IllegalMove:
    """The error that says why not, how the line stands, and what is possible."""
    listed = "; ".join(f"{id}: {', '.join(names)}" for id, names in by_department(line, bureau).items())
    return IllegalMove(
        problem,
        where=f"line {line.line_id}: {STATES[line.state]}",
        remedy=f"possible now: {listed} (landbridge request show {line.line_id})"
        if listed
        else "nothing is possible any more: submit a new request",
    )


def _problem(move: Move, line: Standing, department: str, bureau: str) -> str:
    if line.state not in move.when:
        return f"{move.name} is not possible: {_WHY.get((move.name, line.state)) or 'the line is ' + STATES[line.state].split(' ', 1)[1]}"
    if move.neutral and line.provider == bureau:
        return f"{move.name} is not possible: the bureau decides nothing about its own data; the common superior bureau does (art. 28)"
    if BUREAU in move.by and not bureau and department not in (line.requester, line.provider):
        return "the city has no bureau: name it in city.yaml"
    if not set(roles(line, bureau, department)) & set(by := _by(move, line)):
        return f"{move.name} is for the {' or the '.join(by)}, which {department} is not"
    return f"{move.name} is not possible: {bar}" if (bar := move.bar(line)) else ""


# where the law says more than that the state is another
_WHY = {
    ("refuse", INCOMPLETE): "incomplete papers are no ground to refuse (art. 21): wait for the supplement, or grant",
    ("refuse", SUBMITTED): "receive it first: an answer follows a receipt",
    ("grant", SUBMITTED): "receive it first: an answer follows a receipt",
    ("return", INCOMPLETE): "papers were asked for already, and art. 21 lets a provider do so once only",
    **{("rule-outside", state): "what is granted is no longer a question of duty: revoke it" for state in IN_FORCE},
    **{("refuse", state): "it is granted: a running service ends by revoke, with agreement and filing (art. 27)" for state in IN_FORCE},
}  # fmt: skip
