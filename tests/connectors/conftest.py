"""Resources without a city around them, and an HTTP interface whose behaviour a test scripts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors.conformance.source import NIGHT as NIGHT
from connectors.conformance.source import ZONE as ZONE
from connectors.conformance.source import Stated, resource_of
from contracts.model import Resource
from tests.file_servers import SERVERS, Certificate, FileServer


def resource(
    kind: str, connection: Mapping[str, Any], physical_name: str, *, columns: tuple[str, ...] = (), keys: tuple[str, ...] = (),
    watermark: str | None = None, ignored: tuple[str, ...] = (), **source: Any,
) -> Resource:  # fmt: skip
    """A resource of the system `test_system`; `columns` are physical names, `keys` those that are required."""
    stated = Stated(physical_name, connection, source)
    made = resource_of(kind, stated, columns, watermark=watermark, keys=keys)
    system = replace(made.system, id="test_system", department="civil")
    return replace(made, department="civil", name="thing", system=system, ignored_columns=ignored)


Answer = tuple[int, dict[str, str], bytes]


def answer(document: Any, status: int = 200, **headers: str) -> Answer:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(document).encode()


class Interface:
    """An HTTP server in this process; `respond(parameters, headers, call)` makes each answer.

    `asked` keeps the parameters – the query's, with the members of a body of JSON or of a form over them – and `questions` the whole requests.
    """

    def __init__(self) -> None:
        self.respond: Callable[[dict[str, str], Mapping[str, str], int], Answer] = lambda *_: answer([])
        self.asked: list[dict[str, Any]] = []
        self.questions: list[tuple[str, str, Mapping[str, str], bytes]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                parameters: dict[str, Any] = dict(parse_qsl(urlsplit(self.path).query))
                if "json" in self.headers.get("Content-Type", ""):
                    parameters |= json.loads(body)
                else:
                    parameters |= dict(parse_qsl(body.decode()))
                outer.asked.append(parameters)
                outer.questions.append((self.command, self.path, self.headers, body))
                status, headers, body = outer.respond(parameters, self.headers, len(outer.asked))
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def interface() -> Iterator[Interface]:
    server = Interface()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def file_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, FileServer]]:
    """A server of each kind that files can lie on, by name; who writes to one empties it."""
    certificate = Certificate(tmp_path_factory.mktemp("certificate"))
    servers: dict[str, FileServer] = {}
    try:
        for name, start in SERVERS.items():
            servers[name] = start(certificate)
        yield servers
    finally:
        for server in servers.values():
            server.stop()
