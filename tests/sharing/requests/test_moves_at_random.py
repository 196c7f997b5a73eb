"""Moves at random, by anybody, beside a naive model of a line's life: the same ones succeed, and the line stands as the model does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from contracts.errors import IllegalMove
from sharing.ledger.events import Event
from sharing.ledger.store import record
from sharing.requests.moves import check_move
from sharing.requests.states import Standing
from tests.sharing.requests.desk_city import BUREAU, CIVIL, OPENING, POLICE, TAX, DeskCity

WHO = {"requester": CIVIL, "provider": POLICE, "bureau": BUREAU, "nobody": TAX}
ROLES = list(WHO)
MOVES = (
    "receive", "return", "supplement", "extend ask", "extend consent", "extend decline", "grant", "refuse", "confirm", "overrule", "not-digitised",
    "rule-outside", "withdraw", "suspend", "resume", "revoke", "renew",
)  # fmt: skip


class Model:
    """What a clerk would write on the folder: one word, and what was done before."""

    def __init__(self) -> None:
        self.word, self.returned, self.extension, self.stopped_by, self.delivered, self.ends = (
            "submitted",
            False,
            "",
            "",
            False,
            0,
        )

    def on(self, day: int) -> str:
        """The word on a day, counted from the opening."""
        if self.word == "granted":
            return "expired" if day > self.ends else "delivered" if self.delivered else "granted"
        return self.word

    def may(self, move: str, role: str, day: int) -> bool:
        word, open_ = self.on(day), self.word in ("received", "incomplete")
        if role == "requester":
            return (move == "supplement" and word == "incomplete") or (
                move == "withdraw"
                and word not in ("withdrawn", "outside_duty", "refusal_confirmed", "revoked", "expired")
            )
        if role == "provider":
            return {
                "receive": word == "submitted",
                "return": word == "received" and not self.returned,
                "extend ask": open_ and self.extension in ("", "declined"),
                "grant": open_ or word in ("refused", "not_digitised", "granted", "delivered"),
                "refuse": word == "received",
                "not-digitised": open_,
                "renew": word in ("granted", "delivered", "expired"),
                "suspend": word in ("granted", "delivered"),
                "resume": word == "suspended" and self.stopped_by == "provider",
                "revoke": word in ("granted", "delivered", "suspended"),
            }.get(move, False)
        if role == "bureau":
            return {
                "extend consent": open_ and self.extension == "asked",
                "extend decline": open_ and self.extension == "asked",
                "confirm": word == "refused",
                "overrule": word == "refused",
                "rule-outside": word in ("submitted", "received", "incomplete", "refused"),
                "suspend": word in ("granted", "delivered"),
                "resume": word == "suspended",
                "revoke": word in ("granted", "delivered", "suspended"),
            }.get(move, False)
        return False

    def do(self, move: str, role: str, day: int) -> None:
        if move == "return":
            self.returned = True
        if move.startswith("extend"):
            self.extension = {"ask": "asked", "consent": "consented", "decline": "declined"}[move[7:]]
            return
        if move == "suspend":
            self.stopped_by = role
        if move == "grant" and self.word != "granted":
            # twelve months from the day, of which the last is no more: 2021 is no leap year
            self.ends = day + 364
        if move == "renew":
            self.ends = max(self.ends, day) + 100
        self.word = {
            "receive": "received", "return": "incomplete", "supplement": "received", "grant": "granted", "refuse": "refused",
            "confirm": "refusal_confirmed", "overrule": "received",
            "not-digitised": "not_digitised", "rule-outside": "outside_duty", "withdraw": "withdrawn", "suspend": "suspended", "resume": "granted",
            "revoke": "revoked", "renew": "granted",
        }[move]  # fmt: skip


def listed(remedy: str) -> set[tuple[str, str]]:
    """Department and move of everything that a refusal says is possible."""
    if not remedy.startswith("possible now: "):
        return set()
    parts = remedy.removeprefix("possible now: ").partition(" (landbridge")[0].split("; ")
    return {(part.partition(": ")[0], move) for part in parts for move in part.partition(": ")[2].split(", ")}


def allowed(line: Standing, move: str, role: str) -> bool:
    try:
        check_move(move, line, WHO[role].department, BUREAU.department)
    except IllegalMove:
        return False
    return True


def test_moves_at_random_do_what_a_naive_model_does(tmp_path: Path) -> None:
    city = DeskCity(tmp_path, in_memory=True)
    # the ledger's time never goes back: all lines share one clock, of which no two acts have the same hour
    clock = {"hour": 0}
    seen: set[str] = set()

    class Life(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.model = Model()
            self.line = city.submit(self.tick())
            self.compare()

        def tick(self, hours: int = 1) -> int:
            clock["hour"] += hours
            self.day = (OPENING + timedelta(hours=clock["hour"])).date().toordinal() - OPENING.toordinal()
            return clock["hour"]

        def compare(self) -> None:
            line = city.standing(self.line, clock["hour"])
            seen.add(line.state)
            assert line.state == self.model.on(self.day)
            for move in MOVES:
                for role in ROLES:
                    assert allowed(line, move, role) == self.model.may(move, role, self.day), (
                        f"{move} by the {role} of a line that is {line.state}"
                    )

        def make(self, move: str, role: str) -> None:
            hour, by = self.tick(), WHO[role]
            # a grant that is given again must give something new
            said: dict[str, Any] = {"purpose": f"hour {hour}"} if move == "grant" else {}
            if move == "renew":
                said = {"valid_to": OPENING.date() + timedelta(days=max(self.model.ends, self.day) + 100)}
            may = self.model.may(move, role, self.day)
            try:
                city.act(hour, move, self.line, by, **said)
                assert may, f"{move} by the {role}, which the model does not allow"
                self.model.do(move, role, self.day)
            except IllegalMove as refused:
                assert not may, f"{refused}: the model allows it"
                possible = {(WHO[r].department, m) for m in MOVES for r in ROLES if self.model.may(m, r, self.day)}
                assert {told for told in listed(refused.remedy) if told[1] in MOVES} == possible

        def deliver(self) -> None:
            at = OPENING + timedelta(hours=self.tick())
            said = {"fields": ["name"], "row_scope": "", "way": "csv", "rows": 1, "snapshot": 1, "sha256": "0"}
            told = Event("delivered", self.line, self.line.partition("/")[0], at, "police", "", said)
            record(city.connection, city.settings, lambda: [told], at)
            self.model.delivered = True

        @rule(
            what=st.integers(0, 9),
            pick=st.integers(0, 1 << 16),
            move=st.sampled_from(MOVES),
            role=st.sampled_from(ROLES),
        )
        def something_happens(self, what: int, pick: int, move: str, role: str) -> None:
            possible = [(m, r) for m in MOVES for r in ROLES if self.model.may(m, r, self.day)]
            onward = [(m, r) for m, r in possible if m not in ("withdraw", "rule-outside", "revoke")]
            in_force = self.model.on(self.day) in ("granted", "delivered")
            if what == 0:
                self.make(move, role)
            elif what == 1 and in_force:
                self.tick(24 * 400)
            elif what == 2 and in_force:
                self.deliver()
            elif what < 9 and onward:
                self.make(*onward[pick % len(onward)])
            elif possible:
                self.make(*possible[pick % len(possible)])
            self.compare()

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=8,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )  # type: ignore[no-untyped-call]
    city.connection.close()
    assert len(seen) >= 9, "most states were seen, or the test shows little"
