"""Answers of an HTTP interface: asked with patience where it is busy, and with a clear word where it refuses."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self

import httpx

from connectors.files.text import CODECS
from connectors.http.auth import Authentication
from connectors.http.patience import Busy, Patience, busy
from connectors.json_path import JsonPath, place
from connectors.json_text import json_text, parse
from contracts.errors import ConfigurationError, SourceBroken

_LARGEST_ANSWER = 64 << 20
_REFUSED = (401, 403)
# httpx writes whole addresses into the log, and an API key may stand in one
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


@dataclass(frozen=True)
class Question:
    """One request. With a body it is a POST, and what pages and bounds add goes into the body; otherwise into the query."""

    url: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    def plus(self, more: Mapping[str, Any]) -> Question:
        """The question with further parameters; in a body a name may be a path, such as `page.number`."""
        if self.body is None:
            return replace(self, parameters={**self.parameters, **more})
        body = self.body
        for name, value in more.items():
            body = place(body, name, value)
        return replace(self, body=body)

    def request(self) -> httpx.Request:
        """As httpx sends it."""
        headers = {"Accept": "application/json"}
        url = httpx.URL(self.url).copy_merge_params({name: str(value) for name, value in self.parameters.items()})
        if self.body is None:
            return httpx.Request("GET", url if self.parameters else self.url, headers=headers)
        headers["Content-Type"] = "application/json; charset=utf-8"
        return httpx.Request("POST", url, headers=headers, content=_json(self.body).encode())


@dataclass(frozen=True)
class Answer:
    """A parsed answer, its headers, and the address that its `Link` header gives as the next."""

    document: Any
    headers: Mapping[str, str]
    next: str


@dataclass(frozen=True)
class Success:
    """How an answer of HTTP 200 says that it is one: a word at a path, and words that mean "later". Many gateways answer every failure with 200."""

    path: JsonPath
    values: tuple[str, ...]
    busy: tuple[str, ...] = ()


@dataclass
class Answers:
    """JSON answers of one origin. No proxy of the environment is used and no redirection followed, so a secret goes nowhere else."""

    auth: Authentication
    patience: Patience
    timeout: float
    trust: ssl.SSLContext
    success: Success | None = None

    def __enter__(self) -> Self:
        self.client = httpx.Client(trust_env=False, follow_redirects=False, timeout=self.timeout, verify=self.trust)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def ask(self, question: Question) -> Answer:
        """The answer. Raises SourceUnavailable after the last try, ConfigurationError where the credentials are refused, SourceBroken otherwise."""
        where = _without_query(question.url)
        return self.patience.ask(lambda: self._ask(question, where), where)

    def _ask(self, question: Question, where: str) -> Answer:
        try:
            request = question.request()
        except (httpx.InvalidURL, UnicodeError):
            raise ConfigurationError("the address cannot be used", where=where, remedy="correct the url") from None
        self.auth.sign(request, self._ask_for_token)
        response, body = self._send(request, where)
        if response.status_code == 401 and self.auth.renew():
            request = question.request()
            self.auth.sign(request, self._ask_for_token)
            response, body = self._send(request, where)
        if response.status_code in _REFUSED:
            raise _refused(response, where)
        document = self._parsed(response, body, where)
        if self.success:
            self._judge_word(self.success, document, where)
        return Answer(document, response.headers, _next_link(response))

    def _ask_for_token(self, request: httpx.Request) -> Any:
        where = _without_query(str(request.url))
        response, body = self._send(request, where)
        # section 5.2 of RFC 6749: a wrong client is a 400 or a 401
        if response.status_code in (400, *_REFUSED):
            raise _refused(response, where)
        return self._parsed(response, body, where)

    def _send(self, request: httpx.Request, where: str) -> tuple[httpx.Response, bytes]:
        """The response and its body, which holds nothing where the status is no success. Raises _Busy where another try may help."""
        self.patience.keep_pace()
        response = None
        try:
            response = self.client.send(request, stream=True)
            status = response.status_code
            if status in (408, 425, 429) or status >= 500:
                raise busy(f"HTTP {status}", response.headers.get("retry-after"), self.patience.clock.now(), where)
            body = bytearray()
            for piece in response.iter_bytes() if response.is_success else ():
                body += piece
                if len(body) > _LARGEST_ANSWER:
                    raise SourceBroken(
                        f"an answer is larger than {_LARGEST_ANSWER >> 20} MiB", where=where, remedy="ask for smaller pages: `paging.size`"
                    )  # fmt: skip
            return response, bytes(body)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError):
            raise ConfigurationError("the address cannot be used", where=where, remedy="correct the url") from None
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise ConfigurationError(
                    "the server's certificate is not trusted", where=where, remedy="state its `authority`, or ask the department"
                ) from None  # fmt: skip
            raise Busy(type(error).__name__) from None
        except httpx.DecodingError:
            raise SourceBroken("the answer cannot be unpacked", where=where, remedy="ask the department") from None
        finally:
            if response is not None:
                response.close()

    def _parsed(self, response: httpx.Response, body: bytes, where: str) -> Any:
        if not response.is_success:
            raise SourceBroken(
                f"the interface answers HTTP {response.status_code}", where=where, remedy="look at the path, or ask the department"
            )  # fmt: skip
        try:
            # RFC 8259 wants UTF-8; gateways that write GBK at least say so
            return parse(body.decode(CODECS.get((response.charset_encoding or "utf-8").lower(), "utf-8-sig")))
        except (ValueError, RecursionError):
            kind = response.headers.get("content-type", "no content type").split(";")[0]
            raise SourceBroken(f"the answer is no JSON ({kind})", where=where, remedy="ask the department") from None

    def _judge_word(self, success: Success, document: Any, where: str) -> None:
        found = success.path.find(document)
        word = found if isinstance(found, str) else json_text(found)
        if word in success.busy:
            raise Busy(f"{success.path} is {word[:20]!r}")
        if word not in success.values:
            raise SourceBroken(
                f"the interface reports a failure: {success.path} is {word[:20]!r}", where=where,
                remedy="ask the department what it means, or correct `success`",
            )  # fmt: skip


def trust(authority: str | None) -> ssl.SSLContext:
    """Certificates are checked always: against the system's authorities, or against those of the stated file alone."""
    try:
        return ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError):
        raise ConfigurationError("authority is no file of certificates", remedy="a PEM file") from None


def _refused(response: httpx.Response, where: str) -> ConfigurationError:
    return ConfigurationError(
        f"the interface refuses us (HTTP {response.status_code})", where=where,
        remedy="check the variables that `auth` refers to, or ask the department for the right",
    )  # fmt: skip


def _next_link(response: httpx.Response) -> str:
    """RFC 8288: the address of relation `next`, seen from the address that was asked; the empty text without one."""
    for link in response.links.values():
        if "next" in link.get("rel", "").lower().split() and link.get("url"):
            return str(response.url.join(link["url"]))
    return ""


def _json(value: Any) -> str:
    """A body's value as JSON text: numbers of a contract are Python's."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json_text(str(name))}: {_json(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else json_text(value)


def _without_query(url: str) -> str:
    return url.partition("?")[0].partition("#")[0]
