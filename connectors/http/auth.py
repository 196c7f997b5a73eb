"""How a question to an interface shows who asks: bearer token, basic, API key, OAuth2 client credentials, signed request.

Secrets come resolved, are kept out of `repr`, and never stand in a message.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol
from urllib.parse import quote_plus

import httpx

from connectors.digests import digest
from connectors.http.patience import Clock
from connectors.protocol import Setting
from connectors.settings import resolve
from contracts.errors import ConfigurationError, SourceBroken

_TEXT: Setting = {"type": "string", "minLength": 1}
_NEEDED: Setting = {**_TEXT, "mandatory": True}
_HEADERS = {"key": "X-Key", "timestamp": "X-Timestamp", "nonce": "X-Nonce", "signature": "X-Signature"}
_PARTS = ("method", "path", "query", "timestamp", "nonce", "key", "body", "bodyDigest")
CANONICAL = "{method}\n{path}\n{query}\n{timestamp}\n{nonce}\n{bodyDigest}"

AUTH: Setting = {
    "type": "object",
    "styles": {
        "bearer": {"token": _NEEDED},
        "basic": {"user": _NEEDED, "password": _NEEDED},
        "api_key": {"secret": _NEEDED, "header": _TEXT, "parameter": _TEXT},
        "oauth2": {"endpoint": _NEEDED, "client": _NEEDED, "secret": _NEEDED, "scope": _TEXT, "credentials": {"enum": ["header", "body"]}},
        "signed": {
            "key": _NEEDED, "secret": _NEEDED, "algorithm": {"enum": ["sha256", "sm3"]}, "encoding": {"enum": ["hex", "base64"]},
            "timestamp": {"enum": ["seconds", "milliseconds", "iso"]}, "canonical": _TEXT,
            "headers": {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(_HEADERS, _TEXT)},
        },
    },
}  # fmt: skip

Ask = Callable[[httpx.Request], Any]
"""The JSON answer to a question that carries no authentication of its own."""


class Authentication(Protocol):
    """What is added to every question."""

    def sign(self, request: httpx.Request, ask: Ask) -> None:
        """Add what shows who asks; `ask` fetches what must be fetched for it."""

    def renew(self) -> bool:
        """Whether a question that was refused can be asked again with something new."""


@dataclass(frozen=True)
class Header:
    """The same header, or parameter of the query, with every question; nothing at all under an empty name."""

    name: str
    value: str = field(repr=False)
    in_query: bool = False

    def sign(self, request: httpx.Request, ask: Ask) -> None:
        if self.in_query:
            request.url = request.url.copy_set_param(self.name, self.value)
        elif self.name:
            request.headers[self.name] = self.value

    def renew(self) -> bool:
        return False


@dataclass
class ClientCredentials:
    """OAuth2, RFC 6749 section 4.4: a token fetched with the client's secret, kept until shortly before it expires."""

    endpoint: str
    client: str
    secret: str = field(repr=False)
    scope: str
    in_body: bool
    clock: Clock
    _token: str = field(default="", init=False, repr=False)
    _until: datetime | None = field(default=None, init=False)

    # a token that expires while its question is on the way is no use
    _MARGIN: ClassVar = timedelta(seconds=30)

    def sign(self, request: httpx.Request, ask: Ask) -> None:
        if not self._token or (self._until is not None and self.clock.now() >= self._until - self._MARGIN):
            self._fetch(ask)
        request.headers["Authorization"] = f"Bearer {self._token}"

    def renew(self) -> bool:
        fetched, self._token = bool(self._token), ""
        return fetched

    def _fetch(self, ask: Ask) -> None:
        form = {"grant_type": "client_credentials", **({"scope": self.scope} if self.scope else {})}
        headers = {"Accept": "application/json"}
        if self.in_body:
            form |= {"client_id": self.client, "client_secret": self.secret}
        else:
            # section 2.3.1: both are form-encoded first
            headers["Authorization"] = _basic(quote_plus(self.client), quote_plus(self.secret))
        answer = ask(httpx.Request("POST", self.endpoint, data=form, headers=headers))
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not token or not isinstance(token, str) or not (token.isascii() and token.isprintable()):
            raise SourceBroken(
                "the token endpoint gives no access_token", where=self.endpoint, remedy="ask the department"
            )
        lasts = str(answer.get("expires_in", ""))
        self._token, self._until = token, None
        if lasts.isdecimal():
            # a token that lasts less than the margin would be fetched with every question
            self._until = self.clock.now() + max(timedelta(seconds=min(int(lasts), 10**8)), self._MARGIN)


