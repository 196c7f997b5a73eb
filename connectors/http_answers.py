"""Answers of an HTTP interface: asked with patience where it is busy, and with a clear word where it refuses."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from connectors.json_text import parse
from contracts.errors import ConfigurationError, SourceBroken, SourceUnavailable

_LONGEST_WAIT = 60.0
_LARGEST_ANSWER = 64 << 20


class _Busy(Exception):
    """The interface may answer later; `after` seconds, where it says so."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        self.reason, self.after = reason, after
        super().__init__(reason)


@dataclass
class Answers:
    """JSON answers of one address. No proxy of the environment is used and no redirection followed, so a token goes nowhere else."""

    url: str
    token: str = field(repr=False)
    timeout: float
    tries: int

    def __enter__(self) -> Self:
        headers = {"Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        self.client = httpx.Client(trust_env=False, follow_redirects=False, timeout=self.timeout, headers=headers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def get(self, parameters: Mapping[str, str]) -> Any:
        """The parsed answer. Raises SourceUnavailable after the last try, ConfigurationError where the token is refused, SourceBroken otherwise."""
        attempts = Retrying(
            stop=stop_after_attempt(self.tries),
            wait=_wait,
            retry=retry_if_exception_type(_Busy),
            sleep=time.sleep,
            reraise=True,
        )
        try:
            return attempts(self._ask, parameters)
        except _Busy as busy:
            raise SourceUnavailable(
                f"the interface does not answer: {busy.reason}, tried {self.tries} times", where=self.url,
                remedy="wait; look at the department's system",
            ) from None  # fmt: skip

    def _ask(self, parameters: Mapping[str, str]) -> Any:
        try:
            with self.client.stream("GET", self.url, params=parameters) as response:
                self._judge(response)
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > _LARGEST_ANSWER:
                        raise SourceBroken(
                            f"an answer is larger than {_LARGEST_ANSWER >> 20} MiB",
                            where=self.url,
                            remedy="ask for smaller pages: `paging.size`",
                        )
        except httpx.InvalidURL:
            raise ConfigurationError("the address cannot be used", where=self.url, remedy="correct the url") from None
        except httpx.TransportError as error:
            raise _Busy(type(error).__name__) from None
        except httpx.DecodingError:
            raise SourceBroken("the answer cannot be unpacked", where=self.url, remedy="ask the department") from None
        try:
            return parse(body.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            kind = response.headers.get("content-type", "no content type").split(";")[0]
            raise SourceBroken(f"the answer is no JSON ({kind})", where=self.url, remedy="ask the department") from None

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 429 or status >= 500:
            after = _seconds(response.headers.get("retry-after"))
            if after is not None and after > _LONGEST_WAIT:
                raise SourceUnavailable(
                    f"the interface asks to come back in {after:.0f} seconds (HTTP {status})",
                    where=self.url,
                    remedy="wait",
                )
            raise _Busy(f"HTTP {status}", after)
        if status in (401, 403):
            raise ConfigurationError(
                f"the interface refuses the token (HTTP {status})" if self.token else f"the interface wants a token (HTTP {status})", where=self.url,
                remedy="check the variable that `token` refers to, or ask the department for the right",
            )  # fmt: skip
        if not response.is_success:
            raise SourceBroken(
                f"the interface answers HTTP {status}", where=self.url, remedy="look at the path, or ask the department"
            )


def _wait(state: RetryCallState) -> float:
    """As the interface asks, otherwise 1, 2, 4, … seconds; never longer than a minute."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.after if isinstance(error, _Busy) else None
    return min(asked if asked is not None else float(2 ** (state.attempt_number - 1)), _LONGEST_WAIT)


def _seconds(stated: str | None) -> float | None:
    """Retry-After: seconds, or a date of HTTP."""
    if not stated:
        return None
    if stated.strip().isdecimal():
        return float(stated)
    try:
        instant = parsedate_to_datetime(stated)
    except ValueError:
        return None
    return max(0.0, (instant - datetime.now(UTC)).total_seconds()) if instant.tzinfo else None
