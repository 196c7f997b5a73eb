"""How an interface is asked with patience: again when it is busy, no faster than it bears, and not for ever."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from contracts.errors import SourceUnavailable

LONGEST_WAIT = 60.0
"""Seconds. Whoever asks for more is left to the next run."""


A = TypeVar("A")


class Busy(Exception):
    """The interface may answer later; `after` seconds, where it says so."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        self.reason, self.after = reason, after
        super().__init__(reason)


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """The time of day, a count of seconds that never goes back, and a way to wait."""

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Patience:
    """`tries` of each question, and no more than `per_second` questions a second where that is stated."""

    tries: int
    per_second: float | None = None
    clock: Clock = field(default_factory=Clock)
    _next: float = field(default=0.0, init=False)

    def ask(self, question: Callable[[], A], where: str) -> A:
        """The answer to a question that raises Busy while there is none; SourceUnavailable after the last try."""
        attempts = Retrying(
            stop=stop_after_attempt(self.tries),
            wait=_wait,
            retry=retry_if_exception_type(Busy),
            sleep=self.clock.sleep,
            reraise=True,
        )
        try:
            return attempts(question)
        except Busy as busy:
            raise SourceUnavailable(
                f"the interface does not answer: {busy.reason}, tried {self.tries} times", where=where,
                remedy="wait; look at the department's system",
            ) from None  # fmt: skip

    def keep_pace(self) -> None:
        """Wait until the next question may be sent."""
        if self.per_second is None:
            return
        now = self.clock.monotonic()
        if now < self._next:
            self.clock.sleep(self._next - now)
        self._next = max(now, self._next) + 1 / self.per_second


def busy(reason: str, retry_after: str | None, now: datetime, where: str) -> Busy:
    """The interruption that a busy answer is. Raises SourceUnavailable where the interface asks for a longer wait than a run can give."""
    after = _seconds(retry_after, now)
    if after is not None and after > LONGEST_WAIT:
        raise SourceUnavailable(
            f"the interface asks to come back in {after:.0f} seconds ({reason})", where=where, remedy="wait"
        )
    return Busy(reason, after)


def _wait(state: RetryCallState) -> float:
    """As the interface asks, otherwise 1, 2, 4, … seconds; never longer than a minute."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, Busy) else None
    return min(asked if asked is not None else float(2 ** (state.attempt_number - 1)), LONGEST_WAIT)


def _seconds(stated: str | None, now: datetime) -> float | None:
    """Retry-After of RFC 9110, section 10.2.3: seconds, or a date of HTTP."""
    if not stated:
        return None
    if stated.strip().isdecimal():
        return float(stated)
    try:
        instant = parsedate_to_datetime(stated)
    except ValueError:
        return None
    return max(0.0, (instant - now).total_seconds()) if instant.tzinfo else None