@dataclass(frozen=True)
class Signed:
    """Every question signed with HMAC over a canonical text, in which `{name}` stands for a part of the question."""

    key: str
    secret: str = field(repr=False)
    algorithm: str
    encoding: str
    timestamp: str
    canonical: str
    headers: Mapping[str, str]
    clock: Clock

    def sign(self, request: httpx.Request, ask: Ask) -> None:
        body = request.read()
        now = self.clock.now()
        forms = {"seconds": str(int(now.timestamp())), "milliseconds": str(int(now.timestamp() * 1000))}
        stamp, nonce = forms.get(self.timestamp) or now.isoformat(timespec="seconds"), secrets.token_hex(16)
        parts = {
            "method": request.method, "path": request.url.raw_path.decode().partition("?")[0],
            "query": str(httpx.QueryParams(sorted(request.url.params.multi_items()))), "timestamp": stamp, "nonce": nonce,
            "key": self.key, "body": body.decode(), "bodyDigest": digest(self.algorithm)(body).hexdigest(),
        }  # fmt: skip
        text = canonical_text(self.canonical, parts)
        made = hmac.new(self.secret.encode(), text.encode(), digest(self.algorithm)).digest()
        signature = made.hex() if self.encoding == "hex" else base64.b64encode(made).decode()
        for name, value in (("key", self.key), ("timestamp", stamp), ("nonce", nonce), ("signature", signature)):
            request.headers[self.headers[name]] = value

    def renew(self) -> bool:
        return False


def canonical_text(canonical: str, parts: Mapping[str, str]) -> str:
    """The text that is signed: each `{name}` of a known part replaced, once, and all else as it stands."""
    for name in _PARTS:
        canonical = canonical.replace(f"{{{name}}}", f"\0{name}\0")
    pieces = canonical.split("\0")
    return "".join(parts[piece] if n % 2 else piece for n, piece in enumerate(pieces))


def authentication(stated: Mapping[str, Any], environ: Mapping[str, str], clock: Clock) -> Authentication:
    """What `auth` of a connection states, already checked against AUTH. Raises ConfigurationError for an unset variable."""

    def text(name: str, in_header: bool = False) -> str:
        value = resolve(stated.get(name, ""), environ)
        if in_header and not (value.isascii() and value.isprintable()):
            # httpx would quote the value in its own error
            raise ConfigurationError(
                f"auth: {name} holds characters that no header can carry", remedy="correct the variable"
            )
        return value

    match stated.get("style"):
        case "bearer":
            return Header("Authorization", f"Bearer {text('token', in_header=True)}")
        case "basic":
            return Header(
                "Authorization", _basic(resolve(stated["user"], environ), resolve(stated["password"], environ))
            )
        case "api_key":
            if ("header" in stated) == ("parameter" in stated):
                raise ConfigurationError(
                    "auth: api_key needs either header or parameter", remedy="see docs/connectors.md"
                )
            return Header(
                stated.get("header") or stated["parameter"], text("secret", in_header=True), "parameter" in stated
            )
        case "oauth2":
            if not text("endpoint").startswith(("http://", "https://")):
                raise ConfigurationError("auth: endpoint is no address of HTTP", remedy="https://host/path")
            return ClientCredentials(
                text("endpoint"), text("client"), text("secret"), text("scope"), stated.get("credentials") == "body", clock
            )  # fmt: skip
        case "signed":
            return Signed(
                text("key", in_header=True), text("secret"), stated.get("algorithm", "sha256"), stated.get("encoding", "hex"),
                stated.get("timestamp", "seconds"), stated.get("canonical", CANONICAL), {**_HEADERS, **stated.get("headers", {})}, clock,
            )  # fmt: skip
    return Header("", "")


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
