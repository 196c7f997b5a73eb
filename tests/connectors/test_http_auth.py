"""Every way to show who asks, against a real server; and that no secret stands in an error, a log or a `repr`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from typing import Any

import pytest

from connectors.digests import Sm3, digest
from connectors.http.auth import canonical_text
from connectors.registry import check_settings, open_connector
from contracts.errors import ConfigurationError, SourceBroken
from tests.connectors.asking import BEARER, ENVIRON, HeldClock, read
from tests.connectors.conftest import Interface, answer, resource

OAUTH = {
    "style": "oauth2",
    "endpoint": "{url}/token",
    "client": "${USER}",
    "secret": "${PASSWORD}",
    "scope": "things.read",
}
SIGNED = {"style": "signed", "key": "${USER}", "secret": "${KEY}"}


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        (BEARER, "Authorization", "Bearer s3cret"),
        (
            {"style": "basic", "user": "${USER}", "password": "${PASSWORD}"},
            "Authorization",
            basic("landbridge", "pass:wörd"),
        ),
        ({"style": "api_key", "secret": "${KEY}", "header": "X-App-Key"}, "X-App-Key", "the-key-of-ours"),
        (None, "Authorization", None),
    ],
)
def test_the_header_says_who_asks(interface: Interface, auth: Any, header: str, value: str | None) -> None:
    read(interface, auth=auth)
    assert interface.questions[0][2][header] == value


def test_an_api_key_may_stand_in_the_query_and_then_in_no_log_and_no_error(
    interface: Interface, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    auth = {"style": "api_key", "secret": "${KEY}", "parameter": "ak"}
    read(interface, auth=auth, path="/v1?x=1", paging={"style": "page", "parameter": "p"})
    assert interface.questions[0][1] == "/v1?x=1&p=1&ak=the-key-of-ours"
    interface.respond = lambda *_: answer({}, 500)
    with pytest.raises(Exception, match="HTTP 500") as raised:
        read(interface, auth=auth)
    assert ENVIRON["KEY"] not in caplog.text + str(raised.value)


def test_a_refused_secret_is_a_mistake_of_configuration_that_does_not_repeat_it(interface: Interface) -> None:
    interface.respond = lambda *_: answer({"message": "s3cret is wrong"}, 403)
    with pytest.raises(ConfigurationError, match=r"refuses us.*variables that `auth` refers to") as raised:
        read(interface)
    assert "s3cret" not in str(raised.value)


def test_a_secret_that_no_header_can_carry_is_not_quoted(interface: Interface) -> None:
    with pytest.raises(ConfigurationError, match="token holds characters") as raised:
        read(interface, environ={"TOKEN": "s3cret\nX: y"})
    assert "s3cret" not in str(raised.value)


def test_secrets_are_kept_out_of_representations() -> None:
    it = resource("http_api", {"url": "http://127.0.0.1:1", "auth": {**SIGNED}}, "/")
    assert not any(value in repr(open_connector(it.system, ENVIRON)) for value in ENVIRON.values())
    with pytest.raises(ConfigurationError, match="url holds a user or password") as raised:
        open_connector(resource("http_api", {"url": "http://u:pw123@127.0.0.1:1"}, "/").system, {})
    assert "pw123" not in str(raised.value)


class TokenEndpoint:
    """Gives a new token at each call, good for `lasts` seconds; `refused` tokens are no longer accepted."""

    def __init__(self, interface: Interface, lasts: int = 3600) -> None:
        self.given, self.refused, self.lasts = 0, set[str](), lasts
        interface.respond = self.respond

    def respond(self, parameters: dict[str, Any], headers: Any, call: int) -> Any:
        if "grant_type" in parameters:
            self.asked = parameters, headers["Authorization"]
            self.given += 1
            return answer({"access_token": f"t{self.given}", "expires_in": self.lasts})
        token = str(headers["Authorization"]).removeprefix("Bearer ")
        if token in self.refused or not token.startswith("t"):
            return answer({}, 401)
        page = int(parameters.get("p", 1))
        return answer([{"id": page}] if page < 4 else [])


def oauth(interface: Interface, **more: Any) -> dict[str, Any]:
    return {**OAUTH, "endpoint": f"{interface.url}/token", **more}


PAGES = {"style": "page", "parameter": "p"}


def test_a_token_is_fetched_once_for_all_pages(interface: Interface) -> None:
    endpoint = TokenEndpoint(interface)
    assert read(interface, auth=oauth(interface), paging=PAGES).num_rows == 3
    assert endpoint.given == 1
    assert endpoint.asked == (
        {"grant_type": "client_credentials", "scope": "things.read"},
        basic("landbridge", "pass%3Aw%C3%B6rd"),
    )
    read(interface, auth=oauth(interface, credentials="body"))
    assert endpoint.asked[0]["client_secret"] == "pass:wörd"


def test_a_token_is_renewed_before_it_expires(interface: Interface) -> None:
    endpoint = TokenEndpoint(interface, lasts=60)
    # 20 seconds a question: the token, and then two pages with each token
    read(interface, auth=oauth(interface), paging=PAGES, connection={"requestsPerSecond": 0.05}, clock=HeldClock())
    assert endpoint.given > 1


def test_a_token_that_is_refused_is_renewed_once_and_then_it_is_the_configuration(interface: Interface) -> None:
    endpoint = TokenEndpoint(interface)
    endpoint.refused = {"t1"}
    assert read(interface, auth=oauth(interface), paging=PAGES).num_rows == 3
    assert endpoint.given == 2
    endpoint.refused = {f"t{n}" for n in range(9)}
    with pytest.raises(ConfigurationError, match="refuses us"):
        read(interface, auth=oauth(interface))
    assert endpoint.given == 4


def test_a_client_that_the_token_endpoint_does_not_know_is_the_configuration(interface: Interface) -> None:
    interface.respond = lambda *_: answer({"error": "invalid_client"}, 400)
    with pytest.raises(ConfigurationError, match=r"HTTP 400.*/token"):
        read(interface, auth=oauth(interface))
    interface.respond = lambda *_: answer({"token": "x"})
    with pytest.raises(SourceBroken, match="gives no access_token"):
        read(interface, auth=oauth(interface))


@pytest.mark.parametrize("algorithm", ["sha256", "sm3"])
def test_a_signature_is_what_the_documentation_says_it_is(interface: Interface, algorithm: str) -> None:
    read(interface, auth={**SIGNED, "algorithm": algorithm}, path="/v1/东西?b=2&a=x y", method="POST", body={"甲": 1})
    method, _, headers, body = interface.questions[0]
    parts = [
        method, "/v1/%E4%B8%9C%E8%A5%BF", "a=x+y&b=2", headers["X-Timestamp"], headers["X-Nonce"], hashlib.new(algorithm, body).hexdigest(),
    ]  # fmt: skip
    expected = hmac.new(ENVIRON["KEY"].encode(), "\n".join(parts).encode(), lambda: hashlib.new(algorithm)).hexdigest()
    assert (headers["X-Signature"], headers["X-Key"]) == (expected, "landbridge")
    assert headers["X-Timestamp"] == str(int(HeldClock().instant.timestamp()))


def test_a_gateway_may_want_another_canonical_text_and_other_headers(interface: Interface) -> None:
    auth = {
        **SIGNED, "canonical": "{key}&{timestamp}&{body}", "encoding": "base64", "timestamp": "milliseconds",
        "headers": {"key": "appId", "signature": "sign"},
    }  # fmt: skip
    read(interface, auth=auth, method="POST", body={})
    headers = interface.questions[0][2]
    text = f"landbridge&{int(HeldClock().instant.timestamp())}000&{{}}"
    made = hmac.new(ENVIRON["KEY"].encode(), text.encode(), hashlib.sha256).digest()
    assert (headers["appId"], headers["sign"]) == ("landbridge", base64.b64encode(made).decode())


def test_every_question_has_a_nonce_of_its_own(interface: Interface) -> None:
    interface.respond = lambda p, h, call: answer({}, 503) if call < 3 else answer([])
    read(interface, auth=SIGNED)
    assert len({headers["X-Nonce"] for _, _, headers, _ in interface.questions}) == 3


def test_a_part_that_looks_like_a_place_is_not_replaced_again() -> None:
    parts = dict.fromkeys(("method", "path", "query", "timestamp", "nonce", "body", "bodyDigest"), "") | {
        "key": "{body}"
    }
    assert canonical_text("{key}{other}", {**parts, "body": "x"}) == "{body}{other}"


def test_sm3_is_the_standard_s_with_and_without_an_openssl_that_knows_it() -> None:
    """GB/T 32905-2016, annex A, example 1."""
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert (digest("sm3")(b"abc").hexdigest(), Sm3(b"abc").hexdigest()) == (expected, expected)
    assert hmac.new(b"k", b"m", Sm3).digest() == hmac.new(b"k", b"m", digest("sm3")).digest()


@pytest.mark.parametrize(
    ("auth", "problem"),
    [
        ({"style": "bearer"}, "connection.auth: token is missing"),
        ({"style": "digest"}, "connection.auth: unknown style 'digest'"),
        ({"style": "basic", "user": "u", "password": "p", "token": "t"}, "connection.auth: unknown setting 'token'"),
        ({"style": "signed", "key": "k", "secret": "s", "algorithm": "md5"}, "algorithm"),
    ],
)
def test_authentication_is_checked_without_asking(auth: dict[str, Any], problem: str) -> None:
    it = resource("http_api", {"url": "http://127.0.0.1:1", "auth": auth}, "/")
    assert problem in check_settings(it)[0]
